// Shows characters that have no look of their own: controls, joiners, marks of direction. The library's
// own extension keeps its marks where they were when all changes of a moment are out of sight, and fails.

import { Decoration, EditorView, MatchDecorator, ViewPlugin, WidgetType } from "@codemirror/view";

const SPECIAL =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffc]/gu;

class Special extends WidgetType {
  /** @param {string} character */
  constructor(character) {
    super();
    this.character = character;
  }

  /** @param {Special} other */
  eq(other) {
    return other.character === this.character;
  }

  toDOM() {
    const mark = document.createElement("span");
    const code = this.character.codePointAt(0) ?? 0;
    mark.className = "cm-specialChar";
    mark.textContent = code < 0x20 ? String.fromCodePoint(0x2400 + code) : "•";
    mark.title = mark.ariaLabel = `Character U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    mark.role = "img";
    return mark;
  }
}

const matcher = new MatchDecorator({
  regexp: SPECIAL,
  decoration: ([character]) =>
    character === "\t" ? null : Decoration.replace({ widget: new Special(character) }),
});

export const specialCharacters = ViewPlugin.fromClass(
  class {
    /** @param {EditorView} view */
    constructor(view) {
      this.marks = matcher.createDeco(view);
    }

    /** @param {import("@codemirror/view").ViewUpdate} update */
    update(update) {
      // Only what is in sight is looked at, so that it can be done anew each time.
      if (update.docChanged || update.viewportChanged) this.marks = matcher.createDeco(update.view);
    }
  },
  { decorations: (plugin) => plugin.marks },
);
