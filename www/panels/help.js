// Keys and shapes, made from the same tables as the controls.

import { html, render, svg } from "../lib/dom.js";
import { keyCap } from "../lib/keys.js";
import { glyphPath } from "../stage/messages.js";

/** @typedef {import("../lib/keys.js").Command} Command */

/**
 * @param {HTMLElement} host
 * @param {{ commands: Command[], view: import("../types.js").View, glyphs: { label: string, help: string, reply: boolean, path: string }[] }} state
 */
export function drawHelp(host, { commands, view, glyphs }) {
  const groups = [...new Set(commands.map((command) => command.group))];
  render(
    html`<h1>How to read and use this page</h1>
      <p class="soft">
        Click a node or a message to act on it. Drag across the stage to cut the cluster in two. Go back in
        time and act there: the future you leave is kept as a branch.
      </p>
      <section>
        <h2>Nodes and messages</h2>
        <ul class="legend">
          ${view.legend.map(([shape, words]) => html`<li>${nodeShape(shape)} ${words}</li>`)}
          <li>${nodeShape("looked-at")} corners: the one the inspector shows</li>
          ${glyphs.map(({ label, help, reply, path }) => html`<li>${glyphShape(path, reply ? "hollow" : "plain")} ${label}: ${help}</li>`)}
          <li>${glyphShape(request)} what a client asks</li>
          <li>${glyphShape(sample, "hollow")} hollow: an answer</li>
          <li>${glyphShape(sample, "copy")} in a second outline: a copy, which arrives again</li>
          <li>${glyphShape(sample, "held")} two bars: waits to be delivered by hand</li>
          <li>${glyphShape(sample, "lost")} crossed: lost, or will be</li>
          <li>
            ${picture(svg`<path d="M2 15h26" stroke="var(--bad)" stroke-width="2" stroke-dasharray="2 4" /><path d="M13 8l-3 14M20 8l-3 14" stroke="var(--bad)" stroke-width="2.4" />`)}
            a cut link; one bar where only that direction is cut
          </li>
        </ul>
        <p class="note">
          Colour is the ${view.epochName}. A node has its number inside; click a message to read its own.
        </p>
      </section>
      ${(view.notes ?? []).map(
        ([title, sentences]) =>
          html`<section>
            <h2>${title}</h2>
            ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
          </section>`,
      )}
      <section>
        <h2>The line of the run</h2>
        <ul class="legend">
          ${scrubber(view).map(([drawing, words]) => html`<li>${picture(drawing)} ${words}</li>`)}
        </ul>
      </section>
      ${groups.map(
        (group) =>
          html`<section>
            <h2>${group}</h2>
            <div class="keys">
              ${commands
                .filter((command) => command.group === group)
                .map(
                  (command) =>
                    html`<div>
                      <span>${command.label}</span>
                      <span>${command.keys.map((key) => html`<kbd>${keyCap(key)}</kbd> `)}</span>
                    </div>`,
                )}
            </div>
          </section>`,
      )}`,
    host,
  );
}

/** The outlines of a client's request, and of some message of a node. */
const request = glyphPath("pill");
const sample = glyphPath("disc");

/**
 * What stands on the scrubber.
 * @param {import("../types.js").View} view
 * @returns {[drawing: unknown, words: string][]}
 */
const scrubber = ({ marks }) => [
  [
    svg`<path d="M15 7v16" stroke="var(--good)" stroke-width="2.4" />`,
    marks?.decision ?? "something is decided",
  ],
  [svg`<circle cx="15" cy="15" r="6" fill="var(--t2)" />`, marks?.leadership ?? "an election, or its end"],
  [
    svg`<path d="M11 11h8v8h-8z" fill="none" stroke="currentColor" stroke-width="2" />`,
    "a request by hand or script, or a change of members",
  ],
  [
    svg`<path d="M10 10L20 20M20 10L10 20" stroke="var(--bad)" stroke-width="2.4" />`,
    "small cross above: a crash",
  ],
  [svg`<path d="M9 10h12L15 21z" fill="var(--bad)" />`, "pointing down: a fault begins"],
  [svg`<path d="M9 20h12L15 9z" fill="var(--good)" />`, "pointing up: something is mended or restarted"],
  [
    svg`<path d="M7 7L23 23M23 7L7 23" stroke="var(--bad)" stroke-width="4" />`,
    "large cross on the line: a violation",
  ],
  [svg`<path d="M2 6h26v18H2z" fill="var(--bad)" opacity="0.18" />`, "a shaded stretch: something is broken"],
  [
    svg`<path d="M2 8C12 8 8 21 18 21H28" fill="none" stroke="var(--mark)" stroke-width="4" />`,
    "another branch, from where it parts; click it to show it",
  ],
];

/** @param {unknown} drawing in a square of thirty */
function picture(drawing) {
  return html`<svg viewBox="0 0 30 30" aria-hidden="true">${drawing}</svg>`;
}

/** @param {string} shape */
function nodeShape(shape) {
  const dashes = { crashed: "2 4", learner: "7 3" }[shape] ?? "";
  const body = svg`<circle cx="15" cy="15" r="9" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray=${dashes} />`;
  const more = {
    leader: svg`<circle cx="15" cy="15" r="5.5" fill="none" stroke="currentColor" stroke-width="1.5" />`,
    candidate: svg`<circle cx="15" cy="15" r="12.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="5 3" />`,
    liar: svg`<path d="M8.5 9.5L6 1.5L13 6.3M21.5 9.5L24 1.5L17 6.3" fill="currentColor" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" />`,
    arc: svg`<path d="M15 2.5A12.5 12.5 0 0 1 27 18" fill="none" stroke="currentColor" stroke-width="2" />`,
    paused: svg`<path d="M13 11v8M17 11v8" stroke="currentColor" stroke-width="2" />`,
    "looked-at": svg`<path d="M2 7V2H7M23 2h5v5M28 23v5h-5M7 28H2V23" fill="none" stroke="currentColor" stroke-width="1.6" />`,
  }[shape];
  return picture(svg`${body}${more}`);
}

/**
 * @param {string} path
 * @param {"plain" | "hollow" | "copy" | "held" | "lost"} [how]
 */
function glyphShape(path, how = "plain") {
  const more = {
    copy: svg`<path transform="translate(15 15) scale(1.55)" d=${path} fill="none" stroke="currentColor" stroke-width="0.9" />`,
    held: svg`<path d="M13 12v6M17 12v6" stroke="var(--panel)" stroke-width="2.2" />`,
    lost: svg`<path d="M9 9L21 21M21 9L9 21" stroke="var(--bad)" stroke-width="2.5" />`,
    plain: "",
    hollow: "",
  }[how];
  const fill = how === "hollow" ? "none" : "currentColor";
  const faint = how === "lost" ? 0.4 : 1;
  return picture(
    svg`<path transform="translate(15 15)" d=${path} fill=${fill} fill-opacity=${faint} stroke="currentColor" stroke-width="2" stroke-dasharray=${how === "lost" ? "3 2.4" : ""} />${more}`,
  );
}
