// The shapes that cross the wasm boundary, as the page reads them. Types only; no code.

/**
 * What is done to the cluster. The one definition is `src/sim/action.rs`.
 * @typedef {{ do: string, [field: string]: any }} Action
 */

/** @typedef {{ at_ms: number, after?: number } & Action} ScriptEntry */

/**
 * @typedef {object} Scenario
 * @property {number} [version]
 * @property {string} protocol
 * @property {number} [nodes]
 * @property {number} [seed]
 * @property {Record<string, any>} [options]
 * @property {Record<string, any>} [network]
 * @property {Record<string, any>} [clients]
 * @property {boolean} [invariants]
 * @property {ScriptEntry[]} [script]
 * @property {number} [until_ms]
 * @property {string} [title]
 * @property {string} [about]
 * @property {string} [watch]
 */

/**
 * @typedef {object} ProtocolInfo
 * @property {string} name
 * @property {string[]} glance
 * @property {string[]} roles
 * @property {string[]} kinds
 * @property {string[]} workloads
 * @property {Record<string, any>} options
 * @property {string[]} invariants
 * @property {boolean} membership
 * @property {string | null} model
 */

/** @typedef {{ node?: number, client?: number }} Peer */

/**
 * @typedef {object} NodeDetail
 * @property {number} id
 * @property {"up" | "crashed" | "paused"} status
 * @property {number} clock_ms
 * @property {number} drift_ppm
 * @property {number} waiting
 * @property {{ timer: string, set_ms: number, due_ms: number }[]} timers
 * @property {any} view
 */

/**
 * @typedef {object} MessageDetail
 * @property {number} id
 * @property {Peer} from
 * @property {Peer} to
 * @property {string} kind
 * @property {boolean} reply
 * @property {number} epoch
 * @property {string} text
 * @property {any} body
 * @property {number} sent_ms
 * @property {number | null} due_ms
 * @property {number} sent_by
 * @property {"flying" | "waiting" | "delivered" | "lost"} fate
 * @property {string | null} why
 * @property {number | null} event
 * @property {number[]} led_to
 */

/**
 * @typedef {object} TraceEvent
 * @property {number} id
 * @property {number} at_ms
 * @property {number | null} node
 * @property {number | null} client
 * @property {number | null} cause
 * @property {string} kind
 * @property {string} name
 * @property {string | null} class
 * @property {number | null} message
 * @property {string} text
 * @property {string} line
 */

/** @typedef {{ invariant: string, at_ms: number, nodes: number[], event: number, text: string }} Violation */

/**
 * @typedef {object} Simulation
 * @property {number} now_ms
 * @property {number} end_ms
 * @property {number} position
 * @property {number} length
 * @property {(ms: number) => void} advance_ms
 * @property {() => boolean} step
 * @property {() => boolean} step_back
 * @property {(t: number) => void} seek_ms
 * @property {(id: number) => void} seek_event
 * @property {(action: Action) => boolean} apply
 * @property {(into?: Float64Array) => Float64Array} frame
 * @property {(i: number) => NodeDetail} node
 * @property {(id: number) => MessageDetail} message
 * @property {(from: number, to: number) => TraceEvent[]} trace
 * @property {(from: number) => Float64Array} marks
 * @property {() => Violation[]} violations
 * @property {() => Scenario} scenario
 * @property {() => any} report
 * @property {() => string} trace_hash
 * @property {() => number} memory_bytes
 * @property {() => void} free
 */

/**
 * A node as a view sees it: its glance by name, with what the world knows of it.
 * @typedef {object} NodeGlance
 * @property {number} id
 * @property {"up" | "crashed" | "paused"} status
 * @property {number} timerSet
 * @property {number} timerDue
 * @property {number} waiting
 * @property {string} role
 * @property {number} epoch
 * @property {Record<string, number>} glance
 */

/**
 * How a node looks: what a view answers and the stage draws.
 * @typedef {object} NodeLook
 * @property {string} label what stands beside the node
 * @property {string} role in one word
 * @property {number} tone the epoch that colours it; negative for plain ink
 * @property {string} figure the small line inside the node
 * @property {"plain" | "double" | "halo" | "faint-halo" | "dashed"} ring
 * @property {("have" | "coming" | "no")[]} dots
 * @property {string} spoken the whole state in one spoken line
 */

/**
 * How a kind of message looks.
 * @typedef {object} MessageLook
 * @property {string} label
 * @property {"disc" | "diamond" | "triangle" | "square" | "hexagon" | "pill"} glyph
 * @property {string} help
 */

/**
 * @typedef {object} StageState
 * @property {number} now
 * @property {NodeGlance[]} nodes
 * @property {[number, number][]} cuts
 * @property {TraceEvent[]} recent the last events, oldest first
 * @property {Violation | null} violation the first one, when it has happened by now
 */

/**
 * @typedef {object} OptionSpec
 * @property {string} key
 * @property {string} label
 * @property {"switch" | "number" | "range" | "choice"} type
 * @property {string} help
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [step]
 * @property {[value: string, label: string][]} [choices]
 * @property {(options: Record<string, any>) => string | null} [warn]
 */

/**
 * Everything the page knows about one protocol.
 * @typedef {object} View
 * @property {string} protocol
 * @property {string} title
 * @property {string} epochName what the protocol calls its epoch: term, ballot, view
 * @property {(node: NodeGlance, detail?: NodeDetail | null) => NodeLook} node
 * @property {(node: NodeGlance) => boolean} wantsDetail whether `node` reads more than the glance
 * @property {(kind: string) => MessageLook} message
 * @property {(state: StageState) => { headline: string, watch: string }} headline
 * @property {(detail: NodeDetail) => string[]} explain
 * @property {(detail: NodeDetail) => [name: string, value: string][]} facts
 * @property {(node: NodeGlance) => string} question
 * @property {string} diagramTitle
 * @property {(host: HTMLElement, data: { nodes: NodeDetail[], glances: NodeGlance[] }) => void} diagram
 * @property {NodeAction[]} actions what the protocol adds to a node's menu
 * @property {[shape: string, words: string][]} legend
 * @property {OptionSpec[]} options
 * @property {[group: string, keys: string[]][]} optionGroups
 * @property {boolean} requests whether clients can ask for put, get, cas and delete
 */

/**
 * @typedef {object} NodeAction
 * @property {string} id
 * @property {string} label
 * @property {string} [key]
 * @property {(node: NodeGlance) => boolean} when
 * @property {(node: NodeGlance) => Action | null} action
 */

export {};
