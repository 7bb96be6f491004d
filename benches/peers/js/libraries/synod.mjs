import { readFileSync } from "node:fs";
import { initSync, TextReplica } from "../../../../www/pkg/text.js";

initSync({ module: readFileSync(new URL("../../../../www/pkg/text_bg.wasm", import.meta.url)) });

/** Units from which on bytes cross faster than letters. */
const LONG = 128;
const encoder = new TextEncoder();
const name = (/** @type {number} */ person) => person.toString(16).padStart(16, "0");

/** @type {Library<TextReplica>} */
export default {
  create: (person) => new TextReplica(name(person)),
  edit(doc, edits) {
    for (const [at, deleted, text] of edits) {
      // What is one letter crosses the border as a number, what is none does not cross, and what is long
      // crosses as bytes.
      if (text.length === 1) doc.replaceWithScalar(at, deleted, text.charCodeAt(0));
      else if (text.length === 0) doc.delete(at, deleted);
      else if (text.length > LONG) doc.replaceWithUtf8(at, deleted, encoder.encode(text));
      else doc.replace(at, deleted, text);
    }
  },
  take: (doc) => doc.takeChanges(),
  apply: (doc, update) => doc.applyQuietly(update),
  text: (doc) => doc.text(),
  save: (doc) => doc.encode(),
  open: (bytes) => TextReplica.decode(bytes, name(99)),
  free: (doc) => doc.free(),
};
