// The page of the collaborative editor: puts the shared text, the editor and the panels together.

import { byId, html, nothing, render, saveFile } from "../lib/dom.js";
import { counted, megabytes } from "../lib/format.js";
import { leastChange } from "../lib/text.js";
import { authorsIn, createEditor, patchIn, placeIn, undoIn } from "../editor/editor-view.js";
import { writtenBy } from "../editor/authors.js";
import { History } from "../editor/history.js";
import { drawSide, switchesOf } from "../editor/side.js";
import { SharedText } from "../editor/shared-text.js";
import { countText, keepingWords, storyWords, syncWords } from "../editor/words.js";
import { openDialog } from "../panels/dialog.js";
import { errorWords, notice } from "../panels/notices.js";
import { parseRoute, routeHash } from "../route.js";
import { textReplica } from "../wasm-text.js";

/** The text that opens where the address names none. */
const FIRST_DOC = "notes";
const NAME_MOST = 60;
/** Counting words and colouring authors are done so often at most. */
const REST_MS = 200;
const FILE_MOST = 16 * 1024 * 1024;

export class EditorPage {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {SharedText | null} */
    this.text = null;
    /** @type {import("@codemirror/view").EditorView | null} */
    this.view = null;
    /** @type {History | null} */
    this.history = null;
    this.doc = "";
    /** In a second editor beside another one: only the text, without panels. */
    this.beside = false;
    this.second = false;
    this.colours = false;
    this.count = { words: 0, characters: 0 };
    /** @type {string[]} */
    this.documents = [];
    this.failed = "";
    /** Texts that were left and are not kept yet, or cannot be. @type {Map<string, Uint8Array>} */
    this.left = new Map();
    this.dirty = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.rest = undefined;
    this.restMs = REST_MS;
    this.listen();
  }

  listen() {
    addEventListener("beforeunload", (event) => {
      if (this.text?.keeping.state === "failed" || this.left.size > 0) event.preventDefault();
    });
    addEventListener("focus", () => void this.listDocuments());
    addEventListener("pagehide", () => this.text?.leave());
    addEventListener("pageshow", (event) => event.persisted && this.wake(true));
    document.addEventListener("visibilitychange", () => !document.hidden && this.wake(false));
    document.addEventListener("resume", () => this.wake(false));
  }

  /** @param {boolean} left whether the room was left */
  wake(left) {
    if (!this.text?.online) return;
    if (left) this.text.enter();
    else this.text.room.greet();
  }

  /** @param {import("../route.js").Route} route */
  async go({ doc, beside }) {
    const name = cleanDoc(doc ?? FIRST_DOC) || FIRST_DOC;
    document.title = `${name} – Synod`;
    if (this.text && name === this.doc) return;
    this.close();
    this.doc = name;
    this.beside = beside;
    document.body.classList.toggle("beside", beside);
    const text = new SharedText(
      name,
      textReplica,
      {
        onPatches: (patches) => this.onPatches(patches),
        onStatus: () => this.stir(),
        onFailure: (error) => this.fail(error),
      },
      { remembered: !beside },
    );
    this.text = text;
    this.drawFrame();
    const left = this.left.get(name);
    this.left.delete(name);
    await text.open(left);
    if (this.text !== text) return; // Another text was asked for meanwhile.
    this.makeView(text);
    this.history = new History({
      controls: byId("editor-history"),
      page: byId("editor-past"),
      text,
      scrollTop: () => this.view?.scrollDOM.scrollTop ?? 0,
      onShown: (past) => {
        byId("editor-text").hidden = past;
        byId("editor-past").hidden = !past;
        this.stir();
      },
      restore: (past) => this.restore(past),
    });
    this.view?.focus();
    this.stir();
    await this.listDocuments();
    if (this.text === text) this.settle();
  }

  async listDocuments() {
    const { text } = this;
    const names = await text?.shelf.documents();
    if (!names || this.text !== text) return;
    this.documents = names;
    this.stir();
  }

  /** @param {SharedText} text */
  makeView(text) {
    this.view?.destroy();
    this.view = createEditor(byId("editor-text"), text, {
      onRefused: (error) => notice(errorWords(error), { bad: true }),
      onFile: (file, at) => void this.importFile(file, at),
    });
  }

  /**
   * Leaves the text. It stays on the shelf; until it is there, and where it cannot be put there, this page
   * holds it.
   * @param {boolean} [keep] whether it is to stay
   */
  close(keep = true) {
    clearTimeout(this.rest);
    this.rest = undefined;
    this.restMs = REST_MS;
    this.history?.destroy();
    this.view?.destroy();
    if (this.text) this.leave(this.text, keep && !this.failed);
    this.text = this.view = this.history = null;
    this.second = false;
    this.failed = "";
  }

  /**
   * @param {SharedText} text
   * @param {boolean} keep
   */
  leave(text, keep) {
    const { doc } = text;
    const bytes = keep && text.replica.version().length > 0 ? text.replica.encode() : null;
    if (bytes) this.left.set(doc, bytes);
    else this.left.delete(doc);
    text.close(keep).then((kept) => {
      if (kept && this.left.get(doc) === bytes) this.left.delete(doc);
    }, notice);
  }

  // What happens.

  /** @param {import("../types.js").TextPatch[]} patches */
  onPatches(patches) {
    if (!this.view || !this.text) return;
    try {
      patchIn(this.view, patches);
    } catch {
      // The view has failed, not the text: show it anew.
      this.makeView(this.text);
    }
    this.stir();
  }

  /** Something may have to be drawn anew: once for all that happens until the next frame. */
  stir() {
    if (this.dirty) return;
    this.dirty = true;
    requestAnimationFrame(() => {
      this.dirty = false;
      if (!this.text || this.failed) return;
      if (this.view) placeIn(this.view, this.text);
      this.drawStatus();
    });
    this.rest ??= setTimeout(() => this.settle(), this.restMs);
  }

  /** What need not be done for each letter: the longer the text, the more seldom. */
  settle() {
    clearTimeout(this.rest);
    this.rest = undefined;
    if (!this.text || !this.view || this.failed) return;
    const start = performance.now();
    this.count = countText(this.view.state.sliceDoc());
    const author = (/** @type {string} */ id) => this.text?.author(id) ?? { name: "", tone: 0 };
    authorsIn(this.view, this.colours ? writtenBy(this.text.replica.attribution(), author) : []);
    if (this.history?.at === null) this.history.draw();
    this.drawStatus();
    this.restMs = Math.max(REST_MS, 20 * (performance.now() - start));
  }

  /** @param {unknown} error */
  fail(error) {
    if (this.failed) return;
    this.failed = String(/** @type {Error} */ (error)?.message ?? error);
    this.text?.leave();
    notice(`The editor has failed: ${this.failed}. What you typed is kept on this device.`, {
      bad: true,
      stays: true,
      deeds: [{ label: "Load the page again", run: () => location.reload() }],
    });
  }

  /** @param {string} past puts a past text in the place of this one, as one more edit */
  restore(past) {
    if (!this.view) return;
    const { at, deleted, text } = leastChange(this.view.state.sliceDoc(), past);
    if (deleted === 0 && text === "") return;
    this.view.dispatch({ changes: { from: at, to: at + deleted, insert: text }, scrollIntoView: true });
    this.view.focus();
  }

  /**
   * @param {"undo" | "redo"} which
   * @param {Event} event
   */
  goBack(which, event) {
    if (!this.text || !this.view || this.view.composing) return;
    undoIn(this.view, this.text.goBack(which));
    // A button that was pressed by key keeps the focus, so that it can be pressed again.
    if (/** @type {MouseEvent} */ (event).detail > 0) this.view.focus();
  }

  /** @param {Event} event */
  chooseFile(event) {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const file = input.files?.[0];
    input.value = "";
    if (file) void this.importFile(file);
  }

  /**
   * Puts a file's text to where the cursor is, or to `at`.
   * @param {File} file
   * @param {number} [at]
   */
  async importFile(file, at) {
    const { text: into } = this;
    if (file.size > FILE_MOST) {
      const most = megabytes(FILE_MOST);
      notice(`${file.name} has ${megabytes(file.size)}; at most ${most} can be imported.`, { bad: true });
      return;
    }
    let text = "";
    try {
      text = textOf(await file.arrayBuffer());
    } catch {
      notice(`${file.name} is not a text in UTF-8 or UTF-16; nothing was imported.`, { bad: true });
      return;
    }
    const { view } = this;
    if (!view || this.text !== into) {
      notice(`Another text was opened before ${file.name} was read; nothing was imported.`, { bad: true });
      return;
    }
    if (text === "") {
      notice(`${file.name} is empty; nothing was imported.`);
      return;
    }
    if (this.history?.at !== null) this.history?.close();
    const { from, to } = at === undefined ? view.state.selection.main : { from: at, to: at };
    const insert = view.state.toText(text);
    view.dispatch({
      changes: { from, to, insert },
      selection: { anchor: from + insert.length },
      scrollIntoView: true,
    });
    view.focus();
  }

  askToDelete() {
    const { doc } = this;
    openDialog("Delete this text", (host, close) =>
      render(
        html`<h1>Delete “${doc}”?</h1>
          <p>
            The text and all its history leave this device. This cannot be undone. A tab that has it open,
            such as one that is offline, still holds it, and keeps it again.
          </p>
          <div class="actions">
            <button
              class="primary"
              @click=${() => {
                close();
                void this.delete();
              }}
            >
              Delete it</button
            ><button @click=${close}>Keep it</button>
          </div>`,
        host,
      ),
    );
  }

  async delete() {
    const { text, doc } = this;
    if (!text) return;
    if (text.room.peers.size > 0) {
      notice(`Another tab has opened “${doc}” meanwhile; it was not deleted.`, { bad: true });
      return;
    }
    try {
      await text.shelf.forget();
    } catch (error) {
      notice(`“${doc}” could not be deleted. ${errorWords(error)}`, { bad: true });
      return;
    }
    this.close(false);
    if (doc === FIRST_DOC) await this.go({ ...parseRoute(""), page: "editor", doc });
    else location.hash = routeHash("editor");
  }

  // Drawing.

  /** The page's lasting parts; what changes goes into them. */
  drawFrame() {
    render(
      html`<aside class="side editor-docs" id="editor-docs" aria-label="Texts"></aside>
        <main class="editor-middle">
          <div class="story" aria-live="polite" aria-atomic="true" id="editor-story"></div>
          <div class="editor-bar" id="editor-bar"></div>
          <div class="editors">
            <div class="editor-paper">
              <div id="editor-text"></div>
              <div id="editor-past" hidden></div>
            </div>
            <div id="editor-second" class="editor-second" hidden></div>
          </div>
          <p class="editor-status" id="editor-status"></p>
        </main>
        <aside class="inspect editor-side" id="editor-side" aria-label="People and channel"></aside>
        <footer class="editor-history" id="editor-history" aria-label="History"></footer>`,
      this.host,
    );
    byId("editor-text").replaceChildren();
    byId("editor-past").replaceChildren();
    byId("editor-second").replaceChildren();
    byId("editor-second").hidden = byId("editor-past").hidden = true;
    byId("editor-text").hidden = false;
    this.drawStatus();
  }

  get state() {
    const text = /** @type {SharedText} */ (this.text);
    return {
      others: [...text.room.peers.values()].map((peer) => peer.person.name),
      online: text.online,
      hostile: text.hostile,
      channelWorks: text.channelWorks,
      behind: text.room.behind,
      lagging: text.room.lagging,
      waiting: text.waiting,
      keeping: text.keeping,
      past: this.history !== null && this.history.at !== null,
      heldBack: text.replica.heldBack,
      damaged: text.damaged,
    };
  }

  drawStatus() {
    const { text } = this;
    if (!text) return;
    const { state } = this;
    const { headline, watch } = storyWords(state);
    render(
      html`<h1>${headline}</h1>
        <p>${watch}</p>`,
      byId("editor-story"),
    );
    const [sync, keeping] = [syncWords(state), keepingWords(state)];
    render(
      html`<span class=${sync.tone}>${sync.text}</span><span class=${keeping.tone}>${keeping.text}</span
        ><span class="figures"
          >${counted(this.count.words, "word")}, ${counted(this.count.characters, "character")}</span
        >
        ${
          text.room.foreign
            ? html`<span class="warn"
                >Another tab runs another version of Synod: load it again to edit together</span
              >`
            : nothing
        }`,
      byId("editor-status"),
    );
    this.drawBar();
    if (this.beside) return;
    drawSide(byId("editor-side"), text, {
      download: () => saveFile(`${this.doc}.txt`, this.view?.state.sliceDoc() ?? "", "text/plain"),
      chooseFile: (event) => this.chooseFile(event),
      askToDelete: () => this.askToDelete(),
    });
    this.drawDocuments();
  }

  drawBar() {
    const can = this.text?.replica;
    const past = this.history?.at != null;
    render(
      html`<button
          @click=${(/** @type {Event} */ e) => this.goBack("undo", e)}
          ?disabled=${past || !can?.canUndo}
        >
          Undo</button
        ><button
          @click=${(/** @type {Event} */ e) => this.goBack("redo", e)}
          ?disabled=${past || !can?.canRedo}
        >
          Redo
        </button>
        <button
          aria-pressed=${String(this.colours)}
          @click=${() => {
            this.colours = !this.colours;
            this.settle();
          }}
        >
          Who wrote what
        </button>
        ${
          this.beside
            ? switchesOf(/** @type {SharedText} */ (this.text))
            : html`<button aria-pressed=${String(this.second)} @click=${() => this.toggleSecond()}>
                  A second editor beside
                </button>
                <a
                  class="button"
                  href=${routeHash("editor", { doc: this.doc })}
                  target="_blank"
                  rel="noopener"
                  >Another tab</a
                >`
        }`,
      byId("editor-bar"),
    );
  }

  /** Another editor in this page: a page of its own, that hears of this one as another tab would. */
  toggleSecond() {
    this.second = !this.second;
    const place = byId("editor-second");
    place.hidden = !this.second;
    if (this.second) {
      const frame = document.createElement("iframe");
      frame.title = "A second editor of the same text";
      frame.src = `${location.pathname}${routeHash("editor", { doc: this.doc, beside: "1" })}`;
      place.replaceChildren(frame);
    } else place.replaceChildren();
    this.drawBar();
  }

  drawDocuments() {
    const names = [...new Set([this.doc, ...this.documents])].sort();
    const open = (/** @type {Event} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.currentTarget);
      const name = String(new FormData(form).get("name") ?? "").trim();
      if (name) location.hash = routeHash("editor", { doc: name });
      form.reset();
    };
    render(
      html`<h2>Texts on this device</h2>
        <ul class="docs">
          ${names.map(
            (name) =>
              html`<li>
                <a
                  href=${routeHash("editor", { doc: name })}
                  aria-current=${name === this.doc ? "page" : nothing}
                  >${name}</a
                >
              </li>`,
          )}
        </ul>
        <form class="new-doc" @submit=${open}>
          <label class="hidden" for="new-doc">Name of a text</label>
          <input
            id="new-doc"
            name="name"
            maxlength=${NAME_MOST}
            placeholder="Another text"
            autocomplete="off"
          />
          <button type="submit">Open</button>
        </form>
        <h2>How it works</h2>
        <p class="soft">
          Every letter has an identity and remembers its neighbours. Deleted letters stay, unseen, so that
          what others write next to them finds its place.
        </p>
        <p><a href=${routeHash("lab")}>See it in the lab</a></p>`,
      byId("editor-docs"),
    );
  }
}

/**
 * A text's name as it stands in links and lists: one spelling, short, whole.
 * @param {string} name
 */
function cleanDoc(name) {
  const whole = name
    .toWellFormed()
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .trim();
  return [...whole].slice(0, NAME_MOST).join("").trim();
}

/**
 * The text of a file in UTF-8, or in UTF-16 where it says so. Throws where it is no text.
 * @param {ArrayBuffer} buffer
 */
function textOf(buffer) {
  const [first, second] = new Uint8Array(buffer.slice(0, 2));
  const wide =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "";
  const text = new TextDecoder(wide || "utf-8", { fatal: true }).decode(buffer);
  if (text.includes("\0")) throw new TypeError("no text holds NUL");
  return text.replace(/\r\n?/g, "\n");
}
