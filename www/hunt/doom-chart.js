// How likely the violation is from each event of a run on, drawn as a step.

import { html, nothing, svg } from "../lib/dom.js";
import { inMs } from "../lib/format.js";

/** @typedef {import("./fates.js").Doom} Doom */

/** Its width where there is room, and on a telephone, so that its words can be read there. */
const WIDTHS = [640, 320];
const NARROW = "(max-width: 800px)";
const HEIGHT = 120;
const LEFT = 40;
const BOTTOM = 22;

/**
 * @param {Doom} doom
 * @param {number} last the event of the violation
 * @param {(event: number) => string} wordsOf what an event says
 * @param {string} link the address of the run at the point, once it is known
 * @param {boolean} byHand whether the script delivers each message
 */
export function drawDoom({ fates, point, done }, last, wordsOf, link, byHand) {
  const width = WIDTHS[matchMedia(NARROW).matches ? 1 : 0];
  const x = (/** @type {number} */ event) => LEFT + ((width - LEFT - 8) * event) / Math.max(1, last);
  const y = (/** @type {number} */ share) => 6 + (HEIGHT - BOTTOM - 6) * (1 - share);
  const share = (/** @type {{ violated: number, tried: number }} */ fate) =>
    fate.tried ? fate.violated / fate.tried : 0;
  const line = fates.map((fate) => `${x(fate.event).toFixed(1)},${y(share(fate)).toFixed(1)}`).join(" ");
  return html`<figure class="doom">
    <svg viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${spoken({ fates, point, done })}>
      ${[0, 0.5, 1].map(
        (part) => svg`<line class="grid" x1=${LEFT} x2=${width - 8} y1=${y(part)} y2=${y(part)} />
          <text class="tick" x=${LEFT - 6} y=${y(part) + 4} text-anchor="end">${part * 100} %</text>`,
      )}
      ${
        point
          ? svg`<rect class="fallen" x=${x(point.event)} y=${y(1)} width=${width - 8 - x(point.event)} height=${y(0) - y(1)} />
            <line class="point" x1=${x(point.event)} x2=${x(point.event)} y1=${y(1)} y2=${y(0)} />`
          : nothing
      }
      <polyline class="curve" points=${line} />
      ${fates.map(
        (fate) =>
          svg`<circle class="dot" cx=${x(fate.event)} cy=${y(share(fate))} r="2.5"><title>Event ${fate.event}, ${inMs(fate.at_ms)}: ${fate.violated} of ${fate.tried}</title></circle>`,
      )}
      <text class="tick" x=${LEFT} y=${HEIGHT - 6}>event 0</text>
      <text class="tick" x=${width - 8} y=${HEIGHT - 6} text-anchor="end">event ${last}, the violation</text>
    </svg>
    <figcaption>
      ${
        point
          ? html`${pointWords(fates, point, wordsOf)}
            ${link ? html`<a href=${link}>See it on the stage</a>` : nothing}`
          : done
            ? "Up to the violation itself, some continuation comes out well: nothing before it made it unavoidable."
            : "Leaving the run at one event after the other, and letting it go on at random…"
      }
      ${
        byHand && done
          ? html`<span class="soft"
              >In this run each message waits for its turn. Where it is left, the messages go their own way,
              so that what was prepared with care may come undone: the share can fall as well as rise.</span
            >`
          : nothing
      }
    </figcaption>
  </figure>`;
}

/**
 * @param {import("../pkg/hunt").Fate[]} fates
 * @param {import("../pkg/hunt").Fate} point
 * @param {(event: number) => string} wordsOf
 */
function pointWords(fates, point, wordsOf) {
  const { event, at_ms, tried, violated } = point;
  const last = fates.filter((fate) => fate.event < event).at(-1);
  return last
    ? html`<strong>The point of no return is event ${event}</strong> at ${inMs(at_ms)}: ${wordsOf(event)}.
        From there on ${violated} of ${tried} random continuations come to it; left just before,
        ${last.violated} of ${last.tried} do.`
    : html`<strong>It was unavoidable from the beginning.</strong> However the run goes on at random, it comes
        to it: ${violated} of ${tried} did.`;
}

/** @param {Doom} doom */
function spoken({ fates, point }) {
  const shares = fates.map((fate) => `event ${fate.event}: ${fate.violated} of ${fate.tried}`);
  const end = point ? ` From event ${point.event} on it always comes.` : "";
  return `How often the violation comes when the run is left at an event. ${shares.join(", ")}.${end}`;
}
