// The hunt: one says what to look for, workers look for it, and what they find is made small and explained.

import { html, nothing, render } from "../lib/dom.js";
import { saveFile, valueOf } from "../lib/dom.js";
import { capital, counted, inMs } from "../lib/format.js";
import { drawBefall, kindsWithout, leftOutOf } from "../hunt/befall.js";
import { drawFigures, drawFirst, huntHash } from "../hunt/figures.js";
import { Crew, crewSize, makeWorker } from "../hunt/crew.js";
import { drawDoom } from "../hunt/doom-chart.js";
import { findNoReturn } from "../hunt/fates.js";
import { proven } from "../hunt/orders.js";
import { readStored } from "../hunt/stored.js";
import { storyOf } from "../hunt/story.js";
import { STRATEGIES, breachHeadline, breachName, nothingFound, number, paragraph } from "../hunt/words.js";
import { notice } from "../panels/notices.js";
import { routeHash } from "../route.js";
import { leftOut, rulesOf, views } from "../views/index.js";
import { startRuns } from "../wasm.js";

/** @typedef {import("../hunt/crew.js").Catch} Catch */
/** @typedef {import("../hunt/crew.js").Shrunk} Shrunk */
/** @typedef {import("../hunt/story.js").Story} Story */

/** How many scenarios are tried to make one smaller. */
const SHRINK_MOST = 30_000;
/** More steps than this are scrolled. */
const STEPS_LONG = 40;
/** Below this width what is found stands below what is hunted: as in css/hunt.css. */
const NARROW = "(max-width: 800px)";
/** How many catches are listed. */
const LISTED_MOST = 12;

/**
 * A catch, and what has become of it.
 * @typedef {object} Prize
 * @property {Catch} found
 * @property {"waiting" | "next" | "shrinking" | "done" | "failed"} state
 * @property {{ entries: number, tried: number, again: boolean }} progress
 * @property {Partial<import("../types.js").Scenario> | null} reached the smallest by now
 * @property {Shrunk | null} shrunk
 * @property {Story | null} story
 * @property {import("../hunt/fates.js").Doom | null} doom
 * @property {string} pointLink where the point of no return is played
 * @property {string} trouble
 */

/** How much there is in a scenario. @param {Partial<import("../types.js").Scenario>} scenario */
function weight({ script, clients }) {
  return (script?.length ?? 0) + 3 * (clients?.count ?? 0);
}

export class HuntPage {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.protocol = "raft";
    this.mutant = "old_term_commit";
    /** @type {import("../pkg/hunt").Strategy} */
    this.strategy = "mixed";
    this.faults = 16;
    /** @type {Record<string, boolean>} */
    this.kinds = kindsWithout();
    this.seed = 0;
    this.goesOn = false;
    /** What the stored run of the chosen rule shows. */
    this.stored = { of: "", about: "" };
    /** What the figures and finds are about: the choice may be another one by now. */
    this.hunted = {
      protocol: this.protocol,
      title: "",
      left: /** @type {string | null} */ (null),
      order: /** @type {import("../hunt/crew.js").HuntOrder} */ ({ protocol: this.protocol }),
    };
    /** @type {Crew | null} */
    this.crew = null;
    /** @type {"ready" | "running" | "paused" | "over" | "failed"} */
    this.state = "ready";
    this.trouble = "";
    /** @type {Prize[]} */
    this.prizes = [];
    this.caught = 0;
    this.shown = 0;
    /** @type {ReturnType<typeof makeWorker> | null} */
    this.shrinker = null;
    /** What ends the search for the point of no return. @type {() => void} */
    this.endDoom = () => {};
  }

  /** @param {import("../route.js").Route} route */
  async go(route) {
    const { protocol, mutant, without } = route;
    if (protocol && Object.hasOwn(views, protocol)) {
      const off = without?.split(",") ?? [];
      const kinds = kindsWithout(off);
      const unknown = off.find((key) => !Object.hasOwn(kinds, key));
      if (unknown !== undefined) notice(`There is no kind of fault “${unknown}” here.`, { bad: true });
      const same = leftOutOf(kinds).join() === leftOutOf(this.kinds).join();
      // Whoever comes back to what is hunted finds it as it is.
      if (protocol !== this.protocol || (mutant ?? "") !== this.mutant || !same) {
        if (this.isBusy) this.stop();
        this.choose(protocol, mutant ?? "");
        this.kinds = kinds;
        if (mutant && this.mutant !== mutant) {
          notice(`${views[protocol].title} has no rule “${mutant}” to break.`, { bad: true });
          this.note();
        }
      }
    } else if (protocol) notice(`There is no protocol “${protocol}” here.`, { bad: true });
    else if (mutant)
      notice(`“${mutant}” is a rule of which protocol? The address does not say.`, { bad: true });
    this.draw();
  }

  get isBusy() {
    return this.state === "running" || this.state === "paused";
  }

  /** The address says what is chosen. */
  note() {
    const { protocol, mutant, kinds } = this;
    history.replaceState(null, "", huntHash(protocol, mutant, leftOutOf(kinds).join()));
  }

  /**
   * @param {string} protocol
   * @param {string} mutant
   */
  choose(protocol, mutant) {
    this.protocol = protocol;
    const known = this.mutants.map(([key]) => key);
    this.mutant = known.includes(mutant) ? mutant : "";
  }

  /** The rules that can be left out, with their words. */
  get mutants() {
    return rulesOf(views[this.protocol]);
  }

  /** The words for the rule that is left out. */
  get left() {
    return leftOut(views[this.protocol], this.mutant);
  }

  /** Reads what the stored run of the chosen rule shows, once. */
  async read() {
    const { protocol, mutant } = this;
    const of = mutant && `${protocol} ${mutant}`;
    if (of === this.stored.of) return;
    this.stored = { of, about: "" };
    if (!of) return;
    const about = (await readStored(protocol, mutant).catch(() => null))?.about ?? "";
    if (this.stored.of !== of) return;
    this.stored.about = about;
    this.draw();
  }

  // What one does.

  start() {
    this.end();
    this.prizes = [];
    this.caught = 0;
    this.shown = 0;
    this.trouble = "";
    this.state = "running";
    const order = {
      protocol: this.protocol,
      mutant: this.mutant || null,
      strategy: this.strategy,
      budget: { faults: this.faults, ...this.kinds },
      seed: this.seed,
    };
    this.hunted = { protocol: this.protocol, title: views[this.protocol].title, left: this.left, order };
    this.crew = new Crew(order, crewSize(), (news, place) => this.hear(news, place));
    this.draw();
  }

  pause() {
    this.crew?.pause();
    this.state = "paused";
    this.draw();
  }

  resume() {
    this.crew?.resume();
    this.state = "running";
    this.draw();
  }

  stop() {
    const [prize] = this.prizes.filter(({ state }) => state === "shrinking");
    this.end();
    // What it has become by now is worth something too.
    if (prize?.reached) {
      prize.shrunk = { scenario: prize.reached, tried: prize.progress.tried, minimal: false };
      prize.state = "done";
      void this.tell(prize);
    }
    this.state = "over";
    this.draw();
  }

  /** Sends everybody home; the figures stay. */
  end() {
    this.crew?.end();
    this.endShrinking();
    this.endDoom();
  }

  /** What is not small yet waits until it is asked for again. */
  endShrinking() {
    this.shrinker?.end();
    this.shrinker = null;
    for (const prize of this.prizes)
      if (prize.state === "shrinking" || prize.state === "next") prize.state = "waiting";
  }

  // What the workers tell.

  /**
   * @param {import("../hunt/crew.js").News} news
   * @param {number} place the worker's
   */
  hear(news, place) {
    if (news.news === "catch") {
      this.take(news.found);
      if (this.state === "running") this.crew?.goOn(place);
    }
    if (news.news === "over" && this.crew?.over.every(Boolean)) this.state = "over";
    if (news.news === "failed") {
      this.state = "failed";
      this.trouble = news.words;
      this.crew?.end();
    }
    this.draw();
  }

  /** @param {Catch} found */
  take(found) {
    this.caught += 1;
    if (this.prizes.length >= LISTED_MOST) return;
    /** @type {Prize} */
    const prize = {
      found,
      state: "waiting",
      progress: { entries: found.scenario.script?.length ?? 0, tried: 0, again: false },
      reached: null,
      shrunk: null,
      story: null,
      doom: null,
      pointLink: "",
      trouble: "",
    };
    this.prizes.push(prize);
    if (!this.goesOn) this.pause();
    if (this.prizes.length > 1) return;
    this.shrink(prize);
    this.goToFirst();
  }

  /** Brings the first find into sight, where it stands below the form. */
  goToFirst() {
    if (matchMedia(NARROW).matches) this.host.querySelector(".prize")?.scrollIntoView();
  }

  /**
   * One at a time: what was begun is finished first.
   * @param {Prize} prize
   */
  shrink(prize) {
    if (this.shrinker) {
      prize.state = "next";
      return this.draw();
    }
    prize.state = "shrinking";
    const worker = makeWorker((news) => {
      if (news.news === "shrinking") {
        prize.progress = news;
        if (news.best && (!prize.reached || weight(news.best) < weight(prize.reached)))
          prize.reached = news.best;
      }
      if (news.news === "shrunk") {
        prize.shrunk = news.shrunk;
        this.finishShrinking(prize, "done");
        void this.tell(prize);
      }
      if (news.news === "failed") {
        prize.trouble = news.words;
        this.finishShrinking(prize, "failed");
      }
      this.draw();
    });
    this.shrinker = worker;
    const { scenario, breach, patience_ms } = prize.found;
    const { order } = this.hunted;
    worker.tell({ task: "shrink", found: { scenario, breach, patience_ms }, order, most: SHRINK_MOST });
    this.draw();
  }

  /**
   * @param {Prize} prize
   * @param {"done" | "failed"} state
   */
  finishShrinking(prize, state) {
    prize.state = state;
    this.shrinker?.end();
    this.shrinker = null;
    const next = this.prizes.find((other) => other.state === "next");
    if (next) this.shrink(next);
  }

  /**
   * Puts a run into words, which takes the protocol's own module.
   * @param {Prize} prize
   */
  async tell(prize) {
    if (!prize.shrunk) return;
    try {
      const { protocol, left } = this.hunted;
      await startRuns(prize.shrunk.scenario.protocol ?? protocol);
      prize.story = await storyOf(prize.found, prize.shrunk, left, views[protocol]);
    } catch (error) {
      prize.trouble = String(/** @type {any} */ (error)?.message ?? error);
    }
    this.draw();
    if (prize === this.prizes[0]) this.goToFirst();
  }

  /** @param {Prize} prize */
  findDoom(prize) {
    const { shrunk, story, found } = prize;
    if (!shrunk || !story) return;
    this.endDoom();
    prize.doom = { fates: [], point: null, done: false };
    this.endDoom = findNoReturn(shrunk.scenario, found.breach, story.last, (doom, trouble = "") => {
      prize.doom = doom;
      prize.trouble = trouble;
      if (doom.done && doom.point)
        void story.linkTo(doom.point.event).then((link) => {
          prize.pointLink = link;
          this.draw();
        });
      this.draw();
    });
    this.draw();
  }

  // Drawing.

  draw() {
    const held = this.host.querySelector(".hunt-order .hunt-bar :focus");
    this.drawAll();
    // A button that has become another one hands its focus on.
    if (held && !held.isConnected)
      /** @type {HTMLElement | null} */ (this.host.querySelector(".hunt-order .hunt-bar button"))?.focus();
  }

  drawAll() {
    void this.read();
    render(
      html`<main class="hunt">
        <div class="story" aria-live="polite">
          <h1 id="hunt-headline">${this.headline()}</h1>
          <p>${this.watch()}</p>
        </div>
        <div class="hunt-columns">
          ${this.drawOrder()}
          <div class="hunt-results">
            ${this.crew ? drawFigures(this.crew.total) : drawFirst(this, (name) => views[name].title)}
            ${this.prizes.map((prize, k) => this.drawPrize(prize, k))}
          </div>
        </div>
      </main>`,
      this.host,
    );
  }

  headline() {
    const { title } = this.hunted;
    const [prize] = this.prizes;
    if (this.state === "failed") return "The hunt could not go on";
    if (prize) return breachHeadline(title, prize.found.breach);
    if (this.state === "ready") return "What would break it?";
    if (this.state === "running") return `Hunting ${title}`;
    if (this.state === "paused") return `Hunting ${title}: paused`;
    return this.crew ? nothingFound(this.crew.total) : "What would break it?";
  }

  watch() {
    if (this.state === "failed") return this.trouble;
    if (this.state === "ready") {
      return "Pick a protocol, break one of its rules or none, and let chance look for the run that shows it.";
    }
    const { left } = this.hunted;
    if (this.prizes.length > 0) {
      const broken = left ? `With one rule broken: ${left}. ` : "With all its rules in place. ";
      const next = { running: "the hunt goes on", paused: "the hunt waits: go on for more, or stop" };
      const now = next[/** @type {keyof typeof next} */ (this.state)] ?? "the hunt is over";
      const listed = this.caught > LISTED_MOST ? `the first ${LISTED_MOST} finds are` : "what was found is";
      return `${broken}${capital(listed)} told below; ${now}.`;
    }
    if (this.isBusy) {
      return left
        ? `With one rule broken: ${left}. Somewhere there is a run that shows what the rule is for.`
        : "With all its rules in place. What is found here would be a defect.";
    }
    if (!this.crew) return "";
    const { title } = this.hunted;
    const rules = left ? `${title} with one rule broken: ${left}.` : `${title} with all its rules in place.`;
    const { runs, end, orders } = this.crew.total;
    return `${rules} ${runs > 0 ? proven(end, orders) : "Give the hunt a second to begin."}`;
  }

  drawOrder() {
    const busy = this.isBusy;
    return html`<form
      class="hunt-order"
      aria-label="What to hunt"
      @submit=${(/** @type {Event} */ event) => event.preventDefault()}
    >
      <label
        >Protocol
        <select
          id="hunt-protocol"
          ?disabled=${busy}
          @change=${(/** @type {Event} */ event) => {
            this.choose(valueOf(event), "");
            this.note();
            this.draw();
          }}
        >
          ${Object.values(views).map((view) => html`<option value=${view.protocol} ?selected=${view.protocol === this.protocol}>${view.title}</option>`)}
        </select>
      </label>
      <label
        >Break a rule
        <select
          id="hunt-mutant"
          ?disabled=${busy}
          @change=${(/** @type {Event} */ event) => {
            this.mutant = valueOf(event);
            this.note();
            this.draw();
          }}
        >
          ${this.mutants.map(([key, words]) => html`<option value=${key} .selected=${key === this.mutant}>${words}</option>`)}
        </select>
      </label>
      ${
        this.stored.about
          ? html`<div class="hunt-stored">
              <p>${this.stored.about}</p>
              <a id="hunt-stored" href=${routeHash(this.protocol, { counterexample: this.mutant })}
                >Play the stored counterexample</a
              >
            </div>`
          : nothing
      }
      <fieldset ?disabled=${busy}>
        <legend>How</legend>
        ${
          /** @type {(keyof typeof STRATEGIES)[]} */ (Object.keys(STRATEGIES)).map(
            (key) =>
              html`<label class="choice"
                ><input
                  type="radio"
                  name="strategy"
                  value=${key}
                  .checked=${key === this.strategy}
                  @change=${() => {
                    this.strategy = key;
                    this.draw();
                  }}
                />
                ${STRATEGIES[key].name}</label
              >`,
          )
        }
        <p class="soft">${STRATEGIES[this.strategy].help}</p>
      </fieldset>
      ${drawBefall(
        this,
        busy,
        () => {
          this.note();
          this.draw();
        },
        notice,
      )}
      <label class="choice"
        ><input
          type="checkbox"
          .checked=${this.goesOn}
          @change=${(/** @type {Event} */ event) => {
            this.goesOn = /** @type {HTMLInputElement} */ (event.currentTarget).checked;
          }}
        />
        Go on after a find</label
      >
      <div class="hunt-bar">
        ${
          busy
            ? html`${
                  this.state === "running"
                    ? html`<button
                        id="hunt-pause"
                        type="button"
                        @click=${(/** @type {MouseEvent} */ event) => {
                          // The second click of two on the button that stood here.
                          if (event.detail < 2) this.pause();
                        }}
                      >
                        Pause
                      </button>`
                    : html`<button id="hunt-resume" type="button" @click=${() => this.resume()}>
                        Go on
                      </button>`
                }<button id="hunt-stop" type="button" @click=${() => this.stop()}>Stop</button>`
            : html`<button id="hunt-start" class="primary" type="button" @click=${() => this.start()}>
                ${this.crew ? "Hunt again" : "Hunt"}
              </button>`
        }
        <span class="soft">${counted(crewSize(), "worker")}</span>
      </div>
    </form>`;
  }

  /**
   * @param {Prize} prize
   * @param {number} k
   */
  drawPrize(prize, k) {
    const { found, state, progress, shrunk, story, doom, trouble } = prize;
    const name = breachName(found.breach);
    return html`<section class="prize" aria-label=${`Find ${k + 1}`}>
      <h2><span class="broken">✕</span> ${capital(name)}</h2>
      ${
        state === "waiting"
          ? html`<p>
              ${STRATEGIES[found.strategy].name}, ${found.strategy === "exhaustive" ? "state" : "run"}
              ${number(found.run)}: ${counted(found.scenario.script?.length ?? 0, "entry", "entries")} in its
              script.
              <button type="button" @click=${() => this.shrink(prize)}>Make it small</button>
            </p>`
          : nothing
      }
      ${state === "next" ? html`<p role="status">To be made small next…</p>` : nothing}
      ${state === "shrinking" ? html`<p role="status">${progress.again ? "Looking for a shorter one" : "Making it small"}: ${counted(progress.entries, "entry", "entries")} left, ${number(progress.tried)} scenarios tried…</p>` : nothing}
      ${trouble ? html`<p class="broken">${trouble}</p>` : nothing}
      ${
        shrunk && story
          ? html`<p class="paragraph">
                ${paragraph({
                  breach: found.breach,
                  said: story.said,
                  left: this.hunted.left,
                  nodes: shrunk.scenario.nodes ?? 0,
                  steps: shrunk.scenario.script?.length ?? 0,
                  minimal: shrunk.minimal,
                  strategy: found.strategy,
                  run: found.run,
                })}
              </p>
              ${
                story.takes.length > 0
                  ? html`<p class="takes">Where it differs from the defaults: ${story.takes.join("; ")}.</p>`
                  : nothing
              }
              <div class="hunt-bar">
                <a class="button primary" id=${k === 0 ? "hunt-play" : nothing} href=${story.link}
                  >Play it on the stage</a
                >
                <button
                  type="button"
                  @click=${() => saveFile(`${shrunk.scenario.protocol}-counterexample.json`, JSON.stringify(story.scenario, null, 2))}
                >
                  Save as a file
                </button>
                <button
                  type="button"
                  ?disabled=${doom !== null && !doom.done}
                  @click=${() => this.findDoom(prize)}
                >
                  When was it unavoidable?
                </button>
              </div>
              ${doom ? drawDoom(doom, story.last, story.wordsOf, prize.pointLink, story.byHand) : nothing}
              <ol class=${story.steps.length > STEPS_LONG ? "hunt-steps long" : "hunt-steps"}>
                ${story.steps.map(({ at, text }) => html`<li><time>${inMs(at)}</time> ${text}</li>`)}
              </ol>
              <p class="soft">
                ${counted(shrunk.tried, "scenario")} tried to make it so
                small${shrunk.minimal ? "" : "; it may not be the smallest"}.
              </p>`
          : nothing
      }
    </section>`;
  }
}
