// What is promised to clients under the run's quorums, and how often it was kept.

import { html } from "../lib/dom.js";

/**
 * What the quorums promise.
 * @param {Record<string, any>} options
 */
export function promise({ n = 3, r = 2, w = 2, sloppy = true, clocks = "dvv", resolver = "siblings" }) {
  const sum = `R + W = ${r + w}, N = ${n}`;
  if (resolver === "lww")
    return `${sum}. Last writer wins: the write with the latest timestamp survives, and no other is promised to.`;
  if (r + w <= n) return `${sum}: a read need not meet a write, so nothing here is promised.`;
  if (sloppy) return `${sum}, but others may stand in, so that nothing here is promised.`;
  if (clocks !== "dvv") return `${sum}, but these clocks lose track of writes.`;
  return `${sum}: as long as the ring stays as it is, no read misses a write acknowledged before it began. A write that is half done may be seen, and then not.`;
}

/**
 * The properties that are watched, as far as these options promise them: a quorum that need not meet another
 * says nothing, and the last writer's timestamp may take the place of any write.
 * @param {string[]} names
 * @param {Record<string, any>} options
 */
export function claims(names, { n = 3, r = 2, w = 2, sloppy = true, clocks = "dvv", resolver = "siblings" }) {
  const meet = !sloppy && r + w > n && clocks === "dvv" && resolver !== "lww";
  return names
    .filter((name) => meet || name !== "quorum intersection")
    .map((name) =>
      resolver === "lww" && name === "acknowledged is never lost" ? `${name} but to a later timestamp` : name,
    );
}

/** @param {{ data: import("../types.js").DiagramData, large: boolean, height: number }} of */
export function drawCounts({ data, height }) {
  const tallies = data.hands.tallies();
  const of = (/** @type {string} */ name) => tallies.find((tally) => tally.name === name)?.count ?? 0;
  /** @type {[string, number, number, string][]} */
  const rows = [
    ["Reads up to date", of("reads") - of("stale reads"), of("stale reads"), "stale"],
    ["Reads that see one's own write", of("own writes seen"), of("own writes missed"), "missed it"],
    ["Reads that never go back", of("reads gone on"), of("reads gone back"), "went back"],
    [
      "Writes in the order of their client",
      of("writes in their order"),
      of("writes out of order"),
      "out of order",
    ],
    [
      "Writes after what was read before",
      of("writes after what was read"),
      of("writes before what was read"),
      "came before",
    ],
  ];
  const overtaken = of("writes lost to a later timestamp");
  const burnt = of("writes lost with a disk");
  return html`<div
    class="kv-scroll"
    style=${`height: ${height}px`}
    tabindex="0"
    role="region"
    aria-label="Counts"
  >
    <table class="kv-counts">
      <tbody>
        ${rows.map(
          ([name, held, broken, word]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${held}</td>
              <td class=${broken ? "broken" : "soft"}>${broken} ${word}</td>
            </tr>`,
        )}
        <tr>
          <th scope="row">Writes lost to a later timestamp</th>
          <td class=${overtaken ? "broken" : "soft"}>${overtaken}</td>
          <td></td>
        </tr>
        ${
          burnt
            ? html`<tr>
                <th scope="row">Writes lost with a disk</th>
                <td class="broken">${burnt}</td>
                <td></td>
              </tr>`
            : ""
        }
      </tbody>
    </table>
    <p class="note">${promise(data.hands.options)}</p>
  </div>`;
}
