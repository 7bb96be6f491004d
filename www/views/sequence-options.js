// The replicated text's options as a table: the panel is made from it.

/** @type {import("../types.js").OptionSpec[]} */
export const sequenceOptions = [
  {
    key: "push",
    label: "Send edits at once",
    type: "switch",
    help: "Each edit goes to all others as soon as it is made. Without, edits travel by comparing alone.",
  },
  {
    key: "anti_entropy_ms",
    label: "Compare every",
    type: "number",
    min: 0,
    max: 60_000,
    step: 50,
    help: "How often a node compares version vectors with another one, each in its turn, in milliseconds. 0 for never.",
    warn: (options) =>
      options.anti_entropy_ms === 0 ? "Nobody looks for what was lost: a lost message stays lost." : null,
  },
  {
    key: "mutant",
    label: "Break a rule",
    type: "choice",
    choices: [
      ["", "none: the whole protocol"],
      ["ties_by_arrival", "what comes later goes in front, whoever wrote it (Fugue)"],
      ["right_origin_ignored", "place by what was before, not by what was behind (FugueMax)"],
      ["no_causal_delivery", "apply edits though what they build on is missing (Shapiro 2011)"],
      ["tombstones_dropped", "forget deleted letters at once (Oster 2006)"],
      ["reused_name", "keep the old name after the loss of the disk (Almeida 2014)"],
      ["applied_twice", "count edits as they come, not by their numbers (Shapiro 2011)"],
      ["version_overwritten", "take the other's version vector for one's own (Mattern 1988)"],
    ],
    help: "To see what a rule is for: the same protocol without it.",
    warn: (options) => (options.mutant ? "With this rule broken the protocol is wrong, on purpose." : null),
  },
];

/** @type {[group: string, keys: string[]][]} */
export const sequenceOptionGroups = [
  ["How edits travel", ["push", "anti_entropy_ms"]],
  ["What it is for", ["mutant"]],
];
