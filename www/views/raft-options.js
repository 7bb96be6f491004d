// Raft's options as a table: the panel is made from it.

/** @type {import("../types.js").OptionSpec[]} */
export const raftOptions = [
  {
    key: "election_timeout_ms",
    label: "Election time-out",
    type: "range",
    min: 10,
    max: 5000,
    step: 10,
    help: "Each follower draws its own wait from this range; a narrow range makes split votes.",
  },
  {
    key: "heartbeat_ms",
    label: "Heartbeat every",
    type: "number",
    min: 1,
    max: 2000,
    step: 5,
    help: "How often a leader lets the others hear from it. It has to be well below the time-out.",
  },
  {
    key: "pre_vote",
    label: "Pre-vote",
    type: "switch",
    help: "A node asks whether it could win before it raises the term, so a returner disturbs nobody.",
  },
  {
    key: "check_quorum",
    label: "Check quorum",
    type: "switch",
    help: "A leader that hears from no majority for one time-out steps down.",
  },
  {
    key: "no_op",
    label: "No-op on election",
    type: "switch",
    help: "A new leader first appends an empty entry of its own term, which commits what came before.",
  },
  {
    key: "batch",
    label: "Entries in one append",
    type: "number",
    min: 1,
    max: 1024,
    step: 1,
    help: "The most entries that one AppendEntries carries.",
  },
  {
    key: "window",
    label: "Appends under way",
    type: "number",
    min: 1,
    max: 256,
    step: 1,
    help: "How many appends a leader sends to one follower before it waits for an answer.",
  },
  {
    key: "fast_backtrack",
    label: "Fast log repair",
    type: "switch",
    help: "A follower that refuses says where its conflicting term begins; otherwise next steps back by one.",
  },
  {
    key: "snapshot_every",
    label: "Snapshot every",
    type: "number",
    min: 0,
    max: 10000,
    step: 1,
    help: "Entries between snapshots. 0 keeps the whole log.",
  },
  {
    key: "sessions",
    label: "Client sessions",
    type: "switch",
    help: "A request that is sent again is applied once. Without sessions a retry may count twice.",
  },
  {
    key: "reads",
    label: "Reads",
    type: "choice",
    choices: [
      ["read_index", "confirm the leader by a round (ReadIndex)"],
      ["lease", "trust a lease (rests on clocks)"],
      ["log", "through the log"],
      ["local", "from the node's own state (may be stale)"],
    ],
    help: "How a get is answered.",
    warn: (options) =>
      options.reads === "lease"
        ? "A lease rests on clocks: a clock that drifts more than assumed gives stale reads."
        : options.reads === "local"
          ? "Local reads are not linearizable: a node that was left behind answers with old values."
          : null,
  },
  {
    key: "lease_drift_ppm",
    label: "Assumed clock drift",
    type: "number",
    min: 0,
    max: 500000,
    step: 100,
    help: "Parts per million by which clocks may differ; the lease is cut short by that much. Rests on clocks.",
  },
  {
    key: "mutant",
    label: "Break a rule",
    type: "choice",
    choices: [
      ["", "none: the whole protocol"],
      ["old_term_commit", "count copies of old terms' entries (5.4.2)"],
      ["vote_not_persisted", "forget the vote in a crash (figure 2)"],
      ["no_log_check", "vote without looking at the log (5.4.1)"],
      ["length_only_check", "compare logs by length alone (5.4.1)"],
      ["half_quorum", "take half for a majority (5.2)"],
      ["no_term_check", "take entries of an old term (figure 2)"],
      ["truncate_always", "cut the log at every append (5.3)"],
      ["commit_own_last", "commit up to one's own last entry (figure 2)"],
      ["match_own_last", "acknowledge one's own last entry (5.3)"],
      ["keeps_leading", "lead on in a term not one's own (5.1)"],
      ["read_before_commit", "read before the own term has committed (6.4)"],
      ["reused_read_token", "let old answers confirm a read (6.4)"],
      ["early_single_change", "change members in one step, early (6)"],
      ["votes_not_voters", "count votes instead of voters (5.2)"],
      ["acknowledge_before_durable", "acknowledge before the disk has it (figure 2)"],
      ["old_snapshot", "install an old snapshot (7)"],
      ["no_random_timeout", "draw no random time-outs (5.2)"],
      ["no_rearm", "a deposed leader sets no timer (5.2)"],
    ],
    help: "To see what a rule is for: the same protocol without it.",
    warn: (options) => (options.mutant ? "With this rule broken the protocol is wrong, on purpose." : null),
  },
];

/** @type {[group: string, keys: string[]][]} */
export const raftOptionGroups = [
  ["Elections", ["election_timeout_ms", "heartbeat_ms", "pre_vote", "check_quorum", "no_op"]],
  ["Log", ["batch", "window", "fast_backtrack", "snapshot_every"]],
  ["Sessions and reads", ["sessions", "reads", "lease_drift_ppm"]],
  ["Mutants", ["mutant"]],
];
