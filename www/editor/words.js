// What goes on, in words. Pure: from what is known to what is said.

import { counted, listed } from "../lib/format.js";

/** A headline has room for so many names. */
const NAMED_MOST = 5;

/**
 * @typedef {object} State
 * @property {string[]} others names of the people who are here
 * @property {boolean} online
 * @property {boolean} hostile
 * @property {boolean} channelWorks
 * @property {number} behind operations that others have and we lack
 * @property {number} lagging operations of ours that somebody has had the time to hear of and lacks
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
  const more = others.length - NAMED_MOST;
  const named = more > 1 ? [...others.slice(0, NAMED_MOST), `${more} others`] : others;
  return {
    headline: `${listed(["You", ...named])} edit this text`,
    watch:
      "Put one tab offline, write in both at the same place, and go online again: no word is torn apart.",
  };
}

/**
 * Whether this tab has what the others have.
 * @param {State} state
 * @returns {{ text: string, tone: "good" | "warn" | "plain" }}
 */
export function syncWords({ online, others, behind, lagging, waiting, channelWorks }) {
  if (!channelWorks) return { text: "Not joined with other tabs", tone: "warn" };
  if (!online)
    return {
      text: waiting ? `Offline, ${counted(waiting, "operation")} ahead` : "Offline",
      tone: "warn",
    };
  if (others.length === 0) return { text: "No other tab has this text open", tone: "plain" };
  const tabs = counted(others.length, "other tab");
  if (behind > 0) return { text: `${counted(behind, "operation")} behind ${tabs}`, tone: "warn" };
  if (lagging > 0) return { text: `${tabs} ${counted(lagging, "operation")} behind this one`, tone: "warn" };
  return { text: `In sync with ${tabs}`, tone: "good" };
}

/**
 * Whether the text is kept on this device.
 * @param {State} state
 * @returns {{ text: string, tone: "good" | "warn" | "plain" }}
 */
export function keepingWords({ keeping, heldBack, damaged }) {
  if (keeping.state === "failed")
    return { text: `Not kept: ${keeping.why}. Download it before you close this tab`, tone: "warn" };
  if (damaged > 0)
    return { text: `${counted(damaged, "kept piece")} could not be read and was left out`, tone: "warn" };
  if (heldBack > 0)
    return { text: `${counted(heldBack, "change")} kept back: what came before is missing`, tone: "warn" };
  if (keeping.state === "kept") return { text: "Kept on this device", tone: "good" };
  return { text: "Being kept on this device", tone: "plain" };
}

/** Words of scripts that put spaces between them. */
const SPACED = /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}\p{Cf}'’_-]|[.,](?=\p{N}))*/gu;
/** Scripts that do not: their words are found by a dictionary. */
const UNSPACED =
  /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** What a reader may take for one character though it is several: marks, joiners, flags, skin tones, jamo. */
const JOINED = /[\p{M}\u200d\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}\u1100-\u11ff]/u;

/**
 * @param {string} text
 * @returns {{ words: number, characters: number }} characters as a reader counts them
 */
export function countText(text) {
  return { words: wordsIn(text), characters: charactersIn(text) };
}

/** @param {string} text */
function wordsIn(text) {
  if (!UNSPACED.test(text)) return text.match(SPACED)?.length ?? 0;
  let words = 0;
  for (const { isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text))
    if (isWordLike) words++;
  return words;
}

/** @param {string} text */
function charactersIn(text) {
  if (!JOINED.test(text)) return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
  let characters = 0;
  for (const _ of new Intl.Segmenter().segment(text)) characters++;
  return characters;
}

/**
 * @param {number} count
 * @param {string} noun
 */
function capitalCount(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
