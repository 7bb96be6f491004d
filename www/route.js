// The part of the address after the hash: which page, and which run on it.

/**
 * @typedef {object} Route
 * @property {string} page
 * @property {string | null} lesson a ready scenario
 * @property {string | null} run a packed run
 * @property {string | null} counterexample the mutant whose stored run is played
 * @property {string | null} doc the name of a text
 * @property {string | null} protocol what to hunt
 * @property {string | null} mutant the rule that is left out of it
 * @property {string | null} without the kinds of faults, with commas between, that do not befall it
 * @property {boolean} beside whether the page is shown inside another one, beside its editor
 */

/**
 * `#/raft?run=…`, `#/raft?lesson=…`, `#/raft?counterexample=…`, `#/editor?doc=…`, `#/`.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const fields = new URLSearchParams(query);
  return {
    page: path.replace(/\/$/, ""),
    lesson: fields.get("lesson"),
    run: fields.get("run"),
    counterexample: fields.get("counterexample"),
    doc: fields.get("doc"),
    protocol: fields.get("protocol"),
    mutant: fields.get("mutant"),
    without: fields.get("without"),
    beside: fields.has("beside"),
  };
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
