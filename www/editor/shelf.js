// Keeps texts on this device. The shelf holds, of each text, a whole document, pieces that were added
// since, and how many operations of each replica these cover. A tab adds what the shelf lacks of what
// it knows: its own changes as they are made, and what others made if they could not. When there are
// many pieces they are put together in one transaction, so that no other tab's piece gets lost.

import { openDB } from "idb";
import { readVersion, writeVersion } from "./version.js";

const NAME = "synod-text";
/** Pieces above this number are put together. */
const PIECES_MOST = 400;
/** Storage that has not answered by then is taken not to answer. */
const PATIENCE_MS = 3000;
const STORES = ["documents", "pieces", "covered"];

/** @typedef {import("idb").IDBPDatabase<any>} Database */
/** @typedef {{ replica: string, name: string, tone: number }} Author */

/**
 * What the shelf needs of a text.
 * @typedef {object} Text
 * @property {number} heldBack
 * @property {() => Uint8Array} version
 * @property {(version: Uint8Array) => number} ahead operations known here and not in `version`
 * @property {(version: Uint8Array) => Uint8Array} changesSince
 * @property {() => Uint8Array} encode
 */

/**
 * Whether the text is on the shelf: `failed` says why not, in plain words.
 * @typedef {{ state: "kept" | "keeping" | "failed", why: string }} Keeping
 */

/**
 * @param {() => void} onLost
 * @returns {Promise<Database>}
 */
function openDatabase(onLost) {
  return openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("documents", { keyPath: "doc" });
      db.createObjectStore("pieces", { autoIncrement: true }).createIndex("doc", "doc");
      db.createObjectStore("covered", { keyPath: ["doc", "replica"] }).createIndex("doc", "doc");
      db.createObjectStore("authors", { keyPath: "replica" });
    },
    // A newer page wants to change the database: let it.
    blocking(_from, _to, event) {
      /** @type {IDBDatabase} */ (event.target).close();
      onLost();
    },
    terminated: onLost,
  });
}

export class Shelf {
  /**
   * @param {string} doc
   * @param {(keeping: Keeping) => void} onKeeping
   */
  constructor(doc, onKeeping) {
    this.doc = doc;
    this.onKeeping = onKeeping;
    /** @type {Promise<Database> | null} */
    this.database = null;
    /** The writing that goes on. @type {Promise<void> | null} */
    this.work = null;
    /** Takes in what is kept. @type {(changes: Uint8Array[]) => void} */
    this.take = () => {};
    /** Whether all that was kept has been read: before that nothing can be said to be kept. */
    this.wasRead = false;
    /** Whether something may have changed since the last writing began. */
    this.wanted = false;
    /** How many pieces were on the shelf when it was last looked at. */
    this.pieces = 0;
    this.failing = false;
    this.closed = false;
    /** Whether nobody wants to hear of it any more. */
    this.leaving = false;
  }

  /** @returns {Promise<Database>} */
  get db() {
    const forget = () => (this.database = null);
    this.database ??= openDatabase(forget);
    return this.database;
  }

  /**
   * Reads everything that is kept of the text. Storage that is slow is not waited for: what it has
   * kept is taken in when it comes.
   * @param {(changes: Uint8Array[]) => void} take
   */
  async read(take) {
    this.take = take;
    const reading = this.readIn();
    try {
      await inTime(() => reading);
    } catch (error) {
      this.fail(error);
      reading.catch(() => {}); // It has been said.
    }
  }

  async readIn() {
    const tx = (await this.db).transaction(STORES);
    const [whole, pieces] = await Promise.all([
      tx.objectStore("documents").get(this.doc),
      tx.objectStore("pieces").index("doc").getAll(this.doc),
    ]);
    if (this.closed) return;
    this.pieces = pieces.length;
    this.wasRead = true;
    this.failing = false;
    this.say("kept");
    this.take([whole, ...pieces].filter(Boolean).map(({ bytes }) => bytes));
  }

  /** @param {Text} text adds what the shelf lacks of it, now or as soon as the last writing is done */
  keep(text) {
    this.wanted = true;
    this.work ??= this.write(text).finally(() => (this.work = null));
    return this.work;
  }

  /** @param {Text} text */
  async write(text) {
    if (!this.failing) this.say("keeping");
    try {
      while (this.wanted) {
        this.wanted = false;
        if (!this.wasRead) await inTime(() => this.readIn());
        await inTime(() => this.add(text));
        if (this.pieces > PIECES_MOST) await inTime(() => this.tidy(text));
      }
      this.failing = false;
      this.say("kept");
    } catch (error) {
      // What the shelf lacks is found again at the next try.
      this.fail(error);
    }
  }

  /**
   * Keeps what is not kept yet, then leaves the storage. True if all of the text is kept.
   * @param {Text} text
   */
  async finish(text) {
    this.leaving = true;
    await this.keep(text);
    const { failing } = this;
    await this.close();
    return !failing;
  }

  /** @param {Text} text */
  async add(text) {
    const tx = (await this.db).transaction(STORES, "readwrite");
    const [covered, pieces] = await Promise.all([
      tx.objectStore("covered").index("doc").getAll(this.doc),
      tx.objectStore("pieces").index("doc").count(this.doc),
    ]);
    const known = new Map(covered.map(({ replica, count }) => [replica, count]));
    this.pieces = pieces;
    if (this.closed) return;
    /** @type {Promise<any>[]} */
    const writes = [];
    if (text.ahead(writeVersion(known)) > 0) {
      const bytes = text.changesSince(writeVersion(known));
      writes.push(tx.objectStore("pieces").add({ doc: this.doc, bytes }), ...this.cover(tx, text, known));
      this.pieces++;
    }
    await Promise.all([...writes, tx.done]);
  }

  /**
   * Notes that all that the text knows is on the shelf.
   * @param {any} tx
   * @param {Text} text
   * @param {Map<string, number>} before
   * @returns {Promise<any>[]}
   */
  cover(tx, text, before) {
    return [...readVersion(text.version())]
      .filter(([replica, count]) => count > (before.get(replica) ?? 0))
      .map(([replica, count]) => tx.objectStore("covered").put({ doc: this.doc, replica, count }));
  }

  /** @param {Text} text puts all pieces together, which the text must have taken in */
  async tidy(text) {
    const tx = (await this.db).transaction(STORES, "readwrite");
    const [keys, covered] = await Promise.all([
      tx.objectStore("pieces").index("doc").getAllKeys(this.doc),
      tx.objectStore("covered").index("doc").getAll(this.doc),
    ]);
    const known = new Map(covered.map(({ replica, count }) => [replica, count]));
    const mine = this.closed ? new Map() : readVersion(text.version());
    // What another tab has put there and this one has not heard of yet must stay in its piece; and
    // what waits for something that is not here is in no document.
    const all = [...known].every(([replica, count]) => (mine.get(replica) ?? 0) >= count);
    /** @type {Promise<any>[]} */
    const writes = [];
    if (!this.closed && all && text.heldBack === 0) {
      writes.push(
        tx.objectStore("documents").put({ doc: this.doc, bytes: text.encode(), saved: Date.now() }),
        ...keys.map((key) => tx.objectStore("pieces").delete(key)),
        ...this.cover(tx, text, known),
      );
      this.pieces = 0;
    }
    await Promise.all([...writes, tx.done]);
  }

  /** @param {Author} author whose replica has written something: its name is shown in the history */
  async keepAuthor(author) {
    try {
      await (await this.db).put("authors", author);
    } catch {
      // A text without names of its authors is still whole.
    }
  }

  /** @returns {Promise<Author[]>} */
  async authors() {
    try {
      return await inTime(async () => (await this.db).getAll("authors"));
    } catch {
      return [];
    }
  }

  /** @returns {Promise<string[]>} the names of all texts on the shelf */
  async documents() {
    try {
      return await inTime(async () => {
        const tx = (await this.db).transaction(STORES);
        const names = new Set(/** @type {string[]} */ (await tx.objectStore("documents").getAllKeys()));
        let cursor = await tx.objectStore("pieces").index("doc").openKeyCursor(null, "nextunique");
        while (cursor) {
          names.add(String(cursor.key));
          cursor = await cursor.continue();
        }
        return [...names].sort();
      });
    } catch {
      return [];
    }
  }

  /** Takes the text off the shelf. */
  async forget() {
    const tx = (await this.db).transaction(STORES, "readwrite");
    const writes = [tx.objectStore("documents").delete(this.doc)];
    for (const store of ["pieces", "covered"])
      for (const key of await tx.objectStore(store).index("doc").getAllKeys(this.doc))
        writes.push(tx.objectStore(store).delete(key));
    await Promise.all([...writes, tx.done]);
  }

  /** @param {"kept" | "keeping"} state */
  say(state) {
    if (!this.leaving) this.onKeeping({ state, why: "" });
  }

  /** @param {any} error */
  fail(error) {
    this.failing = true;
    this.database = null; // It may be gone: open it anew at the next try.
    if (!this.leaving) this.onKeeping({ state: "failed", why: failureWords(error) });
  }

  async close() {
    this.closed = this.leaving = true;
    const { database } = this;
    this.database = null;
    try {
      (await database)?.close();
    } catch {
      // It was never open.
    }
  }
}

/**
 * @template T
 * @param {() => Promise<T>} run
 * @returns {Promise<T>}
 */
async function inTime(run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new DOMException("too late", "TimeoutError")), PATIENCE_MS);
  });
  try {
    return await Promise.race([run(), /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {any} error */
function failureWords(error) {
  if (error?.name === "QuotaExceededError") return "this browser's storage is full";
  if (error?.name === "SecurityError" || typeof indexedDB === "undefined")
    return "this browser does not let the page store anything";
  return "this browser's storage does not answer";
}
