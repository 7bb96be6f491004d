// What goes on, in words. Pure: from what is known to what is said.

import { counted, listed } from "../lib/format.js";

/**
 * @typedef {object} State
 * @property {string[]} others names of the people who are here
 * @property {boolean} online
 * @property {boolean} hostile
 * @property {boolean} channelWorks
 * @property {number} behind operations that others have and we lack
 * @property {number} waiting operations made here while offline
 * @property {import("./shelf.js").Keeping} keeping
 * @property {boolean} past whether a past version is looked at
 * @property {number} heldBack changes that wait for others which are not here
 * @property {number} damaged kept pieces that could not be read
 */

/**
 * @param {State} state
 * @returns {{ headline: string, watch: string }}
 */
export function storyWords(state) {
  const { others } = state;
  if (state.past)
    return {
      headline: "You look at the past",
      watch: "Colours tell who wrote what. The text goes on meanwhile; nothing of it is lost.",
    };
  if (!state.channelWorks)
    return {
      headline: "This browser cannot join the tabs",
      watch: "It has no BroadcastChannel. You can write all the same, in this tab alone.",
    };
  if (!state.online)
    return {
      headline: "This tab is offline",
      watch: state.waiting
        ? `${capitalCount(state.waiting, "edit")} of yours ${state.waiting === 1 ? "waits" : "wait"} here. Go online again, and see them merge with what the others wrote.`
        : "Write here, and in a tab that is open already: neither hears the other until this one is online again.",
    };
  if (others.length === 0)
    return {
      headline: "You are alone with this text",
      watch: "Open it in a second tab, or put a second editor beside this one, and type in both at once.",
    };
  if (state.hostile)
    return {
      headline: "This tab's messages get lost, doubled and out of order",
      watch:
        "Type on, here and elsewhere. Every two seconds each tab says what it knows, and asks for what it lacks.",
    };
  return {
    headline: `${listed(["You", ...others])} edit this text`,
    watch:
      "Put one tab offline, write in both at the same place, and go online again: no word is torn apart.",
  };
}

/**
 * Whether this tab has what the others have.
 * @param {State} state
 * @returns {{ text: string, tone: "good" | "warn" | "plain" }}
 */
export function syncWords({ online, others, behind, waiting, channelWorks }) {
  if (!channelWorks) return { text: "Not joined with other tabs", tone: "warn" };
  if (!online)
    return {
      text: waiting ? `Offline, ${counted(waiting, "operation")} ahead` : "Offline",
      tone: "warn",
    };
  if (others.length === 0) return { text: "No other tab has this text open", tone: "plain" };
  const tabs = counted(others.length, "other tab");
  if (behind > 0) {
    const operations = `${behind.toLocaleString("en")} operation${behind === 1 ? "" : "s"}`;
    return { text: `${operations} behind ${tabs}`, tone: "warn" };
  }
  return { text: `In sync with ${tabs}`, tone: "good" };
}

/**
 * Whether the text is kept on this device.
 * @param {State} state
 * @returns {{ text: string, tone: "good" | "warn" | "plain" }}
 */
export function keepingWords({ keeping, heldBack, damaged }) {
  if (damaged > 0)
    return { text: `${counted(damaged, "kept piece")} could not be read and was left out`, tone: "warn" };
  if (heldBack > 0)
    return { text: `${counted(heldBack, "change")} kept back: what came before is missing`, tone: "warn" };
  if (keeping.state === "kept") return { text: "Kept on this device", tone: "good" };
  if (keeping.state === "keeping") return { text: "Being kept on this device", tone: "plain" };
  return { text: `Not kept: ${keeping.why}. Download it before you close this tab`, tone: "warn" };
}

/**
 * @param {string} text
 * @returns {{ words: number, characters: number }} characters as a reader counts them
 */
export function countText(text) {
  const words = text.match(/[\p{L}\p{N}](?:[\p{L}\p{N}'’_-]*[\p{L}\p{N}])?/gu)?.length ?? 0;
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return { words, characters: text.length - pairs };
}

/**
 * @param {number} count
 * @param {string} noun
 */
function capitalCount(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
