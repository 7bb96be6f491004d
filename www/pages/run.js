// The page of a run: puts the player, the stage and the panels together, and draws them.

import { byId, html, render } from "../lib/dom.js";
import { listenForKeys } from "../lib/keys.js";
import { packRun, unpackRun } from "../share.js";
import { Stage } from "../stage/stage.js";
import { Timeline } from "../stage/timeline.js";
import { drawBranchName } from "../panels/branches.js";
import { drawClock } from "../panels/clock.js";
import { openDialog } from "../panels/dialog.js";
import { EventList } from "../panels/events.js";
import { drawGallery } from "../panels/gallery.js";
import { drawInspector, forgetFacts } from "../panels/inspector.js";
import { errorWords, notice } from "../panels/notices.js";
import { drawStageBar } from "../panels/stage-bar.js";
import { drawVerdict } from "../panels/verdict.js";
import { readStored, watchOf } from "../hunt/stored.js";
import { RunDoom } from "./run-doom.js";
import { routeHash } from "../route.js";
import { leftOut, rulesOf, views } from "../views/index.js";
import { startRuns } from "../wasm.js";
import { commandsOf } from "./run-commands.js";
import { Dialogs, takeOver } from "./run-dialogs.js";
import { Hands } from "./run-hands.js";
import { Seat } from "./run-seat.js";
import { SpacetimeFace } from "./run-spacetime.js";
import { drawStory, openingOf } from "./run-story.js";
import { Reasons, rootOf } from "./run-why.js";

/** @typedef {import("../types.js").Scenario} Scenario */
/** @typedef {import("../types.js").TraceEvent} TraceEvent */

/** How often panels are drawn again while time goes on, in real milliseconds. */
const PANEL_MS = 220;
const STORY_MS = 120;
const JUST_NOW = 160;
/** How many nodes a diagram shows of a large cluster, at least. */
const DIAGRAM_NODES = 12;
const LED_MOST = 8;
/** How many events are looked through for what an event led to. */
const LED_WITHIN = 2000;
/** Below this width panels are tabs: as in css/narrow.css. */
const NARROW = "(max-width: 1100px)";

export class RunPage {
  /** @param {string} protocol the one that opens first */
  constructor(protocol) {
    const { branches, touched } = takeOver();
    /** Whether the run in the address was worked on before the page was loaded anew. */
    this.workedOn = touched;
    /** @type {Map<string, Seat>} */
    this.seats = new Map();
    this.hands = new Hands(this);
    this.dialogs = new Dialogs(this);
    this.stage = new Stage(byId("stage"), this.hands);
    this.timeline = new Timeline(byId("timeline"), {
      seek: (ms) => this.player.seek(ms),
      show: (id) => this.hands.attempt(() => this.player.show(id)),
    });
    this.events = new EventList(byId("events"), {
      go: (id) => this.openEvent(id),
      close: () => this.toggleEvents(false),
    });
    this.face = new SpacetimeFace(this);
    this.reasons = new Reasons();
    this.doom = new RunDoom(() => (this.seen = -1));
    /** What is looked at: one of the three, or the node alone. */
    this.node = 0;
    this.message = -1;
    this.event = -1;
    /** @type {(protocol: string) => void} called when another protocol is shown */
    this.onTurn = () => {};
    this.storyAt = 0;
    this.panelsAt = 0;
    this.seen = -1;
    this.told = -1;
    /** @type {{ key: string, events: TraceEvent[] }} */
    this.led = { key: "", events: [] };
    this.seat = this.seatOf(protocol);
    this.player.adopt(branches);
    this.commands = commandsOf(this);
    this.listen();
    this.settle();
  }

  get info() {
    return this.seat.info;
  }

  get view() {
    return this.seat.view;
  }

  get player() {
    return this.seat.player;
  }

  get lessons() {
    return this.seat.lessons;
  }

  /** The ready scenario that is shown. */
  get lesson() {
    return this.seat.lesson;
  }

  /** @param {string} protocol */
  seatOf(protocol) {
    const seat = this.seats.get(protocol) ?? new Seat(protocol, this);
    this.seats.set(protocol, seat);
    return seat;
  }

  /**
   * Turns to a protocol, and to its run as it was left.
   * @param {string} protocol
   */
  turn(protocol) {
    if (protocol === this.info.name) return;
    this.rest();
    this.seat = this.seatOf(protocol);
    this.settle();
  }

  /** Shows what does not change while a protocol is shown. */
  settle() {
    this.node = 0;
    this.message = this.event = -1;
    this.stage.turn(this.view, this.info.kinds);
    this.stage.selectedNode = this.node;
    this.face.settle();
    byId("diagram-title").textContent = this.view.diagramTitle;
    forgetFacts();
    this.seen = this.told = -1;
    this.onTurn(this.info.name);
    this.showTab(document.body.dataset.tab ?? "inspect");
    this.onJump();
  }

  /** Time stands still while another page or protocol is shown. */
  rest() {
    this.seat.rest();
  }

  listen() {
    // Some diagrams are laid out by the room that they have.
    new ResizeObserver(() => (this.seen = -1)).observe(byId("diagram"));
    listenForKeys(() => (document.body.dataset.page === "run" ? this.commands : []));
    render(
      html`<button @click=${() => this.dialogs.help()}>Help</button
        ><button @click=${() => this.dialogs.options()}>Options</button
        ><button @click=${() => this.dialogs.share()}>Share</button>`,
      byId("tools"),
    );
  }

  /** @param {string} shown the panel that is seen where there is room for one */
  showTab(shown) {
    document.body.dataset.tab = shown;
    this.seen = -1;
    const tabs = [
      ["inspect", "Inspect"],
      ["diagram", this.view.diagramTitle],
      ["scenarios", "Scenarios"],
      ["events", "Events"],
    ];
    render(
      tabs.map(
        ([id, label]) =>
          html`<button aria-pressed=${id === shown ? "true" : "false"} @click=${() => this.showTab(id)}>
            ${label}
          </button>`,
      ),
      byId("tabs"),
    );
  }

  /**
   * Opens a ready scenario where it says: shortly before what it is about.
   * @param {string} name
   */
  openLesson(name) {
    const lesson = this.lessons.find((each) => each.name === name);
    if (!lesson) {
      notice(`There is no scenario “${name}” here.`, { bad: true, stays: true });
      const [first] = this.lessons;
      if (!this.player.sim && first) this.openLesson(first.name);
      return;
    }
    if (this.open(lesson.scenario, { at_ms: openingOf(lesson.scenario), lesson: name })) return;
    this.player.play();
    // Where panels are tabs, the stage may be out of sight.
    if (matchMedia(NARROW).matches) scrollTo(0, 0);
  }

  /**
   * Opens the stored run that shows what a rule is for.
   * @param {string} mutant the rule that is left out in it
   * @param {() => boolean} isLeft whether another page or protocol has been turned to
   */
  async openStored(mutant, isLeft) {
    const { title, protocol } = this.view;
    const known = mutant !== "" && rulesOf(this.view).some(([key]) => key === mutant);
    const stored = known ? await readStored(protocol, mutant).catch(() => null) : null;
    if (isLeft()) return;
    if (!stored) {
      const words = known
        ? `The run that is stored for “${mutant}” cannot be fetched.`
        : `${title} has no rule “${mutant}” to break.`;
      notice(words, { bad: true, stays: true });
      if (!this.player.sim) this.openLesson(this.lessons[0]?.name ?? "");
      return;
    }
    const wrong = this.open({ ...stored, watch: watchOf(stored.about ?? "") }, { ahead_ms: stored.until_ms });
    if (wrong) notice(wrong, { bad: true, stays: true });
    else this.player.play();
  }

  /**
   * Fetches what a scenario needs that is not there yet. Answers what went wrong, or nothing.
   * @param {Partial<Scenario> | null} scenario as it came, from anywhere
   */
  async fetchRuns(scenario) {
    const { protocol = "" } = scenario ?? {};
    if (!Object.hasOwn(views, protocol)) return "";
    try {
      await startRuns(protocol);
      return "";
    } catch (error) {
      return `What runs ${views[protocol].title} cannot be fetched. ${errorWords(error)}`;
    }
  }

  /**
   * Puts a scenario on the stage, whose protocol has been fetched. Answers what is wrong with it, or nothing.
   * @param {Scenario} scenario
   * @param {{ at_ms?: number, position?: number, lesson?: string | null, keep?: boolean, ahead_ms?: number }} [how]
   * @returns {string}
   */
  open(scenario, { lesson = null, ...how } = {}) {
    const { protocol = this.info.name } = scenario;
    if (protocol !== this.info.name && Object.hasOwn(views, protocol)) {
      this.turn(protocol);
      history.replaceState(null, "", routeHash(protocol));
    }
    try {
      const { exact } = this.player.load(scenario, how);
      if (!exact)
        notice(
          `This build does not replay the link as it was: event ${how.position} is not at ${how.at_ms} ms here. What you see may differ from what was shared.`,
          { bad: true, stays: true },
        );
    } catch (error) {
      if (this.player.dead) this.onTrouble("panic", error);
      return errorWords(error);
    }
    this.seat.lesson = lesson;
    this.message = this.event = -1;
    forgetFacts();
    if (lesson) history.replaceState(null, "", routeHash(this.info.name, { lesson }));
    return "";
  }

  /**
   * Opens what the address says, whose protocol has been fetched. Says so, and leaves the run as it was, where that cannot be done.
   * @param {import("../route.js").Route} route
   */
  async go(route) {
    const asked = Object.hasOwn(views, route.page) ? route.page : this.info.name;
    this.turn(asked);
    const { seat } = this;
    // While something is on its way, another protocol or page may have been turned to.
    const isLeft = () => seat !== this.seat || document.body.dataset.page !== "run";
    await seat.read;
    if (isLeft()) return;
    const { run, lesson, counterexample } = route;
    if (run === null && lesson === null && counterexample === null && this.player.sim) return seat.resume();
    if (counterexample !== null) return this.openStored(counterexample, isLeft);
    if (route.run !== null) {
      try {
        const shared = await unpackRun(route.run);
        const missing = await this.fetchRuns(shared.scenario);
        if (isLeft()) return;
        const { now_ms: at_ms, position, ahead_ms } = shared;
        const wrong = missing || this.open(shared.scenario, { at_ms, position, ahead_ms });
        if (wrong) throw new Error(wrong);
        this.player.branch.touched = this.workedOn;
        this.workedOn = false;
        if (shared.position === 0 && shared.now_ms === 0) this.player.play();
        else this.player.pause();
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
    const { player } = this;
    const place =
      branch.id === player.current ? { position: player.position, now_ms: player.now } : player.endOf(branch);
    // What to watch for was said of the run as it was before a hand acted.
    const { watch: _, open_ms: __, ...rest } = branch.scenario;
    const run = await packRun({ scenario: branch.touched ? rest : branch.scenario, ...place });
    return `${location.origin}${location.pathname}${routeHash(this.info.name, { run })}`;
  }

  // Drawing.

  /** @param {number} realNow */
  draw(realNow) {
    if (!this.player.sim) return;
    const frame = this.player.tick(realNow);
    if (this.player.dead) return;
    if (!this.face.isShown) this.stage.draw(frame, realNow, (id) => this.player.simulation.node(id));
    else this.face.draw(frame);
    const { player } = this;
    player.judge(realNow);
    const now = document.getElementById("now");
    if (now) now.textContent = `${player.now.toFixed(1)} ms`;
    this.timeline.draw(this.doom.line(player));
    const changed = player.version !== this.seen;
    if (realNow - this.storyAt > STORY_MS && (player.version !== this.told || player.playing)) {
      this.storyAt = realNow;
      this.told = player.version;
      drawStory(this, frame);
    }
    if ((changed && !player.playing) || realNow - this.panelsAt > PANEL_MS) {
      if (!changed && !player.playing) return;
      this.panelsAt = realNow;
      this.seen = player.version;
      this.drawPanels(frame);
    }
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
      left: leftOut(this.view, /** @type {any} */ (player.scenario.options)?.mutant),
      names: this.view.claims?.(this.info.invariants, player.scenario.options ?? {}) ?? this.info.invariants,
      watched: player.scenario.invariants !== false,
      linear: player.linear,
      waits: player.longestWait,
      violations: player.violations,
      position: player.position,
      go: (id) => this.openEvent(id),
      showHistory: () => void this.dialogs.history(),
      fate: this.doom.of(player),
    });
    this.stage.nodes.markStill(this.hands.stillClients);
    this.drawBar(frame);
    if (this.face.isShown) this.face.drawBar();
    this.drawInspector(frame);
    this.drawDiagram(frame);
    if (this.eventsAreOpen) this.events.draw(player.simulation, player.histories, frame.nodes, this.event);
  }

  /** @param {import("../stage/frame.js").Frame} frame */
  drawBar(frame) {
    drawStageBar(byId("stage-bar"), {
      hands: this.hands,
      requests: this.view.requests,
      asks: this.view.asks?.(this.player.scenario.options ?? {}),
      nodes: frame.nodes,
      joins: this.info.membership,
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
    const most = this.view.diagramNodes ?? DIAGRAM_NODES;
    const shown = glances.filter((node) => node.id < most || standsOut(node));
    const nodes = shown.map(({ id }) => this.player.simulation.node(id));
    const { simulation, position, histories } = this.player;
    this.view.diagram(host, {
      nodes,
      glances,
      position,
      now: this.player.now,
      histories,
      trace: (from, to) => simulation.trace(from, to),
      hands: {
        options: this.player.scenario.options ?? {},
        tallies: () => simulation.tallies(),
        act: (action) => this.hands.act(action),
        go: (id) => this.openEvent(id),
        play: () => this.player.play(),
        openDialog,
        script: this.player.scenario.script ?? [],
        openClient: (client, at) => this.hands.openClient(client, at),
      },
      flights: () => Array.from({ length: frame.flights }, (_, k) => frame.flight(k)),
      message: (id) => simulation.message(id),
    });
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
    const root = message ? message.sent_by : event ? event.id : rootOf(this.player, glance, recent);
    const after = message
      ? message.led_to.slice(0, LED_MOST).flatMap((id) => simulation.trace(id, id + 1))
      : event
        ? this.ledTo(event.id)
        : [];
    drawInspector(byId("inspector"), {
      now: frame.now,
      position,
      node: simulation.node(this.node) ?? null,
      message,
      event,
      why: this.reasons.of(this.player, root),
      further: () => {
        this.reasons.further();
        this.player.version++;
      },
      violation: event ? (this.player.violations.find((v) => v.event === event.id) ?? null) : null,
      after,
      recent: recent.filter((e) => e.kind !== "deliver" && e.kind !== "fire").slice(0, 9),
      view: this.view,
      question: this.view.question(glance),
      deeds: message
        ? this.hands.messageDeeds(message)
        : event
          ? []
          : this.hands.nodeDeeds(glance).slice(0, 5),
      conducts: this.info.conducts,
      behave: (ways) => this.hands.act({ do: "conduct", node: this.node, ways }),
      go: (id) => this.openEvent(id),
      clear: () => this.inspectNode(this.node),
      showEvents: () => this.toggleEvents(),
    });
  }

  /**
   * What an event was the cause of, as far as is recorded.
   * @param {number} id
   */
  ledTo(id) {
    const { simulation, histories, length } = this.player;
    const to = Math.min(length, id + 1 + LED_WITHIN);
    const key = `${histories} ${id} ${to}`;
    if (this.led.key !== key) {
      const events = simulation.trace(id + 1, to).filter((e) => e.cause === id);
      this.led = { key, events: events.slice(0, LED_MOST) };
    }
    return this.led.events;
  }

  // What is looked at.

  /** @param {number} id */
  inspectNode(id) {
    this.node = id;
    this.message = this.event = -1;
    this.face.look(-1);
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
    this.face.look(id);
    this.stage.selectedMessage = -1;
    this.player.version++;
    if (!matchMedia(NARROW).matches) return;
    this.showTab("inspect");
    byId("inspector").scrollIntoView();
  }

  /** @param {boolean} [open] whether the list of events is to be seen; left out, the other way */
  toggleEvents(open) {
    if (matchMedia(NARROW).matches) this.showTab(open === false ? "inspect" : "events");
    else document.body.classList.toggle("with-events", open);
    this.player.version++;
    if (!this.eventsAreOpen) return;
    this.events.draw(this.player.simulation, this.player.histories, this.player.frame().nodes, this.event);
    this.events.focus();
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
      const most = String(error?.expected ?? "no more").replace(/\d+/, (count) =>
        Number(count).toLocaleString("en"),
      );
      notice(`The run has come to its end: it can have ${most}. Go back, or start again.`, { bad: true });
    } else if (kind === "panic") {
      this.dialogs.panic(String(error?.message ?? error));
    } else {
      notice(errorWords(error), { bad: true });
    }
  }
}
