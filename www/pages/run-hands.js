// What hands do to the cluster: menus on nodes and messages, cuts, requests.

import { byId } from "../lib/dom.js";
import { clientClock, stillClients } from "../lib/clients.js";
import { inMs, listed, peerName } from "../lib/format.js";
import { openMenu } from "../lib/menu.js";
import { openConduct } from "../panels/conduct.js";
import { errorWords, notice } from "../panels/notices.js";
import { aimRequest } from "../panels/stage-bar.js";
import { FLAG } from "../stage/frame.js";

/** @typedef {import("../types.js").Action} Action */
/** @typedef {import("../types.js").NodeGlance} NodeGlance */
/** @typedef {{ label: string, danger?: boolean, run: () => void }} Deed */

const DELAY_MS = 20;
const SKEW_MS = 100;
/** How fast or slow a client's clock can be made, in parts per million. */
const DRIFT_PPM = 500_000;
const LISTED_MOST = 30;

export class Hands {
  /** @param {import("./run.js").RunPage} page */
  constructor(page) {
    this.page = page;
  }

  get player() {
    return this.page.player;
  }

  /** Whether messages wait for a hand: as the scenario began, or as was last said since. */
  get manual() {
    const { scenario, now } = this.player;
    const said = scenario.script?.findLast((entry) => entry.do === "manual" && entry.at_ms <= now);
    return said?.do === "manual" ? said.on : scenario.network?.manual === true;
  }

  /**
   * Does something now, and says so where it is impossible.
   * @param {Action} action
   */
  act(action) {
    return this.attempt(() => {
      const { cut } = this.player.apply(action);
      if (cut) notice("You changed the past: the run you left is kept as a branch.");
      this.page.stage.refresh();
    });
  }

  /**
   * @param {() => void} work
   * @returns {boolean} whether it was done
   */
  attempt(work) {
    try {
      work();
      return true;
    } catch (error) {
      if (this.player.dead) this.page.onTrouble("panic", error);
      else notice(errorWords(error), { bad: true });
      return false;
    }
  }

  /**
   * What can be done to a node, most wanted first.
   * @param {NodeGlance} node
   * @returns {Deed[]}
   */
  nodeDeeds(node) {
    const { id, status } = node;
    const deed = (/** @type {string} */ label, /** @type {Action} */ action, danger = false) => ({
      label,
      danger,
      run: () => void this.act(action),
    });
    const cutOff = this.isCutOff(id);
    /** @type {Deed[]} */
    const deeds = [];
    if (status === "crashed") deeds.push(deed("Restart", { do: "restart", node: id }));
    else deeds.push(deed("Crash", { do: "crash", node: id }, true));
    if (status === "up") deeds.push(deed("Pause", { do: "pause", node: id }));
    if (status === "paused") deeds.push(deed("Resume", { do: "resume", node: id }));
    if (cutOff) deeds.push({ label: "Reconnect", run: () => this.reconnect(id) });
    else deeds.push(deed("Isolate", { do: "isolate", node: id }));
    if (this.player.frameReader.nodes > 1)
      deeds.push({ label: "Cut its links…", run: () => this.openLinks(id) });
    if (status === "up") {
      deeds.push(deed("Trigger its time-out", { do: "timeout", node: id }));
      if (this.page.view.requests) deeds.push({ label: "Send a request…", run: () => this.focusRequest(id) });
    }
    for (const { label, when, action } of this.page.view.actions) {
      const made = when(node) ? action(node) : null;
      if (made) deeds.push(deed(label, made));
    }
    if (this.page.info.conducts.length > 0)
      deeds.push({ label: "Let it misbehave…", danger: true, run: () => this.openConduct(id) });
    if (status !== "crashed")
      deeds.push(deed(`Set its clock ${SKEW_MS} ms ahead`, { do: "skew", node: id, ahead_ms: SKEW_MS }));
    if (this.page.info.membership) deeds.push(deed("Ask it to leave", { do: "leave", node: id }));
    const loss = status === "crashed" ? "Lose its disk" : "Crash and lose its disk";
    deeds.push(deed(loss, { do: "disk_loss", node: id }, true));
    return deeds;
  }

  /** The clients that stand still now. */
  get stillClients() {
    return stillClients(this.player.scenario.script ?? [], this.player.now);
  }

  /**
   * What can be done to a client.
   * @param {number} client
   * @returns {Deed[]}
   */
  clientDeeds(client) {
    const deed = (/** @type {string} */ label, /** @type {Action} */ action) => ({
      label,
      run: () => void this.act(action),
    });
    const skew = (/** @type {string} */ label, /** @type {object} */ how) =>
      deed(label, /** @type {Action} */ ({ do: "skew_client", client, ...how }));
    const { pace } = clientClock(this.player.scenario.script ?? [], client, this.player.now);
    const deeds = [
      this.stillClients.has(client)
        ? deed("Resume", { do: "resume_client", client })
        : deed("Pause", { do: "pause_client", client }),
    ];
    if (pace >= 1) deeds.push(skew("Let its clock lose half a second a second", { drift_ppm: -DRIFT_PPM }));
    if (pace <= 1) deeds.push(skew("Let its clock gain half a second a second", { drift_ppm: DRIFT_PPM }));
    if (pace !== 1) deeds.push(skew("Let its clock neither gain nor lose", { drift_ppm: 0 }));
    const drift_ppm = Math.round((pace - 1) * 1_000_000);
    deeds.push(skew(`Set its clock ${SKEW_MS} ms ahead`, { ahead_ms: SKEW_MS, drift_ppm }));
    return deeds;
  }

  /**
   * @param {import("../types.js").MessageDetail} message
   * @returns {Deed[]}
   */
  messageDeeds(message) {
    if (message.fate !== "flying" && message.fate !== "waiting") return [];
    const { id } = message;
    const between = message.from.node != null && message.to.node != null;
    const deed = (/** @type {string} */ label, /** @type {Action} */ action) => ({
      label,
      run: () => {
        if (action.do === "drop") this.page.stage.strike(id);
        this.act(action);
      },
    });
    const deeds = [
      deed("Deliver now", { do: "deliver", message: id }),
      deed("Drop", { do: "drop", message: id }),
    ];
    if (message.fate === "flying")
      deeds.push(deed(`Delay by ${DELAY_MS} ms`, { do: "delay", message: id, by_ms: DELAY_MS }));
    if (between) deeds.push(deed("Duplicate", { do: "duplicate", message: id }));
    return deeds;
  }

  // The stage calls these.

  /** @param {number} id */
  openNode(id) {
    const { page } = this;
    page.inspectNode(id);
    const glance = this.player.frame().node(id);
    const box = page.stage.nodes.rectOf(id);
    const look = page.view.node(glance, this.player.simulation.node(id));
    openMenu({
      x: box ? box.right - 10 : 0,
      y: box ? box.top : 0,
      title: `Node ${id}`,
      text: look.spoken.replace(`Node ${id}, `, ""),
      items: this.nodeDeeds(glance),
    });
  }

  /** @param {number} id */
  focusNode(id) {
    if (this.page.node !== id) this.page.inspectNode(id);
  }

  /**
   * @param {number} id
   * @param {{ x: number, y: number }} at
   */
  openMessage(id, at) {
    this.player.pause();
    this.page.inspectMessage(id);
    const message = this.player.simulation.message(id);
    if (!message) return;
    openMenu({
      ...at,
      title: `${message.kind}, ${peerName(message.from)} → ${peerName(message.to)}`,
      text: message.text,
      items: [{ label: "Inspect", run: () => this.page.inspectMessage(id) }, ...this.messageDeeds(message)],
    });
  }

  /**
   * @param {number} client
   * @param {{ x: number, y: number }} at
   */
  openClient(client, at) {
    const { pace } = clientClock(this.player.scenario.script ?? [], client, this.player.now);
    const does = this.stillClients.has(client) ? "stands still" : "";
    const clock = pace === 1 ? "" : `its clock is ${pace > 1 ? "fast" : "slow"}`;
    openMenu({
      ...at,
      title: `Client ${client}`,
      text: [does, clock].filter(Boolean).join("; "),
      items: this.clientDeeds(client),
    });
  }

  /** The clients as a menu, for those who have no pointer. */
  listClients() {
    const box = byId("stage").getBoundingClientRect();
    const at = { x: box.left + box.width / 2 - 130, y: box.top + 20 };
    const still = this.stillClients;
    const count = this.player.frame().clients;
    openMenu({
      ...at,
      title: "Clients",
      text:
        count > LISTED_MOST ? `the first ${LISTED_MOST} of ${count}` : count === 0 ? "There are none." : "",
      items: Array.from({ length: Math.min(count, LISTED_MOST) }, (_, client) => ({
        label: `Client ${client}…`,
        hint: still.has(client) ? "stands still" : "",
        run: () => this.openClient(client, at),
      })),
    });
  }

  /** @param {[number[], number[]]} groups */
  cut(groups) {
    this.act({ do: "partition", groups });
  }

  /** @param {[number[], number[]] | null} groups */
  preview(groups) {
    const bar = byId("watch");
    if (groups)
      bar.textContent = `Let go to cut ${listed(groups[0]) || "nobody"} from ${listed(groups[1]) || "nobody"}.`;
    else this.player.version++;
  }

  /** @param {number} id shows the ways in which a node can misbehave */
  openConduct(id) {
    const { page } = this;
    page.inspectNode(id);
    if (matchMedia("(max-width: 1100px)").matches) page.showTab("inspect");
    page.drawInspector(this.player.frame());
    openConduct();
  }

  // Links.

  /** @param {number} id */
  isCutOff(id) {
    const frame = this.player.frameReader;
    for (let k = 0; k < frame.cuts; k++) if (frame.cut(k).includes(id)) return true;
    return false;
  }

  /** @param {number} id mends the links of one node */
  reconnect(id) {
    const frame = this.player.frameReader;
    const others = new Set(
      Array.from({ length: frame.cuts }, (_, k) => frame.cut(k))
        .filter((cut) => cut.includes(id))
        .map(([from, to]) => (from === id ? to : from)),
    );
    for (const other of others) if (!this.act({ do: "mend", from: id, to: other })) return;
  }

  /** @param {number} [from] the node whose links are looked at first */
  openLinks(from) {
    this.page.dialogs.links(from ?? this.page.node);
  }

  toggleManual() {
    this.act({ do: "manual", on: !this.manual });
  }

  // Requests.

  /** @param {number} [node] */
  focusRequest(node) {
    if (node !== undefined) {
      aimRequest(node);
      this.page.drawBar(this.player.frame());
    }
    /** @type {HTMLElement | null} */ (document.querySelector("#request select"))?.focus();
  }

  /**
   * @param {any} op
   * @param {number | null} node
   * @param {number | null} [client] who asks, if not whoever is free
   */
  request(op, node, client = null) {
    const caution = this.page.view.caution?.(op, this.player.scenario);
    if (caution) notice(caution);
    this.act({
      do: "request",
      ...(node === null ? {} : { node }),
      ...(client === null ? {} : { client }),
      op,
    });
  }

  /** The messages under way as a menu, for those who do not click on moving things. */
  listMessages() {
    this.player.pause();
    const frame = this.player.frame();
    const all = Array.from({ length: frame.flights }, (_, k) => frame.flight(k));
    all.sort((a, b) => (a.flags & FLAG.held ? 0 : a.due) - (b.flags & FLAG.held ? 0 : b.due));
    const name = (/** @type {number} */ end) => (end < 0 ? `client ${-end - 1}` : `${end}`);
    const kind = (/** @type {number} */ k) =>
      k === -1 ? "request" : k === -2 ? "reply" : this.page.info.kinds[k];
    const box = byId("stage").getBoundingClientRect();
    openMenu({
      x: box.left + box.width / 2 - 130,
      y: box.top + 20,
      title: "Messages under way",
      text:
        all.length > LISTED_MOST
          ? `the next ${LISTED_MOST} of ${all.length}`
          : all.length
            ? ""
            : "There are none.",
      items: all.slice(0, LISTED_MOST).map((flight) => ({
        label: `${name(flight.from)} → ${name(flight.to)} ${kind(flight.kind)}`,
        hint: flight.flags & FLAG.held ? "waits" : inMs(flight.due),
        run: () => this.openMessage(flight.id, { x: box.left + box.width / 2, y: box.top + 60 }),
      })),
    });
  }
}
