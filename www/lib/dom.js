// Templates and small helpers around the document. Knows nothing of consensus.

export { html, nothing, render, svg } from "lit-html";

/**
 * The element of the page with this id; its absence is a mistake in index.html.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return element;
}

/**
 * Whether the keyboard is busy with text, so that single keys must not act.
 * @param {EventTarget | null} target
 */
export function takesText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "range", "button", "submit"].includes(target.type);
  }
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/**
 * A media query that calls back now and whenever it changes.
 * @param {string} query
 * @param {(matches: boolean) => void} listener
 */
export function onMedia(query, listener) {
  const media = matchMedia(query);
  media.addEventListener("change", () => listener(media.matches));
  listener(media.matches);
}

/**
 * Offers text as a file to keep.
 * @param {string} name
 * @param {string} text
 * @param {string} [type]
 */
export function saveFile(name, text, type = "application/json") {
  saveBlob(name, new Blob([text], { type }));
}

/**
 * Offers a file to keep.
 * @param {string} name
 * @param {Blob} blob
 */
export function saveBlob(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * The value of the field that an event came from.
 * @param {Event} event
 * @returns {string}
 */
export function valueOf(event) {
  return /** @type {HTMLInputElement} */ (event.currentTarget).value;
}
