// A few replicas of one text, and the network between them.

/** @typedef {import("../types.js").TextLab} TextLab */
/** @typedef {(algorithm: string, sites: number) => TextLab} MakeLab */

/** @typedef {{ to: number, change: number }} Flight a change on its way to a replica */

/**
 * A step of a script: replica `at` types `text`, letter by letter, at the place `from` letters after
 * the letter `(`; or removes a letter there; or all changes are delivered.
 * @typedef {{ at: number, from: number, text: string, backwards?: boolean }
 *   | { at: number, from: number, remove: number } | "meet"} Step
 */

export class Session {
  /**
   * @param {MakeLab} makeLab
   * @param {string} algorithm
   * @param {number} sites
   */
  constructor(makeLab, algorithm, sites) {
    this.lab = makeLab(algorithm, sites);
    this.algorithm = algorithm;
    this.sites = sites;
    /** Whether changes are delivered as they are made. */
    this.connected = true;
    /** @type {Flight[]} in the order in which they were sent */
    this.flights = [];
  }

  /** @param {number} at */
  replica(at) {
    return this.lab.replica(at);
  }

  /**
   * @param {number} at
   * @param {number} index in Unicode scalars
   * @param {number} deleted
   * @param {string} text
   */
  edit(at, index, deleted, text) {
    for (const change of this.lab.replace(at, index, deleted, text))
      for (let to = 0; to < this.sites; to++) if (to !== at) this.flights.push({ to, change });
    if (this.connected) this.deliverAll();
  }

  /** @param {number} k delivers the k-th of the changes on their way */
  deliver(k) {
    const [flight] = this.flights.splice(k, 1);
    if (flight) this.lab.deliver(flight.to, flight.change);
  }

  deliverAll() {
    while (this.flights.length > 0) this.deliver(0);
  }

  /** Delivers everything twice, in an order made by chance: whatever comes early has to wait. */
  shuffle() {
    const all = [...this.flights, ...this.flights];
    this.flights = [];
    for (let k = all.length - 1; k > 0; k--) {
      const other = Math.floor(Math.random() * (k + 1));
      [all[k], all[other]] = [all[other], all[k]];
    }
    for (const { to, change } of all) this.lab.deliver(to, change);
  }

  /** @param {boolean} connected */
  connect(connected) {
    this.connected = connected;
    if (connected) this.deliverAll();
  }

  /** @param {Step[]} steps */
  run(steps) {
    this.connect(false);
    for (const step of steps) {
      if (step === "meet") {
        this.deliverAll();
        continue;
      }
      const open = [...this.replica(step.at).text].indexOf("(") + 1;
      const start = open + step.from;
      if ("remove" in step) this.edit(step.at, start, step.remove, "");
      else
        [...step.text].forEach((letter, k) => {
          this.edit(step.at, step.backwards ? start : start + k, 0, letter);
        });
    }
  }

  free() {
    this.lab.free();
  }
}

/**
 * Whether each word's letters stand together in a text: what people mean by a text that merges well.
 * @param {string} text
 * @param {string[]} words
 */
export function wordsKept(text, words) {
  return words.every((word) => text.includes(word));
}

/** @type {Step} everybody starts from a pair of brackets */
const BRACKETS = { at: 0, from: 0, text: "()" };

/**
 * What can be tried with one press.
 * @type {{ name: string, label: string, sites: number, words: string[], steps: Step[], last?: string }[]}
 */
export const SCRIPTS = [
  {
    name: "forwards",
    label: "Type “Hello” here and “World” there at once",
    sites: 2,
    words: ["Hello", "World"],
    steps: [BRACKETS, "meet", { at: 0, from: 0, text: "Hello" }, { at: 1, from: 0, text: "World" }, "meet"],
  },
  {
    name: "backwards",
    label: "The same, each letter in front of the last",
    sites: 2,
    words: ["Hello", "World"],
    steps: [
      BRACKETS,
      "meet",
      { at: 0, from: 0, text: "olleH", backwards: true },
      { at: 1, from: 0, text: "dlroW", backwards: true },
      "meet",
    ],
  },
  {
    name: "three",
    label: "Three people at one place",
    sites: 3,
    words: ["milk", "eggs", "bread"],
    steps: [
      BRACKETS,
      "meet",
      { at: 0, from: 0, text: "milk" },
      { at: 1, from: 0, text: "eggs" },
      { at: 2, from: 0, text: "bread" },
      "meet",
    ],
  },
  {
    name: "delete",
    label: "One deletes the word in which the other types",
    sites: 2,
    words: ["not"],
    steps: [
      { at: 0, from: 0, text: "(wrong)" },
      "meet",
      { at: 0, from: 0, remove: 5 },
      { at: 1, from: 2, text: "not" },
      "meet",
    ],
  },
  {
    name: "front",
    label: "120 letters, each in front of the last",
    sites: 2,
    words: [],
    steps: [BRACKETS, { at: 0, from: 0, text: "x".repeat(120), backwards: true }, "meet"],
  },
];
