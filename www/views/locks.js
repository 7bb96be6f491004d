// The lock manager as the page sees it: Raft's nodes and messages, with a table of locks on top.

import { counted } from "../lib/format.js";
import { drawLocks } from "./locks-diagram.js";
import { locksHeadline } from "./locks-headline.js";
import { locksOptionGroups, locksOptions } from "./locks-options.js";
import { raft } from "./raft.js";

/** @typedef {import("../types.js").NodeDetail} NodeDetail */

/** @type {import("../types.js").View} */
export const locks = {
  ...raft,
  protocol: "locks",
  title: "Lock manager",
  headline: locksHeadline,
  explain,
  facts,
  notes: [
    [
      "Locks",
      [
        "Acquire and share wait in the lock's queue, first come, first served. Try does not wait. A click on a client, in a queue or on the stage, pauses it or sets its clock.",
        "Each grant has a fencing token, greater than every one before. A guarded resource has a lock's name; a write names the token under which it is made.",
        "The full bar is the lease as the leader counts it, the hollow one as its client does: from when it asked. Where they part, a line with ≠ says how.",
      ],
    ],
  ],
  heartbeats: "AppendEntries without entries and their answers",
  diagramTitle: "Locks",
  diagram: drawLocks,
  options: locksOptions,
  optionGroups: locksOptionGroups,
  asks,
  caution,
  marks: { leadership: "an election is won", decision: "a lock is granted, or an entry is committed" },
};

const name = { name: "lock", label: "Lock", hint: "lock a" };
const client = {
  name: "client",
  label: "Client that asks; empty for one that is free",
  hint: "client",
};
const token = { name: "token", label: "Fencing token", hint: "token", number: true };
const wait = {
  name: "timeout",
  label: "Longest wait in milliseconds; empty to wait without end",
  hint: "wait ms",
  number: true,
};
const lease = {
  name: "ttl",
  label: "Time to live of the session in milliseconds; empty for the option's",
  hint: "lease ms",
  number: true,
};
const value = { name: "value", label: "Value", hint: "value", number: true };

/** @typedef {Record<string, string>} Typed */

/** @param {Typed} of */
const named = (of) => of.lock?.trim() || "a";

/**
 * The name of a lock, and the terms on which it is asked for where they are not the usual ones.
 * @param {Typed} of
 * @param {boolean} [shared]
 */
function terms(of, shared = false) {
  const given = {
    ...(shared ? { mode: "shared" } : {}),
    ...(of.timeout ? { timeout_ms: Number(of.timeout) } : {}),
    ...(of.ttl ? { ttl_ms: Number(of.ttl) } : {}),
  };
  return Object.keys(given).length > 0 ? [named(of), given] : [named(of)];
}

/** What clients can ask for. @returns {import("../types.js").RequestKind[]} */
export function asks() {
  return [
    { verb: "acquire", fields: [client, name, wait, lease], op: (of) => ({ acquire: terms(of) }) },
    { verb: "share", fields: [client, name, wait, lease], op: (of) => ({ acquire: terms(of, true) }) },
    { verb: "try", fields: [client, name, lease], op: (of) => ({ try_acquire: terms(of) }) },
    { verb: "try to share", fields: [client, name, lease], op: (of) => ({ try_acquire: terms(of, true) }) },
    {
      verb: "release",
      fields: [client, name, { ...token, hint: "any token" }],
      op: (of) => ({ release: of.token ? [named(of), Number(of.token)] : [named(of)] }),
    },
    { verb: "renew", fields: [client], op: () => "renew" },
    {
      verb: "write",
      fields: [client, name, token, value],
      op: (of) => ({ write: [named(of), Number(of.token || 1), Number(of.value || 1)] }),
    },
    { verb: "read", fields: [client, name], op: (of) => ({ read: named(of) }) },
    { verb: "inspect", fields: [client, name], op: (of) => ({ inspect: named(of) }) },
  ];
}

/**
 * A session that ends before its client, which waits, is heard of again.
 * @param {any} op
 * @param {{ options?: any, clients?: any }} scenario
 */
export function caution({ acquire }, { options, clients }) {
  if (!acquire) return "";
  const { timeout_ms: wait = Infinity, ttl_ms: lease = options?.machine?.ttl_ms ?? 1000 } = acquire[1] ?? {};
  const again = clients?.timeout_ms ?? 500;
  if (lease === 0 || lease > again || wait <= lease) return "";
  return `A client that waits is heard of every ${again} ms, when it asks again. With a lease of ${lease} ms its session, and its place in the queue, end before that.`;
}

/**
 * @param {NodeDetail} detail
 * @param {number} [now]
 * @returns {string[]}
 */
function explain(detail, now) {
  const lines = raft.explain(detail, now);
  const { view, status } = detail;
  if (status === "crashed") return lines;
  const { lock_count: held, locks, sessions } = view.machine;
  const waiting = locks.reduce((/** @type {number} */ sum, /** @type {any} */ lock) => sum + lock.waiting, 0);
  if (sessions.length === 0) return lines;
  lines.push(
    `In its copy of the table ${counted(held, "lock")} ${held === 1 ? "is" : "are"} held and ${waiting} ${waiting === 1 ? "client waits" : "clients wait"}.`,
  );
  if (view.role === "leader")
    lines.push(
      "It alone looks at the clock: when a lease is over, it puts that into the log, and every copy ends it there.",
    );
  return lines;
}

/**
 * @param {NodeDetail} detail
 * @returns {[string, string][]}
 */
function facts(detail) {
  const { machine } = detail.view;
  const rows = raft
    .facts({ ...detail, view: { ...detail.view, machine: {} } })
    .filter(([is]) => is !== "Values");
  const shown = machine.locks.slice(0, 8).map((/** @type {any} */ lock) => {
    const holders = lock.holders.slice(0, 4).map((/** @type {any} */ each) => `${each.client}`);
    const more = lock.holders.length > 4 ? ` and ${lock.holders.length - 4} more` : "";
    return `${lock.name}: client ${holders.join(", ")}${more}${lock.waiting ? `, ${lock.waiting} waiting` : ""}`;
  });
  rows.push(["Locks", shown.join("; ") || "none held"]);
  if (machine.lock_count > 8) rows.push(["More locks", String(machine.lock_count - 8)]);
  rows.push(["Newest token", machine.token === 0 ? "none yet" : String(machine.token)]);
  const open = machine.sessions.filter((/** @type {any} */ each) => !each.expired).length;
  rows.push(["Sessions", machine.sessions.length >= 256 ? "256 or more" : String(open)]);
  return rows;
}
