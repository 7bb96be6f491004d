import * as A from "@automerge/automerge";

const actor = (/** @type {number} */ person) => person.toString(16).padStart(32, "0");
// Everybody starts from one and the same document, or there would be as many texts as people.
const start = A.save(
  A.change(A.init({ actor: actor(0) }), { time: 0 }, (/** @type {any} */ doc) => (doc.text = "")),
);

/** @typedef {{ doc: any, before: any }} Made `before`: the version before what is not yet sent */

const made = (/** @type {any} */ doc) => /** @type {Made} */ ({ doc, before: undefined });

/** @type {Library<Made>} */
export default {
  create: (person) => made(A.load(start, { actor: actor(person) })),
  edit(made, edits) {
    made.before ??= A.getHeads(made.doc);
    made.doc = A.change(made.doc, (/** @type {any} */ doc) => {
      for (const [at, deleted, text] of edits) A.splice(doc, ["text"], at, deleted, text);
    });
  },
  take(made) {
    if (!made.before) return new Uint8Array();
    const update = A.saveSince(made.doc, made.before);
    made.before = undefined;
    return update;
  },
  apply(made, update) {
    made.doc = A.loadIncremental(made.doc, update);
  },
  text: ({ doc }) => doc.text,
  save: ({ doc }) => A.save(doc),
  open: (bytes) => made(A.load(bytes)),
  free: ({ doc }) => A.free(doc),
};
