// The lock manager's options: those of the log beneath it, and its own.

import { raftOptionGroups, raftOptions } from "./raft-options.js";

/** @typedef {import("../types.js").OptionSpec} OptionSpec */

/** @type {OptionSpec[]} */
const own = [
  {
    key: "machine.ttl_ms",
    label: "Time to live",
    type: "number",
    min: 1,
    max: 3_600_000,
    step: 50,
    help: "Milliseconds that a session outlives its client's last sign of life, where the client names no other.",
  },
  {
    key: "machine.fencing",
    label: "Fencing",
    type: "switch",
    help: "A guarded resource refuses a token that is smaller than one that it has seen.",
    warn: (options) =>
      options.machine?.fencing === false
        ? "Nobody looks at tokens: a holder that slept past its lease writes over what the next one wrote."
        : null,
  },
  {
    key: "machine.check_lease",
    label: "Clients check their lease",
    type: "switch",
    help: "Before it uses a lock a client looks at its clock: not once its lease may have ended. Rests on clocks.",
  },
  {
    key: "machine.detect",
    label: "Find deadlocks",
    type: "switch",
    help: "Each new wait is looked at: does the way from client to client lead back to where it began?",
    warn: (options) =>
      options.machine?.detect === false
        ? "Nobody looks for circles: those in one wait until they give up or their sessions expire."
        : null,
  },
  {
    key: "machine.victim",
    label: "Who is refused",
    type: "choice",
    choices: [
      ["youngest", "the one with the youngest session"],
      ["fewest_locks", "the one that holds the fewest locks"],
      ["requester", "the one that closed the circle"],
    ],
    help: "Whose wait ends in a deadlock. Each keeps what it holds.",
  },
];

/** @type {OptionSpec} */
const mutants = {
  key: "mutant",
  label: "Break a rule",
  type: "choice",
  choices: [
    ["", "none: the whole lock manager"],
    ["no_fencing_check", "the resource looks at no token (Kleppmann 2016)"],
    ["lease_from_answer", "count the lease from the answer, not the question (Gray 1989, 2)"],
    ["expires_at_once", "a new leader takes the silent for expired (Chubby 2.9)"],
    ["expires_despite_renewal", "expire what was renewed in the meantime (Chubby 2.8)"],
    ["expires_by_own_clock", "each copy ends leases by its own clock (Schneider 1990)"],
    ["forgets_tokens", "a snapshot forgets the newest token (Raft 7)"],
    ["release_unchecked", "whoever releases need not be the holder (Chubby 2.4)"],
    ["queued_twice", "a retry stands in the queue again (Raft 8)"],
    ["stale_edges", "look for circles among waits that have ended (Knapp 1987)"],
    ["pairs_only", "look for circles of two alone (Holt 1972)"],
    ["readers_overtake", "readers overtake a writer that waits (Gray 1993, 7.8.2)"],
    ["expired_keeps_waiting", "the queue keeps those that have expired (Chubby 2.8)"],
    ["forgets_waits", "a new leader forgets when waits end (Chubby 2.9)"],
  ],
  help: "To see what a rule is for: the same lock manager without it.",
  warn: (options) => (options.mutant ? "With this rule broken the protocol is wrong, on purpose." : null),
};

export const locksOptions = [...own, ...raftOptions.filter(({ key }) => key !== "mutant"), mutants];

/** @type {[group: string, keys: string[]][]} */
export const locksOptionGroups = [
  ["Sessions and tokens", ["machine.ttl_ms", "machine.fencing", "machine.check_lease"]],
  ["Deadlocks", ["machine.detect", "machine.victim"]],
  ...raftOptionGroups.map(
    ([name, keys]) =>
      /** @type {[string, string[]]} */ ([name === "Sessions and reads" ? "Retries and reads" : name, keys]),
  ),
];
