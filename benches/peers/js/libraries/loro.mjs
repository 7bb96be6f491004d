import { LoroDoc } from "loro-crdt";

/** @typedef {{ doc: any, text: any, before: any }} Made `before`: the version before what is not yet sent */

const made = (/** @type {any} */ doc) =>
  /** @type {Made} */ ({ doc, text: doc.getText("text"), before: undefined });

/** @type {Library<Made>} */
export default {
  create(person) {
    const doc = new LoroDoc();
    doc.setPeerId(String(person));
    return made(doc);
  },
  edit(made, edits) {
    const { doc, text } = made;
    made.before ??= doc.oplogVersion();
    for (const [at, deleted, inserted] of edits) {
      if (deleted) text.delete(at, deleted);
      if (inserted) text.insert(at, inserted);
    }
    doc.commit();
  },
  take(made) {
    const { doc, before } = made;
    if (!before) return new Uint8Array();
    const update = doc.export({ mode: "update", from: before });
    before.free();
    made.before = undefined;
    return update;
  },
  apply: ({ doc }, update) => doc.import(update),
  text: ({ text }) => text.toString(),
  save: ({ doc }) => doc.export({ mode: "snapshot" }),
  open: (bytes) => made(LoroDoc.fromSnapshot(bytes)),
  free: ({ doc, before }) => (before?.free(), doc.free()),
};
