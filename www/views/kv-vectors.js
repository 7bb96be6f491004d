// What each node knows of a key, as bars: one for each actor that has counted writes to it.

import { toneOf } from "../lib/color.js";
import { html, svg } from "../lib/dom.js";
import { actorWords, clockWords, compare } from "./kv-events.js";

/**
 * @param {{ key: string, height: number, large: boolean, data: import("../types.js").DiagramData }} of
 */
export function drawVectors({ key, height, large, data }) {
  const rows = data.nodes.flatMap((node) => {
    const held = node.view.keys.find((/** @type {any} */ each) => each.key === key);
    if (!held) return [];
    const stand = held.versions.length;
    const note = stand > 1 ? `${stand} versions stand` : "";
    return [{ id: node.id, status: node.status, clock: held.clock, note }];
  });
  if (rows.length === 0) return html`<p class="note">No node holds it.</p>`;
  return drawVectorRows({ rows, height, large });
}

/**
 * Vectors as bars, a row a node.
 * @param {object} of
 * @param {{ id: number, status: string, clock: Record<string, number>, note: string }[]} of.rows with what else
 *   there is to say of each
 * @param {number} of.height
 * @param {boolean} of.large
 */
export function drawVectorRows({ rows, height, large }) {
  const actors = [...new Set(rows.flatMap(({ clock }) => Object.keys(clock)))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const most = Math.max(1, ...rows.flatMap(({ clock }) => Object.values(clock)));
  const bar = large ? 22 : 12;
  const tall = Math.max(14, Math.min(large ? 64 : 30, (height - 28) / rows.length - 24));
  const first = rows[0];
  return html`<div
    class="kv-scroll"
    style=${`height: ${height}px`}
    tabindex="0"
    role="region"
    aria-label="Vectors"
  >
    <table class="kv-vectors">
      <thead>
        <tr>
          <th scope="col">node</th>
          <th scope="col">knows, of each actor</th>
          <th scope="col">against node ${first.id}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(({ id, status, clock, note }) => {
          const related = id === first.id ? "" : compare(clock, first.clock);
          return html`<tr class=${`is-${status}`}>
            <th scope="row">${id}</th>
            <td>
              <svg
                width=${actors.length * (bar + 4)}
                height=${tall + 12}
                role="img"
                aria-label=${clockWords(clock)}
              >
                ${actors.map((actor, k) => {
                  const counter = clock[actor] ?? 0;
                  const part = Math.round((counter / most) * (tall - 12)) + (counter ? 2 : 0);
                  const [x, y] = [k * (bar + 4), tall - part];
                  return svg`<g class=${`tone-${toneOfActor(actor)}`}>
                    <title>${actor}: ${counter}</title>
                    <rect class="bar" x=${x} y=${y} width=${bar} height=${part} />
                    <text class="count" x=${x + bar / 2} y=${y - 2}>${counter || ""}</text>
                    <text class="actor" x=${x + bar / 2} y=${tall + 10}>${actorWords(actor)}</text>
                  </g>`;
                })}
              </svg>
            </td>
            <td class=${`related ${related}`}>
              ${related || "—"}${note ? html`<br /><span class="soft">${note}</span>` : ""}
            </td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

/** @param {string} actor */
function toneOfActor(actor) {
  return actor.startsWith("c") ? 0 : toneOf(Number.parseInt(actor, 10) + 1);
}
