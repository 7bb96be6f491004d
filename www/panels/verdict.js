// The invariants, and the order of what clients were answered: held so far, or the first that did not.

import { WAITED_MS } from "../lib/clients.js";
import { html, nothing, render } from "../lib/dom.js";
import { capital, counted, inMs } from "../lib/format.js";

/**
 * From when on a violation could not be avoided, where that was asked for.
 * @typedef {{ tell: (event: number) => string, doom: import("../hunt/fates.js").Doom | null,
 *   trouble: string, silent: boolean, ask: () => void }} Fate
 */

/** More properties than this are named when somebody asks. */
const NAMED_MOST = 9;

/**
 * @param {HTMLElement} host
 * @param {{ left?: string | null, names: string[], watched: boolean, linear: boolean | null, waits: { client: number, ms: number },
 *   violations: import("../types.js").Violation[], position: number, go: (id: number) => void,
 *   showHistory: () => void,
 *   fate?: Fate }} state
 *   `left`: the rule that is left out, in words; `waits`: who has waited longest for an answer; `linear`: whether one order explains what clients were answered; null where that is not known
 */
export function drawVerdict(
  host,
  { left = null, names, watched, linear, waits, violations, position, go, showHistory, fate },
) {
  const history = html`<button class="link" @click=${showHistory}>History as intervals</button>`;
  const broken = left ? html`<span class="left-out">Wrong here on purpose: ${left}.</span>` : nothing;
  const now = violations.filter((violation) => violation.event < position);
  const [first] = now.length ? now : violations;
  if (!first) {
    const held = [...(watched ? names : []), ...(linear ? ["linearizability"] : [])];
    const all = `All ${counted(held.length, "property", "properties")} hold so far`;
    render(
      html`${
        held.length > NAMED_MOST
          ? html`<details class="good">
              <summary>● ${all}</summary>
              ${capital(held.join(", "))}
            </details>`
          : held.length
            ? html`<span class="good"
                >● <span class="in-full">${capital(held.join(", "))}: hold so far</span
                ><span class="in-short">${all}</span></span
              >`
            : ""
      }
      ${
        waits.ms >= WAITED_MS
          ? html`<b>Client ${waits.client} has had no answer for ${(waits.ms / 1000).toFixed(1)} s.</b>
              ${fate?.silent ? drawFate(fate, go) : nothing}`
          : nothing
      }
      ${watched ? "" : html`<span class="soft">The invariants are not watched in this run.</span>`} ${history}
      ${broken}`,
      host,
    );
    return;
  }
  const more = violations.length > 1 ? ` and ${counted(violations.length - 1, "more violation")}` : "";
  render(
    html`<span class="broken"
        >✕ ${capital(first.invariant)} ${now.length ? "is violated" : "will be violated"}: ${first.text}</span
      >
      ${more ? html`<span class="soft">${more}</span>` : nothing}
      <button class="link" @click=${() => go(first.event)}>Show it</button> ${history} ${broken}
      ${drawFate(fate, go)}`,
    host,
  );
}

/**
 * When the violation became unavoidable.
 * @param {Fate | undefined} fate
 * @param {(id: number) => void} go
 */
function drawFate(fate, go) {
  if (!fate) return nothing;
  const { doom, trouble, silent, tell, ask } = fate;
  if (trouble) return html`<span class="soft">That could not be tried: ${trouble}</span>`;
  if (!doom) return html`<button class="link" @click=${ask}>When was it unavoidable?</button>`;
  if (!doom.done)
    return html`<span class="soft"
      >Leaving the run at ${doom.fates.length} events, to go on at random…</span
    >`;
  const { point } = doom;
  if (!point)
    return html`<span class="soft"
      >${silent ? "To the end" : "Until it happens"}, some continuation comes out well.</span
    >`;
  const { event, at_ms, tried, violated } = point;
  const come = silent ? "leave it without an answer" : "violate it";
  const often = html`from there on ${violated} of ${tried} random continuations ${come}`;
  const before = doom.fates.filter((fate) => fate.event < event).at(-1);
  if (!before) return html`<span>Unavoidable from the beginning: ${often}.</span>`;
  return html`<span>
    Unavoidable since <button class="link" @click=${() => go(event)}>event ${event}</button> at
    ${inMs(at_ms)}, “${tell(event)}”: ${often}; left just before, ${before.violated} of ${before.tried} do.
  </span>`;
}
