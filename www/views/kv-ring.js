// The ring: where nodes and keys stand on it, and who keeps what.

import { toneOf } from "../lib/color.js";
import { html, svg } from "../lib/dom.js";
import { listed, nodesListed } from "../lib/format.js";

/** @typedef {{ key: string, position: number, replicas: number[], conflict: boolean }} Kept */

/**
 * A point of a circle; 0 is at the top, and the ring goes clockwise.
 * @param {number} share
 * @param {number} radius
 */
function onCircle(share, radius) {
  const angle = (share - 0.25) * 2 * Math.PI;
  return { x: Math.cos(angle) * radius, y: Math.sin(angle) * radius };
}

/**
 * @param {number} from
 * @param {number} to
 * @param {number} radius
 */
function arc(from, to, radius) {
  const [a, b] = [onCircle(from, radius), onCircle(to, radius)];
  const wide = (to - from + 1) % 1 > 0.5 ? 1 : 0;
  return `M${a.x.toFixed(2)} ${a.y.toFixed(2)}A${radius} ${radius} 0 ${wide} 1 ${b.x.toFixed(2)} ${b.y.toFixed(2)}`;
}

/**
 * The keys that some nodes hold, each once, with who keeps it as the first of them says.
 * @param {import("../types.js").NodeDetail[]} nodes
 * @returns {Kept[]}
 */
export function keptKeys(nodes) {
  /** @type {Map<string, Kept>} */
  const kept = new Map();
  for (const node of nodes)
    for (const { key, position, replicas, conflict } of node.view.keys) {
      const known = kept.get(key);
      if (known) known.conflict ||= conflict;
      else kept.set(key, { key, position, replicas, conflict });
    }
  return [...kept.values()].sort((a, b) => a.position - b.position);
}

/**
 * @param {{ key: string | null, height: number, width: number, large: boolean,
 *   data: import("../types.js").DiagramData, choose: (key: string) => void }} of
 */
export function drawRing({ key, height, width, large, data, choose }) {
  const seer =
    data.nodes.find((node) => node.status === "up" && node.view.tokens.length > 0) ?? data.nodes[0];
  /** @type {[number, number][]} */
  const tokens = seer?.view.tokens ?? [];
  if (tokens.length === 0) return html`<p class="note">Nobody belongs to the ring.</p>`;
  const kept = keptKeys(data.nodes);
  const chosen = kept.find((each) => each.key === key);
  const side = Math.min(height, width * 0.62);
  const radius = side / 2 - (large ? 34 : 16);
  const band = large ? 16 : 9;
  const labels = large && tokens.length <= 64;
  const ticks = tokens.length <= 128;
  /** Whether a number fits beside the one before. */
  const roomy = (/** @type {number} */ k) => k === 0 || tokens[k][0] - tokens[k - 1][0] > 0.012;
  const places = seer.view.members.length * (data.hands.options.virtual_nodes ?? 8);
  const all = tokens.length >= places;
  // The first range begins at the last token, on the other side of zero: if that is among those shown.
  const before = (/** @type {number} */ k) =>
    k > 0 ? tokens[k - 1][0] : all ? (tokens.at(-1)?.[0] ?? 0) : 0;
  const ranges = tokens.map(([at, node], k) => ({ from: before(k), to: at, node }));
  const lines = large ? Math.max(3, Math.floor((height - 52) / 19)) : 8;
  const owners = [...new Set(tokens.map(([, node]) => node))].sort((a, b) => a - b);
  const listedFirst = owners.filter((node) => chosen?.replicas.includes(node));
  const listedNodes =
    owners.length <= lines ? owners : [...new Set([...listedFirst, ...owners])].slice(0, lines);
  return html`<div class="kv-ring">
    <svg
      viewBox=${`${-side / 2} ${-side / 2} ${side} ${side}`}
      width=${side}
      height=${side}
      role="img"
      aria-label=${ringWords(seer, kept)}
    >
      ${ranges.map(
        ({
          from,
          to,
          node,
        }) => svg`<path class=${`range tone-${toneOf(node + 1)}`} stroke-width=${band} d=${arc(from, to, radius)}>
          <title>node ${node} comes first for keys that stand here</title>
        </path>`,
      )}
      ${tokens.map(([at, node], k) => {
        const [inner, outer] = [onCircle(at, radius - band / 2 - 2), onCircle(at, radius + band / 2 + 2)];
        const text = onCircle(at, radius + band / 2 + 11);
        return svg`${ticks ? svg`<path class="tick" d=${`M${inner.x} ${inner.y}L${outer.x} ${outer.y}`} />` : ""}
          ${labels && roomy(k) ? svg`<text class="owner" x=${text.x} y=${text.y + 4}>${node}</text>` : ""}`;
      })}
      ${kept.map(({ key: name, position, replicas, conflict }) => {
        const at = onCircle(position, radius - band - (large ? 6 : 3));
        const state = `${name === key ? "chosen" : ""} ${conflict ? "conflict" : ""}`;
        return svg`<circle class=${`key ${state}`} cx=${at.x} cy=${at.y} r=${name === key ? 5.5 : 3.5} @click=${() => choose(name)}>
          <title>${name}: kept by ${nodesListed(replicas)}</title>
        </circle>`;
      })}
      ${chosen && (all || chosen.position <= (tokens.at(-1)?.[0] ?? 0)) ? way(chosen, tokens, radius - band - (large ? 6 : 3)) : ""}
    </svg>
    <div class="kv-ring-words">
      ${
        chosen
          ? html`<p>
              <b>${chosen.key}</b> is kept by ${nodesListed(chosen.replicas)}: the first
              ${chosen.replicas.length} different nodes clockwise.
            </p>`
          : html`<p>Each key is kept by the first different nodes clockwise from where it stands.</p>`
      }
      ${all ? "" : html`<p class="note">The first ${tokens.length} of ${places} places are drawn.</p>`}
      <ul class="kv-nodes">
        ${listedNodes.map((node) => {
          const here = data.nodes.find(({ id }) => id === node);
          const keeps = kept.filter(({ replicas }) => replicas.includes(node)).length;
          const owes = here?.view.keys.filter((/** @type {any} */ each) => each.owed.length > 0).length ?? 0;
          return html`<li class=${`tone-${toneOf(node + 1)}`}>
            <i></i> node ${node} keeps ${keeps}${owes ? html`, owes ${owes}` : ""}
          </li>`;
        })}
      </ul>
    </div>
  </div>`;
}

/**
 * The way from a key clockwise to those who keep it.
 * @param {Kept} chosen
 * @param {[number, number][]} tokens
 * @param {number} radius
 */
function way(chosen, tokens, radius) {
  const from = tokens.findIndex(([at]) => at >= chosen.position);
  const order = [...tokens.slice(Math.max(0, from)), ...tokens.slice(0, Math.max(0, from))];
  const left = new Set(chosen.replicas);
  let last = chosen.position;
  for (const [at, node] of order) {
    if (left.delete(node)) last = at;
    if (left.size === 0) break;
  }
  return svg`<path class="way" d=${arc(chosen.position, last, radius)} />`;
}

/**
 * @param {import("../types.js").NodeDetail} seer
 * @param {Kept[]} kept
 */
function ringWords(seer, kept) {
  return `The ring of nodes ${listed(seer.view.members)}, with ${kept.length} keys.`;
}
