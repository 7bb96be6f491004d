// A small menu that opens at a point, is walked with the arrows, and gives the focus back.

import { html, nothing, render } from "./dom.js";

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [hint] a key or a remark at the right
 * @property {boolean} [danger]
 * @property {() => void} run
 */

/** @type {HTMLElement | null} */
let host = null;
/** @type {HTMLElement | SVGElement | null} */
let opener = null;
/** @type {(() => void) | null} */
let closed = null;

/**
 * @param {{ x: number, y: number, title: string, text?: string, items: MenuItem[], onClose?: () => void }} menu
 */
export function openMenu({ x, y, title, text, items, onClose }) {
  closeMenu(false);
  const active = document.activeElement;
  opener = active instanceof HTMLElement || active instanceof SVGElement ? active : null;
  closed = onClose ?? null;
  host = document.createElement("div");
  host.className = "menu";
  document.body.append(host);
  const choose = (/** @type {MenuItem} */ item) => {
    closeMenu();
    item.run();
  };
  render(
    html`<div class="menu-head"><b>${title}</b>${text ? html`<span>${text}</span>` : nothing}</div>
      <div role="menu" aria-label=${title}>
        ${items.map(
          (item) =>
            html`<button role="menuitem" class=${item.danger ? "danger" : ""} @click=${() => choose(item)}>
              <span>${item.label}</span>${item.hint ? html`<kbd>${item.hint}</kbd>` : nothing}
            </button>`,
        )}
      </div>`,
    host,
  );
  place(host, x, y);
  host.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onOutside, true);
  buttons()[0]?.focus();
}

/** @param {boolean} [giveBack] whether the focus returns to where it was */
export function closeMenu(giveBack = true) {
  if (!host) return;
  host.remove();
  host = null;
  document.removeEventListener("pointerdown", onOutside, true);
  if (giveBack && opener?.isConnected) opener.focus();
  const listener = closed;
  closed = null;
  listener?.();
}

export function menuIsOpen() {
  return host !== null;
}

/** @returns {HTMLButtonElement[]} */
function buttons() {
  return host ? [...host.querySelectorAll("button")] : [];
}

/**
 * @param {HTMLElement} menu
 * @param {number} x
 * @param {number} y
 */
function place(menu, x, y) {
  const { width, height } = menu.getBoundingClientRect();
  const left = x + width + 12 > innerWidth ? x - width - 12 : x + 12;
  const top = Math.min(y - 12, innerHeight - height - 8);
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, top)}px`;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const all = buttons();
  const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const go = (/** @type {number} */ to) => all[(to + all.length) % all.length]?.focus();
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else if (event.key === "ArrowDown") go(at + 1);
  else if (event.key === "ArrowUp") go(at - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(all.length - 1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** @param {PointerEvent} event */
function onOutside(event) {
  if (host && event.target instanceof Node && !host.contains(event.target)) closeMenu(false);
}
