// What tabs say to each other about a text. A message is a plain object; what is none of ours, or is
// of another version, is told apart before anything is done with it.

import { cleanName, cleanTone } from "./people.js";

/** The version of the messages. Tabs that run another one are noticed, and left alone. */
export const PROTOCOL = 1;
const MARK = "synod-text";
const NAME_MOST = 200;
const CURSORS_MOST = 100;

/**
 * Who a tab is to the others: the replica's name is fresh for each load of the page, the person's
 * name and tone are for people to tell them apart.
 * @typedef {{ name: string, tone: number }} Person
 */

/**
 * Where a person's cursors are: pairs of anchors, as the replica makes them.
 * @typedef {{ anchor: Uint8Array, head: Uint8Array }[]} Cursors
 */

/**
 * - `hello`: I know this much; tell me who you are, and what I lack
 * - `here`: I am still there, and know this much
 * - `ping`: are you still there?
 * - `changes`: what I just typed
 * - `missing`: what `to` lacks, up to `version`; good for whoever else lacks it
 * - `cursors`: where my cursors are
 * - `bye`: I am leaving
 * @typedef {object} Message
 * @property {"hello" | "here" | "ping" | "changes" | "missing" | "cursors" | "bye"} kind
 * @property {string} from the replica that sends it
 * @property {string} [to]
 * @property {Uint8Array} [version]
 * @property {Uint8Array} [changes]
 * @property {Person} [person]
 * @property {Cursors} [cursors]
 */

/** @type {Record<Message["kind"], (keyof Message)[]>} what each kind cannot do without */
const NEEDS = {
  hello: ["version", "person", "cursors"],
  here: ["version", "person", "cursors"],
  ping: ["to"],
  changes: ["changes"],
  missing: ["to", "changes", "version"],
  cursors: ["cursors"],
  bye: [],
};

/** @param {Message} message */
export function packMessage(message) {
  return { mark: MARK, protocol: PROTOCOL, ...message };
}

/**
 * Reads what came over the channel.
 * @param {any} data
 * @returns {Message | "foreign" | "garbage"} `foreign`: a Synod that speaks another version
 */
export function readMessage(data) {
  if (typeof data !== "object" || data === null || data.mark !== MARK) return "garbage";
  if (data.protocol !== PROTOCOL) return Number.isInteger(data.protocol) ? "foreign" : "garbage";
  const needs = Object.hasOwn(NEEDS, data.kind) ? NEEDS[/** @type {Message["kind"]} */ (data.kind)] : null;
  if (!needs || !isReplicaName(data.from)) return "garbage";
  if (!needs.every((part) => data[part] !== undefined)) return "garbage";
  // What a kind can do without must be sound as well, where it is there.
  const sound = (/** @type {[string, (value: any) => boolean]} */ [part, check]) =>
    data[part] === undefined || check(data[part]);
  if (!Object.entries(CHECKS).every(sound)) return "garbage";
  const { person } = data;
  return person
    ? { ...data, person: { name: cleanName(person.name) || "Somebody", tone: cleanTone(person.tone) } }
    : data;
}

/** @type {Partial<Record<keyof Message, (value: any) => boolean>>} */
const CHECKS = {
  to: isReplicaName,
  version: isBytes,
  changes: isBytes,
  person: (value) =>
    typeof value?.name === "string" && value.name.length <= NAME_MOST && Number.isSafeInteger(value.tone),
  cursors: (value) =>
    Array.isArray(value) &&
    value.length <= CURSORS_MOST &&
    value.every((cursor) => isBytes(cursor?.anchor) && isBytes(cursor?.head)),
};

/** @param {any} value */
function isBytes(value) {
  return value instanceof Uint8Array;
}

/** @param {any} value */
function isReplicaName(value) {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}
