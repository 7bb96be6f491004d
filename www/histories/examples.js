// Small histories to begin with: what holds, what does not, and what one sees.

/** @typedef {[process: string, op: string, call: number, end: number | null, more?: Record<string, unknown>]} Row */

/**
 * @param {string} model
 * @param {Row[]} rows
 * @param {Record<string, unknown>} [more]
 */
const history = (model, rows, more = {}) => ({
  version: 1,
  model,
  unit: "ms",
  ...more,
  operations: rows.map(([process, op, call, end, rest = {}]) => ({
    process,
    op,
    call,
    ...(end === null ? {} : { return: end }),
    ...rest,
  })),
});

/** @type {{ name: string, title: string, about: string, document: object }[]} */
export const EXAMPLES = [
  {
    name: "overlap",
    title: "Reads beside a write",
    about:
      "While a write is under way, one read may see it and another not, as long as none goes back: the order has a place for each.",
    document: history(
      "register",
      [
        ["Ada", "write", 0, 60, { value: 1 }],
        ["Ada", "write", 80, 190, { value: 2 }],
        ["Bo", "read", 20, 50, { result: null }],
        ["Bo", "read", 90, 120, { result: 1 }],
        ["Bo", "read", 150, 210, { result: 2 }],
        ["Cy", "read", 100, 170, { result: 2 }],
      ],
      {},
    ),
  },
  {
    name: "stale",
    title: "A stale read",
    about:
      "Bo reads what had been overwritten before it asked. Without clocks nobody could tell: it is sequentially consistent.",
    document: history("register", [
      ["Ada", "write", 0, 40, { value: 1 }],
      ["Ada", "write", 60, 100, { value: 2 }],
      ["Bo", "read", 120, 160, { result: 1 }],
      ["Cy", "read", 110, 190, { result: 2 }],
    ]),
  },
  {
    name: "torn",
    title: "Seen, and then not",
    about:
      "Two reads, one after the other, each fine by itself. But the new value cannot have come before the first and after the second.",
    document: history("register", [
      ["Ada", "write", 0, 30, { value: 1 }],
      ["Ada", "write", 50, 240, { value: 2 }],
      ["Bo", "read", 80, 120, { result: 2 }],
      ["Cy", "read", 150, 200, { result: 1 }],
    ]),
  },
  {
    name: "pending",
    title: "A write that nobody heard of",
    about:
      "Ada gave up, and her write came to pass all the same, after Bo’s. An operation without an answer may take effect at any time after its call.",
    document: history("register", [
      ["Ada", "write", 0, null, { value: 7 }],
      ["Bo", "write", 30, 70, { value: 8 }],
      ["Cy", "read", 80, 120, { result: 8 }],
      ["Cy", "read", 140, 180, { result: 7 }],
      ["Bo", "read", 150, 200, { result: 7 }],
    ]),
  },
  {
    name: "swap",
    title: "Two winners of one swap",
    about: "Both were told that they had swapped 0 for their own name. A single register tells that to one.",
    document: history(
      "cas_register",
      [
        ["Ada", "cas", 0, 60, { from: 0, to: 1, result: true }],
        ["Bo", "cas", 20, 80, { from: 0, to: 2, result: true }],
        ["Cy", "read", 100, 130, { result: 2 }],
      ],
      { initial: 0 },
    ),
  },
  {
    name: "map",
    title: "Two keys, one of them lost",
    about:
      "Each key is judged by itself: y is fine, and of x a write is gone that its client was told of. Choose the key above the drawing.",
    document: history("map", [
      ["Ada", "put", 0, 30, { key: "x", value: 1 }],
      ["Bo", "put", 10, 60, { key: "y", value: 5 }],
      ["Ada", "put", 50, 80, { key: "x", value: 2 }],
      ["Cy", "get", 40, 90, { key: "y", result: 5 }],
      ["Bo", "get", 100, 130, { key: "x", result: 2 }],
      ["Cy", "get", 120, 160, { key: "y", result: 5 }],
      ["Ada", "get", 150, 190, { key: "x", result: null }],
    ]),
  },
  {
    name: "queue",
    title: "A lock with its queue",
    about: "Ada joins first and enters first; Bo waits his turn. Each step has a place.",
    document: history("fifo_lock", [
      ["Ada", "join", 0, 20],
      ["Bo", "join", 30, 50],
      ["Ada", "enter", 40, 70],
      ["Cy", "try", 60, 90, { result: false }],
      ["Ada", "leave", 110, 150],
      ["Bo", "enter", 120, 160],
      ["Bo", "leave", 180, 200],
      ["Cy", "try", 190, 230, { result: true }],
    ]),
  },
  {
    name: "jump",
    title: "Somebody jumps the queue",
    about: "Bo had joined before Cy asked, and yet Cy entered first.",
    document: history("fifo_lock", [
      ["Ada", "join", 0, 20],
      ["Ada", "enter", 25, 45],
      ["Bo", "join", 50, 70],
      ["Cy", "join", 90, 110],
      ["Ada", "leave", 120, 140],
      ["Cy", "enter", 150, 180],
      ["Cy", "leave", 190, 210],
      ["Bo", "enter", 220, 250],
    ]),
  },
  {
    name: "list",
    title: "A list that two read differently",
    about: "Of two lists that only grow, one must begin with the other. These two do not.",
    document: history("append_list", [
      ["Ada", "append", 0, 90, { value: "a" }],
      ["Bo", "append", 10, 100, { value: "b" }],
      ["Cy", "read", 50, 120, { result: ["a", "b"] }],
      ["Di", "read", 60, 130, { result: ["b"] }],
    ]),
  },
  {
    name: "dekker",
    title: "Neither saw the other",
    about:
      "Each wrote its own key, then read the other’s, and found nothing. Without clocks each key alone could be excused, but not both: it is not even sequentially consistent.",
    document: history("map", [
      ["Ada", "put", 0, 30, { key: "x", value: 1 }],
      ["Ada", "get", 50, 90, { key: "y", result: null }],
      ["Bo", "put", 5, 35, { key: "y", value: 1 }],
      ["Bo", "get", 55, 95, { key: "x", result: null }],
    ]),
  },
];
