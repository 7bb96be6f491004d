// A value that can be watched.

/**
 * @template {object} T
 * @param {T} initial
 */
export function createStore(initial) {
  let value = initial;
  /** @type {Set<(value: T) => void>} */
  const listeners = new Set();
  return {
    /** @returns {T} */
    get: () => value,
    /** @param {Partial<T>} change */
    set(change) {
      value = { ...value, ...change };
      for (const listener of listeners) listener(value);
    },
    /** @param {(value: T) => void} listener */
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
