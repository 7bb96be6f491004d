import * as Y from "yjs";

/**
 * @param {boolean} gc whether deleted text is dropped, as it is unless one says otherwise
 * @returns {Library}
 */
function yjs(gc) {
  return {
    create(person, send) {
      const doc = new Y.Doc({ gc });
      doc.clientID = person;
      const made = {
        doc,
        text: doc.getText("text"),
        sent: /** @type {Uint8Array[]} */ ([]),
        known: Y.encodeStateVector(doc),
      };
      const own = (/** @type {Uint8Array} */ update, /** @type {any} */ origin) =>
        origin !== made && made.sent.push(update);
      if (send) doc.on("update", own);
      return made;
    },
    edit({ doc, text }, edits) {
      doc.transact(() => {
        for (const [at, deleted, inserted] of edits) {
          if (deleted) text.delete(at, deleted);
          if (inserted) text.insert(at, inserted);
        }
      });
    },
    take(made) {
      // One transaction's update is there already; many are joined faster by asking for all at once.
      const update = made.sent.length === 1 ? made.sent[0] : Y.encodeStateAsUpdate(made.doc, made.known);
      if (made.sent.length !== 1) made.known = Y.encodeStateVector(made.doc);
      made.sent = [];
      return update;
    },
    apply: (made, update) => Y.applyUpdate(made.doc, update, made),
    text: ({ text }) => text.toString(),
    save: ({ doc }) => Y.encodeStateAsUpdate(doc),
    open(bytes) {
      const made = this.create(99, false);
      Y.applyUpdate(made.doc, bytes);
      return made;
    },
    join: (updates) => Y.mergeUpdates(updates),
  };
}

export default yjs(true);
export const keeping = yjs(false);
