// Keeps the tabs that edit one text in step. Whoever notices that it lacks something asks; who can
// help answers, once, after a short wait in which somebody else may have done so. What came from
// the channel is applied and never sent on. Nobody is special: there is no first tab.

import { packMessage, readMessage } from "./message.js";
import { missingFrom } from "./version.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./message.js").Person} Person */
/** @typedef {import("./message.js").Cursors} Cursors */

/** How often each tab says that it is there, and what it knows: this alone heals any loss. */
const BEAT_MS = 2000;
/** After so long a silence a tab is asked whether it is there, and after so long more it is not. */
const SILENCE_MS = 4500;
const GRACE_MS = 2500;
/** An answer waits so long at most, lest everybody answers. */
const ANSWER_MS = 40;
/** What others have and we lack may be on its way; after so long we ask, and less and less often. */
const PATIENCE_MS = 300;
const PATIENCE_MOST_MS = 2400;
const CURSOR_MS = 40;
const FOREIGN_MS = 8000;
/** What was made within this time before may be on its way. */
const TRAVEL_MS = 1000;
/** More people than that in one text are not believed. */
const PEERS_MOST = 64;
/** Those who enter at once are told together who is here. */
const HERE_MS = 5;

/**
 * What a room needs of the text.
 * @typedef {object} Text
 * @property {number} heldBack
 * @property {() => Uint8Array} version
 * @property {(version: Uint8Array) => number} behind
 * @property {(version: Uint8Array) => number} ahead
 * @property {(version: Uint8Array) => Uint8Array} changesSince
 */

/**
 * @typedef {object} Peer
 * @property {Person} person
 * @property {Cursors} cursors
 * @property {Uint8Array} version
 * @property {Uint8Array} ours what we knew a while before it told its version last, and when that was
 * @property {number} oursAt
 * @property {number} lacks how much of that it lacks
 * @property {number} heard
 * @property {number} pinged when it was asked whether it is there; 0 if it need not be asked
 */

/**
 * Time, so that tests can pass it as they like.
 * @typedef {object} Clock
 * @property {() => number} now
 * @property {(run: () => void, ms: number) => any} after
 * @property {(handle: any) => void} cancel
 * @property {() => number} random
 */

/** @type {Clock} */
const REAL = {
  now: () => performance.now(),
  after: (run, ms) => setTimeout(run, ms),
  cancel: (handle) => clearTimeout(handle),
  random: () => Math.random(),
};

export class Room {
  /**
   * @param {object} parts
   * @param {string} parts.name the replica's
   * @param {Text} parts.text
   * @param {Person} parts.person
   * @param {(changes: Uint8Array, from: string) => void} parts.apply throws where the bytes are bad
   * @param {() => void} parts.onChange who is here, or what they know, has changed
   * @param {Clock} [parts.clock]
   */
  constructor({ name, text, person, apply, onChange, clock = REAL }) {
    this.name = name;
    this.text = text;
    this.person = person;
    this.apply = apply;
    this.onChange = onChange;
    this.clock = clock;
    /** @type {{ post(message: object): void, close(): void, onMessage: (data: any) => void } | null} */
    this.wire = null;
    /** @type {Map<string, Peer>} */
    this.peers = new Map();
    /** @type {Cursors} */
    this.cursors = [];
    this.counts = { sent: 0, received: 0, garbage: 0, foreign: 0 };
    /** When a tab of another version was heard last. */
    this.foreignAt = -Infinity;
    /** @type {Map<string, any>} answers that wait, by whom they are for */
    this.answers = new Map();
    /** @type {Record<"beat" | "ask" | "cursors" | "here", any>} */
    this.timers = { beat: null, ask: null, cursors: null, here: null };
    this.patience = PATIENCE_MS;
  }

  /**
   * Enters the room.
   * @param {{ post(message: object): void, close(): void, onMessage: (data: any) => void }} wire
   */
  enter(wire) {
    this.leave();
    this.wire = wire;
    wire.onMessage = (data) => this.receive(data);
    this.say("hello");
    this.beat();
  }

  /** Says goodbye, where there is still time to, and forgets who is here. */
  leave() {
    if (!this.wire) return;
    this.post({ kind: "bye" });
    this.wire.close();
    this.wire = null;
    for (const timer of [...this.answers.values(), ...Object.values(this.timers)]) this.clock.cancel(timer);
    this.answers.clear();
    this.timers = { beat: null, ask: null, cursors: null, here: null };
    this.peers.clear();
    this.onChange();
  }

  /** Asks who is here and what we lack: after a sleep, say. */
  greet() {
    if (this.wire) this.say("hello");
  }

  /** @param {Uint8Array} changes what was just typed here */
  share(changes) {
    if (changes.length > 0) this.post({ kind: "changes", changes });
  }

  /** @param {Cursors} cursors */
  point(cursors) {
    this.cursors = cursors;
    this.timers.cursors ??= this.clock.after(() => {
      this.timers.cursors = null;
      this.post({ kind: "cursors", cursors: this.cursors });
    }, CURSOR_MS);
  }

  /** @param {Person} person */
  rename(person) {
    this.person = person;
    if (this.wire) this.say("here");
  }

  /** How many operations others are known to have that we have not. */
  get behind() {
    let most = 0;
    for (const peer of this.peers.values()) most = Math.max(most, this.text.behind(peer.version));
    return most;
  }

  /**
   * How many of the operations known here somebody lacks though it had the time to hear of them.
   */
  get lagging() {
    let most = 0;
    for (const peer of this.peers.values()) most = Math.max(most, peer.lacks);
    return most;
  }

  // Sending.

  /** @param {"hello" | "here"} kind */
  say(kind) {
    this.post({ kind, version: this.text.version(), person: this.person, cursors: this.cursors });
  }

  tellWhoIsHere() {
    this.timers.here ??= this.clock.after(() => {
      this.timers.here = null;
      this.say("here");
    }, HERE_MS);
  }

  /** @param {Omit<Message, "from">} message */
  post(message) {
    if (!this.wire) return;
    this.counts.sent++;
    this.wire.post(packMessage({ ...message, from: this.name }));
  }

  beat() {
    const now = this.clock.now();
    for (const [name, peer] of this.peers) {
      if (now - peer.heard < SILENCE_MS) continue;
      if (peer.pinged === 0) {
        peer.pinged = now;
        this.post({ kind: "ping", to: name });
      } else if (now - peer.pinged >= GRACE_MS) {
        this.peers.delete(name);
        this.onChange();
      }
    }
    this.say("here");
    if (this.lacking) this.ask();
    if (this.foreignAt > -Infinity && !this.foreign) this.onChange();
    this.timers.beat = this.clock.after(() => this.beat(), BEAT_MS);
  }

  /** Whether a tab of another version of Synod has been heard of late. */
  get foreign() {
    return this.clock.now() - this.foreignAt < FOREIGN_MS;
  }

  get lacking() {
    return this.text.heldBack > 0 || this.behind > 0;
  }

  /** Asks for what we lack, unless it comes by itself before, or somebody else asks for the same. */
  ask() {
    this.timers.ask ??= this.clock.after(
      () => {
        this.timers.ask = null;
        if (!this.lacking) return;
        this.patience = Math.min(2 * this.patience, PATIENCE_MOST_MS);
        this.say("hello");
      },
      this.patience * (1 + this.clock.random()),
    );
  }

  /**
   * Answers somebody who may lack something.
   * @param {string} to
   */
  answer(to) {
    if (this.answers.has(to)) return;
    const timer = this.clock.after(() => {
      this.answers.delete(to);
      const peer = this.peers.get(to);
      if (!peer || this.text.ahead(peer.version) === 0) return;
      const version = this.text.version();
      this.post({ kind: "missing", to, version, changes: this.text.changesSince(peer.version) });
    }, this.clock.random() * ANSWER_MS);
    this.answers.set(to, timer);
  }

  // Hearing.

  /** @param {any} data */
  receive(data) {
    const message = readMessage(data);
    if (message === "garbage" || message === "foreign") {
      this.counts[message]++;
      if (message === "foreign") this.foreignAt = this.clock.now();
      this.onChange();
      return;
    }
    if (message.from === this.name) return;
    this.counts.received++;
    try {
      this.hear(message);
    } catch {
      // Of the right shape, yet its bytes are no version, no changes: the text is as it was.
      this.counts.garbage++;
    }
    this.onChange();
  }

  /** @param {Message} message */
  hear(message) {
    const { kind, from } = message;
    if (kind === "bye") {
      this.forget(from);
      return;
    }
    const { version } = message;
    if (version) this.text.behind(version); // throws where it is none
    const known = this.note(message);
    if (kind === "hello" || (kind === "ping" && message.to === this.name)) this.tellWhoIsHere();
    if (kind === "hello" && version && this.text.ahead(version) > 0) this.answer(from);
    if (message.changes) this.apply(message.changes, from);
    if (!this.lacking) this.patience = PATIENCE_MS;
    if (kind === "missing" && version && message.to) this.heardAnswer(message.to, version);
    if (!known && kind !== "hello" && kind !== "here") this.ping(from);
    if (this.lacking) this.ask();
  }

  /**
   * Notes what a message says of who sent it. False if we do not know who that is.
   * @param {Message} message
   */
  note({ from, person, cursors, version }) {
    let peer = this.peers.get(from);
    if (!peer && person && version) {
      if (this.peers.size >= PEERS_MOST) throw new Error("too many people");
      const [ours, oursAt] = [this.text.version(), this.clock.now()];
      peer = { person, cursors: [], version, ours, oursAt, lacks: 0, heard: 0, pinged: 0 };
      this.peers.set(from, peer);
    }
    if (!peer) return false;
    peer.heard = this.clock.now();
    peer.pinged = 0;
    if (person) peer.person = person;
    if (cursors) peer.cursors = cursors;
    if (version) {
      peer.version = version;
      const lacks = missingFrom(version, peer.ours);
      if (lacks < peer.lacks) peer.lacks = lacks;
      if (peer.heard - peer.oursAt >= TRAVEL_MS) {
        [peer.lacks, peer.ours, peer.oursAt] = [lacks, this.text.version(), peer.heard];
      }
    }
    return true;
  }

  /** @param {string} stranger somebody whose arrival was lost, or who slept so long that it was forgotten */
  ping(stranger) {
    this.post({ kind: "ping", to: stranger });
  }

  /**
   * Somebody has answered `to` with all up to `version`: we need not, unless we know more.
   * @param {string} to
   * @param {Uint8Array} version
   */
  heardAnswer(to, version) {
    const peer = this.peers.get(to);
    if (peer && this.text.ahead(version) === 0) {
      this.clock.cancel(this.answers.get(to));
      this.answers.delete(to);
    }
  }

  /** @param {string} name */
  forget(name) {
    this.peers.delete(name);
    this.clock.cancel(this.answers.get(name));
    this.answers.delete(name);
  }
}
