// What may befall the protocol that is hunted, to choose from.

import { html, nothing, valueOf } from "../lib/dom.js";
import { OF_ORDERS } from "./orders.js";
import { FAULTS, number, takenInstead } from "./words.js";

/** Every kind of fault, and whether it may be. @param {string[]} [without] those that may not */
export function kindsWithout(without = []) {
  return Object.fromEntries(FAULTS.map(([key]) => [key, !without.includes(key)]));
}

/** The kinds that may not be, as an address names them. @param {Record<string, boolean>} kinds */
export function leftOutOf(kinds) {
  return FAULTS.map(([key]) => key).filter((key) => !kinds[key]);
}

/**
 * @param {{ kinds: Record<string, boolean>, faults: number, seed: number, strategy: string }} chosen is changed in place
 * @param {boolean} busy
 * @param {() => void} changed
 * @param {(words: string) => void} tell takes what is to be said of what was typed
 */
export function drawBefall(chosen, busy, changed, tell) {
  const orders = chosen.strategy === "exhaustive";
  const applies = (/** @type {string} */ key) => !orders || OF_ORDERS.includes(key);
  const off = FAULTS.filter(([key]) => applies(key) && !chosen.kinds[key]).map(([, label]) =>
    label.toLowerCase(),
  );
  const but = off.length > 1 ? `${off.length} kinds of faults` : off[0];
  return html`<details>
    <summary>What may befall it${but ? `: all but ${but}` : ""}</summary>
    <fieldset ?disabled=${busy}>
      <legend class="hidden">Faults</legend>
      ${FAULTS.map(
        ([key, label]) =>
          html`<label class="choice"
            ><input
              type="checkbox"
              ?disabled=${!applies(key)}
              .checked=${chosen.kinds[key]}
              @change=${(/** @type {Event} */ event) => {
                chosen.kinds[key] = /** @type {HTMLInputElement} */ (event.currentTarget).checked;
                changed();
              }}
            />
            ${label}</label
          >`,
      )}
      ${drawNumber("At most", "faults in a run", chosen.faults, 100, tell, (value) => {
        chosen.faults = value;
        changed();
      })}
      ${drawNumber("Seed", "", chosen.seed, 2 ** 31, tell, (value) => {
        chosen.seed = value;
        changed();
      })}
      ${
        orders
          ? html`<p class="soft">
              Of these, every order has crashes, copies and early timers, with at most that many crashes and
              copies as faults, and of liars a second copy of one of PBFT’s replicas. That messages are late,
              overtake each other or never arrive is in the orders themselves; the others do not apply to it.
              ${
                chosen.kinds.timers && chosen.faults > 0
                  ? nothing
                  : "Time all but stands still in it: without early timers none goes off, and what begins with one (an election, a view change, anything sent again) does not happen."
              }
            </p>`
          : nothing
      }
      <p class="soft">
        Early timers count as faults in Swarm and Guided alone, and what holds for a whole run nowhere: liars,
        and a network that loses or doubles all along. With at most 0 faults there is none of these.
      </p>
      <p class="soft">
        What a protocol makes no claim about never befalls it: Raft’s nodes keep their disks, and only PBFT’s
        lie.
      </p>
    </fieldset>
  </details>`;
}

/**
 * @param {string} label
 * @param {string} unit
 * @param {number} value
 * @param {number} most
 * @param {(words: string) => void} tell
 * @param {(value: number) => void} set
 */
function drawNumber(label, unit, value, most, tell, set) {
  return html`<label class="choice"
    >${label}
    <input
      type="number"
      min="0"
      max=${most}
      step="1"
      .value=${String(value)}
      @change=${(/** @type {Event} */ event) => {
        const typed = Number(valueOf(event) || NaN);
        const whole = Math.min(most, Math.max(0, Math.round(typed)));
        const taken = Number.isFinite(whole) ? whole : value;
        if (taken !== typed)
          tell(takenInstead(valueOf(event), `${label} ${number(taken)} ${unit}`.trim().toLowerCase(), most));
        // What is drawn anew only where it changed says what is taken in any case.
        /** @type {HTMLInputElement} */ (event.currentTarget).value = String(taken);
        set(taken);
      }}
    />
    ${unit}</label
  >`;
}
