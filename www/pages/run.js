// The page of a run: puts the player, the stage and the panels together, and draws them.

import { byId, html, render } from "../lib/dom.js";
import { capital } from "../lib/format.js";
import { listenForKeys } from "../lib/keys.js";
import { packRun, unpackRun } from "../share.js";
import { Player } from "../player.js";
import { Stage } from "../stage/stage.js";
import { Timeline } from "../stage/timeline.js";
import { drawBranchName } from "../panels/branches.js";
import { drawClock } from "../panels/clock.js";
import { EventList } from "../panels/events.js";
import { drawGallery } from "../panels/gallery.js";
import { drawInspector, forgetFacts } from "../panels/inspector.js";
import { errorWords, notice } from "../panels/notices.js";
import { drawStageBar } from "../panels/stage-bar.js";
import { drawVerdict } from "../panels/verdict.js";
import { routeHash } from "../route.js";
import { viewOf } from "../views/index.js";
import { protocolInfo } from "../wasm.js";
import { commandsOf } from "./run-commands.js";
import { Dialogs } from "./run-dialogs.js";
import { Hands } from "./run-hands.js";

/** @typedef {import("../types.js").Scenario} Scenario */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** How often panels are drawn again while time goes on, in real milliseconds. */
const PANEL_MS = 220;
const STORY_MS = 120;
/** How long before the first thing that goes wrong a scenario opens, in virtual milliseconds. */
const LEAD_MS = 90;
const RECENT = 160;
const JUST_NOW = 160;
/** How many nodes a diagram shows of a large cluster, at least. */
const DIAGRAM_NODES = 12;
const CHAIN_MOST = 8;

export class RunPage {
  /**
   * @param {string} protocol
   * @param {import("../panels/gallery.js").Lesson[]} lessons
   */
  constructor(protocol, lessons) {
    this.info = protocolInfo(protocol);
    this.view = viewOf(protocol);
    this.lessons = lessons;
    this.player = new Player(this.info);
    this.hands = new Hands(this);
    this.dialogs = new Dialogs(this);
    this.stage = new Stage(byId("stage"), this.view, this.info.kinds, this.hands);
    this.timeline = new Timeline(byId("timeline"), {
      seek: (ms) => this.player.seek(ms),
      show: (id) => this.hands.attempt(() => this.player.show(id)),
    });
    this.events = new EventList(byId("events"), (id) => this.openEvent(id));
    /** @type {string | null} */
    this.lesson = null;
    /** What is looked at: one of the three, or the node alone. */
    this.node = 0;
    this.message = -1;
    this.event = -1;
    this.storyAt = 0;
    this.panelsAt = 0;
    this.seen = -1;
    this.told = -1;
    this.commands = commandsOf(this);
    this.player.onTrouble = (kind, error) => this.onTrouble(kind, error);
    this.player.onJump = () => this.onJump();
    this.listen();
  }

  listen() {
    listenForKeys(() => (document.body.dataset.page === "run" ? this.commands : []));
    byId("diagram-title").textContent = this.view.diagramTitle;
    const tabs = [
      ["inspect", "Inspect"],
      ["diagram", this.view.diagramTitle],
      ["scenarios", "Scenarios"],
      ["events", "Events"],
    ];
    const draw = () =>
      render(
        tabs.map(
          ([id, label]) =>
            html`<button
              aria-pressed=${document.body.dataset.tab === id ? "true" : "false"}
              @click=${() => {
                document.body.dataset.tab = id;
                draw();
                this.seen = -1;
              }}
            >
              ${label}
            </button>`,
        ),
        byId("tabs"),
      );
    draw();
    render(
      html`<button @click=${() => this.dialogs.help()}>Help</button
        ><button @click=${() => this.dialogs.options()}>Options</button
        ><button @click=${() => this.dialogs.share()}>Share</button>`,
      byId("tools"),
    );
  }

  /**
   * Opens a ready scenario shortly before the first thing that goes wrong.
   * @param {string} name
   */
  openLesson(name) {
    const lesson = this.lessons.find((each) => each.name === name);
    if (!lesson) {
      notice(`There is no scenario “${name}” here.`, { bad: true });
      return;
    }
    const first = lesson.scenario.script?.find((entry) => entry.at_ms > LEAD_MS);
    // What somebody has worked on stays as a branch; a scenario that was only watched does not.
    const keep = this.player.sim && this.player.touched ? this.player.branch.name : undefined;
    this.open(lesson.scenario, { at_ms: first ? Math.max(0, first.at_ms - LEAD_MS) : 0, lesson: name, keep });
    this.player.play();
  }

  /**
   * Puts a scenario on the stage. Answers what is wrong with it, or nothing.
   * @param {Scenario} scenario
   * @param {{ at_ms?: number, position?: number, lesson?: string | null, keep?: string }} [how]
   * @returns {string}
   */
  open(scenario, { lesson = null, ...how } = {}) {
    try {
      this.player.load(scenario, how);
    } catch (error) {
      if (this.player.dead) this.onTrouble("panic", error);
      return errorWords(error);
    }
    this.lesson = lesson;
    this.message = this.event = -1;
    forgetFacts();
    this.events.reset();
    if (lesson) history.replaceState(null, "", routeHash(this.info.name, { lesson }));
    return "";
  }

  /**
   * Opens what the address says. Says so, and leaves the run as it was, where that cannot be done.
   * @param {import("../route.js").Route} route
   */
  async go(route) {
    if (route.run !== null) {
      try {
        const shared = await unpackRun(route.run);
        const wrong = this.open(shared.scenario, { at_ms: shared.now_ms, position: shared.position });
        if (wrong) throw new Error(wrong);
        if (shared.position === 0) this.player.play();
        return;
      } catch (error) {
        notice(`This link cannot be replayed by this build. ${errorWords(error)}`, {
          bad: true,
          stays: true,
        });
        if (this.player.sim) return;
      }
    }
    this.openLesson(route.lesson ?? this.lessons[0]?.name ?? "");
  }

  /** The address of this very event of this run, or of another branch at its end. */
  async link(branch = this.player.branch) {
    const shown = branch.id === this.player.current;
    const run = await packRun({
      scenario: branch.scenario,
      position: shown ? this.player.position : 0,
      now_ms: shown ? this.player.now : branch.end_ms,
    });
    return `${location.origin}${location.pathname}${routeHash(this.info.name, { run })}`;
  }

  // Drawing.

  /** @param {number} realNow */
  draw(realNow) {
    if (!this.player.sim) return;
    const frame = this.player.tick(realNow);
    if (this.player.dead) return;
    this.stage.draw(frame, realNow, (id) => this.player.simulation.node(id));
    const { player } = this;
    const now = document.getElementById("now");
    if (now) now.textContent = `${player.now.toFixed(1)} ms`;
    this.timeline.draw({
      now: player.now,
      end: player.end,
      until: player.scenario.until_ms ?? 0,
      marks: player.marks,
      branches: player.branches,
      current: player.current,
    });
    const changed = player.version !== this.seen;
    if (realNow - this.storyAt > STORY_MS && (player.version !== this.told || player.playing)) {
      this.storyAt = realNow;
      this.told = player.version;
      this.drawStory(frame);
    }
    if ((changed && !player.playing) || realNow - this.panelsAt > PANEL_MS) {
      if (!changed && !player.playing) return;
      this.panelsAt = realNow;
      this.seen = player.version;
      this.drawPanels(frame);
    }
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawStory(frame) {
    const { simulation, position } = this.player;
    const recent = simulation.trace(Math.max(0, position - RECENT), position);
    const { headline, watch } = this.view.headline({
      now: frame.now,
      nodes: frame.everyNode(),
      cuts: Array.from({ length: frame.cuts }, (_, k) => frame.cut(k)),
      recent,
      violation: this.player.violationNow,
      detail: (id) => simulation.node(id) ?? null,
    });
    const hint = this.hintNow();
    setWords("headline", headline);
    const { violationNow } = this.player;
    const broken = violationNow
      ? `${capital(violationNow.invariant)} no longer holds: ${violationNow.text}.`
      : "";
    setWords("watch", broken || hint || watch);
  }

  /** The scenario's own sentence of what to watch for, shortly before its script begins. */
  hintNow() {
    const { scenario, now, touched } = this.player;
    const first = scenario.script?.[0]?.at_ms ?? 0;
    const near = now > first - 2 * LEAD_MS && now < Math.max(first, 40);
    return !touched && near ? (scenario.watch ?? "") : "";
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawPanels(frame) {
    const { player } = this;
    drawClock(byId("clock"), {
      playing: player.playing,
      speed: player.speed,
      setSpeed: (speed) => player.setSpeed(speed),
      commands: Object.fromEntries(this.commands.map((command) => [command.id, command])),
    });
    drawGallery(byId("gallery"), {
      lessons: this.lessons,
      current: this.lesson,
      open: (name) => this.openLesson(name),
    });
    drawBranchName(byId("branch-name"), {
      branches: player.branches,
      current: player.current,
      compare: () => this.dialogs.branches(),
    });
    drawVerdict(byId("verdict"), {
      names: this.info.invariants,
      watched: player.scenario.invariants !== false,
      violations: player.violations,
      position: player.position,
      go: (id) => this.openEvent(id),
    });
    this.drawBar(frame);
    this.drawInspector(frame);
    this.drawDiagram(frame);
    if (this.eventsAreOpen) this.events.draw(player.simulation, frame.nodes, this.event);
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawBar(frame) {
    drawStageBar(byId("stage-bar"), {
      hands: this.hands,
      requests: this.view.requests,
      nodes: frame.nodes,
      manual: this.hands.manual,
      cut: frame.cuts > 0,
      flights: frame.flights,
    });
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawDiagram(frame) {
    const host = byId("diagram");
    if (host.offsetParent === null) return;
    const glances = frame.everyNode();
    // Of a large cluster the first nodes, with those that stand out and the one that is looked at.
    const standsOut = (/** @type {import("../types.js").NodeGlance} */ node) =>
      node.id === this.node || this.view.node(node).ring === "double";
    const shown = glances.filter((node) => node.id < DIAGRAM_NODES || standsOut(node));
    const nodes = shown.map(({ id }) => this.player.simulation.node(id));
    this.view.diagram(host, { nodes, glances });
  }

  get eventsAreOpen() {
    return byId("events").offsetParent !== null;
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawInspector(frame) {
    const { simulation, position } = this.player;
    if (this.node >= frame.nodes) this.node = 0;
    const message = this.message >= 0 ? (simulation.message(this.message) ?? null) : null;
    const event = this.event >= 0 ? (simulation.trace(this.event, this.event + 1)[0] ?? null) : null;
    const glance = frame.node(this.node);
    const recent = simulation.trace(Math.max(0, position - JUST_NOW), position).reverse();
    const root = message
      ? message.sent_by
      : event
        ? event.id
        : (
            recent.find((e) => e.node === this.node && e.class === "leadership") ??
            recent.find((e) => e.node === this.node)
          )?.id;
    const led = message?.led_to ?? [];
    drawInspector(byId("inspector"), {
      now: frame.now,
      position,
      node: simulation.node(this.node) ?? null,
      message,
      event,
      chain: root === undefined ? [] : this.causes(root),
      after: led.slice(0, 8).flatMap((id) => simulation.trace(id, id + 1)),
      recent: recent.filter((e) => e.kind !== "deliver" && e.kind !== "fire").slice(0, 9),
      view: this.view,
      question: this.view.question(glance),
      deeds: message
        ? this.hands.messageDeeds(message)
        : event
          ? []
          : this.hands.nodeDeeds(glance).slice(0, 5),
      go: (id) => this.openEvent(id),
      clear: () => this.inspectNode(this.node),
      showEvents: () => this.toggleEvents(),
    });
  }

  /**
   * An event and what led to it, newest first.
   * @param {number} id
   */
  causes(id) {
    const { simulation } = this.player;
    /** @type {TraceEvent[]} */
    const chain = [];
    /** @type {number | null} */
    let next = id;
    while (next !== null && chain.length < CHAIN_MOST) {
      const [event] = simulation.trace(next, next + 1);
      if (!event) break;
      chain.push(event);
      next = event.cause;
    }
    return chain;
  }

  // What is looked at.

  /** @param {number} id */
  inspectNode(id) {
    this.node = id;
    this.message = this.event = -1;
    this.stage.selectedNode = id;
    this.stage.selectedMessage = -1;
    this.stage.refresh();
    this.player.version++;
  }

  /** @param {number} id */
  inspectMessage(id) {
    this.message = id;
    this.event = -1;
    this.stage.selectedMessage = id;
    this.player.version++;
  }

  /** @param {number} id goes to just after this event, and explains it */
  openEvent(id) {
    this.player.seekEvent(id);
    this.event = id;
    this.message = -1;
    this.stage.selectedMessage = -1;
    this.player.version++;
  }

  toggleEvents() {
    const list = /** @type {HTMLElement} */ (byId("events").parentElement);
    list.classList.toggle("open");
    if (matchMedia("(max-width: 1100px)").matches) document.body.dataset.tab = "events";
    this.player.version++;
  }

  // What happens.

  onJump() {
    this.stage.jump();
    this.stage.refresh();
    this.storyAt = this.panelsAt = 0;
  }

  /**
   * @param {"budget" | "panic" | "refused" | "ended"} kind
   * @param {any} error
   */
  onTrouble(kind, error) {
    if (kind === "ended") {
      notice("The scenario ends here. Press play to let the cluster go on.");
    } else if (kind === "budget") {
      notice(`The run has come to its end: ${errorWords(error)} Go back, or start again.`, { bad: true });
    } else if (kind === "panic") {
      this.dialogs.panic(String(error?.message ?? error));
    } else {
      notice(errorWords(error), { bad: true });
    }
  }
}

/**
 * @param {string} id
 * @param {string} text
 */
function setWords(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}
