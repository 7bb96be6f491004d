// The past of a text: every version, from the first letter on, with who wrote what.

import { html, nothing, render } from "../lib/dom.js";
import { createViewer, showIn } from "./editor-view.js";
import { writtenBy } from "./authors.js";

/** All of the history is played in so many milliseconds. */
const PLAY_MS = 12_000;

export class History {
  /**
   * @param {object} parts
   * @param {HTMLElement} parts.controls where the slider goes
   * @param {HTMLElement} parts.page where the past text is shown
   * @param {import("./shared-text.js").SharedText} parts.text
   * @param {() => number} parts.scrollTop where the reader is in the text as it is now
   * @param {(past: boolean) => void} parts.onShown
   * @param {(past: string) => void} parts.restore
   */
  constructor({ controls, page, text, scrollTop, onShown, restore }) {
    this.controls = controls;
    this.page = page;
    this.text = text;
    this.scrollTop = scrollTop;
    this.onShown = onShown;
    this.restore = restore;
    /** How many operations are shown; null is now. @type {number | null} */
    this.at = null;
    this.playing = false;
    this.past = "";
    /** @type {import("@codemirror/view").EditorView | null} */
    this.viewer = null;
  }

  get length() {
    return this.text.replica.historyLength;
  }

  /** @param {number} at shows the text after so many operations */
  show(at) {
    const end = this.length;
    this.at = Math.max(0, Math.min(Math.round(at), end));
    const { replica } = this.text;
    const { text, authors } = replica.at(replica.versionAfter(this.at));
    this.past = text;
    this.viewer ??= createViewer(this.page);
    showIn(
      this.viewer,
      text,
      writtenBy(authors, (id) => this.text.author(id)),
    );
    this.onShown(true);
    this.draw();
  }

  /** Shows the text as it is now, to be edited. */
  close() {
    this.at = null;
    this.playing = false;
    this.viewer?.destroy();
    this.viewer = null;
    const focused = this.controls.contains(document.activeElement);
    this.onShown(false);
    this.draw();
    // The button that had the focus may have gone.
    if (focused && document.activeElement === document.body) this.controls.querySelector("input")?.focus();
  }

  play() {
    if (this.playing) {
      this.playing = false;
      this.draw();
      return;
    }
    this.playing = true;
    const end = this.length;
    const from = this.at === null || this.at >= end ? 0 : this.at;
    const start = performance.now();
    const step = (/** @type {number} */ now) => {
      if (!this.playing) return;
      const at = from + (Math.max(0, now - start) / PLAY_MS) * end;
      if (at >= end) this.close();
      else {
        this.show(at);
        requestAnimationFrame(step);
      }
    };
    requestAnimationFrame(step);
  }

  draw() {
    const end = this.length;
    const at = this.at ?? end;
    const past = this.at !== null;
    render(
      html`<h2>History</h2>
        <button @click=${() => this.play()} ?disabled=${end === 0}>${this.playing ? "Stop" : "Play"}</button>
        <input
          type="range"
          aria-label="Version of the text"
          aria-valuetext=${past ? `after ${at} of ${end} operations` : "now"}
          min="0"
          max=${end}
          .value=${String(at)}
          ?disabled=${end === 0}
          @input=${(/** @type {Event} */ e) => {
            this.playing = false;
            this.show(Number(/** @type {HTMLInputElement} */ (e.currentTarget).value));
          }}
        />
        <span class="figures at">
          ${past ? html`${at.toLocaleString("en")} of ${end.toLocaleString("en")} operations` : html`Now`}
        </span>
        ${
          past
            ? html`<button @click=${() => this.close()}>Back to now</button
                ><button
                  class="primary"
                  title="Makes the text what it was then, as one more edit: what was written since goes, and undo brings it back"
                  @click=${() => {
                    const { past: text } = this;
                    this.close();
                    this.restore(text);
                  }}
                >
                  Restore this version
                </button>`
            : nothing
        }`,
      this.controls,
    );
  }

  destroy() {
    this.playing = false;
    this.viewer?.destroy();
    render(null, this.controls);
  }
}
