// Which libraries are measured, and what is to be known of them.

/**
 * @typedef {object} Entry
 * @property {string} name as the programs that measure know it
 * @property {string} title
 * @property {boolean} history whether all that was ever typed can be had from what it saves
 * @property {boolean} [bare] whether it is only an edited text, or only positions: no peer, but a limit
 * @property {boolean} [alone] whether nothing can be sent from it
 */

/** @type {Entry[]} */
export const NODE = [
  { name: "synod", title: "Synod", history: true },
  { name: "diamond-types", title: "diamond-types 1.0.2", history: true },
  { name: "json-joy", title: "json-joy 17.67.0", history: false },
  { name: "yjs", title: "yjs 13.6.33", history: false },
  { name: "yjs-keeping", title: "yjs, gc off", history: true },
  { name: "loro", title: "loro 1.17.1", history: true },
  { name: "automerge", title: "automerge 3.5.0", history: true },
];

/** @type {Entry[]} */
export const NATIVE = [
  { name: "synod", title: "Synod", history: true },
  { name: "diamond-types", title: "diamond-types 1.0.0", history: true },
  { name: "yrs", title: "yrs 0.28.1", history: false },
  { name: "loro", title: "loro 1.17.1", history: true },
  { name: "cola", title: "cola 0.1.1, positions only", history: false, bare: true },
  { name: "jumprope", title: "jumprope 1.1.2, a bare rope", history: false, bare: true, alone: true },
  { name: "jumprope-buffered", title: "the same, buffered", history: false, bare: true, alone: true },
];
