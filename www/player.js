// Owns the run: time, speed, branches and what is done by hand. Draws nothing.

import { Frame } from "./stage/frame.js";
import { actionWords } from "./lib/format.js";
import { simulate, troubleOf } from "./wasm.js";

/** @typedef {import("./types.js").Scenario} Scenario */
/** @typedef {import("./types.js").Action} Action */

/**
 * A run that can be shown again: a scenario and how far it went.
 * @typedef {object} Branch
 * @property {number} id
 * @property {string} name
 * @property {Scenario} scenario
 * @property {number} fork_ms where it left its parent
 * @property {number} end_ms how far it has run
 * @property {number | null} parent
 */

export const SPEED_LEAST = 1 / 1000;
export const SPEED_MOST = 10;
/** Real time between two frames that counts at most: a hidden tab does not leap ahead. */
const FRAME_MS_MOST = 50;
const BRANCHES_MOST = 24;

export class Player {
  /** @param {import("./types.js").ProtocolInfo} info */
  constructor(info) {
    this.info = info;
    this.frameReader = new Frame(info.glance, info.roles);
    /** @type {import("./types.js").Simulation | null} */
    this.sim = null;
    this.playing = false;
    this.speed = 1 / 30;
    /** @type {Float64Array | undefined} filled anew for every frame */
    this.numbers = undefined;
    this.lastTick = 0;
    /** Counts whatever a panel may have to draw again. */
    this.version = 0;
    /** @type {Branch[]} */
    this.branches = [];
    this.current = 0;
    this.nextBranch = 0;
    /** Whether a hand has acted since the scenario was loaded. */
    this.touched = false;
    this.stopAt = Infinity;
    /** @type {number[]} triples: event, time, code */
    this.marks = [];
    this.marked = 0;
    /** @type {import("./types.js").Violation[]} */
    this.violations = [];
    /** The last message a failing simulator left, once it has failed. */
    this.dead = "";
    /** @type {(kind: "budget" | "panic" | "refused" | "ended", error: any) => void} */
    this.onTrouble = () => {};
    /** @type {() => void} */
    this.onJump = () => {};
  }

  /** @returns {import("./types.js").Simulation} */
  get simulation() {
    if (!this.sim) throw new Error("no run is loaded");
    return this.sim;
  }
  get now() {
    return this.simulation.now_ms;
  }
  get end() {
    return this.simulation.end_ms;
  }
  get position() {
    return this.simulation.position;
  }
  get length() {
    return this.simulation.length;
  }
  get branch() {
    return /** @type {Branch} */ (this.branches.find((b) => b.id === this.current));
  }
  /** The scenario of the run, with what was done by hand. */
  get scenario() {
    return this.branch.scenario;
  }

  /**
   * Puts a scenario on the stage. Throws, and leaves the run as it was, when the scenario is
   * refused.
   * @param {Scenario} scenario
   * @param {{ at_ms?: number, position?: number, keep?: string }} [how] `keep` names the run that
   *   was shown, which stays as a branch
   */
  load(scenario, { at_ms = 0, position, keep } = {}) {
    const next = this.attempt(() => {
      const sim = simulate(scenario);
      try {
        if (at_ms > 0) sim.seek_ms(at_ms);
        if (position !== undefined && sim.position !== position) reach(sim, position);
      } catch (error) {
        if (troubleOf(error) !== "panic") sim.free();
        throw error;
      }
      return sim;
    });
    if (this.sim) this.remember();
    if (keep === undefined) this.branches = [];
    else this.branch.name = keep;
    const full = next.scenario();
    const id = this.nextBranch++;
    const parent = keep === undefined ? null : this.current;
    this.branches.push({
      id,
      name: full.title || "First run",
      scenario: full,
      fork_ms: 0,
      end_ms: next.end_ms,
      parent,
    });
    this.current = id;
    this.touched = false;
    this.put(next);
    this.stopAt = full.until_ms && full.until_ms > this.now ? full.until_ms : Infinity;
    this.version++;
  }

  /** @param {import("./types.js").Simulation} next */
  put(next) {
    if (this.sim && !this.dead) this.sim.free();
    this.sim = next;
    this.dead = "";
    this.marks = [];
    this.marked = 0;
    this.violations = [];
    this.jumped();
  }

  play() {
    this.playing = true;
    this.version++;
  }

  pause() {
    this.playing = false;
    this.version++;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = Math.max(SPEED_LEAST, Math.min(SPEED_MOST, speed));
    this.version++;
  }

  /**
   * Lets virtual time follow real time, and answers how things stand.
   * @param {number} realNow
   * @returns {Frame}
   */
  tick(realNow) {
    const passed = Math.min(FRAME_MS_MOST, Math.max(0, realNow - this.lastTick));
    this.lastTick = realNow;
    if (this.playing && !this.dead) {
      const before = this.now;
      const ms = Math.min(passed * this.speed, this.stopAt - before);
      this.guard(() => this.simulation.advance_ms(ms));
      if (!this.dead && this.now >= this.stopAt) {
        this.stopAt = Infinity;
        this.pause();
        this.onTrouble("ended", null);
      }
    }
    return this.frame();
  }

  /** @returns {Frame} */
  frame() {
    if (this.dead) return this.frameReader;
    const seen = this.frameReader.version;
    this.guard(() => this.frameReader.read((this.numbers = this.simulation.frame(this.numbers))));
    if (this.frameReader.version !== seen) this.version++;
    if (this.length !== this.marked) this.readMarks();
    return this.frameReader;
  }

  stepOn() {
    this.pause();
    return this.guard(() => this.simulation.step());
  }

  stepBack() {
    this.pause();
    const moved = this.guard(() => this.simulation.step_back());
    this.jumped();
    return moved;
  }

  /** @param {number} ms */
  seek(ms) {
    this.guard(() => this.simulation.seek_ms(Math.max(0, ms)));
    this.jumped();
  }

  /** @param {number} id to just after this event */
  seekEvent(id) {
    this.pause();
    this.guard(() => this.simulation.seek_event(id));
    this.jumped();
  }

  /**
   * Does something to the cluster now. Where that cuts off a future, the old run stays as a
   * branch. Throws when the action is impossible.
   * @param {Action} action
   * @returns {{ cut: boolean }}
   */
  apply(action) {
    const sim = this.simulation;
    const [now, end] = [sim.now_ms, sim.end_ms];
    const old = this.scenario;
    const cut = this.attempt(() => sim.apply(action));
    if (cut) {
      this.branch.end_ms = end;
      this.branches.push({
        id: this.nextBranch++,
        name: `${actionWords(action)} at ${now.toFixed(0)} ms`,
        scenario: old,
        fork_ms: now,
        end_ms: now,
        parent: this.current,
      });
      this.current = this.nextBranch - 1;
      while (this.branches.length > BRANCHES_MOST) this.forgetOldest();
      this.forgetMarks();
    }
    this.branch.scenario = sim.scenario();
    this.touched = true;
    this.version++;
    return { cut };
  }

  /**
   * Shows a branch again, at the time that is shown now or where it ends.
   * @param {number} id
   */
  show(id) {
    const branch = this.branches.find((b) => b.id === id);
    if (!branch || id === this.current) return;
    const now = this.now;
    this.remember();
    const next = this.attempt(() => {
      const sim = simulate(branch.scenario);
      sim.advance_ms(branch.end_ms);
      sim.seek_ms(Math.min(now, branch.end_ms));
      return sim;
    });
    this.current = id;
    this.stopAt = Infinity;
    this.put(next);
  }

  /** @param {number} id */
  forget(id) {
    if (id === this.current) return;
    this.branches = this.branches.filter((b) => b.id !== id);
    for (const branch of this.branches) if (branch.parent === id) branch.parent = null;
    this.version++;
  }

  forgetOldest() {
    const oldest = this.branches.find((b) => b.id !== this.current);
    if (oldest) this.forget(oldest.id);
  }

  /** Writes down how far the shown run has come. */
  remember() {
    if (!this.dead) this.branch.end_ms = Math.max(this.branch.end_ms, this.end);
  }

  readMarks() {
    const { length } = this;
    if (length < this.marked) this.forgetMarks();
    this.guard(() => {
      const fresh = this.simulation.marks(this.marked);
      let broken = false;
      for (let k = 0; k < fresh.length; k++) {
        this.marks.push(fresh[k]);
        if (k % 3 === 2 && fresh[k] === 9) broken = true;
      }
      this.marked = length;
      if (broken) this.violations = this.simulation.violations();
    });
  }

  /** The recorded future was cut: what is known of it goes. */
  forgetMarks() {
    this.marks = [];
    this.marked = 0;
    this.violations = [];
  }

  jumped() {
    this.version++;
    this.onJump();
  }

  /** The first violation, if it has happened by now. */
  get violationNow() {
    const first = this.violations[0];
    return first && first.event < this.position ? first : null;
  }

  /**
   * Runs something that can fail only by the run's length or the simulator's own failure, and
   * reports that.
   * @template T
   * @param {() => T} work
   * @returns {T | undefined}
   */
  guard(work) {
    if (this.dead) return undefined;
    try {
      return this.attempt(work);
    } catch (error) {
      this.pause();
      this.onTrouble(troubleOf(error), error);
      return undefined;
    }
  }

  /**
   * @template T
   * @param {() => T} work
   * @returns {T}
   */
  attempt(work) {
    try {
      return work();
    } catch (error) {
      if (troubleOf(error) === "panic") this.dead = String(error);
      throw error;
    }
  }
}

/**
 * Goes to the exact event of a link.
 * @param {import("./types.js").Simulation} sim
 * @param {number} position
 */
function reach(sim, position) {
  while (sim.length < position && sim.step());
  if (sim.length < position)
    throw new Error(`This build's run has ${sim.length} events, and the link points to ${position}.`);
  if (position > 0) sim.seek_event(position - 1);
  else sim.seek_ms(0);
}
