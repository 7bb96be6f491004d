// The one dialog: opened with a drawing, closed by Escape, its button or a click beside it.

import { byId, render } from "../lib/dom.js";

/** Closes it where there is a way back to the page. */
export function closeDialog() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));
  if (dialog.open && !dialog.onclose) dialog.close();
}

/**
 * @param {string} label
 * @param {(host: HTMLElement, close: () => void) => void} draw
 * @param {{ stays?: boolean }} [how] `stays`: there is no way back to the page
 */
export function openDialog(label, draw, { stays = false } = {}) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));
  const body = document.createElement("div");
  const button = document.createElement("button");
  button.className = "close";
  button.textContent = "Close";
  const close = () => dialog.close();
  button.addEventListener("click", close);
  render(null, dialog);
  dialog.replaceChildren(body, ...(stays ? [] : [button]));
  dialog.setAttribute("aria-label", label);
  dialog.onclick = (event) => {
    if (event.target === dialog && !stays) close();
  };
  // Browsers let a second Escape through whatever a page says.
  dialog.onclose = stays ? () => dialog.showModal() : null;
  dialog.oncancel = stays ? (event) => event.preventDefault() : null;
  draw(body, close);
  if (!dialog.open) dialog.showModal();
}
