// One text, as this tab holds it: the replica, the room it is shared in, and the shelf it is kept on.
// Whoever shows the text edits it here and is told of every change that it did not make itself.

import {
  cleanName,
  freePerson,
  freshReplicaName,
  personOf,
  rememberOffline,
  rememberPerson,
  rememberedOffline,
  rememberedPerson,
} from "./people.js";
import { Room } from "./room.js";
import { Shelf } from "./shelf.js";
import { readVersion } from "./version.js";
import { HostileWire, openWire } from "./wire.js";

/** @typedef {import("../types.js").TextReplica} TextReplica */
/** @typedef {import("../types.js").TextPatch} TextPatch */
/** @typedef {import("./message.js").Person} Person */

/** A pause in typing that ends a step of undo. */
const STEP_MS = 700;
const LONG = 1000;
const encoder = new TextEncoder();
/** A newcomer takes a name and a tone that nobody here has; after so long it is none any more. */
const SETTLE_MS = 2000;
/** A newcomer looks for a name of its own so often at most. */
const PICKS_MOST = 3;
/** So long after others' changes the shelf is looked at, lest they could not write them down. */
const CHECK_MS = 1000;
/** What could not be kept is tried again so often. */
const RETRY_MS = 4000;
/** A composition that says nothing for so long has ended, whatever the browser says. */
const COMPOSING_MOST_MS = 10_000;

/**
 * What the text needs of its surroundings.
 * @typedef {object} Hooks
 * @property {(patches: TextPatch[]) => void} onPatches somebody else's changes, or what was kept
 * @property {() => void} onStatus who is here, what is kept or lacking has changed
 * @property {(error: unknown) => void} onFailure the replica itself has failed: nothing more can be done here
 */

export class SharedText {
  /**
   * @param {string} doc
   * @param {(name: string) => TextReplica} makeReplica
   * @param {Hooks} hooks
   * @param {{ remembered?: boolean }} [how] whether this tab is who it was before it was loaded anew
   */
  constructor(doc, makeReplica, hooks, { remembered = true } = {}) {
    this.doc = doc;
    this.hooks = hooks;
    /** Fresh for each load of the page and kept nowhere: two tabs under one name would diverge. */
    this.name = freshReplicaName();
    this.replica = makeReplica(this.name);
    this.remembered = remembered;
    this.person = (remembered && rememberedPerson()) || personOf(this.name);
    /** @type {Map<string, Person>} those who wrote something, by replica */
    this.authors = new Map();
    /** Pieces from the shelf that could not be read. */
    this.damaged = 0;
    /** @type {import("./shelf.js").Keeping} */
    this.keeping = { state: "keeping", why: "" };
    this.shelf = new Shelf(doc, (keeping) => {
      this.keeping = keeping;
      this.hooks.onStatus();
    });
    this.room = new Room({
      name: this.name,
      text: this.replica,
      person: this.person,
      apply: (changes) => this.takeIn(changes),
      onChange: () => this.onRoom(),
    });
    /** @type {HostileWire | null} */
    this.wire = null;
    this.hostile = false;
    /**
     * Of the replicas that wrote here while offline, how many operations the others may know.
     * @type {Map<string, number> | null}
     */
    this.away = remembered ? rememberedOffline(doc) : null;
    this.away?.set(this.name, 0);
    this.online = this.away === null;
    this.signed = false;
    /** Whether an edit was made in the composition that goes on. */
    this.composed = false;
    /** @type {Uint8Array[] | null} what waits for the end of a composition */
    this.held = null;
    this.channelWorks = true;
    this.openedAt = performance.now();
    this.picks = 0;
    this.closed = false;
    /** What was typed last, if typing on at several cursors goes on with it. */
    this.typedAt = 0;
    this.retry = setInterval(() => this.shelf.failing && this.keep(), RETRY_MS);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.check = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.holdEnd = undefined;
  }

  /** Adds to the shelf what it lacks. */
  keep() {
    if (!this.closed) void this.shelf.keep(this.replica);
  }

  /**
   * Reads what is kept, and enters the room.
   * @param {Uint8Array} [left] the text as it was left in this tab, if it may not be kept
   */
  async open(left) {
    if (left) this.takeInKept([left]);
    const [, authors] = await Promise.all([
      this.shelf.read((kept) => this.takeInKept(kept)),
      this.shelf.authors(),
    ]);
    if (this.closed) return;
    for (const { replica, name, tone } of authors) this.authors.set(replica, { name, tone });
    if (left) this.keep();
    if (this.online) this.enter();
  }

  // Editing.

  /**
   * Carries out edits that were made at once: one step of undo. Each index is that of the text after
   * the edits before it. Throws, with nothing done, where the first one is not possible.
   * @param {{ at: number, deleted: number, text: string }[]} edits
   * @param {boolean} [typed] whether they may go on with what was typed last
   */
  edit(edits, typed = true) {
    const now = performance.now();
    // What is composed is one step, however long it takes and however often it becomes something else.
    const within = this.held !== null && this.composed;
    this.composed = this.held !== null;
    const goesOn = within || (typed && now - this.typedAt < STEP_MS);
    if (!goesOn) this.replica.sealStep();
    this.typedAt = typed ? now : 0;
    this.guard(() => {
      edits.forEach(({ at, deleted, text }, k) => {
        if (k > 0 || within || (goesOn && edits.length > 1)) this.replica.joinStep();
        // A string crosses the border letter by letter: a long one goes as bytes.
        if (text.length > LONG) this.replica.replaceWithUtf8(at, deleted, encoder.encode(text));
        else this.replica.replace(at, deleted, text);
      });
    });
    this.spread();
  }

  /** @param {"undo" | "redo"} which @returns {TextPatch[]} */
  goBack(which) {
    const patches = this.guard(() => (which === "undo" ? this.replica.undo() : this.replica.redo()));
    this.spread();
    return patches;
  }

  /** Sends our own changes to the others and to the shelf. */
  spread() {
    const changes = this.guard(() => this.replica.takeChanges());
    if (changes.length === 0) return;
    this.sign();
    this.keep();
    this.room.share(changes);
    this.hooks.onStatus();
  }

  /** Writes down who this replica is, once it has written something. */
  sign() {
    if (this.signed) return;
    this.signed = true;
    this.authors.set(this.name, this.person);
    void this.shelf.keepAuthor({ replica: this.name, ...this.person });
  }

  // What others did.

  /**
   * While letters are being composed, what others did waits: a change next to them would break the
   * composition off. The replica waits along with the editor, so that the two stay one.
   */
  hold() {
    this.held ??= [];
    clearTimeout(this.holdEnd);
    this.holdEnd = setTimeout(() => this.release(), COMPOSING_MOST_MS);
  }

  release() {
    clearTimeout(this.holdEnd);
    const waiting = this.held ?? [];
    this.held = null;
    this.composed = false;
    if (this.closed) return;
    for (const changes of waiting) {
      try {
        this.takeIn(changes);
      } catch {
        this.room.counts.garbage++;
      }
    }
  }

  /** @param {Uint8Array} changes */
  takeIn(changes) {
    if (this.held) {
      this.held.push(changes);
      return;
    }
    const patches = this.guard(() => this.replica.apply(changes));
    if (patches.length > 0) this.hooks.onPatches(patches);
    this.check ??= setTimeout(() => {
      this.check = undefined;
      this.keep();
    }, CHECK_MS);
  }

  /** @param {Uint8Array[]} kept what was on the shelf: damaged pieces are passed over */
  takeInKept(kept) {
    for (const bytes of kept) {
      try {
        this.takeIn(bytes);
      } catch {
        this.damaged++;
      }
    }
  }

  /** @param {string} replica @returns {Person} */
  author(replica) {
    if (replica === this.name) return this.person;
    return this.room.peers.get(replica)?.person ?? this.authors.get(replica) ?? personOf(replica);
  }

  // Being there.

  onRoom() {
    // Somebody is called like us already, as after a tab was duplicated: the newcomer gives way.
    const others = [...this.room.peers.values()].map((peer) => peer.person);
    // What they wrote keeps their names when they have left.
    for (const [name, { person }] of this.room.peers) this.authors.set(name, person);
    const free = freePerson(this.person, others);
    const differs = free.name !== this.person.name || free.tone !== this.person.tone;
    if (differs && this.picks < PICKS_MOST && performance.now() - this.openedAt < SETTLE_MS) {
      this.picks++;
      this.be(free);
    }
    this.hooks.onStatus();
  }

  enter() {
    if (this.closed) return;
    try {
      this.wire = new HostileWire(openWire(this.doc));
      this.wire.hostile = this.hostile;
      this.room.enter(this.wire);
      this.channelWorks = true;
    } catch {
      this.channelWorks = false;
    }
    this.hooks.onStatus();
  }

  leave() {
    this.room.leave();
    this.wire = null;
  }

  /** @param {boolean} online */
  setOnline(online) {
    if (online === this.online) return;
    this.online = online;
    const known = readVersion(this.replica.version()).get(this.name) ?? 0;
    this.away = online ? null : new Map([[this.name, known]]);
    if (this.remembered) rememberOffline(this.doc, this.away);
    if (online) this.enter();
    else this.leave();
    this.hooks.onStatus();
  }

  /** @param {boolean} hostile */
  setHostile(hostile) {
    this.hostile = hostile;
    if (this.wire) this.wire.hostile = hostile;
    this.hooks.onStatus();
  }

  /** @param {string} name */
  rename(name) {
    this.be({ ...this.person, name: cleanName(name) || this.person.name });
    this.hooks.onStatus();
  }

  /** @param {Person} person */
  be(person) {
    this.person = person;
    if (this.remembered) rememberPerson(person);
    this.room.rename(person);
    if (this.signed) {
      this.signed = false;
      this.sign();
    }
  }

  /** How many operations were made here since the switch was put to offline. */
  get waiting() {
    if (!this.away) return 0;
    const made = readVersion(this.replica.version());
    return [...this.away].reduce((sum, [name, known]) => sum + (made.get(name) ?? 0) - known, 0);
  }

  /**
   * For who leaves the text. Tells whether it is all kept on this device, once that is so or cannot be.
   * @param {boolean} [keep] whether it is to be kept
   */
  async close(keep = true) {
    this.closed = true;
    clearInterval(this.retry);
    clearTimeout(this.check);
    clearTimeout(this.holdEnd);
    this.leave();
    const kept = !keep || (await this.shelf.finish(this.replica));
    await this.shelf.close();
    this.replica.free();
    return kept;
  }

  /**
   * @template T
   * @param {() => T} run
   * @returns {T}
   */
  guard(run) {
    try {
      return run();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.hooks.onFailure(error);
      throw error;
    }
  }
}
