// The views, one a protocol. A protocol without one gets a table of its state.

import { defaultView } from "./default.js";
import { kv } from "./kv.js";
import { locks } from "./locks.js";
import { paxos } from "./paxos.js";
import { pbft } from "./pbft.js";
import { raft } from "./raft.js";
import { sequence } from "./sequence.js";

/** @type {Record<string, import("../types.js").View>} */
export const views = { paxos, raft, pbft, kv, locks, sequence };

/** @param {string} protocol */
export function viewOf(protocol) {
  return views[protocol] ?? defaultView(protocol);
}
