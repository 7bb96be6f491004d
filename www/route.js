// The part of the address after the hash: which page, and which run on it.

/** @typedef {{ page: string, lesson: string | null, run: string | null }} Route */

/**
 * `#/raft?run=…`, `#/raft?lesson=…`, `#/`.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const fields = new URLSearchParams(query);
  return { page: path, lesson: fields.get("lesson"), run: fields.get("run") };
}

/**
 * @param {string} page
 * @param {Record<string, string>} [fields]
 */
export function routeHash(page, fields = {}) {
  const query = new URLSearchParams(fields).toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}

/** @param {(route: Route) => void} listener */
export function onRoute(listener) {
  addEventListener("hashchange", () => listener(parseRoute(location.hash)));
}
