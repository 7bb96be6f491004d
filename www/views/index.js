// The views, one a protocol. A protocol without one gets a table of its state.

import { defaultView } from "./default.js";
import { raft } from "./raft.js";

/** @type {Record<string, import("../types.js").View>} */
export const views = { raft };

/** @param {string} protocol */
export function viewOf(protocol) {
  return views[protocol] ?? defaultView(protocol);
}
