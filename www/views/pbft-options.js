// PBFT's options as a table: the panel is made from it.

/** @type {import("../types.js").OptionSpec[]} */
export const pbftOptions = [
  {
    key: "auth",
    label: "Proof of who said it",
    type: "choice",
    choices: [
      ["signatures", "Ed25519 signatures"],
      ["macs", "HMAC-SHA256 authenticators (fast)"],
    ],
    help: "A signature convinces whoever sees it. A code under a shared key convinces one receiver alone and costs far less; views then change in another way.",
  },
  {
    key: "view_timeout_ms",
    label: "View-change time-out",
    type: "number",
    min: 10,
    max: 10000,
    step: 10,
    help: "How long a backup waits for a request to be executed; twice as long with each view that does not get it done.",
  },
  {
    key: "status_ms",
    label: "Ask again after",
    type: "number",
    min: 1,
    max: 10000,
    step: 10,
    help: "How long a replica that waits lets pass without progress before it tells the others what it has.",
  },
  {
    key: "checkpoint_interval",
    label: "Checkpoint every",
    type: "number",
    min: 1,
    max: 1000,
    step: 1,
    help: "Numbers between two checkpoints (K).",
  },
  {
    key: "window",
    label: "Window",
    type: "number",
    min: 1,
    max: 2000,
    step: 1,
    help: "How many numbers after the last stable checkpoint may be given out (L); not below K.",
  },
  {
    key: "read_only",
    label: "Reads at once",
    type: "switch",
    help: "A read is answered by all from their states, and taken when a quorum agrees: two delays in place of five.",
    warn: (options) =>
      options.read_only
        ? "Writes then need a quorum of answers too, and a client may wait in vain where a replica lags and another lies."
        : null,
  },
  {
    key: "mutant",
    label: "Break a rule",
    type: "choice",
    choices: [
      ["", "none: the whole protocol"],
      ["small_commit_quorum", "2f commits are enough (4.2)"],
      ["small_prepared_quorum", "2f - 1 prepares are enough (4.2)"],
      ["digest_unchecked", "count votes whatever their digest (4.2)"],
      ["drops_prepared", "a new view keeps nothing (4.4)"],
      ["new_view_unchecked", "take a new view as it comes (4.4)"],
      ["proofs_unchecked", "believe view changes without proof (4.4)"],
      ["lowest_view_wins", "prefer the older certificate (4.4)"],
      ["second_pre_prepare", "let the primary change its mind (4.2)"],
      ["no_authentication", "believe what a message says of its sender (3)"],
      ["first_reply", "a client takes the first reply (4.1)"],
      ["single_checkpoint", "one word makes a checkpoint stable (4.3)"],
      ["executes_twice", "execute again what is ordered again (4.1)"],
      ["no_doubling", "time-outs do not double (4.5.2)"],
      ["no_join", "do not join f + 1 others (4.5.2)"],
    ],
    help: "To see what a rule is for: the same protocol without it.",
    warn: (options) => (options.mutant ? "With this rule broken the protocol is wrong, on purpose." : null),
  },
];

/** @type {[group: string, keys: string[]][]} */
export const pbftOptionGroups = [
  ["Who said it", ["auth"]],
  ["Time", ["view_timeout_ms", "status_ms"]],
  ["Log", ["checkpoint_interval", "window", "read_only"]],
  ["Mutants", ["mutant"]],
];
