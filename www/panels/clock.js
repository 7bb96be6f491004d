// Time: how fast it goes, and the buttons that move it. The figure itself is written every frame.

import { html, render, svg, valueOf } from "../lib/dom.js";
import { speedWords } from "../lib/format.js";
import { keyCap } from "../lib/keys.js";

const LEAST = Math.log10(1 / 1000);
const MOST = Math.log10(10);

/** @type {Record<string, string>} */
const icons = {
  start: "M2 2h2v12H2zM14 2v12L5 8z",
  back: "M12 2v12L3 8z",
  play: "M4 2v12l9-6z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z",
  on: "M4 2v12l7-6zM12 2h2v12h-2z",
};

/** @param {string} name */
function icon(name) {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${icons[name]} />`}</svg>`;
}

/**
 * @param {HTMLElement} host
 * @param {{ playing: boolean, speed: number, setSpeed: (speed: number) => void,
 *   commands: Record<string, import("../lib/keys.js").Command> }} state
 */
export function drawClock(host, { playing, speed, setSpeed, commands }) {
  const button = (/** @type {string} */ id, /** @type {string} */ picture, label = "") => {
    const command = commands[id];
    return html`<button
      class=${id === "play" ? "primary" : ""}
      aria-label=${label || command.label}
      title=${`${label || command.label} (${keyCap(command.keys[0])})`}
      ?disabled=${command.when ? !command.when() : false}
      @click=${() => command.run()}
    >
      ${icon(picture)}${id === "play" ? html` ${playing ? "Pause" : "Play"}` : ""}
    </button>`;
  };
  render(
    html`<h2>Time</h2>
      <div class="now" id="now"></div>
      <div class="buttons">
        ${button("start", "start")} ${button("back", "back")}
        ${button("play", playing ? "pause" : "play", playing ? "Pause" : "Play")} ${button("on", "on")}
      </div>
      <label
        >${speedWords(speed)}
        <input
          type="range"
          aria-label="Speed"
          aria-valuetext=${speedWords(speed)}
          min=${LEAST}
          max=${MOST}
          step="0.01"
          .value=${String(Math.log10(speed))}
          @input=${(/** @type {Event} */ e) => setSpeed(10 ** Number(valueOf(e)))}
      /></label>`,
    host,
  );
}
