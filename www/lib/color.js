// Colours come from the style sheet; a canvas has to ask for them.

/** How many tones the cycle of epochs has. */
export const TONES = 6;

/**
 * The tone of an epoch: 1 to TONES, or 0 for plain ink.
 * @param {number} epoch
 */
export function toneOf(epoch) {
  return epoch > 0 ? ((epoch - 1) % TONES) + 1 : 0;
}

/**
 * @typedef {object} Palette
 * @property {string} paper
 * @property {string} panel
 * @property {string} ink
 * @property {string} soft
 * @property {string} faint
 * @property {string} line
 * @property {string} grid
 * @property {string} accent
 * @property {string} good
 * @property {string} bad
 * @property {string[]} tones index 0 is plain ink
 */

/** @type {Palette | null} */
let palette = null;

/** @returns {Palette} the colours of the theme that is on */
export function currentPalette() {
  if (palette) return palette;
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  palette = {
    paper: read("paper"),
    panel: read("panel"),
    ink: read("ink"),
    soft: read("soft"),
    faint: read("faint"),
    line: read("line"),
    grid: read("grid"),
    accent: read("accent"),
    good: read("good"),
    bad: read("bad"),
    tones: [read("soft")],
  };
  for (let tone = 1; tone <= TONES; tone++) palette.tones.push(read(`t${tone}`));
  return palette;
}

/**
 * Calls back when the theme changes, after the colours have been read anew.
 * @param {() => void} listener
 */
export function onThemeChange(listener) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    palette = null;
    listener();
  });
}
