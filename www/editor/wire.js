// The channel between the tabs of one browser, and what can be made to go wrong on it.

/**
 * @typedef {object} Wire
 * @property {(message: object) => void} post
 * @property {(data: any) => void} onMessage called with whatever comes
 * @property {() => void} close
 */

/**
 * @param {string} doc
 * @returns {Wire}
 */
export function openWire(doc) {
  const channel = new BroadcastChannel(`synod-text/${doc}`);
  /** @type {Wire} */
  const wire = {
    post: (message) => channel.postMessage(message),
    onMessage: () => {},
    close: () => channel.close(),
  };
  channel.onmessage = (event) => wire.onMessage(event.data);
  return wire;
}

/** How often each thing happens to a message of a hostile channel, and how long it is kept at most. */
const HOSTILE = { drop: 0.3, duplicate: 0.2, delayMs: 1200 };

/**
 * A wire that can be made hostile: both what is said and what is heard is then lost, doubled, and
 * kept back for so different times that it comes in another order.
 */
export class HostileWire {
  /**
   * @param {Wire} wire
   * @param {{ random?: () => number, later?: (run: () => void, ms: number) => void }} [luck]
   */
  constructor(wire, { random = Math.random, later = (run, ms) => void setTimeout(run, ms) } = {}) {
    this.wire = wire;
    this.random = random;
    this.later = later;
    this.hostile = false;
    this.closed = false;
    this.counts = { dropped: 0, duplicated: 0, delayed: 0 };
    /** @type {(data: any) => void} */
    this.onMessage = () => {};
    wire.onMessage = (data) => this.pass(() => this.onMessage(data));
  }

  /** @param {object} message */
  post(message) {
    this.pass(() => this.wire.post(message));
  }

  /** @param {() => void} deliver */
  pass(deliver) {
    if (!this.hostile) {
      deliver();
      return;
    }
    if (this.random() < HOSTILE.drop) {
      this.counts.dropped++;
      return;
    }
    const copies = this.random() < HOSTILE.duplicate ? 2 : 1;
    this.counts.duplicated += copies - 1;
    for (let copy = 0; copy < copies; copy++) {
      this.counts.delayed++;
      this.later(() => {
        if (!this.closed) deliver();
      }, this.random() * HOSTILE.delayMs);
    }
  }

  close() {
    this.closed = true;
    this.wire.close();
  }
}
