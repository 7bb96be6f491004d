// A library plays a recorded session: everybody's edits, a reader who follows, the document saved and opened.
import { check, timed, watched } from "./watch.mjs";

/**
 * Everybody edits; where they are several, each change is made, encoded, delivered and applied.
 * @param {Library} library
 * @param {Recording} recording
 */
function play(library, { people, steps }) {
  const send = people > 1;
  const docs = Array.from({ length: people }, (_, person) => library.create(person + 1, send));
  /** @type {Uint8Array[]} */
  const sent = [];
  watched(steps.length, (index) => {
    const { who, received, edits } = steps[index];
    for (const other of received) library.apply(docs[who], sent[other]);
    library.edit(docs[who], edits);
    if (send) sent.push(library.take(docs[who]));
  });
  return docs;
}

/** @param {Library} library @param {Recording} recording @returns {Figures} */
export function local(library, recording) {
  /** @type {any[]} */
  let docs = [];
  const local = timed(() => (docs = play(library, recording)));
  const doc = docs[recording.steps[recording.steps.length - 1].who];
  check("what was typed", library.text(doc), recording.expected);
  let bytes = /** @type {Uint8Array} */ (new Uint8Array());
  const save = timed(() => (bytes = library.save(doc)));
  let [opened, text] = /** @type {[any, string]} */ ([undefined, ""]);
  const open = timed(() => {
    opened = library.open(bytes);
    text = library.text(opened);
  });
  check("what was opened", text, recording.expected);
  for (const one of [...docs, opened]) library.free?.(one);
  return { local, save, open, size: bytes.length };
}

/**
 * What each transaction sends. It is made once and applied in every run.
 * @param {Library} library
 * @param {Recording} recording
 */
export function stream(library, { people, steps }) {
  const docs = Array.from({ length: people }, (_, person) => library.create(person + 1, true));
  /** @type {Uint8Array[]} */
  const sent = [];
  watched(steps.length, (index) => {
    const { who, received, edits } = steps[index];
    for (const other of received) library.apply(docs[who], sent[other]);
    library.edit(docs[who], edits);
    sent.push(library.take(docs[who]).slice());
  });
  return sent;
}

/** @param {Library} library @param {Recording} recording @param {Uint8Array[]} sent @returns {Figures} */
export function remote(library, recording, sent) {
  const reader = library.create(98, false);
  let text = "";
  const remote = timed(() => {
    watched(sent.length, (index) => library.apply(reader, sent[index]));
    text = library.text(reader);
  });
  check("what was followed", text, recording.expected);
  library.free?.(reader);
  return { remote, bytes: sent.reduce((sum, update) => sum + update.length, 0) };
}
