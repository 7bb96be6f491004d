// Texts on which some libraries are wrong. A letter at a time, two people at one place.

const AB = ["abcdef", "uvwxyz"];

/**
 * Both type their letters without hearing of each other; then each hears of the other.
 * @param {Library} library
 * @param {(index: number) => number} at
 */
function atOnce(library, at) {
  const first = library.create(1, true);
  library.edit(first, [[0, 0, "[]"]]);
  const start = library.take(first).slice();
  const sides = AB.map((word, index) => {
    const doc = library.create(2 + index, true);
    library.apply(doc, start);
    const sent = [...word].map((letter, i) => {
      library.edit(doc, [[at(i), 0, letter]]);
      return library.take(doc).slice();
    });
    return { doc, sent };
  });
  for (const update of sides[1].sent) library.apply(sides[0].doc, update);
  for (const update of sides[0].sent) library.apply(sides[1].doc, update);
  return sides.map(({ doc }) => library.text(doc));
}

/** @param {string[]} texts @param {string[]} words */
function apart([text, other], words) {
  if (text !== other) return "wrong: texts differ";
  return words.every((word) => text.includes(word)) ? "kept apart" : `wrong: interleaved ${text}`;
}

const reversed = (/** @type {string} */ word) => [...word].reverse().join("");

/** @param {Library} library */
function disorder(library) {
  const author = library.create(1, true);
  const sent = Array.from({ length: 20 }, (_, i) => {
    library.edit(author, [[(i * 7) % (i + 1), 0, "abcdefghijklmnopqrst"[i]]]);
    return library.take(author).slice();
  });
  const reader = library.create(2, false);
  for (const update of [...sent].reverse())
    for (let times = 0; times < 2; times++) library.apply(reader, update);
  return library.text(reader) === library.text(author) ? "right text" : "wrong: text lost, no error";
}

/** @param {() => string} run */
function said(run) {
  try {
    return run();
  } catch {
    return "wrong: throws";
  }
}

export const PROBES = ["forward runs", "backward runs", "updates twice and in reverse"];

/** @param {Library} library @returns {string[]} one answer to each of PROBES */
export const probe = (library) => [
  said(() =>
    apart(
      atOnce(library, (i) => 1 + i),
      AB,
    ),
  ),
  said(() =>
    apart(
      atOnce(library, () => 1),
      AB.map(reversed),
    ),
  ),
  said(() => disorder(library)),
];
