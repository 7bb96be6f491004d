import { Model } from "json-joy/lib/json-crdt/index.js";
import { Patch } from "json-joy/lib/json-crdt-patch/index.js";

/** Numbers of replicas below this are the library's own. */
const FIRST = 70_000;
// Everybody starts from one and the same document, or there would be as many texts as people.
const first = Model.create(undefined, FIRST);
first.api.set("");
first.api.flush();
const start = first.toBinary();

function made(/** @type {Uint8Array} */ bytes, /** @type {number} */ person) {
  const model = Model.load(bytes, FIRST + 1 + person);
  return { model, string: model.api.str([]) };
}

/** @type {Library} */
export default {
  create: (person) => made(start, person),
  edit({ string }, edits) {
    for (const [at, deleted, text] of edits) {
      if (deleted) string.del(at, deleted);
      if (text) string.ins(at, text);
    }
  },
  take({ model }) {
    const patch = model.api.flush();
    return patch.ops.length > 0 ? patch.toBinary() : new Uint8Array(); // of no operations it cannot tell whose they are
  },
  apply: ({ model }, update) => model.applyPatch(Patch.fromBinary(update)),
  text: ({ string }) => string.view(),
  save: ({ model }) => model.toBinary(),
  open: (bytes) => made(bytes, 99),
};
