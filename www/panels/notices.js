// Short notices that go by themselves, and loud ones that stay until they are dismissed.

import { byId } from "../lib/dom.js";

const SHOWN_MS = 6000;

/**
 * @param {string} text
 * @param {{ bad?: boolean, stays?: boolean, deeds?: { label: string, run: () => void }[] }} [how]
 */
export function notice(text, { bad = false, stays = false, deeds = [] } = {}) {
  const host = byId("notices");
  for (const other of host.querySelectorAll(".notice"))
    if (other.textContent?.startsWith(text)) other.remove();
  const box = document.createElement("div");
  box.className = `notice${bad ? " bad" : ""}`;
  const words = document.createElement("span");
  words.textContent = text;
  box.append(words);
  for (const { label, run } of deeds) {
    const button = document.createElement("button");
    button.textContent = label;
    button.addEventListener("click", () => {
      box.remove();
      run();
    });
    box.append(button);
  }
  if (stays || deeds.length > 0) {
    const close = document.createElement("button");
    close.textContent = "Dismiss";
    close.addEventListener("click", () => box.remove());
    if (!deeds.some((deed) => deed.label === "Start again")) box.append(close);
  } else {
    box.classList.add("passing");
    setTimeout(() => box.remove(), SHOWN_MS);
  }
  host.append(box);
}

/** Takes away what would have gone by itself: it was about a page that is left. */
export function dropPassing() {
  for (const box of byId("notices").querySelectorAll(".passing")) box.remove();
}

/**
 * What an error says, in one sentence.
 * @param {any} error
 */
export function errorWords(error) {
  if (error?.found && error?.expected) {
    const where = error.path ? `${error.path}: ` : "";
    return `${where}found ${error.found}, expected ${error.expected}.`;
  }
  return String(error?.message ?? error);
}
