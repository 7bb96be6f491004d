// Small helpers around strings. Knows nothing of replicas.

/**
 * The least change that makes one text into another: what they have in common at both ends stays.
 * @param {string} from
 * @param {string} to
 * @returns {{ at: number, deleted: number, text: string }} in UTF-16 units
 */
export function leastChange(from, to) {
  const most = Math.min(from.length, to.length);
  let start = 0;
  while (start < most && from[start] === to[start]) start++;
  let end = 0;
  while (end < most - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  // Never between the halves of a pair.
  if (start > 0 && isHigh(from, start - 1)) start--;
  if (end > 0 && isLow(from, from.length - end)) end--;
  return { at: start, deleted: from.length - start - end, text: to.slice(start, to.length - end) };
}

/**
 * @param {string} text
 * @param {number} at
 */
export function isHigh(text, at) {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

/**
 * @param {string} text
 * @param {number} at
 */
export function isLow(text, at) {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
