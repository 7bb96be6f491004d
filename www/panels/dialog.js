// The one dialog: opened with a drawing, closed by Escape, its button or a click beside it.

import { byId, render } from "../lib/dom.js";

/**
 * @param {string} label
 * @param {(host: HTMLElement, close: () => void) => void} draw
 */
export function openDialog(label, draw) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog"));
  const body = document.createElement("div");
  const button = document.createElement("button");
  button.className = "close";
  button.textContent = "Close";
  const close = () => dialog.close();
  button.addEventListener("click", close);
  render(null, dialog);
  dialog.replaceChildren(body, button);
  dialog.setAttribute("aria-label", label);
  dialog.onclick = (event) => {
    if (event.target === dialog) close();
  };
  draw(body, close);
  if (!dialog.open) dialog.showModal();
}
