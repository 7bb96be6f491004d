// Numbers and lists as words.

/**
 * Milliseconds with as many decimals as help: `620.4 ms`.
 * @param {number} ms
 * @param {number} [decimals]
 */
export function inMs(ms, decimals = 1) {
  return `${ms.toFixed(decimals)} ms`;
}

/**
 * A length of time, rounded as one would say it: `41 ms`, `1.2 s`.
 * @param {number} ms
 */
export function duration(ms) {
  if (ms >= 10_000) return `${Math.round(ms / 1000)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 10 || ms === 0) return `${Math.round(ms)} ms`;
  return `${ms.toFixed(1)} ms`;
}

/**
 * `a`, `a and b`, `a, b and c`.
 * @param {(string | number)[]} items
 * @param {string} [last]
 */
export function listed(items, last = "and") {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

/**
 * `node 3`, `nodes 1 and 2`, `no node`.
 * @param {number[]} ids
 * @param {string} [last]
 */
export function nodesListed(ids, last = "and") {
  if (ids.length === 0) return "no node";
  if (ids.length > 7) return `${ids.length} nodes`;
  return `${ids.length === 1 ? "node" : "nodes"} ${listed(ids, last)}`;
}

/**
 * @param {number} count
 * @param {string} noun
 * @param {string} [plural]
 */
export function counted(count, noun, plural = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Speed against real time: `1/50 of real time`, `4 times real time`.
 * @param {number} speed
 */
export function speedWords(speed) {
  if (speed > 0.95 && speed < 1.05) return "real time";
  if (speed > 1) return `${speed >= 9.5 ? 10 : speed.toFixed(1)} times real time`;
  const part = 1 / speed;
  return `1/${part >= 20 ? Math.round(part / 5) * 5 : Math.round(part)} of real time`;
}

/**
 * Words of a name that was written for machines: `log_matching` -> `log matching`.
 * @param {string} name
 */
export function spaced(name) {
  return name.replaceAll("_", " ");
}

/**
 * A peer as one says it.
 * @param {import("../types.js").Peer} peer
 */
export function peerName(peer) {
  return peer.node != null ? `node ${peer.node}` : `client ${peer.client}`;
}

/**
 * An action as one says it: "crash node 0".
 * @param {import("../types.js").Action} action
 */
export function actionWords(action) {
  const node = "node" in action ? action.node : undefined;
  switch (action.do) {
    case "partition":
      return `cut ${action.groups.map((/** @type {number[]} */ g) => g.join(" ")).join(" | ")}`;
    case "cut":
    case "mend":
      return `${action.do} ${action.from}${action.one_way ? " to " : "–"}${action.to}`;
    case "heal":
      return "heal all links";
    case "disk_loss":
      return `node ${node} loses its disk`;
    case "skew":
      return `set clock of node ${node}`;
    case "timeout":
      return `time-out of node ${node}`;
    case "request":
      return `request ${JSON.stringify(action.op)}`;
    case "conduct":
      return action.ways.length > 0
        ? `node ${node} misbehaves: ${action.ways.map(spaced).join(", ")}`
        : `node ${node} behaves`;
    case "join":
      return "a node joins";
    case "leave":
      return `node ${node} leaves`;
    case "manual":
      return action.on ? "manual delivery" : "automatic delivery";
    case "link":
      return "change links";
    case "garbage":
      return `garbage for node ${node}`;
    case "deliver":
    case "drop":
    case "duplicate":
    case "delay":
      return `${action.do} ${("kind" in action && action.kind) || "message"}${action.message != null ? ` ${action.message}` : ""}`;
    default:
      return node == null ? action.do : `${action.do} node ${node}`;
  }
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
