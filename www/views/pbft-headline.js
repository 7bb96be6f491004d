// What is happening among the replicas of PBFT, in one sentence, and what to watch for, in another.

import { capital, counted, duration, listed, nodesListed } from "../lib/format.js";
import { conductOf, deedsOf, goesOn } from "./pbft-words.js";

/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {import("../types.js").StageState} StageState */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** How long what has just happened is the headline, in virtual milliseconds. */
const FRESH_MS = 40;

/**
 * @param {StageState} state
 * @returns {{ headline: string, watch: string }}
 */
export function pbftHeadline(state) {
  const up = state.nodes.filter((node) => node.status === "up");
  if (up.length === 0) return { headline: "Every replica is down", watch: "Restart some to go on." };
  return (
    news(state) ?? viewChange(state, up) ?? working(state, up) ?? refusing(state, up) ?? resting(state, up)
  );
}

/**
 * What has just happened and should not be missed.
 * @param {StageState} state
 * @returns {{ headline: string, watch: string } | null}
 */
function news({ recent, now, nodes, options = {} }) {
  const fresh = (/** @type {string} */ name) => {
    const event = recent.findLast((e) => e.name === name);
    return event && now - event.at_ms < FRESH_MS ? event : null;
  };
  const refused = fresh("new_view_refused");
  if (refused)
    return {
      headline: refused.text.split(":")[0],
      watch:
        "What the new primary sends does not follow from the view changes: it is given up like the one before.",
    };
  const fetched = fresh("state_fetched");
  if (fetched)
    return {
      headline: fetched.text,
      watch:
        options.mutant === "single_checkpoint"
          ? "It believes the state for its digest, which one other has announced: too few to be sure that an honest one has."
          : "It believes the state for its digest, which enough others have announced.",
    };
  const conduct = fresh("conduct");
  const liar = conduct && nodes.find((node) => node.id === conduct.node);
  if (liar && conductOf(liar).length > 0)
    return { headline: `Node ${liar.id} misbehaves: it ${deedsOf(conductOf(liar))}`, watch: bearable(nodes) };
  const conflict = fresh("conflict");
  const number = conflict && /number \d+/.exec(conflict.text)?.[0];
  if (number)
    return {
      headline: `Somebody lies about ${number}`,
      watch: `${conflict.text}. Two certificates for one number would need an honest replica that says both.`,
    };
  return null;
}

/**
 * How many liars there are, against how many can be borne.
 * @param {NodeGlance[]} nodes
 */
function bearable(nodes) {
  const faulty = new Set(nodes.filter((node) => node.glance.faulty).map((node) => node.glance.replica));
  const replicas = new Set(nodes.map((node) => node.glance.replica)).size;
  const most = Math.floor((replicas - 1) / 3);
  const have = faulty.size;
  if (have > most)
    return `${capital(counted(have, "replica"))} of ${replicas} ${have === 1 ? "is" : "are"} faulty, and only ${most} can be borne: agreement may break.`;
  return `${capital(counted(have, "replica"))} of ${replicas} ${have === 1 ? "is" : "are"} faulty, and ${most} can be borne: nothing may break.`;
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 * @returns {{ headline: string, watch: string } | null}
 */
function viewChange(state, up) {
  const { recent, now } = state;
  const changing = leavers(state, up);
  const begun = recent.findLast((e) => e.name === "view_entered" && e.text.includes("begins"));
  if (begun && now - begun.at_ms < 2 * FRESH_MS) {
    const kept = /with (.*)$/.exec(begun.text)?.[1];
    return {
      headline: begun.text.replace(/, with .*$/, ""),
      watch: kept
        ? `${capital(kept)}: ${state.options?.mutant ? "what may have been executed has to keep" : "what may have been executed keeps"} its number, and is agreed on again.`
        : "The view changes show nothing that was prepared: it starts afresh.",
    };
  }
  if (changing.length === 0) return null;
  const wanted = Math.max(...changing.map((node) => node.glance.view));
  const there = changing.filter((node) => node.glance.view === wanted);
  const { quorum } = there[0].glance;
  const best = Math.max(...there.map((node) => node.glance.view_changes));
  const replicas = new Set(up.map((node) => node.glance.replica)).size;
  const who = capital(nodesListed(there.map((node) => node.id)));
  return {
    headline: `${who} ${there.length === 1 ? "wants" : "want"} view ${wanted}`,
    watch:
      best >= quorum
        ? `Enough have said so: its primary, node ${primaryOf(wanted, up)}, can begin the view.`
        : `${capital(counted(best, "replica"))} of the ${quorum} that it takes ${best === 1 ? "has" : "have"} said so${replicas < quorum ? "; too few are up" : ""}.`,
  };
}

/**
 * Those that have left their view, unless the others are enough to go on in one, and do: then who left is alone.
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function leavers({ recent, now }, up) {
  const changing = up.filter((node) => node.role === "changing view");
  const left = recent.findLast((e) => e.name === "view_change_started");
  const fresh = left && now - left.at_ms < 2 * FRESH_MS;
  return fresh || !goesOn(up) ? changing : [];
}

/**
 * What is said besides of replicas that have left their view in vain.
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function alone(state, up) {
  const changing = up.filter((node) => node.role === "changing view");
  if (changing.length === 0 || leavers(state, up).length > 0) return "";
  const [who, has, it, gets] =
    changing.length === 1 ? ["Node", "has", "it", "gets"] : ["Nodes", "have", "they", "get"];
  const ids = listed(changing.map((node) => node.id));
  return ` ${who} ${ids} ${has} left the view alone: the others go on, and ${it} ${gets} nothing before their next stable checkpoint.`;
}

/**
 * @param {number} view
 * @param {NodeGlance[]} nodes
 */
function primaryOf(view, nodes) {
  return view % Math.max(1, ...nodes.map((node) => node.glance.replica + 1));
}

/**
 * A request on its way through the phases.
 * @param {StageState} state
 * @param {NodeGlance[]} up
 * @returns {{ headline: string, watch: string } | null}
 */
function working(state, up) {
  // Who has left the view by now is alone with that.
  const here = up.filter((node) => node.role !== "changing view");
  const honest = here.filter((node) => !node.glance.faulty);
  const some = honest.length > 0 ? honest : here;
  const lone = alone(state, up);
  const busy = some.filter((node) => node.glance.number > 0);
  if (busy.length === 0) {
    const waits = some.filter((node) => node.glance.waiting > 0);
    const first = waits[0];
    if (!first) return null;
    const primary = primaryOf(first.glance.view, state.nodes);
    const silent = state.nodes.find((node) => node.id === primary);
    const why =
      silent && silent.status !== "up"
        ? `Node ${primary}, the primary, is ${silent.status}`
        : `The primary, node ${primary}, has given it no number yet`;
    return {
      headline: `${capital(nodesListed(waits.map((node) => node.id)))} ${waits.length === 1 ? "waits" : "wait"} for a request to be ordered`,
      watch: `${why}.${patience(state, waits)}${lone}`,
    };
  }
  const number = Math.min(...busy.map((node) => node.glance.number));
  const at = busy.filter((node) => node.glance.number === number);
  const { quorum } = at[0].glance;
  const prepared = at.filter((node) => node.glance.prepares >= quorum).length;
  const done = some.filter((node) => node.glance.executed >= number).length;
  const what = state.detail(at[0].id)?.view.log.find((/** @type {any} */ s) => s.seq === number)?.text;
  const request = what ? ` (${what.replace(/ \(c\d+#\d+\)/, "")})` : "";
  if (done > 0)
    return {
      headline: `Number ${number} is executed at ${counted(done, "replica")}`,
      watch: `Each executes it once ${quorum} have said commit to it. The client waits for ${answers(state, quorum)}.${patience(state, at)}${lone}`,
    };
  if (prepared > 0)
    return {
      headline: `Number ${number}${request} is prepared at ${counted(prepared, "replica")}`,
      watch: `${state.options?.mutant ? "" : "No other request can be prepared there in this view. "}${quorum} commits make it final.${patience(state, at)}${lone}`,
    };
  const best = Math.max(...at.map((node) => node.glance.prepares));
  return {
    headline: `Number ${number}${request} is being prepared`,
    watch: `Backups tell each other what the primary told them. ${best} of the ${quorum} that have to say the same have reached one of them.${patience(state, at)}${lone}`,
  };
}

/** Reasons for which a message is dropped because nothing proves what it says. */
const UNPROVEN = /not hold|did not sign|not the request's/;
/** For how long a refusal that a request waits behind is told, in virtual milliseconds. */
const REFUSED_MS = 300;

/**
 * A request of which nobody takes what the primary says.
 * @param {StageState} state
 * @param {NodeGlance[]} up
 * @returns {{ headline: string, watch: string } | null}
 */
function refusing({ recent, now }, up) {
  const dropped = recent.findLast((e) => e.kind === "ignore" && UNPROVEN.test(e.name));
  const waits = up.some((node) => node.glance.waiting > 0);
  if (!dropped || !waits || now - dropped.at_ms > REFUSED_MS) return null;
  return {
    headline: `Node ${dropped.node} drops a message`,
    watch: `${capital(dropped.name)}: no replica acts on what is not proven, and the request waits.`,
  };
}

/**
 * How many answers a client takes for true.
 * @param {StageState} state
 * @param {number} quorum
 */
function answers({ options = {} }, quorum) {
  if (options.mutant === "first_reply") return "one answer";
  const needed = options.read_only ? quorum : Math.floor((quorum - 1) / 2) + 1;
  return needed === 1 ? "one answer" : `${needed} equal answers`;
}

/**
 * When the first of those who wait loses patience, if nothing moves any more.
 * @param {StageState} state
 * @param {NodeGlance[]} waiting
 */
function patience({ detail, recent, now }, waiting) {
  const moved = recent.findLast((e) => e.kind === "milestone");
  if (moved && now - moved.at_ms < 2 * FRESH_MS) return "";
  const timers = waiting.flatMap((node) => {
    const timer = detail(node.id)?.timers.find((t) => t.timer === "view_change");
    return timer ? [{ id: node.id, left: timer.due_ms - now }] : [];
  });
  const first = timers.sort((a, b) => a.left - b.left)[0];
  return first ? ` Node ${first.id} wants another primary in ${duration(Math.max(0, first.left))}.` : "";
}

/**
 * Who misbehaves how: those together who do the same.
 * @param {NodeGlance[]} liars
 */
function misdeeds(liars) {
  /** @type {Map<string, number[]>} */
  const by = new Map();
  for (const node of liars) {
    const deeds = deedsOf(conductOf(node));
    by.set(deeds, [...(by.get(deeds) ?? []), node.id]);
  }
  return [...by]
    .map(([deeds, ids]) =>
      ids.length === 1 ? `Node ${ids[0]} ${deeds}.` : `${capital(nodesListed(ids))} lie: each ${deeds}.`,
    )
    .join(" ");
}

/**
 * @param {StageState} state
 * @param {NodeGlance[]} up
 */
function resting(state, up) {
  const { nodes } = state;
  const here = up.filter((node) => node.role !== "changing view");
  const view = Math.max(...(here.length > 0 ? here : up).map((node) => node.glance.view));
  const primary = up.find((node) => node.role === "primary" && node.glance.view === view);
  const executed = Math.max(...up.map((node) => node.glance.executed));
  const behind = up.filter((node) => node.glance.executed < executed);
  const liars = nodes.filter((node) => conductOf(node).length > 0);
  const who = primary
    ? `node ${primary.id} is the primary`
    : `its primary, node ${primaryOf(view, nodes)}, is not here`;
  const log =
    executed === 0 ? "Nothing is executed yet." : `Everything up to number ${executed} is executed.`;
  const lone = alone(state, up);
  if (liars.length > 0)
    return {
      headline: `View ${view}: ${who}`,
      watch: `${log} ${misdeeds(liars)} ${bearable(nodes)}${lone}`,
    };
  if (behind.length > 0)
    return {
      headline: `${capital(nodesListed(behind.map((node) => node.id)))} ${behind.length === 1 ? "is" : "are"} behind`,
      watch: `${log} What was missed is sent again on being asked, or the state as a whole.${lone}`,
    };
  return { headline: `View ${view}: ${who}`, watch: log + lone };
}
