// From a replica's patches to an editor's changes and back.

import { ChangeSet } from "@codemirror/state";
import { isHigh, isLow } from "../lib/text.js";

/** @typedef {import("../types.js").TextPatch} TextPatch */

/**
 * Patches that follow one another, as one set of changes of a text of `length`. Sets are joined two
 * by two, so that many patches cost n log n.
 * @param {TextPatch[]} patches
 * @param {number} length
 * @returns {ChangeSet}
 */
export function changesOf(patches, length) {
  let now = length;
  let sets = patches.map(({ at, deleted, text }) => {
    const set = ChangeSet.of({ from: at, to: at + deleted, insert: text }, now, "\n");
    now = set.newLength;
    return set;
  });
  while (sets.length > 1) {
    const joined = [];
    for (let k = 0; k < sets.length; k += 2) {
      const next = sets[k + 1];
      joined.push(next ? sets[k].compose(next) : sets[k]);
    }
    sets = joined;
  }
  return sets[0] ?? ChangeSet.empty(length);
}

/**
 * An editor's changes as edits that follow one another.
 * @param {ChangeSet} changes
 * @returns {TextPatch[]}
 */
export function editsOf(changes) {
  /** @type {TextPatch[]} */
  const edits = [];
  changes.iterChanges((fromA, toA, fromB, _toB, inserted) => {
    edits.push({ at: fromB, deleted: toA - fromA, text: inserted.sliceString(0, inserted.length, "\n") });
  });
  return edits;
}

/**
 * The same changes with whole pairs only, in terms of the old text; null if they are so already.
 * @param {ChangeSet} changes
 * @param {import("@codemirror/state").Text} doc
 */
export function wholePairs(changes, doc) {
  let whole = true;
  /** @type {{ from: number, to: number, insert: string }[]} */
  const mended = [];
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    let insert = inserted.sliceString(0, inserted.length, "\n");
    const before = splits(doc, fromA) ? doc.sliceString(fromA - 1, fromA) : "";
    const after = splits(doc, toA) ? doc.sliceString(toA, toA + 1) : "";
    insert = before + insert + after;
    const sound = insert.isWellFormed();
    whole &&= sound && !before && !after;
    mended.push({
      from: fromA - before.length,
      to: toA + after.length,
      insert: sound ? insert : insert.toWellFormed(),
    });
  });
  return whole ? null : mended;
}

/**
 * Whether a place is between the halves of a pair.
 * @param {import("@codemirror/state").Text} doc
 * @param {number} at
 */
function splits(doc, at) {
  if (at <= 0 || at >= doc.length) return false;
  const around = doc.sliceString(at - 1, at + 1);
  return isHigh(around, 0) && isLow(around, 1);
}
