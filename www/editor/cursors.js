// Where the others are: a caret with a name, and their selections, drawn into the editor.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";

/**
 * A cursor of somebody else. `at` tells whether its owner has moved it: then its name shows again.
 * @typedef {{ name: string, tone: number, anchor: number, head: number, primary: boolean, at: string }} Place
 */

/** @type {import("@codemirror/state").StateEffectType<Place[]>} */
export const showPlaces = StateEffect.define();

class Caret extends WidgetType {
  /**
   * @param {string} name
   * @param {number} tone
   * @param {boolean} primary
   * @param {string} at
   */
  constructor(name, tone, primary, at) {
    super();
    this.name = name;
    this.tone = tone;
    this.primary = primary;
    this.at = at;
  }

  /** @param {Caret} other */
  eq(other) {
    return (
      other.name === this.name &&
      other.tone === this.tone &&
      other.primary === this.primary &&
      other.at === this.at
    );
  }

  toDOM() {
    const caret = document.createElement("span");
    caret.className = `caret tone-${this.tone}`;
    caret.setAttribute("aria-hidden", "true");
    // A word joiner: it keeps the caret in its line without being seen.
    caret.textContent = "\u2060";
    if (this.primary) {
      const flag = document.createElement("span");
      flag.textContent = this.name;
      caret.append(flag);
    }
    return caret;
  }

  ignoreEvent() {
    return true;
  }
}

/**
 * @param {Place[]} places
 * @param {number} length
 */
function decorations(places, length) {
  const ranges = [];
  for (const { name, tone, anchor, head, primary, at } of places) {
    const inside = (/** @type {number} */ at) => Math.min(at, length);
    const [from, to] = [inside(Math.min(anchor, head)), inside(Math.max(anchor, head))];
    if (from < to) ranges.push(Decoration.mark({ class: `selected-by tone-${tone}` }).range(from, to));
    const widget = new Caret(name, tone, primary, at);
    ranges.push(Decoration.widget({ widget, side: head < anchor ? -1 : 1 }).range(inside(head)));
  }
  return Decoration.set(ranges, true);
}

/** The others' cursors; they move along with the text until their owners say otherwise. */
export const cursorField = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(showPlaces)) next = decorations(effect.value, transaction.newDoc.length);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
