// Reading a run's events as they come, for a diagram that tells what led to what.

/** Has read some stretch of a run, and reads on from there. */
export class Follower {
  /**
   * @param {number} lookBack how far before what is shown the reading begins, in events
   * @param {number} atOnce where more than so many are missing, they are not caught up with
   */
  constructor(lookBack, atOnce = lookBack) {
    this.lookBack = lookBack;
    this.atOnce = atOnce;
    /** Which run was read. */
    this.histories = -1;
    /** The events that were read: from, and up to. */
    this.from = 0;
    this.upTo = 0;
  }

  /**
   * Reads what is new, or begins again where that does not follow on what was read.
   * @param {Pick<import("../types.js").DiagramData, "position" | "histories" | "trace">} run
   * @param {number} [more] how much further it looks back this time
   */
  read({ position, histories, trace }, more = 0) {
    const lost = position < this.from || position - this.upTo > this.atOnce + more;
    if (histories !== this.histories || lost || this.isFull()) {
      this.histories = histories;
      this.from = this.upTo = Math.max(0, position - this.lookBack - more);
      this.forget();
    }
    if (position <= this.upTo) return;
    for (const event of trace(this.upTo, position)) this.take(event);
    this.upTo = position;
  }

  /** Whether more is remembered than is worth it. */
  isFull() {
    return false;
  }

  /** Forgets what was read. */
  forget() {}

  /** @param {import("../types.js").TraceEvent} _event the next one */
  take(_event) {}
}
