// The editor itself, bound to a shared text change by change: what is typed goes into the replica
// first, and shows once the replica has taken it.

import { defaultKeymap } from "@codemirror/commands";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, Transaction } from "@codemirror/state";
import { EditorView, drawSelection, dropCursor, keymap, placeholder } from "@codemirror/view";
import { authorField, showAuthors } from "./authors.js";
import { cursorField, showPlaces } from "./cursors.js";
import { changesOf, editsOf, wholePairs } from "./patches.js";
import { specialCharacters } from "./specials.js";

/** @typedef {import("../types.js").TextPatch} TextPatch */

/** So long after the end of a composition the editor has read the letters from the page. */
const COMPOSED_MS = 80;
/** Cursors of one tab that others are told of, at most. */
const CURSORS_MOST = 20;

/** What is the same for an editor and for a text that is only looked at. */
const common = [
  // One line break, one code unit: positions are those of the replica.
  EditorState.lineSeparator.of("\n"),
  EditorState.tabSize.of(4),
  EditorView.lineWrapping,
  specialCharacters,
];

/**
 * @param {HTMLElement} parent
 * @param {import("./shared-text.js").SharedText} text
 * @param {{ onRefused: (error: unknown) => void, onFile: (file: File, at: number) => void }} on what the
 *   replica would not do, and a file that was dropped before the letter `at`
 */
export function createEditor(parent, text, { onRefused, onFile }) {
  const goBack = (/** @type {"undo" | "redo"} */ which) => () => {
    // In a composition the browser, not the replica, holds the letters.
    if (!view.composing) undoIn(view, text.goBack(which));
    return true;
  };
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text.replica.text(),
      extensions: [
        common,
        EditorState.allowMultipleSelections.of(true),
        EditorState.transactionFilter.of(wholeTransaction),
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, "\n")),
        EditorView.contentAttributes.of({ "aria-label": "The text", spellcheck: "true" }),
        EditorView.domEventHandlers({
          compositionstart: () => text.hold(),
          compositionupdate: () => text.hold(),
          compositionend: (_, target) => releaseSoon(target, text),
          blur: () => text.release(),
          drop(event, target) {
            const file = event.dataTransfer?.files[0];
            if (!file) return false;
            event.preventDefault();
            onFile(
              file,
              target.posAtCoords({ x: event.clientX, y: event.clientY }) ?? target.state.doc.length,
            );
            return true;
          },
          beforeinput(event) {
            if (event.inputType !== "historyUndo" && event.inputType !== "historyRedo") return false;
            event.preventDefault();
            return goBack(event.inputType === "historyUndo" ? "undo" : "redo")();
          },
        }),
        drawSelection(),
        dropCursor(),
        placeholder("Type here. Everybody who has this text open types along."),
        search({ top: true }),
        cursorField,
        authorField,
        keymap.of([
          { key: "Mod-z", run: goBack("undo"), preventDefault: true },
          { key: "Mod-y", mac: "Mod-Shift-z", run: goBack("redo"), preventDefault: true },
          { key: "Ctrl-Shift-z", run: goBack("redo"), preventDefault: true },
          ...searchKeymap,
          ...defaultKeymap,
        ]),
      ],
    }),
    dispatchTransactions(transactions, target) {
      for (const transaction of transactions) {
        if (!transaction.docChanged || transaction.annotation(Transaction.remote)) continue;
        try {
          text.edit(editsOf(transaction.changes), isTyping(transaction));
        } catch (error) {
          // The replica would not: then the editor does not either, and the two stay together.
          onRefused(error);
          return;
        }
      }
      target.update(transactions);
      // What others did moves no cursor that holds on to a letter.
      const moves = (/** @type {Transaction} */ each) =>
        each.selection || (each.docChanged && !each.annotation(Transaction.remote));
      if (transactions.some(moves)) pointIn(target, text);
    },
  });
  pointIn(view, text);
  return view;
}

/** @param {Transaction} transaction whether it goes on with what was typed before */
function isTyping(transaction) {
  const is = (/** @type {string} */ event) => transaction.isUserEvent(event);
  return is("input.type") || (is("delete") && !is("delete.cut"));
}

/**
 * Lets others' changes in again, once the editor has read what was composed.
 * @param {EditorView} view
 * @param {import("./shared-text.js").SharedText} text
 */
function releaseSoon(view, text) {
  setTimeout(() => {
    if (!view.composing) text.release();
    else releaseSoon(view, text);
  }, COMPOSED_MS);
}

/**
 * A past text, to be looked at.
 * @param {HTMLElement} parent
 */
export function createViewer(parent) {
  return new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        common,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": "The text as it was", tabindex: "0" }),
        authorField,
      ],
    }),
  });
}

/**
 * Shows what others did.
 * @param {EditorView} view
 * @param {TextPatch[]} patches
 */
export function patchIn(view, patches) {
  view.dispatch({
    changes: changesOf(patches, view.state.doc.length),
    annotations: [Transaction.remote.of(true), Transaction.addToHistory.of(false)],
    filter: false,
  });
}

/**
 * Shows what undoing did, and puts the cursor where it did it.
 * @param {EditorView} view
 * @param {TextPatch[]} patches
 */
export function undoIn(view, patches) {
  const last = patches.at(-1);
  if (!last) return;
  view.dispatch({
    changes: changesOf(patches, view.state.doc.length),
    selection: { anchor: last.at + last.text.length },
    scrollIntoView: true,
    annotations: Transaction.remote.of(true),
    filter: false,
  });
}

/**
 * Tells the others where our cursors are.
 * @param {EditorView} view
 * @param {import("./shared-text.js").SharedText} text
 */
function pointIn(view, text) {
  const { main, ranges } = view.state.selection;
  const others = ranges.filter((range) => range !== main).slice(0, CURSORS_MOST - 1);
  text.room.point(
    [main, ...others].map(({ anchor, head, empty }) => ({
      // The ends of a selection hold on to what is in it.
      anchor: text.replica.anchor(anchor, !empty && anchor < head),
      head: text.replica.anchor(head, !empty && head < anchor),
    })),
  );
}

/**
 * Shows where the others are, as far as what they hold on to has come here.
 * @param {EditorView} view
 * @param {import("./shared-text.js").SharedText} text
 */
export function placeIn(view, text) {
  /** @type {import("./cursors.js").Place[]} */
  const places = [];
  for (const { person, cursors } of text.room.peers.values())
    cursors.forEach((cursor, k) => {
      const [anchor, head] = [resolved(text, cursor.anchor), resolved(text, cursor.head)];
      if (anchor !== undefined && head !== undefined)
        places.push({ ...person, anchor, head, primary: k === 0, at: cursor.head.join() });
    });
  view.dispatch({ effects: showPlaces.of(places) });
}

/**
 * @param {import("./shared-text.js").SharedText} text
 * @param {Uint8Array} anchor
 * @returns {number | undefined}
 */
function resolved(text, anchor) {
  try {
    return text.replica.resolve(anchor);
  } catch {
    return undefined; // No anchor at all: somebody else's mistake.
  }
}

/**
 * @param {EditorView} view
 * @param {import("./authors.js").Written[]} written
 */
export function authorsIn(view, written) {
  view.dispatch({ effects: showAuthors.of(written) });
}

/**
 * Shows a past text.
 * @param {EditorView} view
 * @param {string} text
 * @param {import("./authors.js").Written[]} written
 */
export function showIn(view, text, written) {
  const { scrollTop } = view.scrollDOM;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    effects: showAuthors.of(written),
  });
  view.scrollDOM.scrollTop = scrollTop;
}

/**
 * A replica holds whole Unicode scalars: no change cuts a surrogate pair, and half a pair is none.
 * @param {Transaction} transaction
 * @returns {Transaction | import("@codemirror/state").TransactionSpec}
 */
function wholeTransaction(transaction) {
  if (!transaction.docChanged) return transaction;
  const edits = wholePairs(transaction.changes, transaction.startState.doc);
  if (!edits) return transaction;
  const { startState, scrollIntoView } = transaction;
  const changes = startState.changes(edits);
  const userEvent = transaction.annotation(Transaction.userEvent);
  const selection = startState.selection.map(changes, 1);
  return { changes, selection, scrollIntoView, ...(userEvent ? { userEvent } : {}) };
}
