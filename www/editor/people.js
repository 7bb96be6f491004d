// Names and colours by which people tell tabs apart.

const NAMES = [
  "Ada", "Barbara", "Edsger", "Nancy", "Leslie", "Radia", "Tony", "Grace", "Niklaus", "Frances",
  "Robin", "Shafi", "Donald", "Lynn", "Alan", "Jean", "Butler", "Karen", "Jim", "Margaret", "Ken",
  "Hedy", "Dennis", "Annie",
]; // prettier-ignore

const TONES = 6;
const KEY = "synod-person";

/** Characters of a name, at most. */
const NAME_MOST = 24;

/**
 * A name as it can be shown in a line among others: short, and without characters that steer.
 * @param {string} name
 */
export function cleanName(name) {
  const plain = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "").trim();
  return [...plain].slice(0, NAME_MOST).join("");
}

/**
 * A tone of the palette.
 * @param {number} tone
 */
export function cleanTone(tone) {
  return ((((tone - 1) % TONES) + TONES) % TONES) + 1;
}

/**
 * A name and a tone for a replica, the same whenever it is asked for.
 * @param {string} replica
 * @returns {import("./message.js").Person}
 */
export function personOf(replica) {
  const number = Number.parseInt(replica.slice(-8), 16);
  return { name: NAMES[number % NAMES.length], tone: (Math.floor(number / NAMES.length) % TONES) + 1 };
}

/**
 * Somebody whom nobody here can be taken for, as far as names and tones suffice.
 * @param {import("./message.js").Person} wish
 * @param {import("./message.js").Person[]} others
 * @returns {import("./message.js").Person}
 */
export function freePerson(wish, others) {
  const tones = Array.from({ length: TONES }, (_, k) => k + 1);
  return {
    name: free(
      wish.name,
      NAMES,
      others.map(({ name }) => name),
    ),
    tone: free(
      wish.tone,
      tones,
      others.map(({ tone }) => tone),
    ),
  };
}

/**
 * One of `all` that is not taken; by chance, so that two who choose at once soon differ.
 * @template T
 * @param {T} wish
 * @param {T[]} all
 * @param {T[]} taken
 */
function free(wish, all, taken) {
  if (!taken.includes(wish)) return wish;
  const left = all.filter((each) => !taken.includes(each));
  return left[Math.floor(Math.random() * left.length)] ?? wish;
}

/**
 * Who this tab was before it was loaded anew. The replica's own name is never stored.
 * @returns {import("./message.js").Person | null}
 */
export function rememberedPerson() {
  try {
    const { name, tone } = JSON.parse(sessionStorage.getItem(KEY) ?? "");
    if (typeof name === "string" && name && Number.isInteger(tone)) return { name, tone };
  } catch {
    // Nothing stored, or nothing can be.
  }
  return null;
}

/** @param {import("./message.js").Person} person */
export function rememberPerson(person) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(person));
  } catch {
    // The name lasts as long as the page then.
  }
}

/** A name for a replica: fresh, random, and kept in memory only. */
export function freshReplicaName() {
  const digits = [...crypto.getRandomValues(new Uint8Array(8))];
  return digits.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const OFFLINE = "synod-offline/";

/**
 * Whether this tab was offline before it was loaded anew: then which replicas wrote in it since, and
 * how many operations of each had been told to others before.
 * @param {string} doc
 * @returns {Map<string, number> | null}
 */
export function rememberedOffline(doc) {
  try {
    const away = sessionStorage.getItem(OFFLINE + doc);
    return away === null ? null : new Map(Object.entries(JSON.parse(away)));
  } catch {
    return null;
  }
}

/**
 * @param {string} doc
 * @param {Map<string, number> | null} away nothing when it is online
 */
export function rememberOffline(doc, away) {
  try {
    if (away) sessionStorage.setItem(OFFLINE + doc, JSON.stringify(Object.fromEntries(away)));
    else sessionStorage.removeItem(OFFLINE + doc);
  } catch {
    // It is online again after a reload then.
  }
}
