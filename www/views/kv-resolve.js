// Resolving a conflict with one's own function: as a client that has read all versions, and writes one
// with the context of its read. The function runs where it can reach nothing; what it returns goes into
// the script as a put, so that a replay needs no function.

import { html, render, valueOf } from "../lib/dom.js";
import { inMs, listed } from "../lib/format.js";
import { callIsolated } from "../lib/sandbox.js";
import { actorWords, clockWords, quoted, valueWords } from "./kv-events.js";

/** How long a resolver may think, in real milliseconds. */
const THINK_MS = 1000;

/**
 * What a resolver is given of a version.
 * @typedef {{ value: any, node: number, client: number, at_ms: number, id: string }} Given
 */

/** @type {[name: string, about: string, code: string][]} */
const READY = [
  [
    "Keep the newest",
    "by the clocks of the nodes, whatever those are worth",
    `function resolve(versions, key) {
  const newest = versions.reduce((a, b) => (b.at_ms > a.at_ms ? b : a));
  return newest.value;
}`,
  ],
  [
    "Unite them",
    "every member of every version once",
    `function resolve(versions, key) {
  const members = versions.flatMap((version) => version.value);
  return [...new Set(members)].sort();
}`,
  ],
  [
    "Merge the fields",
    "of records; of a field that both have, the newest",
    `function resolve(versions, key) {
  const inOrder = [...versions].sort((a, b) => a.at_ms - b.at_ms);
  return Object.assign({}, ...inOrder.map((version) => version.value));
}`,
  ],
  [
    "The longest",
    "as text",
    `function resolve(versions, key) {
  const texts = versions.map((version) => String(version.value));
  return texts.reduce((a, b) => (b.length > a.length ? b : a));
}`,
  ],
];

/** What was typed last, kept while the page lives. */
let code = READY[0][2];

/**
 * The last read that has found a key in conflict, as its client knows it.
 * @param {import("./kv-events.js").Story} story
 * @param {string} key
 * @param {number} position
 * @returns {{ client: number, at: number, item: any } | null}
 */
export function lastConflict(story, key, position) {
  const reads = story.of(key, position).filter(({ kind }) => kind === "answered");
  const last = reads.findLast(({ fact }) => fact.item?.conflict);
  return last ? { client: last.fact.request.client, at: last.at, item: last.fact.item } : null;
}

/**
 * The versions with a value that stand somewhere, and that a read has not found: what is written in place
 * of what was read stands beside them.
 * @param {any} item what was read
 * @param {import("../types.js").NodeDetail[]} nodes
 * @param {string} key
 * @returns {any[]}
 */
export function missedBy(item, nodes, key) {
  const read = new Set(item.versions.map((/** @type {any} */ { id }) => id));
  /** @type {Map<string, any>} */
  const missed = new Map();
  for (const { view } of nodes)
    for (const version of view.keys.find((/** @type {any} */ each) => each.key === key)?.versions ?? [])
      if (version.value !== null && !read.has(version.id)) missed.set(version.id, version);
  return [...missed.values()];
}

/**
 * What a resolver is given: the versions that have a value.
 * @param {any} item
 * @returns {Given[]}
 */
export function givenOf(item) {
  return item.versions
    .filter((/** @type {any} */ version) => version.value !== null)
    .map((/** @type {any} */ { id, value }) => ({
      value,
      node: Number(id.slice(id.indexOf("@") + 1, id.indexOf("/"))),
      client: Number(id.slice(1, id.indexOf("#"))),
      at_ms: Number(id.slice(id.indexOf("/") + 1)),
      id,
    }));
}

/** The most bytes that a value may take. */
const VALUE_MOST = 4096;

/**
 * How many bytes a value takes, as the store counts.
 * @param {any} value
 * @returns {number}
 */
function sizeOf(value) {
  if (typeof value === "string") return new TextEncoder().encode(value).length;
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + 2 + sizeOf(each), 0);
  if (typeof value !== "object") return 8;
  return Object.entries(value).reduce((sum, [name, each]) => sum + 4 + sizeOf(name) + sizeOf(each), 0);
}

/**
 * Why a value cannot be stored, or nothing.
 * @param {any} value
 * @returns {string}
 */
export function unfit(value) {
  const plain = (/** @type {any} */ each) => typeof each === "string" || Number.isSafeInteger(each);
  const fits =
    plain(value) ||
    (Array.isArray(value) && value.every(plain)) ||
    (value !== null &&
      typeof value === "object" &&
      !Array.isArray(value) &&
      Object.values(value).every(plain));
  if (!fits)
    return `it returned ${JSON.stringify(value).slice(0, 60)}, and a value is a whole number, a text, or a list or an object of those`;
  const size = sizeOf(value);
  return size > VALUE_MOST ? `it returned a value of ${size} bytes, and one may take ${VALUE_MOST}` : "";
}

/**
 * What a resolver that has returned `value` writes: a put that knows all that was read.
 * @param {string} key
 * @param {any} value
 * @param {any} item what was read
 */
export function putOf(key, value, item) {
  const read = item.versions.map((/** @type {any} */ { id }) => id);
  return { put: [key, value, { key, clock: item.clock, read }] };
}

/**
 * Opens the dialog in which a conflict of `key` is resolved.
 * @param {string} key
 * @param {import("./kv-events.js").Story} story
 * @param {() => import("../types.js").DiagramData} latest how things stand, whenever it is asked
 */
export function openResolver(key, story, latest) {
  let [error, running] = ["", false];
  latest().hands.openDialog(`Resolve ${key}`, (host, close) => {
    const again = () => draw();
    const run = async (/** @type {{ client: number, item: any }} */ { client, item }) => {
      [error, running] = ["", true];
      again();
      const outcome = await callIsolated(code, "resolve", [givenOf(item), key], { ms: THINK_MS });
      running = false;
      error = "error" in outcome ? outcome.error : unfit(outcome.value);
      if (!error && "value" in outcome) {
        const { hands, position } = latest();
        // It is the reader who writes, unless it waits for something else by now.
        const by = story.of(null, position).findLast(({ place }) => place === `c${client}`);
        const reader = by?.kind === "heard" ? { client } : {};
        if (hands.act({ do: "request", ...reader, op: putOf(key, outcome.value, item) })) {
          close();
          hands.play();
          return;
        }
        error = "the store refused what it returned";
      }
      again();
    };
    const readFirst = () => {
      const { hands } = latest();
      hands.act({ do: "request", op: { get: key } });
      close();
      hands.play();
    };

    function draw() {
      const { position } = latest();
      const read = lastConflict(story, key, position);
      render(
        html`<h1>Resolve “${key}”</h1>
          ${read ? resolverForm(read, missedBy(read.item, latest().nodes, key)) : readForm()}`,
        host,
      );
    }

    function readForm() {
      return html`<p class="soft">
          Resolving is what a client does that has read all versions, and no client has read this conflict
          yet.
        </p>
        <div class="actions">
          <button class="primary" @click=${readFirst}>Read it</button>
        </div>
        <p class="note">Once the answer is there, open this again.</p>`;
    }

    /** @param {any[]} missed */
    function staleWords(missed) {
      const values = listed(missed.slice(0, 3).map(({ value }) => quoted(value)));
      const more = missed.length > 3 ? ` and ${missed.length - 3} more` : "";
      return html`<p class="warning">
        That read knows nothing of ${values}${more}: what you write now would stand beside it.
        <button @click=${readFirst}>Read it again</button>
      </p>`;
    }

    /**
     * @param {{ client: number, at: number, item: any }} read
     * @param {any[]} missed
     */
    function resolverForm({ client, at, item }, missed) {
      return html`${missed.length ? staleWords(missed) : ""}
        <p class="soft">
          Client ${client} has read ${item.versions.length} versions at ${inMs(at)}. Your function is given
          them, and returns the value to write in their place; the write brings the context of that read
          along, {${clockWords(item.clock)}}, so that it replaces exactly these.
        </p>
        <table class="compare kv-versions">
          <thead>
            <tr>
              <th scope="col">value</th>
              <th scope="col">written by</th>
              <th scope="col">at</th>
              <th scope="col">dot</th>
            </tr>
          </thead>
          <tbody>
            ${givenOf(item).map(
              (each) =>
                html`<tr>
                  <td>${valueWords(each.value)}</td>
                  <td>client ${each.client}, node ${each.node}</td>
                  <td>${inMs(each.at_ms, 3)}</td>
                  <td>${dotOf(item, each.id)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
        <section>
          <label>
            Begin with
            <select
              aria-label="Ready resolvers"
              @change=${(/** @type {Event} */ e) => {
                code = READY[Number(valueOf(e))][2];
                error = "";
                again();
              }}
            >
              ${READY.map(([name, about, text], k) => html`<option value=${k} ?selected=${text === code}>${name}: ${about}</option>`)}
            </select>
          </label>
          <textarea
            aria-label="Your resolver, in JavaScript"
            spellcheck="false"
            .value=${code}
            @input=${(/** @type {Event} */ e) => (code = valueOf(e))}
          ></textarea>
          <p class="note">
            It runs in a worker that reaches no network, no storage and no page, for a second at most.
          </p>
          ${error ? html`<p class="wrong" role="alert">✕ ${error}. The versions stay as they were.</p>` : ""}
          <div class="actions">
            <button class="primary" ?disabled=${running} @click=${() => run({ client, item })}>
              ${running ? "Running…" : "Run it, and write what it returns"}
            </button>
          </div>
        </section>`;
    }
    draw();
  });
}

/**
 * @param {any} item
 * @param {string} id
 */
function dotOf(item, id) {
  const { dot } = item.versions.find((/** @type {any} */ version) => version.id === id);
  if (!dot) return "—";
  const at = dot.lastIndexOf(":");
  return `${actorWords(dot.slice(0, at))}:${dot.slice(at + 1)}`;
}
