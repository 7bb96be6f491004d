// When the violation of the run that is shown became unavoidable: asked for by a button, and drawn over the
// line of the run.

import { findNoReturn } from "../hunt/fates.js";

/** @typedef {import("../hunt/fates.js").Doom} Doom */
/** @typedef {import("../player.js").Player} Player */

export class RunDoom {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    /** Which run it is about. */
    this.key = "";
    /** @type {Doom | null} */
    this.doom = null;
    this.trouble = "";
    /** What ends the search. @type {() => void} */
    this.end = () => {};
  }

  /**
   * What is known of the run that is shown, for the panel of verdicts and the line of the run.
   * @param {Player} player
   */
  of(player) {
    const [first] = player.violations;
    const key = `${player.info.name} ${player.histories} ${player.current} ${first?.event}`;
    if (key !== this.key) {
      this.end();
      [this.key, this.doom, this.trouble] = [key, null, ""];
    }
    const silent = !first && player.lastIsUnanswered;
    const tell = (/** @type {number} */ event) =>
      player.simulation.trace(event, event + 1)[0]?.text ?? `event ${event}`;
    return { doom: this.doom, trouble: this.trouble, silent, tell, ask: () => this.ask(player) };
  }

  /**
   * The run as a line, with how likely its violation was from each moment on.
   * @param {Player} player
   * @returns {import("../stage/timeline.js").TimelineState}
   */
  line(player) {
    const { scenario, now, end, marks, branches, current } = player;
    return {
      now,
      end,
      until: scenario.until_ms ?? 0,
      script: scenario.script ?? [],
      nodes: scenario.nodes ?? 0,
      marks,
      branches,
      current,
      doom: this.of(player).doom,
    };
  }

  /** @param {Player} player */
  ask(player) {
    const [first] = player.violations;
    if (!first && !player.lastIsUnanswered) return;
    this.end();
    const scenario = player.simulation.scenario();
    const at_ms = first?.at_ms ?? player.now;
    const until_ms = Math.max(Number(scenario.until_ms ?? 0), Math.ceil(at_ms) + 1);
    this.doom = { fates: [], point: null, done: false };
    this.end = findNoReturn(
      { ...scenario, until_ms },
      breachOf(player),
      first?.event ?? player.simulation.length - 1,
      (doom, trouble = "") => {
        [this.doom, this.trouble] = [doom, trouble];
        this.redraw();
      },
    );
    this.redraw();
  }
}

/**
 * What is wrong with the run.
 * @param {Player} player
 * @returns {import("../hunt/fates.js").Breach}
 */
function breachOf({ violations: [first], unorderly }) {
  if (!first) return "silence";
  // An answer that no order explains is no invariant's.
  return first === unorderly ? "history" : { invariant: first.invariant };
}
