// Owns the run: time, speed, branches and what is done by hand. Draws nothing.

import { Frame } from "./stage/frame.js";
import { freeName, partedAt, without } from "./lib/branches.js";
import { WAITED_MS } from "./lib/clients.js";
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
 * @property {boolean} touched whether a hand has acted in it
 */

/** @typedef {import("./types.js").Violation} Violation */

export const SPEED_LEAST = 1 / 1000;
export const SPEED_MOST = 10;
/** Real time between two frames that counts at most: a hidden tab does not leap ahead. */
const FRAME_MS_MOST = 50;
/** How long a run that was run ahead plays, in real milliseconds. */
const AHEAD_PLAYS_MS = 15_000;
const BRANCHES_MOST = 24;
/** Judging the clients' history takes this share of real time at most, while time goes on. */
const JUDGE_SHARE = 1 / 40;
const JUDGE_MS = 250;

export class Player {
  /** @param {import("./types.js").ProtocolInfo} info */
  constructor(info) {
    this.info = info;
    this.frameReader = new Frame(info.glance, info.roles);
    /** @type {import("./types.js").Simulation | null} */
    this.sim = null;
    this.playing = false;
    this.speed = 1 / 30;
    /** The speed for runs that ask for none. */
    this.usual = this.speed;
    /** @type {Float64Array | undefined} filled anew for every frame */
    this.numbers = undefined;
    this.lastTick = 0;
    /** Counts whatever a panel may have to draw again. */
    this.version = 0;
    /** @type {Branch[]} */
    this.branches = [];
    this.current = 0;
    this.nextBranch = 0;
    this.stopAt = Infinity;
    /** @type {number[]} triples: event, time, code */
    this.marks = [];
    this.marked = 0;
    /** @type {Violation[]} */
    this.violations = [];
    /** Counts how often the recorded events became others. */
    this.histories = 0;
    /** Up to where the clients' history was judged, and when it may be judged again. */
    this.judgedTo = 0;
    this.judgeAt = 0;
    /** Whether the answers fit one order, so far as is known: null where nothing is promised. */
    this.linear = /** @type {boolean | null} */ (null);
    /** Who had no answer to the last request when that was looked at, and since when. @type {{ client: number, call_ms: number }[]} */
    this.waiting = [];
    /** The answer that no order explains. @type {Violation | null} */
    this.unorderly = null;
    /** The last message a failing simulator left, once it has failed. */
    this.dead = "";
    /** @type {(kind: "budget" | "panic" | "refused" | "ended", error: any) => void} */
    this.onTrouble = () => {};
    /** @type {(name: string) => void} called when too many runs were kept, with the one that went */
    this.onForgotten = () => {};
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

  /** Whether a hand has acted in the run that is shown. */
  get touched() {
    return this.branch.touched;
  }

  /**
   * Puts a scenario on the stage. Throws, and leaves the run as it was, when the scenario is
   * refused. Runs that were kept stay, and so does the one that was shown, if it was worked on.
   * @param {Scenario} scenario
   * @param {{ at_ms?: number, position?: number, keep?: boolean, ahead_ms?: number }} [how] `keep`: the
   *   run that was shown stays in any case; `ahead_ms`: it is run up to then first, so that what comes is known
   * @returns {{ exact: boolean }} whether the run has the event that was asked for at that time
   */
  load(scenario, { at_ms = 0, position, keep = false, ahead_ms = 0 } = {}) {
    let exact = true;
    const next = this.attempt(() => {
      const sim = simulate(this.info.name, scenario);
      try {
        if (at_ms > 0) sim.seek_ms(at_ms);
        if (position !== undefined) exact = reach(sim, position, at_ms);
      } catch (error) {
        if (troubleOf(error) !== "panic") sim.free();
        throw error;
      }
      return sim;
    });
    if (this.sim) {
      this.remember();
      if (!keep && !this.isWorkedOn(this.current)) this.branches = without(this.branches, this.current);
    }
    const full = next.scenario();
    const id = this.nextBranch++;
    this.branches.push({
      id,
      name: freeName(this.branches, full.title || "First run"),
      scenario: full,
      fork_ms: 0,
      end_ms: next.end_ms,
      parent: null,
      touched: false,
    });
    this.current = id;
    this.forgetBeyond();
    this.put(next);
    if (ahead_ms > 0) this.lookAhead(ahead_ms);
    this.speed = ahead_ms > 0 ? inReach(ahead_ms / AHEAD_PLAYS_MS) : this.usual;
    this.stopAt = full.until_ms && full.until_ms > this.now ? full.until_ms : Infinity;
    this.version++;
    return { exact };
  }

  /**
   * Runs on, so that marks and violations up to then are known, and comes back.
   * @param {number} ms
   */
  lookAhead(ms) {
    const { now, position } = this;
    this.guard(() => this.simulation.seek_ms(Math.max(now, ms)));
    this.readMarks();
    this.judge(0);
    this.guard(() => this.simulation.seek_ms(now));
    // More may happen in the same moment.
    if (this.position !== position) this.guard(() => this.simulation.seek_event(position - 1));
    this.jumped();
  }

  /**
   * Takes in runs that were kept before the page was loaded anew.
   * @param {Branch[]} kept
   */
  adopt(kept) {
    this.branches = kept;
    this.nextBranch = Math.max(-1, ...kept.map((branch) => branch.id)) + 1;
  }

  /**
   * Whether a hand has acted in a run, or in one that left it or that it left.
   * @param {number} id
   */
  isWorkedOn(id) {
    return this.branches.some((b) => b.touched && partedAt(this.branches, b.id, id) !== null);
  }

  /** @param {import("./types.js").Simulation} next */
  put(next) {
    if (this.sim && !this.dead) this.sim.free();
    this.sim = next;
    this.dead = "";
    this.forgetMarks();
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
    this.speed = this.usual = inReach(speed);
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
        name: freeName(this.branches, `${actionWords(action)} at ${now.toFixed(0)} ms`),
        scenario: old,
        fork_ms: now,
        end_ms: now,
        parent: this.current,
        touched: true,
      });
      this.current = this.nextBranch - 1;
      this.forgetBeyond();
      this.forgetMarks();
    }
    this.branch.scenario = sim.scenario();
    this.branch.touched = true;
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
      const sim = simulate(this.info.name, branch.scenario);
      sim.advance_ms(branch.end_ms);
      sim.seek_ms(Math.min(now, branch.end_ms));
      return sim;
    });
    this.current = id;
    this.stopAt = Infinity;
    this.put(next);
  }

  /**
   * The end of a branch that is not shown: how many events it has, and when it ends.
   * @param {Branch} branch
   */
  endOf(branch) {
    return this.attempt(() => {
      const sim = simulate(this.info.name, branch.scenario);
      sim.advance_ms(branch.end_ms);
      const end = { position: sim.position, now_ms: sim.now_ms };
      sim.free();
      return end;
    });
  }

  /** @param {number} id */
  forget(id) {
    if (id === this.current) return;
    this.branches = without(this.branches, id);
    this.version++;
  }

  /** Forgets the oldest runs where too many are kept, and says so. */
  forgetBeyond() {
    while (this.branches.length > BRANCHES_MOST) {
      const oldest = this.branches.find((b) => b.id !== this.current);
      if (!oldest) return;
      this.forget(oldest.id);
      this.onForgotten(oldest.name);
    }
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
    this.withUnorderly();
  }

  /**
   * Holds what clients were answered up to now against one order. A history that has none gets
   * none by going on, so each is blamed once, at the answer that completes it.
   * @param {number} realNow
   */
  judge(realNow) {
    if (this.dead || this.unorderly || this.position <= this.judgedTo) return;
    if (this.playing && realNow < this.judgeAt) return;
    const started = performance.now();
    const report = this.guard(() => this.simulation.report());
    if (!report) return;
    this.judgeAt = realNow + Math.max(JUDGE_MS, (performance.now() - started) / JUDGE_SHARE);
    this.judgedTo = this.position;
    if (this.linear !== report.linearizable) this.version++;
    this.linear = report.linearizable;
    // Of each client the last: whoever gave up may have gone on.
    const last = new Map(report.history.map((/** @type {any} */ asked) => [asked.client, asked]));
    this.waiting = [...last.values()].filter(({ return_ms }) => return_ms === null);
    if (report.linearizable !== false || report.blamed === null) return;
    const { client, return_ms } = report.history[report.blamed];
    this.unorderly = {
      event: answerEvent(this.simulation, client, return_ms),
      at_ms: return_ms,
      invariant: "linearizability",
      nodes: [],
      text: report.blame,
    };
    this.withUnorderly();
  }

  /** Who has waited longest for an answer to the last request, and how long. */
  get longestWait() {
    const waits = this.waiting.map(({ client, call_ms }) => ({ client, ms: this.now - call_ms }));
    return waits.reduce((most, next) => (next.ms > most.ms ? next : most), { client: -1, ms: 0 });
  }

  /** Whether the script ends with a request that has no answer, though much time has passed. */
  get lastIsUnanswered() {
    const last = this.scenario.script?.at(-1);
    if (last?.do !== "request" || this.now - last.at_ms < WAITED_MS) return false;
    return this.waiting.some(({ call_ms }) => call_ms >= last.at_ms);
  }

  /** Puts the answer that no order explains among the violations and the marks. */
  withUnorderly() {
    const { unorderly } = this;
    if (!unorderly || this.violations.includes(unorderly)) return;
    this.violations = [...this.violations, unorderly].sort((a, b) => a.event - b.event);
    if (
      !this.marks.some((_, k) => k % 3 === 0 && this.marks[k] === unorderly.event && this.marks[k + 2] === 9)
    )
      this.marks.push(unorderly.event, unorderly.at_ms, 9);
    this.version++;
  }

  /** The recorded future was cut: what is known of it goes. */
  forgetMarks() {
    this.marks = [];
    this.marked = 0;
    this.violations = [];
    this.histories++;
    this.judgedTo = 0;
    this.judgeAt = 0;
    this.linear = null;
    this.waiting = [];
    this.unorderly = null;
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

/** @param {number} speed */
const inReach = (speed) => Math.max(SPEED_LEAST, Math.min(SPEED_MOST, speed));

/**
 * Goes to the exact event of a link, and answers whether it happens here when the link says so: if
 * not, this build runs the scenario differently.
 * @param {import("./types.js").Simulation} sim
 * @param {number} position
 * @param {number} at_ms
 */
function reach(sim, position, at_ms) {
  if (sim.position !== position) {
    while (sim.length < position && sim.step());
    if (sim.length < position)
      throw new Error(`This build's run has ${sim.length} events, and the link points to ${position}.`);
    // Before its first event a run is not seen: its beginning is the moment 0 with all that happens in it.
    if (position === 0) {
      sim.seek_ms(0);
      return at_ms === 0;
    }
    sim.seek_event(position - 1);
  }
  const [before] = position > 0 ? sim.trace(position - 1, position) : [];
  const [after] = sim.trace(position, position + 1);
  const near = 0.0005;
  return (
    sim.position === position &&
    (before?.at_ms ?? 0) <= at_ms + near &&
    (after?.at_ms ?? Infinity) >= at_ms - near
  );
}

/**
 * The event by which a client got an answer at a moment.
 * @param {import("./types.js").Simulation} sim
 * @param {number} client
 * @param {number} at_ms
 */
function answerEvent(sim, client, at_ms) {
  let [low, high] = [0, sim.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sim.trace(middle, middle + 1)[0].at_ms < at_ms) low = middle + 1;
    else high = middle;
  }
  for (const event of sim.trace(low, low + 1000))
    if (event.client === client && event.kind === "answer") return event.id;
  return low;
}
