// The lab: replicas of one text side by side, ordered by the algorithm that one chooses.

import { html, nothing, render } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { leastChange } from "../lib/text.js";
import { SCRIPTS, Session, wordsKept } from "../lab/session.js";
import { drawTree } from "../lab/tree.js";
import { routeHash } from "../route.js";
import { labAlgorithms, siteName, textLab } from "../wasm-text.js";

/** Rows of the table of elements, at most. */
const ROWS_MOST = 200;
/** The lab's replicas search plainly through lists, so its texts are short. */
const TEXT_MOST = 400;
/** Changes on their way that are drawn one by one. */
const FLIGHTS_MOST = 24;
const BEST = "FugueMax";

/** @type {Record<string, string>} */
const IDEAS = {
  Logoot:
    "Every letter gets a number between those of its neighbours: digits and the site that chose them, as many levels as it takes. Two people who type at one place choose numbers in the same gap, and their letters mix.",
  LSEQ: "Like Logoot, but each level is twice as wide as the one above, so that identifiers stay short when text grows at one end. The letters mix all the same.",
  RGA: "Every letter hangs from the letter it was typed behind; of several, the newest comes first. Words typed forwards stay whole; typed backwards, all letters hang from the same one, and mix.",
  FugueMax:
    "Every letter hangs from its left neighbour, or from its right one where the left has children already. Words stay whole, forwards and backwards: the most that can be had. This is what the editor uses.",
};

export class LabPage {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.algorithm = BEST;
    this.sites = 2;
    this.inspected = 0;
    /** @type {typeof SCRIPTS[number] | null} what was run last */
    this.script = null;
    /** @type {{ algorithm: string, text: string, kept: boolean, mean: number, most: number, tombstones: number }[]} */
    this.results = [];
    /** @type {Session | null} */
    this.session = null;
  }

  /** @param {import("../route.js").Route} _route */
  async go(_route) {
    if (this.session) return;
    this.begin();
    this.runScript(SCRIPTS[0]);
  }

  /** @returns {Session} */
  get live() {
    if (!this.session) throw new Error("the lab has not begun");
    return this.session;
  }

  begin() {
    this.session?.free();
    this.session = new Session(textLab, this.algorithm, this.sites);
    this.inspected = Math.min(this.inspected, this.sites - 1);
  }

  clear() {
    const connected = this.session?.connected ?? true;
    this.script = null;
    this.results = [];
    this.begin();
    this.live.connect(connected);
    this.draw();
  }

  /** @param {string} algorithm */
  choose(algorithm) {
    this.algorithm = algorithm;
    if (this.script) {
      this.runScript(this.script);
      return;
    }
    // A text of one's own is typed anew, as the first site shows it.
    const { text } = this.live.replica(0);
    this.clear();
    if (text) this.live.edit(0, 0, 0, text);
    this.draw();
  }

  /** @param {typeof SCRIPTS[number]} script */
  runScript(script) {
    this.script = script;
    this.sites = script.sites;
    this.begin();
    this.live.run(script.steps);
    this.results = labAlgorithms().map((algorithm) => {
      const session = new Session(textLab, algorithm, script.sites);
      session.run(script.steps);
      const { text, totals } = session.replica(0);
      session.free();
      const kept = wordsKept(text, script.words);
      const { bytes_mean: mean, bytes_max: most, tombstones } = totals;
      return { algorithm, text, kept, mean, most, tombstones };
    });
    this.live.connect(true);
    this.draw();
  }

  /**
   * @param {number} at
   * @param {Event} event
   */
  typed(at, event) {
    const area = /** @type {HTMLTextAreaElement} */ (event.currentTarget);
    const before = this.live.replica(at).text;
    const { at: from, deleted, text } = leastChange(before, area.value.toWellFormed());
    const scalars = (/** @type {number} */ start, /** @type {number} */ end) =>
      [...before.slice(start, end)].length;
    this.live.edit(at, scalars(0, from), scalars(from, from + deleted), text);
    this.script = null;
    this.results = [];
    this.draw();
  }

  // Drawing.

  draw() {
    const replicas = Array.from({ length: this.sites }, (_, at) => this.live.replica(at));
    const same = replicas.every(({ text }) => text === replicas[0].text);
    render(
      html`<main class="lab">
        <div class="story" aria-live="polite">
          <h1>${this.headline(replicas, same)}</h1>
          <p>${IDEAS[this.algorithm]}</p>
        </div>
        ${this.drawChoices()} ${this.drawReplicas(replicas)} ${this.drawFlights()}
        ${this.results.length > 0 ? this.drawResults() : nothing} ${this.drawElements(replicas)}
        <p class="note">
          The lab types letter by letter, as people do. <a href=${routeHash("editor")}>Back to the editor</a>
        </p>
      </main>`,
      this.host,
    );
  }

  /**
   * @param {import("../types.js").LabReplica[]} replicas
   * @param {boolean} same
   */
  headline(replicas, same) {
    const { flights } = this.live;
    if (!same || flights.length > 0)
      return flights.length > 0
        ? `${counted(flights.length, "change")} on the way: the texts differ`
        : "The texts differ";
    if (this.script?.words.length) {
      const kept = wordsKept(replicas[0].text, this.script.words);
      return kept ? `${this.algorithm} keeps every word whole` : `${this.algorithm} mixes the letters`;
    }
    return "All replicas show the same text";
  }

  drawChoices() {
    return html`<div class="lab-bar" role="group" aria-label="Algorithm">
        ${labAlgorithms().map(
          (name) =>
            html`<button aria-pressed=${String(name === this.algorithm)} @click=${() => this.choose(name)}>
              ${name}
            </button>`,
        )}
      </div>
      <div class="lab-bar" role="group" aria-label="Try">
        ${SCRIPTS.map(
          (script) =>
            html`<button
              aria-pressed=${String(script === this.script)}
              @click=${() => this.runScript(script)}
            >
              ${script.label}
            </button>`,
        )}
        <button @click=${() => this.clear()}>Start empty</button>
        <button
          @click=${() => {
            this.sites = this.sites === 2 ? 3 : 2;
            this.clear();
          }}
        >
          ${this.sites === 2 ? "With three" : "With two"}
        </button>
      </div>`;
  }

  /** @param {import("../types.js").LabReplica[]} replicas */
  drawReplicas(replicas) {
    return html`<div class="lab-replicas">
      ${replicas.map(
        (replica, at) =>
          html`<section class=${`lab-replica tone-${toneOf(at + 1)}`}>
            <h2><label for=${`lab-${at}`}>Site ${siteName(at + 1)}</label></h2>
            <textarea
              id=${`lab-${at}`}
              rows="3"
              maxlength=${TEXT_MOST}
              spellcheck="false"
              .value=${replica.text}
              @input=${(/** @type {Event} */ event) => this.typed(at, event)}
            ></textarea>
            <p class="letters" aria-hidden="true">
              ${replica.rows
                .slice(0, ROWS_MOST)
                .map(
                  (row) =>
                    html`<span
                      class=${`letter tone-${toneOf(row.site)}${row.visible ? "" : " gone"}`}
                      title=${row.id}
                      >${row.letter}</span
                    >`,
                )}
            </p>
            ${
              replica.held_back > 0
                ? html`<p class="note">${counted(replica.held_back, "change")} came early and wait.</p>`
                : nothing
            }
          </section>`,
      )}
    </div>`;
  }

  drawFlights() {
    const { live } = this;
    const act = (/** @type {() => void} */ deed) => () => {
      deed();
      this.draw();
    };
    const words = (/** @type {import("../lab/session.js").Flight} */ { to, change }) => {
      const { site, words: what } = live.lab.change(change);
      return `${siteName(site)} → ${siteName(to + 1)}: ${what}`;
    };
    return html`<div class="lab-bar" role="group" aria-label="Network">
      <label class="switch"
        ><input
          type="checkbox"
          .checked=${live.connected}
          @change=${(/** @type {Event} */ event) =>
            act(() => live.connect(/** @type {HTMLInputElement} */ (event.currentTarget).checked))()}
        />Network on</label
      >
      ${
        live.flights.length > 0
          ? html`<button @click=${act(() => live.deliverAll())}>Deliver all in order</button
              ><button @click=${act(() => live.shuffle())}>Deliver all twice, in any order</button>
              ${live.flights
                .slice(0, FLIGHTS_MOST)
                .map(
                  (flight, k) =>
                    html`<button
                      class="flight"
                      title="Deliver this one now"
                      @click=${act(() => live.deliver(k))}
                    >
                      ${words(flight)}
                    </button>`,
                )}
              ${
                live.flights.length > FLIGHTS_MOST
                  ? html`<span class="soft">and ${live.flights.length - FLIGHTS_MOST} more</span>`
                  : nothing
              }`
          : html`<span class="soft"
              >${
                live.connected
                  ? "Switch it off, type in both, and deliver what is on the way one by one."
                  : "Type in both; what is on the way shows here."
              }</span
            >`
      }
    </div>`;
  }

  drawResults() {
    const words = this.script?.words.length;
    return html`<section>
      <h2>The same keys, pressed four times</h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Comparison of algorithms">
        <table class="lab-table">
          <thead>
            <tr>
              <th scope="col">Algorithm</th>
              <th scope="col">Text</th>
              ${words ? html`<th scope="col">Words</th>` : nothing}
              <th scope="col">Bytes a letter, mean</th>
              <th scope="col">Most</th>
              <th scope="col">Tombstones</th>
            </tr>
          </thead>
          <tbody>
            ${this.results.map(
              ({ algorithm, text, kept, mean, most, tombstones }) =>
                html`<tr aria-current=${algorithm === this.algorithm ? "true" : nothing}>
                  <th scope="row">${algorithm}</th>
                  <td class="mono">${text.length > 40 ? `${text.slice(0, 40)}…` : text}</td>
                  ${
                    words
                      ? html`<td class=${kept ? "good" : "bad"}>${kept ? "✓ whole" : "✗ torn apart"}</td>`
                      : nothing
                  }
                  <td>${mean.toFixed(1)}</td>
                  <td>${most}</td>
                  <td>${tombstones}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  /** @param {import("../types.js").LabReplica[]} replicas */
  drawElements(replicas) {
    const { rows, totals } = replicas[this.inspected];
    const isTree = rows.some((row) => row.origin);
    return html`<section>
      <h2>
        Elements at site
        ${replicas.map(
          (_, at) =>
            html`<button
              class="small"
              aria-pressed=${String(at === this.inspected)}
              @click=${() => {
                this.inspected = at;
                this.draw();
              }}
            >
              ${siteName(at + 1)}
            </button>`,
        )}
      </h2>
      <p class="soft">
        ${counted(totals.elements, "element")}, ${counted(totals.tombstones, "tombstone")};
        ${totals.bytes_mean.toFixed(1)} bytes to say where a letter stands, ${totals.bytes_max} at
        most${totals.levels_max > 1 ? html`, on up to ${totals.levels_max} levels` : nothing}.
      </p>
      ${
        isTree
          ? html`<div class="scroll" tabindex="0" role="region" aria-label="Tree">
              ${drawTree(rows, toneOf)}
            </div>`
          : nothing
      }
      <div class="scroll" tabindex="0" role="region" aria-label="Identifiers">
        <ol class="elements">
          ${rows
            .slice(0, ROWS_MOST)
            .map(
              (row) =>
                html`<li class=${row.visible ? "" : "gone"}>
                  <span class=${`letter tone-${toneOf(row.site)}`}
                    >${row.letter === "\n" ? "↵" : row.letter}</span
                  ><span class="mono">${row.id}</span
                  ><span class="soft figures"
                    >${counted(row.bytes, "byte")}${row.visible ? "" : ", deleted"}</span
                  >
                </li>`,
            )}
        </ol>
        ${rows.length > ROWS_MOST ? html`<p class="note">and ${rows.length - ROWS_MOST} more</p>` : nothing}
      </div>
    </section>`;
  }
}

/** @param {number} site */
function toneOf(site) {
  return ((site - 1) % 6) + 1;
}
