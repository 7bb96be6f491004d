// Runs that left one another: a forest, in which each names its parent and when it left it.

/**
 * @typedef {object} Fork
 * @property {number} id
 * @property {number | null} parent
 * @property {number} fork_ms when it left its parent
 */

/**
 * A run and those before it, each with the moment up to which the first run is the same as it.
 * @param {Fork[]} forks
 * @param {number} id
 * @returns {Map<number, number>}
 */
function lineOf(forks, id) {
  const line = new Map([[id, Infinity]]);
  let same = Infinity;
  let fork = forks.find((each) => each.id === id);
  while (fork && fork.parent !== null) {
    same = Math.min(same, fork.fork_ms);
    line.set(fork.parent, same);
    const { parent } = fork;
    fork = forks.find((each) => each.id === parent);
  }
  return line;
}

/**
 * When two runs part: null if they have nothing in common.
 * @param {Fork[]} forks
 * @param {number} a
 * @param {number} b
 * @returns {number | null}
 */
export function partedAt(forks, a, b) {
  const line = lineOf(forks, a);
  for (const [id, same] of lineOf(forks, b)) {
    const other = line.get(id);
    if (other !== undefined) return Math.min(other, same);
  }
  return null;
}

/**
 * The runs without one of them. Its children go to its parent, or to the eldest of them.
 * @template {Fork} T
 * @param {T[]} forks
 * @param {number} id
 * @returns {T[]}
 */
export function without(forks, id) {
  const gone = forks.find((fork) => fork.id === id);
  const rest = forks.filter((fork) => fork.id !== id);
  if (!gone) return rest;
  const eldest = gone.parent === null ? rest.find((fork) => fork.parent === id) : undefined;
  const heir = gone.parent ?? eldest?.id ?? null;
  const limit = gone.parent === null ? (eldest?.fork_ms ?? 0) : gone.fork_ms;
  return rest.map((fork) => {
    if (fork.parent !== id) return fork;
    if (fork.id === heir) return { ...fork, parent: null, fork_ms: 0 };
    return { ...fork, parent: heir, fork_ms: Math.min(fork.fork_ms, limit) };
  });
}

/**
 * A name that none of the runs has: with a number behind it where it is taken.
 * @param {{ name: string }[]} named
 * @param {string} wanted
 */
export function freeName(named, wanted) {
  const taken = new Set(named.map((each) => each.name));
  let name = wanted;
  for (let k = 2; taken.has(name); k++) name = `${wanted} (${k})`;
  return name;
}
