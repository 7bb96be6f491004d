// Who wrote what, as colours under the text.

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

/** @typedef {{ from: number, to: number, tone: number, name: string }} Written */

/** @type {import("@codemirror/state").StateEffectType<Written[]>} */
export const showAuthors = StateEffect.define();

export const authorField = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    let next = shown.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(showAuthors))
        next = Decoration.set(
          effect.value.map(({ from, to, tone, name }) =>
            Decoration.mark({ class: `written-by tone-${tone}`, attributes: { title: name } }).range(
              from,
              to,
            ),
          ),
        );
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Where each author's stretches are.
 * @param {{ replica: string, len: number }[]} authors in the order of the text
 * @param {(replica: string) => import("./message.js").Person} personOf
 * @returns {Written[]}
 */
export function writtenBy(authors, personOf) {
  let at = 0;
  return authors.map(({ replica, len }) => {
    const { name, tone } = personOf(replica);
    const written = { from: at, to: at + len, tone, name };
    at += len;
    return written;
  });
}
