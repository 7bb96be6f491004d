// What the editor says in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortened } from "../../www/histories/words.js";
import { countText, keepingWords, storyWords, syncWords } from "../../www/editor/words.js";

/** @type {import("../../www/editor/words.js").State} */
const CALM = {
  others: [],
  online: true,
  hostile: false,
  channelWorks: true,
  behind: 0,
  lagging: 0,
  waiting: 0,
  keeping: { state: "kept", why: "" },
  past: false,
  heldBack: 0,
  damaged: 0,
};

test("words and characters are counted as a reader counts them", () => {
  for (const [text, words, characters] of /** @type {[string, number, number][]} */ ([
    ["", 0, 0],
    ["one two, three", 3, 14],
    ["don't well-known 3.14 and 1,000.", 5, 32],
    ["мир и труд", 3, 10],
    ["한국어 텍스트", 2, 7],
    ["cafe\u0301 noir e\u0301tude", 3, 15],
    ["العَرَبِيَّة جميلة", 2, 13],
    ["co\u00adoperate", 1, 10],
    ["ข้าวผัด อร่อย", 3, 10],
    ["👨‍👩‍👧‍👦 🇩🇰 👍🏽", 0, 5],
    ["a🙂b", 2, 3],
  ])) {
    assert.deepEqual(countText(text), { words, characters }, text);
  }
  // How many characters a conjunct is, tables of Unicode differ on.
  assert.equal(countText("नमस्ते दुनिया").words, 2);
});

test("that nothing is kept is said before anything else", () => {
  const failed = { ...CALM, keeping: { state: /** @type {const} */ ("failed"), why: "no room" } };
  assert.match(keepingWords({ ...failed, heldBack: 1, damaged: 1 }).text, /^Not kept: no room/);
});

test("a tab is in sync only if nobody lacks what it wrote", () => {
  const two = { ...CALM, others: ["Ada"] };
  assert.equal(syncWords(two).text, "In sync with 1 other tab");
  assert.equal(syncWords({ ...two, lagging: 3 }).text, "1 other tab 3 operations behind this one");
  assert.equal(syncWords({ ...two, lagging: 3, behind: 1 }).text, "1 operation behind 1 other tab");
});

test("a headline names no more people than it has room for", () => {
  const others = Array.from({ length: 60 }, (_, k) => `P${k}`);
  assert.equal(
    storyWords({ ...CALM, others }).headline,
    "You, P0, P1, P2, P3, P4 and 55 others edit this text",
  );
});

test("a verdict cuts what is very long, and shows that it did", () => {
  assert.equal(
    shortened(`was answered ${"é".repeat(300)}: it was x`),
    `was answered ${"é".repeat(60)}…: it was x`,
  );
  assert.equal(shortened(`an address of ${"a".repeat(80)}`), `an address of ${"a".repeat(80)}`);
});
