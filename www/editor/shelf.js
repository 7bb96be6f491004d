// Keeps texts on this device: each tab writes down its own changes as they are made, and who opens
// the text again reads all of them. Many small pieces are put together into one now and then, in
// one transaction, so that no other tab's piece can get lost on the way.

import { openDB } from "idb";

const NAME = "synod-text";
/** Pieces above this number are put together. */
const PIECES_MOST = 400;

/**
 * @typedef {object} DocEntry
 * @property {string} doc
 * @property {Uint8Array} bytes the whole document
 * @property {number} saved when, in milliseconds since 1970
 */

/** @typedef {{ replica: string, name: string, tone: number }} Author */

/** @returns {Promise<import("idb").IDBPDatabase<any>>} */
function openDatabase() {
  return openDB(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("documents", { keyPath: "doc" });
      db.createObjectStore("pieces", { autoIncrement: true }).createIndex("doc", "doc");
      db.createObjectStore("authors", { keyPath: "replica" });
    },
    // A newer page wants to change the database: let it.
    blocking(_from, _to, event) {
      /** @type {IDBDatabase} */ (event.target).close();
    },
  });
}

/** What became of the last attempt to keep something: `failed` says why in plain words. */
/** @typedef {{ state: "kept" | "keeping" | "failed", why: string }} Keeping */

export class Shelf {
  /**
   * @param {string} doc
   * @param {(keeping: Keeping) => void} onKeeping
   */
  constructor(doc, onKeeping) {
    this.doc = doc;
    this.onKeeping = onKeeping;
    /** @type {Promise<import("idb").IDBPDatabase<any>> | null} */
    this.database = null;
    /** @type {Uint8Array[]} what is not written yet */
    this.pending = [];
    this.writing = false;
    /** How many pieces this tab knows to be on the shelf. */
    this.pieces = 0;
  }

  get db() {
    this.database ??= openDatabase();
    return this.database;
  }

  /**
   * Everything that is kept of the text, as changes that a replica can apply.
   * @returns {Promise<Uint8Array[]>}
   */
  async read() {
    try {
      const tx = (await this.db).transaction(["documents", "pieces"]);
      const [whole, pieces] = await Promise.all([
        tx.objectStore("documents").get(this.doc),
        tx.objectStore("pieces").index("doc").getAll(this.doc),
      ]);
      this.pieces = pieces.length;
      this.onKeeping({ state: "kept", why: "" });
      return [whole, ...pieces].filter(Boolean).map(({ bytes }) => bytes);
    } catch (error) {
      this.fail(error);
      return [];
    }
  }

  /** @param {Uint8Array} changes our own, to be written down now */
  keep(changes) {
    if (changes.length === 0) return;
    this.pending.push(changes);
    void this.write();
  }

  async write() {
    if (this.writing) return;
    this.writing = true;
    this.onKeeping({ state: "keeping", why: "" });
    try {
      while (this.pending.length > 0) {
        const batch = this.pending.slice();
        const tx = (await this.db).transaction("pieces", "readwrite");
        for (const bytes of batch) void tx.store.add({ doc: this.doc, bytes });
        await tx.done;
        this.pending.splice(0, batch.length);
        this.pieces += batch.length;
      }
      this.onKeeping({ state: "kept", why: "" });
    } catch (error) {
      // The batch stays pending: the next edit, or the next try, takes it along.
      this.fail(error);
    } finally {
      this.writing = false;
    }
  }

  /** Whether something waits that could not be written. */
  get waits() {
    return this.pending.length > 0;
  }

  get full() {
    return this.pieces > PIECES_MOST;
  }

  /**
   * Puts the pieces together.
   * @param {(pieces: Uint8Array[]) => Uint8Array | null} join takes in what others wrote, and gives
   *   the whole document; null leaves the shelf as it is
   */
  async tidy(join) {
    try {
      const tx = (await this.db).transaction(["documents", "pieces"], "readwrite");
      const pieces = tx.objectStore("pieces");
      const [whole, keys, found] = await Promise.all([
        tx.objectStore("documents").get(this.doc),
        pieces.index("doc").getAllKeys(this.doc),
        pieces.index("doc").getAll(this.doc),
      ]);
      const bytes = join([whole, ...found].filter(Boolean).map((each) => each.bytes));
      if (bytes) {
        void tx.objectStore("documents").put({ doc: this.doc, bytes, saved: Date.now() });
        for (const key of keys) void pieces.delete(key);
      }
      await tx.done;
      if (bytes) this.pieces = 0;
    } catch (error) {
      this.fail(error);
    }
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
      return await (await this.db).getAll("authors");
    } catch {
      return [];
    }
  }

  /** @returns {Promise<string[]>} the names of all texts on the shelf */
  async documents() {
    try {
      const tx = (await this.db).transaction(["documents", "pieces"]);
      const names = new Set(/** @type {string[]} */ (await tx.objectStore("documents").getAllKeys()));
      let cursor = await tx.objectStore("pieces").index("doc").openKeyCursor(null, "nextunique");
      while (cursor) {
        names.add(String(cursor.key));
        cursor = await cursor.continue();
      }
      return [...names].sort();
    } catch {
      return [];
    }
  }

  /** @param {any} error */
  fail(error) {
    this.onKeeping({ state: "failed", why: failureWords(error) });
  }

  async close() {
    try {
      if (this.database) (await this.database).close();
    } catch {
      // It was never open.
    }
    this.database = null;
  }
}

/** @param {any} error */
function failureWords(error) {
  if (error?.name === "QuotaExceededError") return "this browser's storage is full";
  if (error?.name === "SecurityError" || typeof indexedDB === "undefined")
    return "this browser does not let the page store anything";
  return "this browser's storage does not answer";
}
