// The shapes that cross the wasm boundary, as the page reads them. Types only; no code.

/** @typedef {import("./pkg/types").Action} Action */
/** @typedef {import("./pkg/types").ScriptEntry} ScriptEntry */
/** @typedef {Partial<import("./pkg/types").Scenario>} Scenario */
/** @typedef {import("./pkg/types").ProtocolInfo} ProtocolInfo */
/**
 * An event. What a milestone's `fact` holds is the protocol's own affair.
 * @typedef {Omit<import("./pkg/types").TraceEvent, "fact"> & { fact: any }} TraceEvent
 */
/** @typedef {import("./pkg/types").ViolationRecord} Violation */
/** @typedef {import("./pkg/types").Report} Report */
/** @typedef {import("./pkg/types").Judgement} Judgement */

/** @typedef {import("./pkg/text").TextReplica} TextReplica */
/** @typedef {import("./pkg/text").TextPatch} TextPatch */
/** @typedef {import("./pkg/text").TextLab} TextLab */
/** @typedef {import("./pkg/text").LabRow} LabRow */
/** @typedef {import("./pkg/text").LabReplica} LabReplica */

/** @typedef {{ node?: number, client?: number }} Peer */

/**
 * A node in full. What its `view` holds is the protocol's own affair.
 * @typedef {Omit<import("./pkg/types").NodeDetail, "view"> & { view: any }} NodeDetail
 */

/**
 * A message in full. What its `body` holds is the protocol's own affair.
 * @typedef {Omit<import("./pkg/types").MessageDetail, "body" | "from" | "to"> & { body: any, from: Peer, to: Peer }} MessageDetail
 */

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
 * @property {(from_ms: number, to_ms: number, most: number, into?: Float64Array) => Float64Array} window
 * @property {(from_ms: number, width_ms: number, count: number, quiet: boolean, into?: Float64Array) => Float64Array} bins
 * @property {(from: number) => Float64Array} lives
 * @property {() => Violation[]} violations
 * @property {() => import("./pkg/types").Tally[]} tallies
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
 * @property {"horns" | "hollow horns"} [mark] on a node that misbehaves, or has misbehaved
 * @property {string} spoken the whole state in one spoken line
 */

/**
 * How a kind of message looks.
 * @typedef {object} MessageLook
 * @property {string} label
 * @property {"disc" | "diamond" | "triangle" | "square" | "hexagon" | "pill"} glyph
 * @property {string} help
 * @property {boolean} [reply] whether it answers another message: then it is drawn hollow
 */

/**
 * @typedef {object} StageState
 * @property {number} now
 * @property {NodeGlance[]} nodes
 * @property {[number, number][]} cuts
 * @property {TraceEvent[]} recent the last events, oldest first
 * @property {Violation | null} violation the first one, when it has happened by now
 * @property {(id: number) => NodeDetail | null} detail a node in full
 * @property {Record<string, any>} [options] the protocol's, of the run that is shown
 * @property {Set<number>} [still] the clients that stand still
 */

/**
 * @typedef {object} OptionSpec
 * @property {string} key with dots for what stands further in: `machine.ttl_ms`
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
 * @property {(detail: NodeDetail, now?: number) => string[]} explain
 * @property {(detail: NodeDetail) => [name: string, value: string][]} facts
 * @property {(node: NodeGlance) => string} question
 * @property {string} diagramTitle
 * @property {number} [diagramNodes] how many nodes of a large cluster the diagram shows, if not the page's number
 * @property {(host: HTMLElement, data: DiagramData) => void} diagram
 * @property {string} [heartbeats] what a space-time diagram may leave out, in words: messages that only tell that
 *   their sender is there (`Wire::is_heartbeat`) and their answers; none where it is left out
 * @property {(message: MessageDetail) => { text: string, good: boolean } | null} [seal] whether who is
 *   said to have sent it did
 * @property {number} [nodesMost] how many nodes there may be, where they are fewer than elsewhere
 * @property {Record<string, string>} [deeds] what a node does in each way to misbehave, of itself: "says nothing"
 * @property {NodeAction[]} actions what the protocol adds to a node's menu
 * @property {[shape: string, words: string][]} legend
 * @property {[title: string, sentences: string[]][]} [notes] what else there is to know, in the help
 * @property {OptionSpec[]} options
 * @property {[group: string, keys: string[]][]} optionGroups
 * @property {Record<string, (value: any) => string>} [unlisted] options that no panel has, in words: scenarios and
 *   hunts set them
 * @property {boolean} requests whether clients can ask for put, get, cas and delete
 * @property {(options: Record<string, any>) => RequestKind[] | undefined} [asks] what they can ask for instead, under
 *   these options
 * @property {(op: any, scenario: Scenario) => string} [caution] what somebody should know who
 *   asks for this by hand; empty for nothing
 * @property {(names: string[], options: Record<string, any>) => string[]} [claims] which of the watched properties
 *   these options promise, and what for, where that is not all of them
 * @property {{ leadership: string, decision: string }} [marks] what these marks on the line of the run stand
 *   for, where it is nothing like an election or a commitment
 */

/**
 * What a diagram is drawn from: some of the nodes in full, and what happened.
 * @typedef {object} DiagramData
 * @property {NodeDetail[]} nodes
 * @property {NodeGlance[]} glances of all nodes
 * @property {number} position how many events have happened
 * @property {number} now in virtual milliseconds
 * @property {number} histories another number for another run
 * @property {(from: number, to: number) => TraceEvent[]} trace
 * @property {() => { id: number, from: number, to: number, flags: number }[]} flights
 * @property {(id: number) => MessageDetail} message
 * @property {DiagramHands} hands what can be done from a diagram
 */

/**
 * @typedef {object} DiagramHands
 * @property {Record<string, any>} options the protocol's, of the run that is shown
 * @property {() => import("./pkg/types").Tally[]} tallies
 * @property {(action: Action) => boolean} act whether it was done
 * @property {(event: number) => void} go
 * @property {() => void} play
 * @property {(label: string, draw: (host: HTMLElement, close: () => void) => void) => void} openDialog
 * @property {ScriptEntry[]} script what was done so far and will be, in the order of time
 * @property {(client: number, at: { x: number, y: number }) => void} openClient shows what can be done to it
 */

/**
 * Something that a client can ask for.
 * @typedef {object} RequestKind
 * @property {string} verb
 * @property {RequestField[]} fields one that is named "client" says who asks
 * @property {(values: Record<string, string>) => any} op what is typed in, as the protocol's operation
 */

/**
 * @typedef {object} RequestField
 * @property {string} name
 * @property {string} label
 * @property {string} hint stands in the empty field
 * @property {boolean} [number]
 * @property {number} [most] how long it may be, in letters; 20 where nothing is said
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
