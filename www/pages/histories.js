// Histories: what clients asked and were answered, judged and drawn.

import { html, nothing, render, valueOf } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { Drawing } from "../histories/drawing.js";
import { EXAMPLES } from "../histories/examples.js";
import { Judge } from "../histories/judge.js";
import { pointsOf } from "../histories/points.js";
import { MODELS, headline, litWords, operationWords, summary } from "../histories/words.js";
import { notice } from "../panels/notices.js";
import { routeHash } from "../route.js";
import { unpackRun } from "../share.js";

/** @typedef {import("../types.js").Judgement} Judgement */

/** What says that all keys are looked at. */
const ALL = "";
/** A text longer than this is not put into the field for it. */
const SHOWN_MOST = 200_000;

export class HistoriesPage {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.judge = new Judge();
    /** @type {Judgement | null} */
    this.judgement = null;
    /** @type {import("../histories/judge.js").Wrong | null} */
    this.wrong = null;
    this.stopped = false;
    /** What the history is called, and what there is to see. */
    this.title = "";
    this.about = "";
    /** @type {string | null} the example that is shown */
    this.example = null;
    /** The key that is looked at. */
    this.key = ALL;
    this.chosen = -1;
    /** The breach of a guarantee that is lit. @type {{ operation: number, against: number[] } | null} */
    this.breach = null;
    /** The text of what is shown, as far as it is not too long, or what was made of it since. */
    this.pasted = "";
    /** Whether it was too long. */
    this.tooLong = false;
    this.draw();
    const canvas = /** @type {HTMLElement} */ (host.querySelector(".history-drawing"));
    this.drawing = new Drawing(canvas, (place) => {
      this.chosen = place;
      this.draw();
    });
    // Anywhere: a file that falls beside the page's own part would take the browser away from it.
    addEventListener("dragover", (event) => {
      if (!host.hidden) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      if (host.hidden) return;
      event.preventDefault();
      void this.openFile(event.dataTransfer?.files[0]);
    });
  }

  /** @param {import("../route.js").Route} route */
  async go(route) {
    document.title = "Histories · Synod";
    if (route.run !== null) {
      try {
        const { scenario, now_ms } = await unpackRun(route.run);
        const title = scenario.title ? `The clients of “${scenario.title}”` : "The clients of a run";
        await this.ask({ scenario, until_ms: now_ms }, { title, about: "" });
      } catch (error) {
        this.fail({ message: `This link cannot be read. ${/** @type {any} */ (error)?.message ?? ""}` });
      }
      return;
    }
    const example = EXAMPLES.find(({ name }) => name === route.lesson);
    if (example) await this.show(example);
    else {
      if (route.lesson !== null) {
        notice(`There is no example “${route.lesson}” here.`, { bad: true });
        history.replaceState(null, "", routeHash("histories", this.example ? { lesson: this.example } : {}));
      }
      if (!this.judgement && !this.wrong) await this.show(EXAMPLES[1]);
    }
  }

  /** @param {typeof EXAMPLES[number]} example */
  async show(example) {
    const { name, title, about, document: text } = example;
    this.hold(JSON.stringify(text, null, 1));
    await this.ask({ text: this.pasted }, { title, about, example: name });
  }

  /** @param {File | undefined} file */
  async openFile(file) {
    if (!file) return;
    const text = await file.text();
    this.hold(text);
    this.leaveExample();
    await this.ask({ text }, { title: file.name, about: "" });
  }

  /** Puts a text into the field for it. @param {string} text */
  hold(text) {
    this.tooLong = text.length > SHOWN_MOST;
    this.pasted = this.tooLong ? "" : text;
  }

  /** The address names an example no more, so that its link leads back to it. */
  leaveExample() {
    history.replaceState(null, "", routeHash("histories"));
  }

  /** Judges what stands in the field. */
  judgePasted() {
    this.leaveExample();
    void this.ask({ text: this.pasted }, { title: "Your history", about: "" });
    // What is said of it stands above.
    this.host.querySelector("h1")?.scrollIntoView({ block: "center" });
  }

  /**
   * @param {import("../histories/judge.js").Question} question
   * @param {{ title: string, about: string, example?: string }} of
   */
  async ask(question, { title, about, example }) {
    const asking = this.judge.ask(question);
    this.stopped = false;
    this.draw();
    const answer = await asking;
    if (!answer) return;
    // What a run comes to is known by now.
    if ("scenario" in question) this.hold(answer.text ?? "");
    if (answer.error) {
      this.fail(answer.error);
      return;
    }
    this.judgement = answer.judgement ?? null;
    this.wrong = null;
    this.title = this.judgement?.title || title;
    this.about = this.judgement?.about || about;
    this.example = example ?? null;
    this.chosen = -1;
    this.breach = null;
    const keys = this.judgement?.keys ?? [];
    const broken = keys.find((key) => key.linearizable === "no");
    this.key = broken?.key ?? (keys.length === 1 ? keys[0].key : ALL);
    this.draw();
    this.picture(true);
  }

  /** @param {import("../histories/judge.js").Wrong} wrong */
  fail(wrong) {
    this.wrong = wrong;
    this.example = null;
    this.draw();
  }

  stop() {
    this.judge.stop();
    this.stopped = true;
    this.draw();
  }

  /** The key that is looked at, where it is one. */
  get keyed() {
    return this.judgement?.keys.find(({ key }) => key === this.key);
  }

  /** The order that is drawn: of the key, of what came before it broke, or of all keys. */
  get order() {
    const { keyed, judgement } = this;
    if (keyed) return keyed.order ?? keyed.blame?.order ?? [];
    return judgement?.linearizable === "yes" ? (judgement.sequential?.order ?? []) : [];
  }

  /** The operations that are blamed, the worst first. */
  get blamed() {
    const { keyed, breach } = this;
    const of = [keyed?.blame, breach].flatMap((each) => (each ? [each.operation, ...each.against] : []));
    return [...new Set(of)];
  }

  /** @param {number} step from the blamed operation that is told, if it is one */
  showBlamed(step) {
    const { blamed } = this;
    const at = blamed.indexOf(this.chosen);
    const from = at >= 0 ? at : step > 0 ? -1 : 0;
    const place = blamed[(from + step + blamed.length) % blamed.length];
    this.drawing.choose(place);
    this.drawing.bringIn(place);
  }

  /** @param {boolean} fresh whether it is another history */
  picture(fresh) {
    const { judgement, keyed, breach } = this;
    if (!judgement) return;
    const { operations } = judgement;
    const blame = keyed?.blame;
    const last = lastOf(operations);
    const worst = blame?.operation ?? breach?.operation ?? -1;
    this.drawing.show(
      {
        judgement,
        key: this.key === ALL ? null : this.key,
        order: this.order,
        points: pointsOf(operations, this.order, last),
        bad: new Set(this.blamed),
        worst,
        beside: new Set(blame?.under_way ?? []),
        cut: blame ? operations[blame.operation].return : null,
      },
      fresh,
    );
  }

  // Drawing.

  draw() {
    const { judgement, wrong } = this;
    render(
      html`<main class="histories">
        <div class="story" aria-live="polite">
          <h1 class=${this.tone}>${this.headline}</h1>
          <p>${this.words}</p>
        </div>
        ${this.drawBar()} ${wrong ? nothing : this.drawVerdicts()}
        <section
          class=${`history-view ${this.judge.busy ? "old" : ""}`}
          ?hidden=${!judgement || wrong !== null}
        >
          ${this.drawTools()}
          <div
            class="history-drawing"
            tabindex="0"
            role="group"
            aria-label="The history: arrow keys walk from operation to operation"
            aria-describedby="history-said"
          ></div>
          <p id="history-said" class="history-said" aria-live="polite">${this.said}</p>
          ${this.drawLegend()}
        </section>
        ${this.drawForm()}
      </main>`,
      this.host,
    );
  }

  get headline() {
    if (this.judge.busy) return "Judging …";
    if (this.wrong) return "This is no history";
    if (this.stopped) return "Stopped";
    return this.judgement ? headline(this.judgement) : "Histories";
  }

  get words() {
    const { judgement, wrong } = this;
    if (this.judge.busy)
      return "A search for an order is under way. It ends by itself, decided or not; what is hard takes half a minute.";
    if (wrong?.found) return `${wrong.path || "The text"}: found ${wrong.found}, expected ${wrong.expected}.`;
    if (wrong) return wrong.message;
    if (this.stopped) return "The search was stopped. What is drawn is what was judged before.";
    return judgement ? summary(judgement) : "";
  }

  get tone() {
    if (this.judge.busy || this.stopped) return "";
    if (this.judgement?.operations.length === 0 && !this.wrong) return "";
    if (this.wrong || this.judgement?.linearizable === "no") return "bad";
    if (this.judgement?.sessions?.some(({ broken }) => broken > 0)) return "bad";
    return this.judgement?.linearizable === "yes" ? "good" : "";
  }

  drawBar() {
    return html`<div class="history-bar" role="group" aria-label="Histories">
      ${EXAMPLES.map(
        ({ name, title }) =>
          html`<a
            class="pick"
            href=${routeHash("histories", { lesson: name })}
            aria-current=${name === this.example ? "true" : nothing}
            >${title}</a
          >`,
      )}
      <label class="pick file"
        >Open a file<input
          type="file"
          class="hidden"
          @change=${(/** @type {Event} */ event) => {
            const input = /** @type {HTMLInputElement} */ (event.currentTarget);
            void this.openFile(input.files?.[0]);
            input.value = ""; // So that the same file can be opened again, changed.
          }}
      /></label>
      ${this.judge.busy ? html`<button class="primary" @click=${() => this.stop()}>Stop</button>` : nothing}
    </div>`;
  }

  drawVerdicts() {
    const { judgement } = this;
    if (!judgement) return nothing;
    const { sequential, sessions, operations, processes, model } = judgement;
    const glyph = { yes: "●", no: "✕", unknown: "?" };
    const tone = { yes: "good", no: "bad", unknown: "" };
    return html`<div class=${`history-verdicts ${this.judge.busy ? "old" : ""}`}>
      <p>
        <b>${this.title}</b>: ${counted(operations.length, "operation")} by
        ${judgement.form === "report" ? counted(processes.length, "client") : counted(processes.length, "process", "processes")}
        on ${MODELS[model] ?? model}. ${this.about}
      </p>
      ${
        sequential && operations.length > 0
          ? html`<p>
              <span class=${tone[sequential.verdict]}
                >${glyph[sequential.verdict]}
                ${
                  {
                    yes: "Sequentially consistent",
                    no: "Not sequentially consistent",
                    unknown: "Sequential consistency undecided",
                  }[sequential.verdict]
                }</span
              >. ${sequential.text}
            </p>`
          : nothing
      }
      ${sessions ? this.drawSessions(sessions) : nothing}
    </div>`;
  }

  /** @param {NonNullable<Judgement["sessions"]>} sessions */
  drawSessions(sessions) {
    const light = (/** @type {{ operation: number, against: number[] }} */ breach) => {
      this.breach = breach;
      this.key = this.judgement?.operations[breach.operation].key ?? ALL;
      this.chosen = breach.operation;
      this.draw();
      this.picture(false);
      this.drawing.chosen = breach.operation;
      this.drawing.bringIn(breach.operation);
    };
    return html`<ul class="history-sessions">
      ${sessions.map(
        ({ name, held, broken, breaches }) =>
          html`<li>
            <span class=${broken ? "bad" : held ? "good" : ""}
              >${broken ? "✕" : held ? "●" : "○"} ${name}</span
            >
            ${held + broken > 0 ? `held ${counted(held, "time")}, broken ${counted(broken, "time")}.` : "Nothing put it to the test."}
            ${
              breaches[0]
                ? html`<button class="link" title=${breaches[0].text} @click=${() => light(breaches[0])}>
                    Show the first
                  </button>`
                : nothing
            }
          </li>`,
      )}
    </ul>`;
  }

  /** @param {number[]} blamed */
  drawBlamed(blamed) {
    const at = blamed.indexOf(this.chosen);
    const number = blamed.length.toLocaleString("en");
    return html`<button aria-label="Previous blamed" @click=${() => this.showBlamed(-1)}>‹</button
      ><button aria-label="Next blamed" @click=${() => this.showBlamed(1)}>›</button
      ><output>${at < 0 ? `${number} blamed` : `${at + 1} of ${number} blamed`}</output>`;
  }

  drawTools() {
    const keys = this.judgement?.keys ?? [];
    const { blamed } = this;
    const mark = { yes: "", no: " ✕", unknown: " ?" };
    return html`<div class="history-tools">
      ${
        keys.length > 1
          ? html`<label
              >Key
              <select
                aria-label="Key"
                @change=${(/** @type {Event} */ event) => {
                  this.key = valueOf(event);
                  this.breach = null;
                  this.draw();
                  this.picture(false);
                  const { worst = -1 } = this.drawing.picture ?? {};
                  if (worst >= 0) this.drawing.bringIn(worst);
                }}
              >
                <option value=${ALL} .selected=${this.key === ALL}>
                  all ${keys.length.toLocaleString("en")}
                </option>
                ${keys.map(
                  ({ key, linearizable }) =>
                    html`<option value=${key} .selected=${key === this.key}>
                      ${key}${linearizable ? mark[linearizable] : ""}
                    </option>`,
                )}
              </select></label
            >`
          : nothing
      }
      ${blamed.length > 1 ? this.drawBlamed(blamed) : nothing}
      <span class="push"></span>
      <button aria-label="Narrower" @click=${() => this.drawing.scale(1 / 1.7)}>−</button
      ><button aria-label="Wider" @click=${() => this.drawing.scale(1.7)}>+</button
      ><button @click=${() => this.drawing.fit()}>All in sight</button>
    </div>`;
  }

  get said() {
    const { judgement, chosen, breach } = this;
    if (!judgement || chosen < 0)
      return "Point at an operation, or walk with the arrow keys, and it is told here.";
    const numbers = new Map(this.order.map((place, k) => [place, k]));
    const told = operationWords(judgement, chosen, numbers);
    const lit = litWords(this.keyed, chosen);
    const why = breach?.operation === chosen ? this.breachText(breach) : "";
    return [told, lit, why].filter(Boolean).join(" ");
  }

  /** @param {{ operation: number }} breach */
  breachText(breach) {
    const all = this.judgement?.sessions?.flatMap(({ breaches }) => breaches) ?? [];
    return all.find((each) => each === breach)?.text ?? "";
  }

  drawLegend() {
    const blame = this.keyed?.blame;
    return html`<ul class="history-legend">
      ${this.order.length > 0 ? html`<li><i class="dot">1</i> takes effect here, in this order</li>` : nothing}
      ${
        blame
          ? html`<li><i class="x">✕</i> cannot be placed</li>
              ${blame.against.length > 0 ? html`<li><i class="bar bad"></i> cannot be right with it</li>` : nothing}
              ${
                blame.under_way.length > 0
                  ? html`<li><i class="bar beside"></i> under way at the same time</li>`
                  : nothing
              }
              <li>
                <i class="cut"></i> here ${blame.shortest ? "the shortest" : "a"} part without an order ends
              </li>`
          : nothing
      }
      <li><i class="bar open"></i> nobody heard its end</li>
    </ul>`;
  }

  drawForm() {
    return html`<details class="history-form">
      <summary>The history as text: change it, or paste another</summary>
      <textarea
        spellcheck="false"
        rows="10"
        aria-label="A history"
        placeholder=${this.tooLong ? "The text of this history is too long to be shown here." : ""}
        .value=${this.pasted}
        @input=${(/** @type {Event} */ event) => {
          this.pasted = valueOf(event);
          // So that what is put there next is seen to differ.
          this.draw();
        }}
      ></textarea>
      <div class="history-bar">
        <button class="primary" @click=${() => this.judgePasted()}>Judge it</button>
        <span class="soft"
          >JSON as docs/HISTORY.md has it, a run’s report, a scenario, a Jepsen log of a register, or a store
          of texts in EDN. A file can be dropped anywhere on this page.</span
        >
      </div>
    </details>`;
  }
}

/** @param {Judgement["operations"]} operations */
function lastOf(operations) {
  return operations.reduce((last, { call, return: end }) => Math.max(last, end ?? call), -Infinity);
}
