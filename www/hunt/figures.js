// What a hunt has done so far, in figures; before it, hunts to begin with.

import { html, nothing } from "../lib/dom.js";
import { duration } from "../lib/format.js";
import { routeHash } from "../route.js";
import { leftOutOf } from "./befall.js";
import { reachedWords } from "./orders.js";
import { FIRST_HUNTS, STRATEGIES, number } from "./words.js";

/**
 * The address of a hunt.
 * @param {string} protocol
 * @param {string} [mutant] the rule that is left out
 * @param {string} [without] the kinds of faults that are
 */
export function huntHash(protocol, mutant, without) {
  return routeHash("hunt", { protocol, ...(mutant ? { mutant } : {}), ...(without ? { without } : {}) });
}

/**
 * What one may begin with.
 * @param {{ protocol: string, mutant: string, kinds: Record<string, boolean> }} chosen
 * @param {(protocol: string) => string} titleOf
 */
export function drawFirst({ protocol, mutant, kinds }, titleOf) {
  const off = leftOutOf(kinds).join();
  return html`<section class="hunt-first">
    <h2>Begin with one of these</h2>
    <ul>
      ${FIRST_HUNTS.map(
        ([name, rule, words, without = ""]) =>
          html`<li>
            <a
              href=${huntHash(name, rule, without)}
              aria-current=${name === protocol && rule === mutant && without === off ? "true" : nothing}
              ><b>${titleOf(name)}</b> ${words}</a
            >
          </li>`,
      )}
    </ul>
    <p class="soft">
      Then press <strong>Hunt</strong>. Most of these fall within seconds; what is found is made small, told
      step by step, and can be played on the stage.
    </p>
  </section>`;
}

/** @param {import("./crew.js").Crew["total"]} total */
export function drawFigures(total) {
  const { strategies, runs, events, states, facts, spent, orders } = total;
  const seconds = Math.max(spent / 1000, 0.001);
  const tried = strategies.filter((figure) => figure.runs > 0);
  // A search of every order has no runs, but states and the steps between them; it goes with nothing else.
  const searches = tried.length > 0 && tried.every(({ strategy }) => strategy === "exhaustive");
  /** @type {[string, string][]} */
  const figures = searches
    ? [
        ["States", number(runs)],
        ["States a second", number(runs / seconds)],
        ["Steps a second", number(events / seconds)],
        ["Time spent hunting", duration(spent)],
      ]
    : [
        ["Runs", number(runs)],
        ["Runs a second", number(runs / seconds)],
        ["Events a second", number(events / seconds)],
        ["Distinct states", number(states)],
        ["Kinds of facts", facts > 0 ? number(facts) : "–"],
        ["Time spent hunting", duration(spent)],
      ];
  return html`<section class="hunt-figures" aria-label="Figures">
    <dl>
      ${figures.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      tried.length
        ? html`<table>
            <thead>
              <tr>
                <th scope="col">How</th>
                <th scope="col">${searches ? "States" : "Runs"}</th>
                <th scope="col">Found</th>
                ${searches ? nothing : html`<th scope="col">Per 1,000 runs</th>`}
              </tr>
            </thead>
            <tbody>
              ${tried.map(
                (figure) =>
                  html`<tr>
                    <th scope="row">
                      ${STRATEGIES[/** @type {keyof typeof STRATEGIES} */ (figure.strategy)].name}
                    </th>
                    <td>${number(figure.runs)}</td>
                    <td>${number(figure.found)}</td>
                    ${searches ? nothing : html`<td>${((1000 * figure.found) / figure.runs).toFixed(2)}</td>`}
                  </tr>`,
              )}
            </tbody>
          </table>`
        : nothing
    }
    ${
      orders.length
        ? html`<h2>Every order of</h2>
            <ul class="hunt-reached">
              ${orders.map((reached) => html`<li>${reachedWords(reached)}</li>`)}
            </ul>`
        : nothing
    }
  </section>`;
}
