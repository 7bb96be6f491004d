// Branches of the run: the one that is shown, those that are kept, and two of them compared.

import { html, nothing, render, valueOf } from "../lib/dom.js";
import { duration, listed } from "../lib/format.js";

/** @typedef {import("../player.js").Branch} Branch */

/**
 * @param {HTMLElement} host
 * @param {{ branches: Branch[], current: number, compare: () => void }} state
 */
export function drawBranchName(host, { branches, current, compare }) {
  const branch = branches.find((b) => b.id === current);
  render(
    branches.length < 2
      ? nothing
      : html`· “${branch?.name}”, one of ${branches.length}
          <button class="link" @click=${compare}>Branches</button>`,
    host,
  );
}

/**
 * @typedef {object} Outcome
 * @property {string} leader
 * @property {string} terms
 * @property {string} commit
 * @property {string} answered
 * @property {string} violations
 * @property {string} end
 */

/**
 * What a branch came to, in words.
 * @param {any} report
 * @returns {Outcome}
 */
export function outcomeOf(report) {
  const nodes = report.final;
  const up = nodes.filter((/** @type {any} */ n) => n.view);
  const leaders = up.filter((/** @type {any} */ n) => n.view.role === "leader");
  const terms = up
    .map((/** @type {any} */ n) => n.view.term)
    .filter((/** @type {any} */ t) => t !== undefined);
  const commits = up.map((/** @type {any} */ n) => n.view.commit ?? 0);
  const { asked, answered } = report.availability;
  return {
    leader: leaders.length ? listed(leaders.map((/** @type {any} */ n) => `node ${n.id}`)) : "nobody",
    terms: terms.length ? `up to ${Math.max(...terms)}` : "unknown",
    commit: commits.length ? `up to entry ${Math.max(...commits)}` : "unknown",
    answered: `${answered} of ${asked} requests`,
    violations: report.violations.length ? report.violations[0].text : "none",
    end: duration(report.end_ms),
  };
}

/**
 * Where a branch comes from.
 * @param {Branch} branch
 * @param {Branch[]} branches
 */
function origin(branch, branches) {
  const parent = branches.find((other) => other.id === branch.parent);
  return parent ? `“${parent.name}” at ${branch.fork_ms.toFixed(1)} ms` : "a run of its own";
}

/**
 * @param {HTMLElement} host
 * @param {{ branches: Branch[], current: number, pair: [number, number],
 *   outcomes: [Outcome, Outcome] | null, differs: string,
 *   choose: (place: 0 | 1, id: number) => void, show: (id: number) => void,
 *   rename: (id: number, name: string) => void, forget: (id: number) => void,
 *   link: (id: number) => void }} state
 */
export function drawBranches(host, state) {
  const { branches, current, pair, outcomes, differs } = state;
  const picker = (/** @type {0 | 1} */ place) =>
    html`<select
      aria-label=${place === 0 ? "First branch" : "Second branch"}
      @change=${(/** @type {Event} */ e) => state.choose(place, Number(valueOf(e)))}
    >
      ${branches.map((b) => html`<option value=${b.id} ?selected=${b.id === pair[place]}>${b.name}</option>`)}
    </select>`;
  /** @type {[keyof Outcome, string][]} */
  const rows = [
    ["leader", "Leader in the end"],
    ["terms", "Terms"],
    ["commit", "Committed"],
    ["answered", "Answered"],
    ["violations", "Violations"],
    ["end", "Runs for"],
  ];
  render(
    html`<h1>Branches</h1>
      <p class="soft">
        Whenever you go back and act, the future you leave is kept here; so is a run that you worked on when
        another is opened.
      </p>
      <section>
        <table class="compare">
          <thead>
            <tr>
              <th>Branch</th>
              <th>Left</th>
              <th><span class="hidden">What can be done</span></th>
            </tr>
          </thead>
          <tbody>
            ${branches.map(
              (b) =>
                html`<tr>
                  <td>
                    <input
                      aria-label="Name of the branch"
                      .value=${b.name}
                      @change=${(/** @type {Event} */ e) => state.rename(b.id, valueOf(e))}
                    />
                  </td>
                  <td>${origin(b, branches)}</td>
                  <td>
                    <div class="actions">
                      ${
                        b.id === current
                          ? html`<span class="soft">shown now</span>`
                          : html`<button @click=${() => state.show(b.id)}>Show</button>
                              <button @click=${() => state.forget(b.id)}>Forget</button>`
                      }
                      <button @click=${() => state.link(b.id)}>Copy link</button>
                    </div>
                  </td>
                </tr>`,
            )}
          </tbody>
        </table>
      </section>
      ${
        branches.length > 1
          ? html`<section>
              <h2>Compare</h2>
              <table class="compare">
                <thead>
                  <tr>
                    <td></td>
                    <th>${picker(0)}</th>
                    <th>${picker(1)}</th>
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    ([key, name]) =>
                      html`<tr>
                        <th>${name}</th>
                        <td>${outcomes?.[0][key]}</td>
                        <td>${outcomes?.[1][key]}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>
              <p class="note">${differs}</p>
            </section>`
          : nothing
      }`,
    host,
  );
}
