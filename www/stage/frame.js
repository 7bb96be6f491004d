// Reads the array that the simulator fills for every animation frame. Layout: docs of `frame()`.

const HEADER = 8;
const FLIGHT = 8;

export const FLAG = { reply: 1, lost: 2, copy: 4, held: 8 };
const STATUS = /** @type {const} */ (["up", "crashed", "paused"]);

export class Frame {
  /**
   * @param {string[]} glance names of the glance numbers
   * @param {string[]} roles
   */
  constructor(glance, roles) {
    this.glanceNames = glance;
    this.roles = roles;
    /** @type {Float64Array} */
    this.data = new Float64Array(HEADER);
    this.stride = 4;
    this.nodesAt = HEADER;
    this.flightsAt = HEADER;
    this.cutsAt = HEADER;
  }

  /** @param {Float64Array} data */
  read(data) {
    this.data = data;
    this.stride = 4 + data[3];
    this.flightsAt = HEADER + this.nodes * this.stride;
    this.cutsAt = this.flightsAt + this.flights * FLIGHT;
    return this;
  }

  get now() {
    return this.data[0];
  }
  get position() {
    return this.data[1];
  }
  get nodes() {
    return this.data[2];
  }
  get flights() {
    return this.data[4];
  }
  get clients() {
    return this.data[5];
  }
  get version() {
    return this.data[6];
  }
  get cuts() {
    return this.data[7];
  }

  /** @param {number} node */
  status(node) {
    return this.data[HEADER + node * this.stride];
  }
  /** @param {number} node */
  timerSet(node) {
    return this.data[HEADER + node * this.stride + 1];
  }
  /** @param {number} node */
  timerDue(node) {
    return this.data[HEADER + node * this.stride + 2];
  }
  /** @param {number} node */
  epoch(node) {
    return this.data[HEADER + node * this.stride + 5];
  }

  /** @param {number} k the k-th flight; its record begins at the returned offset of `data` */
  flightAt(k) {
    return this.flightsAt + k * FLIGHT;
  }

  /**
   * @param {number} k
   * @returns {[from: number, to: number]}
   */
  cut(k) {
    return [this.data[this.cutsAt + 2 * k], this.data[this.cutsAt + 2 * k + 1]];
  }

  /**
   * The k-th flight in words, for lists; the canvas reads the numbers.
   * @param {number} k
   */
  flight(k) {
    const [id, from, to, sent, due, kind, epoch, flags] = this.data.subarray(
      this.flightAt(k),
      this.flightAt(k) + FLIGHT,
    );
    return { id, from, to, sent, due, kind, epoch, flags };
  }

  /** @param {number} id the flight's place in this frame, or -1 */
  findFlight(id) {
    for (let k = 0; k < this.flights; k++) if (this.data[this.flightAt(k)] === id) return k;
    return -1;
  }

  /**
   * @param {number} id
   * @returns {import("../types.js").NodeGlance}
   */
  node(id) {
    const at = HEADER + id * this.stride;
    /** @type {Record<string, number>} */
    const glance = {};
    this.glanceNames.forEach((name, k) => (glance[name] = this.data[at + 4 + k]));
    return {
      id,
      status: STATUS[this.data[at]] ?? "up",
      timerSet: this.data[at + 1],
      timerDue: this.data[at + 2],
      waiting: this.data[at + 3],
      role: this.roles[this.data[at + 4]] ?? "",
      epoch: this.data[at + 5] ?? 0,
      glance,
    };
  }

  /** @returns {import("../types.js").NodeGlance[]} */
  everyNode() {
    return Array.from({ length: this.nodes }, (_, id) => this.node(id));
  }
}
