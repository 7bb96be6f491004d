// Runs code that somebody has typed where it can reach nothing: in a worker inside of a frame without
// an origin, whose policy allows no connection. Whoever takes too long is stopped.

/** What a piece of code came to: its value, or why there is none. */
/** @typedef {{ value: any } | { error: string }} Outcome */

/**
 * The frame: it has scripts and no origin of its own, so that neither storage nor the page is in reach;
 * and the worker that it starts takes over its policy, so that nothing can be fetched or sent.
 */
const FRAME = `<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; worker-src blob:">
<script>
  onmessage = ({ data, ports: [port] }) => {
    try {
      const worker = new Worker(URL.createObjectURL(new Blob([data.source], { type: "text/javascript" })));
      worker.onmessage = (event) => port.postMessage(event.data);
      worker.onerror = (event) => {
        event.preventDefault(); // it is told where it belongs
        port.postMessage({ error: event.message || "it could not be read" });
      };
      worker.postMessage(data.given);
    } catch (error) {
      port.postMessage({ error: String(error) });
    }
  };
</script>`;

/**
 * @param {string} code defines a function of that name
 * @param {string} name
 */
const sourceOf = (code, name) => `"use strict";
${code}
;{
  const answer = self.postMessage.bind(self);
  self.onmessage = async ({ data }) => {
    try {
      if (typeof ${name} !== "function") throw new TypeError("there is no function ${name}");
      const text = JSON.stringify(await ${name}(...data));
      answer(text === undefined ? { error: "${name} returned nothing that could be written down" } : { text });
    } catch (error) {
      answer({ error: error instanceof Error ? error.name + ": " + error.message : String(error) });
    }
  };
}`;

/**
 * Calls a function that `code` defines, with values that can be written down.
 * @param {string} code
 * @param {string} name of the function
 * @param {any[]} given
 * @param {{ ms?: number }} [how] after how many milliseconds it is stopped
 * @returns {Promise<Outcome>}
 */
export function callIsolated(code, name, given, { ms = 1000 } = {}) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.hidden = true;
  frame.srcdoc = FRAME;
  return new Promise((settle) => {
    const { port1, port2 } = new MessageChannel();
    const end = (/** @type {Outcome} */ outcome) => {
      clearTimeout(timer);
      port1.close();
      frame.remove(); // and with it the worker, whatever that is doing
      settle(outcome);
    };
    const timer = setTimeout(
      () =>
        end({
          error: `it did not return within ${ms / 1000} ${ms === 1000 ? "second" : "seconds"}, and was stopped`,
        }),
      ms,
    );
    port1.onmessage = ({ data }) => {
      if (typeof data?.text !== "string") return end({ error: String(data?.error ?? "it said nothing") });
      try {
        end({ value: JSON.parse(data.text) });
      } catch {
        end({ error: "it returned nothing that could be read" });
      }
    };
    frame.addEventListener("load", () => {
      frame.contentWindow?.postMessage({ source: sourceOf(code, name), given }, "*", [port2]);
    });
    document.body.append(frame);
  });
}
