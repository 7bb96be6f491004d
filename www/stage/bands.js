// When something was broken: the stretches between a fault and its mend, read from the script.

/** @typedef {import("../types.js").ScriptEntry} ScriptEntry */
/** @typedef {[from: number, to: number]} Band */

/**
 * The stretches in which a node was down or stood still or a link was cut. The last may have no end.
 * @param {ScriptEntry[]} script
 * @param {number} nodes
 * @returns {Band[]}
 */
export function faultBands(script, nodes) {
  /** What is broken: nodes by number, liars by number below zero, links as "from>to". @type {Set<number | string>} */
  const broken = new Set();
  /** @type {Band[]} */
  const bands = [];
  let count = nodes;
  let since = 0;
  for (const entry of script) {
    const before = broken.size;
    if (entry.do === "join") count++;
    else act(entry, broken, count);
    if (before === 0 && broken.size > 0) since = entry.at_ms;
    if (before > 0 && broken.size === 0) bands.push([since, entry.at_ms]);
  }
  if (broken.size > 0) bands.push([since, Infinity]);
  return bands;
}

/**
 * @param {ScriptEntry} entry
 * @param {Set<number | string>} broken
 * @param {number} count
 */
function act(entry, broken, count) {
  const link = (/** @type {number} */ from, /** @type {number} */ to, /** @type {boolean} */ cut) =>
    cut ? broken.add(`${from}>${to}`) : broken.delete(`${from}>${to}`);
  switch (entry.do) {
    case "crash":
    case "disk_loss":
    case "pause":
      broken.add(entry.node);
      break;
    case "restart":
    case "resume":
      broken.delete(entry.node);
      break;
    case "pause_client":
      broken.add(`client ${entry.client}`);
      break;
    case "resume_client":
      broken.delete(`client ${entry.client}`);
      break;
    case "conduct":
      if (entry.ways.length > 0) broken.add(-1 - entry.node);
      else broken.delete(-1 - entry.node);
      break;
    case "cut":
    case "mend":
      link(entry.from, entry.to, entry.do === "cut");
      if (!entry.one_way) link(entry.to, entry.from, entry.do === "cut");
      break;
    case "isolate":
      for (let other = 0; other < count; other++) {
        if (other === entry.node) continue;
        link(entry.node, other, true);
        link(other, entry.node, true);
      }
      break;
    case "partition": {
      const groupOf = (/** @type {number} */ node) =>
        entry.groups.findIndex((/** @type {number[]} */ group) => group.includes(node));
      for (let a = 0; a < count; a++)
        for (let b = 0; b < count; b++) if (a !== b) link(a, b, groupOf(a) !== groupOf(b));
      break;
    }
    case "heal":
      for (const what of broken) if (typeof what === "string") broken.delete(what);
  }
}
