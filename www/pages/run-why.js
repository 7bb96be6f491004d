// Why something is as it is: the event that explains a node, and what led to an event.

import { otherSides, othersWords, STEPS, whyOf } from "../lib/why.js";
import { CODE } from "../stage/timeline.js";

/** @typedef {import("../player.js").Player} Player */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** Roles that a node has because of one event, however much touched it since. */
const MADE = ["leader", "primary", "changing view"];

/**
 * The event that explains a node: what brought it down, made it what it is, or touched it last.
 * @param {Player} player
 * @param {import("../types.js").NodeGlance} node
 * @param {TraceEvent[]} recent newest first
 * @returns {number | undefined}
 */
export function rootOf({ simulation, position, marks }, { id, status, role }, recent) {
  const own = recent.filter((e) => e.node === id);
  const down = status === "crashed";
  const wanted = down ? [CODE.crash, CODE.restart] : MADE.includes(role) ? [CODE.leadership] : [];
  /** @type {number | undefined} */
  let found;
  for (let k = marks.length - 3; k >= 0 && wanted.length > 0; k -= 3) {
    if (marks[k] >= position || !wanted.includes(marks[k + 2])) continue;
    const [event] = simulation.trace(marks[k], marks[k] + 1);
    if (event?.node !== id) continue;
    if (!down) return event.id;
    // A node that is down may lose its disk as well: it is down since the first of these.
    if (marks[k + 2] === CODE.restart) break;
    found = event.id;
  }
  if (found !== undefined) return found;
  return (own.find((e) => e.class === "leadership") ?? own[0])?.id;
}

/** The explanation that is shown: made anew only when another is asked for. */
export class Reasons {
  constructor() {
    this.key = "";
    this.root = -1;
    this.most = STEPS;
    /** @type {import("../panels/why.js").Why} */
    this.why = { steps: [], more: false, others: () => "", sides: [] };
  }

  /**
   * What led to an event.
   * @param {Player} player
   * @param {number | undefined} root
   * @returns {import("../panels/why.js").Why}
   */
  of(player, root = -1) {
    const { simulation, histories, violations } = player;
    if (root !== this.root) this.most = STEPS;
    this.root = root;
    const key = `${histories} ${root} ${this.most} ${violations.length} ${player.info.name}`;
    if (key === this.key) return this.why;
    this.key = key;
    const { steps, more } = root < 0 ? { steps: [], more: false } : whyOf(simulation, root, this.most);
    const broken = violations.find(({ event }) => event === root);
    const first = steps[0]?.event;
    this.why = {
      steps,
      more,
      others: ({ others }) => othersWords(simulation, others),
      sides: broken && first ? otherSides(simulation, first, broken.nodes) : [],
    };
    return this.why;
  }

  /** More steps from now on. */
  further() {
    this.most += STEPS;
  }
}
