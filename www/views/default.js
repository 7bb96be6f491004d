// A view for a protocol that has none of its own: its state as a table.

import { html, render } from "../lib/dom.js";
import { capital, counted, spaced } from "../lib/format.js";

/**
 * @param {string} protocol
 * @returns {import("../types.js").View}
 */
export function defaultView(protocol) {
  return {
    protocol,
    title: capital(protocol),
    epochName: "epoch",
    node: (node) => ({
      label: node.status === "up" ? node.role : node.status,
      role: node.role,
      tone: node.status === "crashed" ? -1 : node.epoch,
      figure: node.status === "crashed" ? "crashed" : String(node.epoch),
      ring: "plain",
      dots: [],
      spoken: `Node ${node.id}, ${node.status}, ${node.role}, epoch ${node.epoch}`,
    }),
    wantsDetail: () => false,
    message: (kind) => ({ label: kind, glyph: "disc", help: "" }),
    headline: ({ recent, nodes }) => ({
      headline: recent.findLast((e) => e.kind === "milestone")?.text ?? "Nothing has been decided yet",
      watch: `${counted(nodes.filter((n) => n.status === "up").length, "node")} up.`,
    }),
    explain: (detail) => [`Node ${detail.id} is ${detail.status}.`],
    facts: (detail) =>
      Object.entries(detail.view ?? {}).map(([key, value]) => [
        capital(spaced(key)),
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]),
    question: () => "Why is it as it is?",
    diagramTitle: "State",
    diagram: (host, { glances }) =>
      render(
        html`<table class="plain">
          <thead>
            <tr>
              <th>node</th>
              ${Object.keys(glances[0]?.glance ?? {}).map((key) => html`<th>${spaced(key)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${glances.map(
              (node) =>
                html`<tr>
                  <th>${node.id}</th>
                  ${Object.values(node.glance).map((value) => html`<td>${value}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>`,
        host,
      ),
    actions: [],
    legend: [],
    options: [],
    optionGroups: [],
    requests: true,
  };
}
