// Names beside arrows, none over another: one that has no room is left out.

/** About how wide a letter is, and how high a line, in pixels. */
const LETTER = 5.7;
const LINE = 11;
/** Where along its arrow a name is tried, as shares of what is seen of it: the middle is best. */
const TRIED = [0.5, 0.35, 0.65, 0.22, 0.78];

/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} from where its arrow begins to be seen
 * @property {number} to where it ends
 * @property {(x: number) => number} heightAt how high its middle is there
 * @property {number} alpha
 */

export class Labels {
  constructor() {
    /** @type {Label[]} */
    this.wanted = [];
  }

  /** @param {Label} label @param {boolean} first whether it goes before all others */
  add(label, first) {
    if (first) this.wanted.unshift(label);
    else this.wanted.push(label);
  }

  /** Where each name stands that has room. */
  placed() {
    /** @type {{ text: string, x: number, y: number, alpha: number, half: number }[]} */
    const placed = [];
    for (const { text, from, to, heightAt, alpha } of this.wanted) {
      const half = (text.length * LETTER) / 2;
      for (const share of TRIED) {
        const x = from + (to - from) * share;
        const y = heightAt(x);
        const hit = placed.some(
          (other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < LINE,
        );
        if (hit) continue;
        placed.push({ text, x, y, alpha, half });
        break;
      }
    }
    return placed;
  }
}
