// What a judgement comes to, in words. Pure.

import { counted } from "../lib/format.js";

/** @typedef {import("../types.js").Judgement} Judgement */
/** @typedef {Judgement["keys"][number]} KeyJudgement */

/** What stands for the model of a run that promises nothing that can be judged. */
const NOTHING_PROMISED = "nothing_promised";

/** @type {Record<string, string>} */
export const MODELS = {
  register: "a register",
  cas_register: "a register with compare-and-swap",
  map: "a key-value map",
  fifo_lock: "a lock with a queue",
  append_list: "a list that only grows",
  text_store: "a store of texts",
  consensus: "a single decision",
  fenced_locks: "locks, their tokens and what they guard",
  siblings: "a store that keeps siblings",
  [NOTHING_PROMISED]: "copies that may differ",
};

/** @param {Judgement} judgement */
export function headline({ linearizable, sessions, operations, model }) {
  if (operations.length === 0) return "Nothing was asked";
  if (model === NOTHING_PROMISED) return "No single copy is promised";
  if (linearizable === "yes") return "Linearizable";
  if (linearizable === "no") return "Not linearizable";
  if (linearizable === "unknown") return "Undecided";
  if (!sessions) return "Not judged";
  const broken = sessions.filter((each) => each.broken > 0);
  if (broken.length > 0) return `${broken.length} of 4 session guarantees broken`;
  const tested = sessions.filter((each) => each.held > 0);
  if (tested.length === 0) return "No session guarantee was put to the test";
  if (tested.length < 4) return `${tested.length} of 4 session guarantees held, the rest were not tested`;
  return "All session guarantees held";
}

/** So many characters of a value stand in a verdict; the whole value is told with its operation. */
const VALUE_SHOWN = 60;

/**
 * With what is very long cut, and seen to be.
 * @param {string} text
 */
export function shortened(text) {
  return text.replaceAll(/(\S+?)([,:;.]?)(?=\s|$)/gu, (whole, word, end) => {
    const letters = [...word];
    return letters.length > VALUE_SHOWN + 20 ? `${letters.slice(0, VALUE_SHOWN).join("")}…${end}` : whole;
  });
}

/** @param {Judgement} judgement */
export function summary({ linearizable, keys, model, work, operations }) {
  if (operations.length === 0) return "There is no operation in this history, and so nothing to judge.";
  const what = MODELS[model] ?? model;
  const most = `${counted(work.steps, "step")} of search`;
  const broken = keys.filter((key) => key.linearizable === "no");
  if (linearizable === "yes")
    return keys.length > 1
      ? `Each of the ${keys.length.toLocaleString("en")} keys has an order in which ${what} would have answered the same. ${most}.`
      : `One order, each operation between its call and its return, explains every answer of ${what}. ${most}.`;
  if (linearizable === "no") {
    const blame = shortened(broken[0].blame?.text ?? "");
    const others = broken.length - 1;
    const more = others > 0 ? ` ${counted(others, "other key fails", "other keys fail")} too.` : "";
    return blame + more;
  }
  if (linearizable === "unknown")
    return `The search came to its limits after ${counted(work.steps, "step")} and remembered ${counted(work.configurations, "configuration")} at the most: there may be an order or not.`;
  if (model === NOTHING_PROMISED)
    return "The protocol does not promise its clients a single copy, so there is no order to look for. The history is drawn, not judged.";
  return "The store promises no single copy, so there is no order to look for. What it may promise each client are the session guarantees.";
}

/**
 * A moment of a history: `12 ms`, and where only the order is written down `line 12`.
 * @param {number | string} at
 * @param {string} unit
 */
export function moment(at, unit) {
  return unit === "line" ? `line ${at}` : `${at} ${unit}`;
}

/**
 * An operation as one says it.
 * @param {Judgement} judgement
 * @param {number} place
 * @param {Map<number, number>} order its place in the order, by operation
 */
export function operationWords({ operations, processes, unit, form }, place, order) {
  const { process, op, key, result, call, return: end, status } = operations[place];
  const name = processes[process];
  const who = /^\d+$/.test(name) ? `${form === "report" ? "Client" : "Process"} ${name}` : name;
  const span =
    end === null
      ? `called at ${moment(call, unit)}, never answered`
      : `${status === "unknown" ? "given up" : "answered"} from ${unit === "line" ? moment(call, unit) : call} to ${moment(end, unit)}`;
  const said = { ok: `→ ${result ?? "ok"}`, fail: "→ refused, no effect", unknown: "→ nobody knows" }[status];
  const nth = order.get(place);
  const rank = nth === undefined ? "" : ` Number ${nth + 1} in the order.`;
  return `${who}: ${op}${op.includes(key) ? "" : ` (${key})`} ${said}; ${span}.${rank}`;
}

/**
 * Why an operation is lit.
 * @param {KeyJudgement | undefined} key
 * @param {number} place
 */
export function litWords(key, place) {
  const { blame } = key ?? {};
  if (!blame) return "";
  if (place === blame.operation) return "It cannot be placed.";
  if (blame.against.includes(place)) return "Its answer and the others in red cannot all be right.";
  if (blame.under_way.includes(place)) return "It was under way at the same time.";
  return "";
}
