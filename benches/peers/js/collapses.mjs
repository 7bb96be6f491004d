// Where libraries collapse: each case at three sizes, which tell how the time grows.
import { check, timed, TooSlow, watched } from "./watch.mjs";

/** @type {Record<string, { sizes: number[], unit: string, figures: Record<string, string> }>} */
export const COLLAPSES = {
  branches: {
    sizes: [5_000, 10_000, 20_000],
    unit: "edits",
    figures: { merge: "two branches of so many concurrent edits merged" },
  },
  paste: {
    sizes: [0.25, 0.5, 1],
    unit: "MiB",
    figures: { paste: "so much text pasted", delete: "so much pasted text deleted" },
  },
  updates: {
    sizes: [2_500, 5_000, 10_000],
    unit: "updates",
    figures: { singly: "so many updates applied one at a time", batch: "so many edits applied as one batch" },
  },
  tiny: {
    sizes: [250, 500, 1_000],
    unit: "updates",
    figures: { join: "so many tiny updates made into one" },
  },
};

/** The same luck for every library. @param {number} seed */
function dice(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Edits for somebody alone with a text: most in its middle, some anywhere, a fifth of them deletions.
 * @param {number} count
 * @param {number} length
 * @param {number} seed
 */
function branch(count, length, seed) {
  const roll = dice(seed);
  return Array.from({ length: count }, (_, i) => {
    const at = i % 6 === 0 ? roll(length - 1) : length >> 1;
    const deleted = i % 5 === 4 ? 1 : 0;
    length += deleted ? -1 : 1;
    return /** @type {Edit} */ ([at, deleted, deleted ? "" : "x"]);
  });
}

/** @param {Library} library @param {number} size @returns {Figures} */
function branches(library, size) {
  const words = "some words to begin with, ".repeat(400);
  const base = library.create(1, false);
  library.edit(base, [[0, 0, words]]);
  const start = library.take(base).slice();
  const [ours, theirs] = [2, 3].map((person) => {
    const doc = library.create(person, false);
    library.apply(doc, start);
    library.take(doc); // what was received need not be sent
    const edits = branch(size, words.length, person);
    watched(size, (index) => library.edit(doc, [edits[index]]));
    return { doc, sent: library.take(doc).slice() };
  });
  let text = "";
  const merge = timed(() => {
    library.apply(ours.doc, theirs.sent);
    text = library.text(ours.doc);
  });
  library.apply(theirs.doc, ours.sent);
  check("two branches merged", library.text(theirs.doc), text);
  for (const doc of [base, ours.doc, theirs.doc]) library.free?.(doc);
  return { merge };
}

/** @param {Library} library @param {number} size @returns {Figures} */
function paste(library, size) {
  const text = "All that is solid melts into air.\n".repeat((size * 2 ** 20) / 34);
  const doc = library.create(1, false);
  library.edit(doc, [[0, 0, "ends"]]);
  const paste = timed(() => library.edit(doc, [[2, 0, text]]));
  check("what was pasted", library.text(doc), `en${text}ds`);
  const remove = timed(() => library.edit(doc, [[2, text.length, ""]]));
  check("what was left", library.text(doc), "ends");
  library.free?.(doc);
  return { paste, delete: remove };
}

/** Letters put anywhere, one by one. @param {number} count */
function letters(count) {
  const roll = dice(7);
  return Array.from(
    { length: count },
    (_, i) => /** @type {Edit} */ ([roll(i + 1), 0, "abcdefghij"[i % 10]]),
  );
}

/** What sends each letter by itself, and all of them. @param {Library} library @param {number} count */
function typed(library, count) {
  const [doc, silent] = [library.create(1, true), library.create(1, false)];
  const singles = letters(count).map((edit) => {
    library.edit(doc, [edit]);
    library.edit(silent, [edit]);
    return library.take(doc).slice();
  });
  const made = { singles, whole: library.take(silent).slice(), text: library.text(doc) };
  for (const one of [doc, silent]) library.free?.(one);
  return made;
}

/** @param {Library} library @param {string} expected @param {Uint8Array[]} updates */
function applied(library, expected, updates) {
  const reader = library.create(2, false);
  let text = "";
  const time = timed(() => {
    watched(updates.length, (index) => library.apply(reader, updates[index]));
    text = library.text(reader);
  });
  check("what was applied", text, expected);
  library.free?.(reader);
  return time;
}

/** @param {Library} library @param {number} size @returns {Figures} */
function updates(library, size) {
  const { singles, whole, text } = typed(library, size);
  return { singly: applied(library, text, singles), batch: applied(library, text, [whole]) };
}

/** @param {Library} library @param {number} size @returns {Figures} */
function tiny(library, size) {
  const { singles, text } = typed(library, size);
  let joined = /** @type {Uint8Array} */ (new Uint8Array());
  const join = timed(() => {
    if (library.join) joined = library.join(singles);
    else {
      const reader = library.create(2, false);
      for (const update of singles) library.apply(reader, update);
      joined = library.save(reader);
      library.free?.(reader);
    }
  });
  if (library.join) applied(library, text, [joined]);
  else check("what was joined", library.text(library.open(joined)), text);
  return { join };
}

/** @type {Record<string, (library: Library, size: number) => Figures>} */
const CASES = { branches, paste, updates, tiny };

/** Milliseconds in one case, above which the next size is not tried: it would take twice as long or more. */
const TOO_MUCH = 10_000;

/** Figures at all three sizes, by column and size; none at those sizes that would take too long. @param {Library} library @param {string} name */
export function collapse(library, name) {
  /** @type {Figures} */
  const all = {};
  for (const size of COLLAPSES[name].sizes) {
    const figures = within(() => CASES[name](library, size));
    if (!figures) break;
    for (const [column, time] of Object.entries(figures)) all[`${column} ${size}`] = time;
    if (Object.values(figures).some((time) => time > TOO_MUCH)) break;
  }
  return all;
}

/** @param {() => Figures} run @returns {Figures | undefined} */
function within(run) {
  try {
    return run();
  } catch (error) {
    if (error instanceof TooSlow) return undefined;
    throw error;
  }
}

/** Once at the smallest size, so that what is measured there is not the compiler. @param {Library} library @param {string} name */
export const warm = (library, name) => void within(() => CASES[name](library, COLLAPSES[name].sizes[0]));
