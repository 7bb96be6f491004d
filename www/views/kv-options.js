// The key-value store's options as a table: the panel is made from it.

/** @typedef {Record<string, any>} Options */

/** @param {Options} options */
const quorums = ({ n = 3, r = 2, w = 2, sloppy = true }) => {
  if (r + w <= n) return `R + W is not more than N = ${n}: a read may miss a write that is done.`;
  return sloppy
    ? "With stand-ins R + W > N promises nothing: a read may ask others than those who wrote."
    : null;
};

/** @type {import("../types.js").OptionSpec[]} */
export const kvOptions = [
  {
    key: "n",
    label: "N, copies of each key",
    type: "number",
    min: 1,
    max: 101,
    step: 1,
    help: "How many nodes keep each key: the first so many clockwise on the ring.",
  },
  {
    key: "r",
    label: "R, answers to a read",
    type: "number",
    min: 1,
    max: 101,
    step: 1,
    help: "How many of them must answer before a read is answered.",
    warn: quorums,
  },
  {
    key: "w",
    label: "W, copies of a write",
    type: "number",
    min: 1,
    max: 101,
    step: 1,
    help: "How many of them must have a write before it is acknowledged.",
  },
  {
    key: "sloppy",
    label: "Others stand in",
    type: "switch",
    help: "The next nodes on the ring take writes for those that seem to be down, and hand over later.",
  },
  {
    key: "clocks",
    label: "Versions told apart by",
    type: "choice",
    choices: [
      ["dvv", "dotted version vectors"],
      ["server_vv", "plain vectors of nodes"],
      ["client_vv", "plain vectors of clients"],
    ],
    help: "Dots name each single write. Plain vectors of nodes pile versions up; those of clients grow, and lose writes of a client that forgets.",
  },
  {
    key: "resolver",
    label: "Conflicts",
    type: "choice",
    choices: [
      ["siblings", "kept side by side"],
      ["lww", "last writer wins"],
      ["union", "united in reads"],
      ["max", "greatest number in reads"],
    ],
    help: "What becomes of versions that nobody can put in order.",
    warn: ({ resolver, clocks = "dvv" }) =>
      resolver === "lww" && clocks !== "dvv"
        ? "The last writer is told by time, so clocks have to be dotted."
        : null,
  },
  {
    key: "vector_limit",
    label: "Longest plain vector",
    type: "number",
    min: 0,
    max: 1000,
    step: 1,
    help: "Longer ones are cut, and versions look concurrent that are not. 0 cuts none.",
  },
  {
    key: "read_repair",
    label: "Reads repair",
    type: "switch",
    help: "A replica that answers a read with less than the others gets what it lacks.",
  },
  {
    key: "anti_entropy_ms",
    label: "Nodes compare every",
    type: "number",
    min: 0,
    max: 100000,
    step: 50,
    help: "Milliseconds until a node compares what it keeps with the next one. 0 for never.",
  },
  {
    key: "virtual_nodes",
    label: "Places on the ring",
    type: "number",
    min: 1,
    max: 128,
    step: 1,
    help: "At how many places each node stands: many spread the keys evenly.",
  },
  {
    key: "gossip_ms",
    label: "Hearts beat every",
    type: "number",
    min: 1,
    max: 10000,
    step: 10,
    help: "Milliseconds until a node tells another who is there.",
  },
  {
    key: "suspect_ms",
    label: "Down after",
    type: "number",
    min: 2,
    max: 100000,
    step: 50,
    help: "After so many silent milliseconds a node is taken to be down.",
  },
  {
    key: "patience_ms",
    label: "Coordinators wait",
    type: "number",
    min: 1,
    max: 100000,
    step: 10,
    help: "Milliseconds for answers; after half of them others are asked to stand in.",
  },
  {
    key: "grace_ms",
    label: "Tombstones stay",
    type: "number",
    min: 1,
    max: 1000000,
    step: 100,
    help: "Milliseconds at the least. No message with data may be older when it arrives.",
  },
  {
    key: "mutant",
    label: "Break a rule",
    type: "choice",
    choices: [
      ["", "none: the store as it should be"],
      ["overwrite_on_merge", "merging keeps one side (Preguiça 2010)"],
      ["drop_concurrent", "a write drops what it has not read (Dynamo 4.4)"],
      ["keep_dominated", "a write leaves standing what it has read (Dynamo 4.4)"],
      ["early_reap", "drop tombstones before everybody has them (Wuu 1984)"],
      ["reused_replica_id", "keep the old name after a lost disk (Almeida 2014)"],
      ["early_hint_drop", "stand-ins let go before it has arrived (Dynamo 4.6)"],
      ["acks_not_ackers", "count answers, not nodes (Dynamo 4.5)"],
      ["take_old_messages", "take messages however old (Watson 1981)"],
      ["no_handover", "who leaves hands nothing over (Dynamo 4.9)"],
    ],
    help: "To see what a rule is for: the same store without it.",
  },
];

/** @type {[string, string[]][]} */
export const kvOptionGroups = [
  ["Quorums", ["n", "r", "w", "sloppy"]],
  ["Versions", ["clocks", "resolver", "vector_limit", "mutant"]],
  ["Repair", ["read_repair", "anti_entropy_ms", "grace_ms"]],
  ["Ring and time", ["virtual_nodes", "gossip_ms", "suspect_ms", "patience_ms"]],
];
