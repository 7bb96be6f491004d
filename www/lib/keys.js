// One table of commands makes the keys, the controls and the help.

import { takesText } from "./dom.js";

/**
 * @typedef {object} Command
 * @property {string} id
 * @property {string} label
 * @property {string} group
 * @property {string[]} keys as `KeyboardEvent.key`; with "Shift+" or "Ctrl+" before it
 * @property {() => void} run
 * @property {() => boolean} [when]
 */

/**
 * The name of a pressed key as the table writes it.
 * @param {KeyboardEvent} event
 */
export function keyName(event) {
  const key = event.key === " " ? "Space" : event.key;
  const shift = event.shiftKey && key.length > 1 ? "Shift+" : "";
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${shift}${key}`;
}

/** @param {string} key a key as a reader finds it on the keyboard */
export function keyCap(key) {
  /** @type {Record<string, string>} */
  const caps = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  return key
    .split("+")
    .map((part) => caps[part] ?? part)
    .join(" ")
    .trim();
}

/**
 * Runs commands by their keys, except while text is being typed or a control uses the key itself.
 * @param {() => Command[]} commands
 */
export function listenForKeys(commands) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || takesText(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const name = keyName(event);
    const target = event.target instanceof Element ? event.target : null;
    if ((name === "Space" || name === "Enter") && target?.closest("button, a, summary, [role=button], input"))
      return;
    if (
      name.includes("Arrow") &&
      target?.closest("[role=slider], [role=tablist], [role=menu], [role=group], input, .rows")
    )
      return;
    const command = commands().find((c) => c.keys.includes(name) && (c.when?.() ?? true));
    if (!command) return;
    event.preventDefault();
    command.run();
  });
}
