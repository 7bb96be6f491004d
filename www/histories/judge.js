// Asks a worker for a judgement, and gives up on it when told to.

/** @typedef {import("../types.js").Judgement} Judgement */
/** @typedef {import("../check-worker.js").Question} Question */

/**
 * Why a text is no history.
 * @typedef {{ message: string, path?: string, found?: string, expected?: string }} Wrong
 */

export class Judge {
  constructor() {
    /** @type {Worker | null} */
    this.worker = null;
    this.asked = 0;
  }

  get busy() {
    return this.worker !== null;
  }

  /**
   * Answers null when it was stopped, or asked something else meanwhile; of a run also its history as text.
   * @param {Question} question
   * @returns {Promise<{ judgement?: Judgement, text?: string, error?: Wrong } | null>}
   */
  ask(question) {
    this.stop();
    const asked = this.asked;
    const worker = new Worker(new URL("./check-worker.js", import.meta.url), { type: "module" });
    this.worker = worker;
    return new Promise((resolve) => {
      const end = (/** @type {any} */ answer) => {
        worker.terminate();
        if (asked !== this.asked) return resolve(null);
        this.worker = null;
        resolve(answer);
      };
      worker.addEventListener("message", ({ data }) => end(data));
      worker.addEventListener("error", (event) => {
        const message = event.message || "what judges histories cannot be fetched";
        end({ error: { message } });
      });
      this.stopped = () => end(null);
      worker.postMessage(question);
    });
  }

  stop() {
    this.asked++;
    this.worker = null;
    this.stopped?.();
    this.stopped = undefined;
  }
}
