// Raft's own diagram: the logs side by side, one row a node, one column an index.

import { toneOf } from "../lib/color.js";
import { html, nothing, render } from "../lib/dom.js";

/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** @type {WeakMap<HTMLElement, number>} the last index seen, to follow the end of the log */
const followed = new WeakMap();

/**
 * @param {HTMLElement} host
 * @param {{ nodes: NodeDetail[], glances: import("../types.js").NodeGlance[] }} data
 */
export function drawLogs(host, { nodes, glances }) {
  const leader = nodes
    .filter((node) => node.status === "up" && node.view.role === "leader")
    .sort((a, b) => b.view.term - a.view.term)[0];
  const last = Math.max(1, ...nodes.map((node) => node.view.log.last));
  const first = Math.max(1, last - 47);
  const indices = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  render(
    html`<div class="log-scroll" tabindex="0" role="region" aria-label="Logs, newest entries at the right">
        <table class="logs">
          <thead>
            <tr>
              <th scope="col"><span class="hidden">node</span></th>
              ${indices.map((i) =>
                i % 5 === 0 || i === last || i === first ? html`<th scope="col">${i}</th>` : html`<td></td>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${nodes.map((node) => row(node, indices, leader))}
          </tbody>
        </table>
      </div>
      ${
        glances.length > nodes.length
          ? html`<p class="note">and ${glances.length - nodes.length} more nodes</p>`
          : nothing
      }
      <p class="note log-key">
        <span class="cell solid">3</span> committed <span class="cell open">3</span> not yet
        <span class=${leader ? "" : "no-leader"} title="as the leader sees it">
          <span class="cell key match"></span> match <span class="cell key next"></span> next<span
            class="hidden"
            >, as leader ${leader?.id} sees it</span
          >
        </span>
      </p>`,
    host,
  );
  const scroller = /** @type {HTMLElement} */ (host.firstElementChild);
  if (followed.get(host) !== last) {
    followed.set(host, last);
    scroller.scrollLeft = scroller.scrollWidth;
  }
}

/**
 * @param {NodeDetail} node
 * @param {number[]} indices
 * @param {NodeDetail | undefined} leader
 */
function row(node, indices, leader) {
  const { log, commit } = node.view;
  const byIndex = new Map(log.entries.map((/** @type {any} */ e) => [e.index, e]));
  const peer = leader?.view.peers?.find((/** @type {any} */ p) => p.node === node.id);
  return html`<tr class=${`is-${node.status}`}>
    <th scope="row">${node.id}${node === leader ? html`<i title="leader"></i>` : nothing}</th>
    ${indices.map((index) => {
      const marks = `${peer?.match === index ? "match" : ""} ${peer?.next === index ? "next" : ""}`;
      if (log.snapshot && index <= log.snapshot.index) {
        const title = `in the snapshot up to ${log.snapshot.index}`;
        return html`<td class=${marks}>
          <span class="cell snap" title=${title}>${index === log.snapshot.index ? "S" : ""}</span>
        </td>`;
      }
      const entry = byIndex.get(index);
      if (!entry) return html`<td class=${marks}></td>`;
      const kept = index <= commit;
      const title = `Node ${node.id}, entry ${index}, term ${entry.term}: ${entry.text}, ${kept ? "committed" : "not committed"}`;
      return html`<td class=${marks}>
        <span
          class=${`cell tone-${toneOf(entry.term)} ${kept ? "solid" : "open"} ${entry.kind}`}
          title=${title}
          >${entry.term}<span class="hidden">${kept ? " committed" : " not committed"}</span></span
        >
      </td>`;
    })}
  </tr>`;
}
