// Names and colours by which people tell tabs apart.

const NAMES = [
  "Ada", "Barbara", "Edsger", "Nancy", "Leslie", "Radia", "Tony", "Grace", "Niklaus", "Frances",
  "Robin", "Shafi", "Donald", "Lynn", "Alan", "Jean", "Butler", "Karen", "Jim", "Margaret", "Ken",
  "Hedy", "Dennis", "Annie",
]; // prettier-ignore

const TONES = 6;
const KEY = "synod-person";

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
 * Who this tab is: what it was before a reload. The replica's own name is never stored.
 * @param {string} replica
 * @returns {import("./message.js").Person}
 */
export function rememberedPerson(replica) {
  try {
    const { name, tone } = JSON.parse(sessionStorage.getItem(KEY) ?? "");
    if (typeof name === "string" && name && Number.isInteger(tone)) return { name, tone };
  } catch {
    // Nothing stored, or nothing can be.
  }
  return personOf(replica);
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

/**
 * Names in a row: "Ada", "Ada and Tony", "Ada, Tony and 2 more".
 * @param {string[]} names
 */
export function listWords(names) {
  if (names.length <= 1) return names.join("");
  if (names.length === 2) return names.join(" and ");
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} more`;
}
