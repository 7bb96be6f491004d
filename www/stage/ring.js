// Where everything stands: pure geometry from the size of the stage and of the cluster.

/**
 * @typedef {object} Seat
 * @property {number} x
 * @property {number} y
 * @property {number} labelX
 * @property {number} labelY
 * @property {"start" | "middle" | "end"} anchor
 */

/**
 * @typedef {object} Ring
 * @property {number} width
 * @property {number} height
 * @property {number} radius of a node
 * @property {number} arc the radius at which its timer runs, round it
 * @property {boolean} dots whether nodes are too small for words
 * @property {Seat[]} nodes
 * @property {Seat[]} clients
 */

/** Above this many nodes a node is a dot. */
export const DOTS_ABOVE = 30;
const CLIENT_HALF = 9;
const NARROW = 600;
/** From this many nodes on the gaps are too small for clients: they sit in the corners. */
const CORNERS_FROM = 7;
/** How many clients the corners take. */
const CORNERS_TAKE = 12;
/** The line of a client's name stands this far below it. */
const CLIENT_LABEL = CLIENT_HALF + 14;
/** In the upper right corner stand the buttons that turn the stage: nothing is drawn above this. */
const BELOW_BUTTONS = 36;

/**
 * @param {number} width
 * @param {number} height
 * @param {number} count
 * @param {number} clients
 * @returns {Ring}
 */
export function ringOf(width, height, count, clients) {
  const dots = count > DOTS_ABOVE;
  const narrow = width < NARROW;
  const wanted = dots
    ? 8
    : Math.min(46, Math.min(width, height) * (narrow ? (count >= CORNERS_FROM ? 0.066 : 0.082) : 0.088));
  const outside = clients > 0 ? 34 : 0;
  const side = dots ? 46 + outside : narrow ? wanted + 16 + outside : wanted + 122;
  const top = dots ? 40 + outside / 2 : wanted + 46;
  const ry = Math.max(40, height / 2 - top);
  const rx = Math.max(40, Math.min(width / 2 - side, ry * 1.22));
  const chord = 2 * Math.min(rx, ry) * Math.sin(Math.PI / Math.max(2, count));
  const radius = Math.max(4, Math.min(wanted, count > 1 ? chord * 0.34 : wanted));
  const arc = radius + (dots ? 3 : Math.min(11, radius * 0.3));
  const middle = { x: width / 2, y: height / 2 + (dots || narrow ? 0 : 4) };

  /** @param {number} turn in whole turns from the top, clockwise */
  const at = (turn, more = 0, down = more) => {
    const angle = 2 * Math.PI * turn - Math.PI / 2;
    return {
      x: middle.x + (rx + more) * Math.cos(angle),
      y: middle.y + (ry + down) * Math.sin(angle),
      cos: Math.cos(angle),
      sin: Math.sin(angle),
    };
  };
  const nodes = Array.from({ length: count }, (_, k) =>
    count === 1
      ? seat(middle.x, middle.y, 0, 1, arc + 9, narrow)
      : ((p) => seat(p.x, p.y, p.cos, p.sin, arc + 9, narrow && !dots))(at(k / count)),
  );
  const reach = Math.min(radius + 34, width / 2 - rx - CLIENT_HALF - 4);
  const down = Math.min(reach, height / 2 - ry - CLIENT_HALF - 24);
  const crowded = count >= CORNERS_FROM || clients > count;
  const corners = crowded && clients <= CORNERS_TAKE && !dots;
  const seats = Array.from({ length: clients }, (_, c) => {
    if (corners) return cornerSeat(c, width, height, Math.min(width / 2 - 26, rx + radius + 130));
    const p = at(clientTurn(c, clients, count), count === 1 ? 0 : reach, count === 1 ? 0 : down);
    return {
      x: p.x,
      y: p.y,
      labelX: p.x,
      labelY: p.y + CLIENT_LABEL,
      anchor: /** @type {const} */ ("middle"),
    };
  });
  return { width, height, radius, arc, dots, nodes, clients: seats };
}

/**
 * The seat of a client in one of the four corners, which a ring leaves free.
 * @param {number} client
 * @param {number} width
 * @param {number} height
 * @param {number} aside how far from the middle
 * @returns {Seat}
 */
function cornerSeat(client, width, height, aside) {
  const right = client % 4 < 2;
  const low = client % 4 === 1 || client % 4 === 2;
  const inward = Math.floor(client / 4) * 2.4 * CLIENT_HALF;
  const x = width / 2 + (right ? 1 : -1) * (aside - inward);
  const y = low ? height - CLIENT_LABEL - 8 : CLIENT_HALF + BELOW_BUTTONS;
  return { x, y, labelX: x, labelY: y + CLIENT_LABEL, anchor: "middle" };
}

/**
 * Clients sit in the gaps between nodes, spread evenly.
 * @param {number} client
 * @param {number} clients
 * @param {number} nodes
 */
function clientTurn(client, clients, nodes) {
  if (clients > nodes) return (client + 0.5) / clients;
  return (Math.floor(((client + 0.5) * nodes) / clients) + 0.5) / nodes;
}

/**
 * A seat with its label outside the ring: beside it, or above and below at the poles.
 * @param {number} x
 * @param {number} y
 * @param {number} cos
 * @param {number} sin
 * @param {number} gap from the middle to the label
 * @param {boolean} narrow
 * @returns {Seat}
 */
function seat(x, y, cos, sin, gap, narrow) {
  if (narrow || Math.abs(cos) < 0.25) {
    const above = sin < -0.5;
    return { x, y, labelX: x, labelY: above ? y - gap + 2 : y + gap + 10, anchor: "middle" };
  }
  const right = cos > 0;
  return {
    x,
    y,
    labelX: x + (right ? gap : -gap),
    labelY: y + sin * 12 + 4,
    anchor: right ? "start" : "end",
  };
}

/**
 * The two sides of a line drawn across the stage, as node numbers.
 * @param {Ring} ring
 * @param {{ x: number, y: number }} a
 * @param {{ x: number, y: number }} b
 * @returns {[number[], number[]]}
 */
export function sidesOf(ring, a, b) {
  /** @type {[number[], number[]]} */
  const sides = [[], []];
  ring.nodes.forEach((p, id) => {
    const cross = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
    sides[cross < 0 ? 0 : 1].push(id);
  });
  return sides;
}
