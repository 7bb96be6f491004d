// What is this, why did it do that, what just happened: a node, a message, or an event.

import { html, nothing, render } from "../lib/dom.js";
import { capital, duration, inMs, peerName } from "../lib/format.js";
import { conductPart } from "./conduct.js";
import { eventRow } from "./events.js";
import { whyPart } from "./why.js";

/** @typedef {import("../types.js").TraceEvent} TraceEvent */
/** @typedef {import("../types.js").NodeDetail} NodeDetail */
/** @typedef {import("../types.js").MessageDetail} MessageDetail */
/** @typedef {{ label: string, danger?: boolean, run: () => void }} Deed */

/**
 * @typedef {object} Inspected
 * @property {number} now
 * @property {number} position
 * @property {NodeDetail | null} node
 * @property {MessageDetail | null} message
 * @property {TraceEvent | null} event
 * @property {import("./why.js").Why} why what led to what is inspected
 * @property {() => void} further tells more of it
 * @property {import("../types.js").Violation | null} violation what the event was found to violate
 * @property {TraceEvent[]} after what it led to
 * @property {TraceEvent[]} recent newest first
 * @property {import("../types.js").View} view
 * @property {string} question
 * @property {Deed[]} deeds
 * @property {string[]} conducts the ways in which a node can be told to misbehave
 * @property {(ways: string[]) => void} behave
 * @property {(id: number) => void} go
 * @property {() => void} clear
 * @property {() => void} showEvents
 */

/** What a node's facts were before they last changed, to mark what is new. */
/** @type {Map<number, { facts: Map<string, string>, fresh: Map<string, string>, position: number }>} */
const known = new Map();

/** Forgets what nodes were like: another run is shown. */
export function forgetFacts() {
  known.clear();
}

/**
 * @param {HTMLElement} host
 * @param {Inspected} what
 */
export function drawInspector(host, what) {
  const { message, event, node } = what;
  render(
    html`${message ? messagePart(what, message) : event ? eventPart(what, event) : node ? nodePart(what, node) : nothing}
      <section>
        <h2>Just now</h2>
        <ul>
          ${what.recent.map((e) => html`<li>${eventRow(e, { current: -1, position: what.position, go: what.go })}</li>`)}
        </ul>
        <button class="link all-events" @click=${what.showEvents}>All events</button>
      </section>`,
    host,
  );
}

/**
 * @param {Inspected} what
 * @param {NodeDetail} node
 */
function nodePart(what, node) {
  const rows = node.view ? what.view.facts(node) : [];
  const fresh = freshFacts(node.id, what.position, rows);
  return html`<section>
      <h2>Node ${node.id}</h2>
      ${what.view.explain(node, what.now).map((line) => html`<p>${line}</p>`)}
      <div class="actions">${what.deeds.map(deedButton)}</div>
      ${conductPart(what.conducts, node.conduct, what.behave, what.view.deeds ?? {})}
    </section>
    <section>
      <dl class="facts">
        ${rows.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd class=${fresh.has(name) ? "fresh" : ""}>
                ${value}${fresh.get(name) ? html` <del>(was ${fresh.get(name)})</del>` : nothing}
              </dd>`,
        )}
        ${node.timers.map(
          (timer) =>
            html`<dt>${timer.timer.replaceAll("_", " ")} timer</dt>
              <dd>in ${duration(Math.max(0, timer.due_ms - what.now))}</dd>`,
        )}
        <dt>Clock</dt>
        <dd>${inMs(node.clock_ms)}${node.drift_ppm ? `, ${node.drift_ppm} ppm` : ""}</dd>
      </dl>
      ${asJson(node)}
    </section>
    ${why(what, what.question)}`;
}

/**
 * @param {Inspected} what
 * @param {MessageDetail} message
 */
function messagePart(what, message) {
  const look = what.view.message(message.kind);
  const fate = {
    flying: message.why ? `will be lost (${message.why})` : `under way, due at ${inMs(message.due_ms ?? 0)}`,
    waiting: "waits to be delivered",
    delivered: `arrived at ${inMs(message.due_ms ?? 0)}`,
    lost: `lost at ${inMs(message.due_ms ?? 0)}: ${message.why}`,
  }[message.fate];
  const seal = what.view.seal?.(message);
  return html`<section>
      <h2>Message ${message.id} <button class="link" @click=${what.clear}>close</button></h2>
      <h3>${message.kind}, ${peerName(message.from)} → ${peerName(message.to)}</h3>
      ${look.help ? html`<p class="soft">${look.help}</p>` : nothing}
      ${seal ? html`<p class=${seal.good ? "sealed" : "broken"}>${seal.good ? "✓" : "✕"} ${seal.text}</p>` : nothing}
      <div class="actions">${what.deeds.map(deedButton)}</div>
    </section>
    <section>
      <dl class="facts">
        ${fields(message.body).map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
        <dt>sent</dt>
        <dd>${inMs(message.sent_ms)}</dd>
        <dt>fate</dt>
        <dd>${fate}</dd>
      </dl>
      ${asJson(message)}
    </section>
    ${
      what.after.length
        ? html`<section>
            <h2>What it led to</h2>
            ${what.after.map((e) => eventRow(e, { current: -1, position: what.position, go: what.go }))}
          </section>`
        : nothing
    }
    ${why(what, "Why was it sent?")}`;
}

/**
 * @param {Inspected} what
 * @param {TraceEvent} event
 */
function eventPart(what, event) {
  return html`<section>
      <h2>Event ${event.id} <button class="link" @click=${what.clear}>close</button></h2>
      <h3>${event.text}</h3>
      <p class="soft">at ${inMs(event.at_ms, 3)}</p>
      ${
        what.violation && event.kind !== "violation"
          ? html`<p class="broken">✕ ${capital(what.violation.invariant)}: ${what.violation.text}.</p>`
          : nothing
      }
      <div class="actions">${what.deeds.map(deedButton)}</div>
      ${asJson(event)}
    </section>
    ${
      what.after.length
        ? html`<section>
            <h2>What it led to</h2>
            ${what.after.map((e) => eventRow(e, { current: -1, position: what.position, go: what.go }))}
          </section>`
        : nothing
    }
    ${why(what, "Why did this happen?")}`;
}

/**
 * @param {Inspected} what
 * @param {string} question
 */
function why(what, question) {
  const { position, go, further } = what;
  return whyPart(what.why, question, { current: what.event?.id ?? -1, position, go, further });
}

/** @param {Deed} deed */
function deedButton(deed) {
  return html`<button @click=${deed.run}>${deed.label}</button>`;
}

/** @param {unknown} value */
function asJson(value) {
  return html`<details>
    <summary class="soft">In full</summary>
    <pre tabindex="0">${JSON.stringify(value, null, 1)}</pre>
  </details>`;
}

/**
 * The fields of a message's body as words.
 * @param {any} body
 * @returns {[string, string][]}
 */
function fields(body) {
  if (body === null || typeof body !== "object") return [["says", String(body)]];
  const entries = Object.entries(body);
  if (
    entries.length === 1 &&
    entries[0][1] &&
    typeof entries[0][1] === "object" &&
    !Array.isArray(entries[0][1])
  )
    return fields(entries[0][1]);
  return entries.map(([name, value]) => [name.replaceAll("_", " "), words(value)]);
}

/**
 * @param {any} value
 * @returns {string}
 */
function words(value) {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(words).join("; ");
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([name, inner]) => `${name.replaceAll("_", " ")} ${words(inner)}`)
      .join(", ");
  return String(value);
}

/**
 * The facts that changed with the last event that changed any, and what they were.
 * @param {number} id
 * @param {number} position
 * @param {[string, string][]} rows
 */
function freshFacts(id, position, rows) {
  const facts = new Map(rows);
  const before = known.get(id);
  if (!before || position < before.position) {
    known.set(id, { facts, fresh: new Map(), position });
    return new Map();
  }
  /** @type {Map<string, string>} */
  const fresh = new Map();
  for (const [name, value] of rows) {
    const old = before.facts.get(name);
    if (old !== undefined && old !== value) fresh.set(name, old.length <= 12 ? old : "");
  }
  if (fresh.size === 0) return before.fresh;
  known.set(id, { facts, fresh, position });
  return fresh;
}
