// What has just happened to locks, in one sentence, and what to watch for, in another. Where an election
// or a fault is the news, Raft's words stand.

import { capital, counted, listed } from "../lib/format.js";
import { lockFact } from "./locks-story.js";
import { raftHeadline } from "./raft-headline.js";

/** @typedef {import("../types.js").StageState} StageState */
/** @typedef {import("./raft-headline.js").Told} Told */

/** How long each fact is the headline, in virtual milliseconds; rarer ones longer. */
const FRESH_MS = /** @type {Record<string, number>} */ ({
  deadlock: 260,
  write_refused: 260,
  expired: 200,
  granted: 90,
  written: 80,
  queued: 60,
  released: 60,
  reentered: 80,
  wait_ended: 80,
});
/** Which of several facts is told: the first of these that is fresh. */
const ORDER = [
  ["deadlock", "write_refused"],
  ["expired"],
  ["granted", "written", "reentered", "wait_ended", "queued", "released"],
];

/**
 * @param {StageState} state
 * @returns {Told}
 */
export function locksHeadline(state) {
  const beneath = raftHeadline(state);
  const leaders = state.nodes.filter((node) => node.status === "up" && node.role === "leader");
  if (leaders.length !== 1 || !beneath.calm) return beneath;
  const table = state.detail(leaders[0].id)?.view.machine;
  if (!table) return beneath;
  const facts = state.recent.flatMap((event) => {
    const told = lockFact(event);
    const fresh =
      told && state.now - event.at_ms < (FRESH_MS[told.name] ?? 0) && event.node === leaders[0].id;
    return fresh ? [told] : [];
  });
  for (const names of ORDER) {
    const told = facts.findLast(({ name }) => names.includes(name));
    if (told) return tell(told.name, told.fact, table, state.options?.mutant ?? "");
  }
  return standing(table, beneath, state.still ?? new Set());
}

/**
 * @param {string} name
 * @param {any} fact
 * @param {any} table
 * @param {string} mutant the rule that is left out, if one is
 * @returns {Told}
 */
function tell(name, fact, table, mutant) {
  const { lock, client } = fact;
  const who = `client ${client}`;
  switch (name) {
    case "granted": {
      const how = fact.mode === "shared" ? " to share" : "";
      const behind = behindWords(lock, table);
      return {
        headline: `Lock ${lock} is granted to ${who}${how}`,
        watch: `Its fencing token is ${fact.token}${mutant === "forgets_tokens" ? "; whether it is greater than all before, nobody remembers" : ", greater than every one before"}. ${behind}`,
      };
    }
    case "queued":
      return { headline: `${capital(who)} waits for lock ${lock}`, watch: waitingWords(fact, table) };
    case "reentered":
      return {
        headline: `${capital(who)} holds lock ${lock} ${fact.count} times now`,
        watch:
          "It had it already, so it need not wait. Others get the lock when it has given it back as often.",
      };
    case "released":
      return released(fact, table);
    case "wait_ended":
      return { headline: `${capital(who)} waits for lock ${lock} no more`, watch: whyEnded(fact) };
    case "deadlock": {
      const { cycle, victim } = fact;
      return {
        headline: `A deadlock is broken: client ${victim} is refused`,
        watch: `${capital(circleWords(cycle))}. Client ${victim} keeps what it holds and has to give back; then the others go on.`,
      };
    }
    case "expired":
      return {
        headline: `The session of ${who} has expired`,
        watch: `${mutant.startsWith("expires_") ? "A rule about when is left out. What" : "Nothing was heard of it for its time to live, so what"} it held goes to the next. It may not know that yet.`,
      };
    case "written":
      return {
        headline: `${capital(who)} has written ${fact.value} to ${fact.resource} under token ${fact.token}`,
        watch: sleeper(fact, table, mutant),
      };
    default:
      return {
        headline: `The write of ${who} to ${fact.resource} is refused: token ${fact.token} is too old`,
        watch: `The resource has seen token ${fact.newest}, so a later holder has been there. ${capital(who)} lost the lock and did not know it.`,
      };
  }
}

/**
 * A circle in words: client 1 waits for 0, 0 for 1.
 * @param {number[]} cycle
 */
export function circleWords(cycle) {
  if (cycle.length > 6)
    return `each of ${cycle.length} clients waits for the next, and the last for the first`;
  const pairs = cycle.map((from, k) => [from, cycle[(k + 1) % cycle.length]]);
  return pairs
    .map(([from, to], k) => (k === 0 ? `client ${from} waits for ${to}` : `${from} for ${to}`))
    .join(", ");
}

/** @param {number[]} ids `Client 3`, `Clients 1 and 2` */
const clients = (ids) => `${ids.length === 1 ? "Client" : "Clients"} ${listed(ids)}`;

/**
 * @param {any} fact
 * @param {any} table
 * @param {string} mutant
 */
function sleeper(fact, table, mutant) {
  const lock = table.locks.find((/** @type {any} */ each) => each.name === fact.resource);
  const holder = lock?.holders[0];
  if (holder && !lock.holders.some((/** @type {any} */ each) => each.token === fact.token))
    return `Yet client ${holder.client} holds the lock, under token ${holder.token}: nobody has looked at the token.`;
  if (mutant === "no_fencing_check") return "The resource takes it under whatever token: it looks at none.";
  return "The resource keeps the greatest token that it has seen, and refuses smaller ones.";
}

/**
 * @param {string} name
 * @param {any} table
 */
function behindWords(name, table) {
  const lock = table.locks.find((/** @type {any} */ each) => each.name === name);
  const waiting = lock?.waiting ?? 0;
  if (waiting === 0) return "Nobody waits behind it.";
  return waiting === 1
    ? `Client ${lock.queue[0].client} waits behind it.`
    : `${waiting} wait behind it, client ${lock.queue[0].client} first.`;
}

/**
 * @param {any} fact
 * @param {any} table
 */
function waitingWords({ lock: name, client, upgrade }, table) {
  const lock = table.locks.find((/** @type {any} */ each) => each.name === name);
  const place = lock?.queue.findIndex((/** @type {any} */ each) => each.client === client) ?? -1;
  if (!lock || lock.holders.length === 0 || place < 0) return "Its turn has come already.";
  if (upgrade)
    return "It shares the lock and wants it alone: it goes before newcomers, and waits until nobody else shares it.";
  const holders = lock.holders.map((/** @type {any} */ each) => each.client);
  const has =
    holders.length > 4
      ? `${holders.length} clients hold`
      : `${clients(holders)} ${holders.length === 1 ? "holds" : "hold"}`;
  const before =
    place === 0 ? "it is next" : `${counted(place, "client")} ${place === 1 ? "is" : "are"} before it`;
  return `${has} the lock; ${before}. It is answered when its turn comes.`;
}

/**
 * @param {any} fact
 * @param {any} table
 * @returns {Told}
 */
function released({ lock, client, left, by }, table) {
  if (left > 0)
    return {
      headline: `Client ${client} gives lock ${lock} back once, and holds it ${counted(left, "more time")}`,
      watch: "Only when the last of its holds is given back does the next get it.",
    };
  const next = table.locks.find((/** @type {any} */ each) => each.name === lock);
  const then = next ? behindWords(lock, table) : "Nobody waits for it: it is free.";
  if (by === null) return { headline: `Lock ${lock} is taken back from client ${client}`, watch: then };
  return { headline: `Client ${client} gives lock ${lock} back`, watch: then };
}

/** @param {any} fact */
function whyEnded({ client, why }) {
  return (
    /** @type {Record<string, string>} */ ({
      timed_out: "It has waited for as long as it wanted to.",
      deadlock: "Its wait closed a circle, and it was chosen to break it.",
      expired: "Its session has expired, and its place in the queue with it.",
      given_up: `Client ${client} has asked for something else since.`,
    })[why] ?? "Its wait has ended."
  );
}

/**
 * What stands when nothing has just happened.
 * @param {any} table
 * @param {Told} beneath
 * @param {Set<number>} still the clients that stand still
 * @returns {Told}
 */
function standing(table, beneath, still) {
  if (table.deadlock)
    return {
      headline: "A deadlock: none of these clients can go on",
      watch: `${capital(circleWords(table.deadlock))}. It lasts until one gives up or a session expires.`,
    };
  const held = table.locks.filter((/** @type {any} */ lock) => lock.holders.length > 0);
  if (held.length === 0) return beneath;
  const busiest = [...held].sort((a, b) => b.waiting - a.waiting)[0];
  const { name, holders, waiting } = busiest;
  const who =
    holders.length > 4
      ? `${holders.length} clients share`
      : `${clients(holders.map((/** @type {any} */ each) => each.client))} ${holders.length > 1 ? "share" : "holds"}`;
  const asleep = holders.find((/** @type {any} */ each) => still.has(each.client));
  if (asleep)
    return {
      headline: `Client ${asleep.client} holds lock ${name} and stands still`,
      watch: `The service cannot see that: it hears nothing of it, and takes the lock back when the lease ends.${waiting > 0 ? ` Client ${busiest.queue[0].client} waits for it.` : ""}`,
    };
  const lost = table.sessions.find(
    (/** @type {any} */ each) => each.expired && still.has(each.client),
  )?.client;
  const gone =
    lost === undefined
      ? ""
      : ` Client ${lost}, whose session is over, stands still: when it goes on, it may believe that it holds what it held.`;
  const others =
    table.lock_count > 1
      ? ` ${counted(table.lock_count - 1, "more lock")} ${table.lock_count === 2 ? "is" : "are"} held.`
      : "";
  return {
    headline: `${who} lock ${name}${waiting === 0 ? "" : waiting === 1 ? `, and client ${busiest.queue[0].client} waits${busiest.queue[0].upgrade ? " to have it alone" : ""}` : `, and ${waiting} wait`}`,
    watch: `${waiting ? `Client ${busiest.queue[0].client} is next, when it is given back or the lease ends.` : "Nobody waits for it."}${others}${gone}`,
  };
}
