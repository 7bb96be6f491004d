// A run as a link: the scenario and the place in it, packed into the address.

/**
 * What a link carries. All options are written out, so that a link means the same run in a build
 * whose defaults differ; nothing in it names a state. `ahead_ms`: up to when it is run before it is
 * shown, so that what comes is marked.
 * @typedef {{ scenario: import("./types.js").Scenario, position: number, now_ms: number, ahead_ms?: number }} SharedRun
 */

/** The version of the link's own form; the scenario carries the version of its format. */
const LINK_VERSION = 1;

/**
 * @param {SharedRun} run
 * @returns {Promise<string>}
 */
export async function packRun({ scenario, position, now_ms, ahead_ms }) {
  const { about: _, expect: __, ...rest } = /** @type {any} */ (scenario);
  const text = JSON.stringify({ link: LINK_VERSION, scenario: rest, position, now_ms, ahead_ms });
  return toBase64Url(await squeeze(new TextEncoder().encode(text), new CompressionStream("deflate-raw")));
}

/**
 * @param {string} packed
 * @returns {Promise<SharedRun>}
 */
export async function unpackRun(packed) {
  let shared;
  try {
    const bytes = await squeeze(fromBase64Url(packed), new DecompressionStream("deflate-raw"));
    shared = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Error("The link is damaged: what follows “run=” cannot be unpacked.");
  }
  if (shared?.link !== LINK_VERSION) {
    throw new Error(
      `The link is of form ${shared?.link ?? "unknown"}, and this build reads form ${LINK_VERSION}.`,
    );
  }
  const { scenario, position, now_ms, ahead_ms = 0 } = shared;
  const isTime = (/** @type {any} */ ms) => Number.isFinite(ms) && ms >= 0;
  const placed = Number.isInteger(position) && position >= 0 && isTime(now_ms) && isTime(ahead_ms);
  if (typeof scenario !== "object" || scenario === null || !placed) {
    throw new Error("The link is damaged: it names no run, or no place in it.");
  }
  return { scenario, position, now_ms, ahead_ms };
}

/**
 * @param {Uint8Array} bytes
 * @param {GenericTransformStream} transform
 */
async function squeeze(bytes, transform) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array} bytes */
function toBase64Url(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
function fromBase64Url(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}
