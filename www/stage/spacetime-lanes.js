// The lines of a space-time diagram: the world, then nodes, then clients.

import { WORLD } from "./spacetime-data.js";

/** A line is so high at least: more of them than fit are moved up and down. */
const LEAST = 10;
const MOST = 72;
/** What happens to all at once has a line of its own, which no arrow leads to. */
const WORLD_HIGH = 14;

/**
 * @param {{ nodes: number, clients: number, height: number, short: boolean }} of `short`: names of few letters
 * @returns {{ lanes: import("./spacetime-draw.js").Lane[], laneHeight: number, tall: number }} `tall`: all
 *   of them together
 */
export function lanesOf({ nodes, clients, height, short }) {
  const laneHeight = Math.max(LEAST, Math.min(MOST, (height - WORLD_HIGH) / Math.max(1, nodes + clients)));
  const many = nodes > 16;
  const world = WORLD_HIGH;
  const places = [
    ...Array.from({ length: nodes }, (_, id) => id),
    ...Array.from({ length: clients }, (_, id) => -id - 1),
  ];
  const name = (/** @type {number} */ place) =>
    short || many ? (place >= 0 ? `n${place}` : `c${-place - 1}`) : placeName(place);
  return {
    lanes: [
      { place: WORLD, name: short ? "all" : "world", y: world / 2 },
      ...places.map((place, k) => ({ place, name: name(place), y: world + (k + 0.5) * laneHeight })),
    ],
    laneHeight,
    tall: world + (nodes + clients) * laneHeight,
  };
}

/** @param {number} place as one says it */
export function placeName(place) {
  if (place === WORLD) return "world";
  return place >= 0 ? `node ${place}` : `client ${-place - 1}`;
}
