import { Doc } from "diamond-types-node";

/** @typedef {{ doc: any, before: Uint32Array | undefined }} Made `before`: the version before what is not yet sent */

const made = (/** @type {any} */ doc) => /** @type {Made} */ ({ doc, before: undefined });

/** @type {Library<Made>} */
export default {
  create: (person) => made(new Doc(`person ${person}`)),
  edit(made, edits) {
    const { doc } = made;
    made.before ??= doc.getLocalVersion();
    for (const [at, deleted, text] of edits) {
      if (deleted) doc.del(at, deleted);
      if (text) doc.ins(at, text);
    }
  },
  take(made) {
    if (!made.before) return new Uint8Array();
    const update = made.doc.getPatchSince(made.before);
    made.before = undefined;
    return update;
  },
  apply: ({ doc }, update) => doc.mergeBytes(update),
  text: ({ doc }) => doc.get(),
  save: ({ doc }) => doc.toBytes(),
  open: (bytes) => made(Doc.fromBytes(bytes, "person 99")),
  free: ({ doc }) => doc.free(),
};
