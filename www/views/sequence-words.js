// Texts and places as one says them. Pure: no document.

/**
 * A text in quotes, its end where it is too long.
 * @param {string} text
 * @param {number} most letters
 */
export function quoted(text, most) {
  const letters = [...text.replaceAll("\n", "⏎")];
  return letters.length <= most ? `“${letters.join("")}”` : `“…${letters.slice(1 - most).join("")}”`;
}

/**
 * A piece of a node's text, drawn in one way.
 * @typedef {object} Piece
 * @property {string} text
 * @property {number} node that inserted it
 * @property {boolean} deleted
 * @property {boolean} fresh whether not all others are known to know it
 * @property {number[]} carets the clients whose cursors stand before it
 */

/**
 * The pieces of a node's text.
 * @param {any} view
 * @param {boolean} tombstones whether deleted letters are among them
 * @returns {Piece[]}
 */
export function pieces(view, tombstones) {
  /** @type {Map<number, number[]>} */
  const carets = new Map();
  for (const { at, client } of view.carets) carets.set(at, [...(carets.get(at) ?? []), client]);
  /** @type {Piece[]} */
  const found = [];
  let index = 0;
  for (const run of view.runs) {
    if (run.deleted && !tombstones) continue;
    const base = { node: run.node, deleted: run.deleted, fresh: run.unknown_to.length > 0 };
    let text = "";
    let here = /** @type {number[]} */ ([]);
    for (const letter of run.text) {
      const met = run.deleted ? [] : (carets.get(index) ?? []);
      if (met.length > 0) {
        if (text) found.push({ ...base, text, carets: here });
        [text, here] = ["", met];
      }
      text += letter;
      if (!run.deleted) index += 1;
    }
    found.push({ ...base, text, carets: here });
  }
  const last = carets.get(view.length);
  if (last) found.push({ text: "", node: -1, deleted: false, fresh: false, carets: last });
  return found;
}

/**
 * Which part of long lines to show: from the letter where they begin to differ, or the end.
 * @param {string[][]} lines each in letters
 * @param {number} room in letters
 * @returns {number} the first letter that is shown
 */
export function windowOf(lines, room) {
  const longest = Math.max(0, ...lines.map((line) => line.length));
  if (longest <= room) return 0;
  const [first = []] = lines;
  let same = 0;
  while (same < longest && lines.every((line) => line[same] === first[same])) same += 1;
  return Math.max(0, Math.min(same - Math.floor(room / 4), longest - room));
}

/**
 * Some letters of a text in pieces.
 * @param {Piece[]} list
 * @param {number} from
 * @param {number} count
 * @returns {Piece[]}
 */
export function cut(list, from, count) {
  /** @type {Piece[]} */
  const kept = [];
  let at = 0;
  for (const piece of list) {
    const letters = [...piece.text];
    const [start, end] = [Math.max(from - at, 0), Math.min(from + count - at, letters.length)];
    const carets = start > 0 ? [] : piece.carets;
    if (start < end || (letters.length === 0 && at >= from && at <= from + count))
      kept.push({ ...piece, text: letters.slice(start, end).join(""), carets });
    at += letters.length;
  }
  return kept;
}

/**
 * A letter for each text that nodes show: the same for the same text.
 * @param {string[]} texts
 */
export function groupsOf(texts) {
  const known = [...new Set(texts)];
  return texts.map((text) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[known.indexOf(text)] ?? "…");
}
