// The hunt, as somebody uses it who wants to see figure 8 of the Raft paper.

import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { failOnErrors, openLesson } from "./runs.js";

failOnErrors();

test("figure 8 is hunted down, made small, explained and played", async ({ page }) => {
  // Shorter finds are looked for for ten seconds, and a hunt takes what it takes.
  test.setTimeout(180_000);
  await page.goto("./#/hunt?protocol=raft&mutant=old_term_commit");
  await expect(page.locator("#hunt-headline")).toHaveText("What would break it?");
  await expect(page.locator("#hunt-mutant")).toHaveValue("old_term_commit");
  await page.locator("#hunt-start").click();
  await expect(page.locator("#hunt-headline")).toContainText("is violated", { timeout: 120_000 });
  const play = page.locator("#hunt-play");
  await expect(play).toBeVisible({ timeout: 120_000 });
  const prize = page.locator(".prize").first();
  await expect(prize.locator(".paragraph")).toContainText("Leave out any one of the steps");
  // It is figure 8: what was committed in a term is not with the leader of a higher one.
  const said = (await prize.locator(".paragraph").textContent()) ?? "";
  const terms =
    /leads term (\d+) with(?:out| another) entry \d+,? (?:than|which) was committed in term (\d+)/.exec(said);
  if (terms) expect(Number(terms[1])).toBeGreaterThan(Number(terms[2]));
  else
    expect(said).toMatch(/apply different logs|was told that it is done|where node \d+ has applied another/);
  const download = page.waitForEvent("download");
  await prize.getByRole("button", { name: "Save as a file" }).click();
  const saved = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  expect(saved.options.mutant).toBe("old_term_commit");
  // It is a test as it is.
  expect(saved.title).toMatch(/^Found by the hunt: /);
  expect(saved.expect.violated).toContain(saved.title.replace("Found by the hunt: ", ""));
  await prize.getByRole("button", { name: "When was it unavoidable?" }).click();
  await expect(prize.locator(".doom figcaption")).toContainText(
    /point of no return|from the beginning|comes out well/,
    {
      timeout: 120_000,
    },
  );
  // A point is played from just after its event, wherever that stands among what happens at once.
  const links = await page.evaluate(async () => {
    const { story } = window.synod.hunt.prizes[0];
    return Promise.all([1, story.last >> 1].map((event) => story.linkTo(event)));
  });
  const hunted = page.url();
  for (const link of links) {
    await page.goto(link);
    // What follows in the same step may be the violation itself, and is told then.
    await expect(page.locator("#watch")).toContainText(/The point of no return: |no longer holds/);
    await expect(page.locator("#notices")).not.toContainText("does not replay");
  }
  await page.goto(hunted);
  await expect(play).toBeVisible();
  await play.click();
  await expect(page).toHaveURL(/#\/raft\?run=/);
  await page.waitForFunction(() => /** @type {any} */ (window).synod.simulation?.scenario().options.mutant);
  // What it comes to is marked from its beginning on, and is not far away.
  await expect(page.locator("#verdict")).toContainText("will be violated");
  const opened = await page.evaluate(() => {
    const { now, end, scenario, speed } = /** @type {any} */ (window).synod.player;
    return { now, end, until: scenario.until_ms, lasts: scenario.until_ms / speed };
  });
  expect(opened.now).toBeLessThan(opened.end / 2);
  expect(opened.end).toBeGreaterThanOrEqual(opened.until);
  expect(opened.lasts).toBeGreaterThanOrEqual(10_000);
  expect(opened.lasts).toBeLessThanOrEqual(20_000);
  await page.evaluate(() => /** @type {any} */ (window).synod.player.seek(1e9));
  await expect(page.locator("#verdict")).toContainText("is violated");
  // The link says where it begins, and it begins there.
  await expect(page.locator("#notices")).not.toContainText("does not replay");
});

test("a hunt that is stopped keeps what was made small by then", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("./#/hunt?protocol=raft&mutant=old_term_commit");
  await page.locator("#hunt-start").click();
  // Stopped by the page itself, lest it be done before a click comes.
  await page.waitForFunction(
    () => {
      const { hunt } = window.synod;
      const [prize] = hunt.prizes;
      if (prize?.state !== "shrinking" || prize.reached === null) return false;
      hunt.stop();
      return true;
    },
    null,
    { timeout: 120_000 },
  );
  await expect(page.locator("#hunt-play")).toBeVisible();
  await expect(page.locator(".prize").first()).toContainText("it may not be the smallest");
});

/**
 * What is kept of the run that is shown.
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 */
async function kept(page, name) {
  await page.getByRole("button", { name: "Save…" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name, exact: true }).click(),
  ]);
  await expect(page.locator("#dialog")).toBeHidden();
  return readFileSync(await download.path(), "utf8");
}

test("what was hunted down plays as a diagram, tells its causes, and can be kept", async ({ page }) => {
  // Shorter finds are looked for for ten seconds, and a hunt takes what it takes.
  test.setTimeout(180_000);
  await page.goto("./#/hunt?protocol=raft&mutant=old_term_commit");
  await page.locator("#hunt-start").click();
  await page.locator("#hunt-play").click({ timeout: 120_000 });
  await page.waitForFunction(() => window.synod.simulation?.scenario().options.mutant);
  await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    player.seek(player.scenario.until_ms);
  });
  await page.getByRole("button", { name: "Space-time" }).click();
  await page.waitForFunction(() => window.synod.page.face.diagram?.state);
  const place = await page.evaluate(() => {
    const { player, page: shown } = window.synod;
    const { diagram } = shown.face;
    const [first] = player.violations;
    diagram.show(first.at_ms, 40);
    diagram.redraw();
    const [event] = window.synod.simulation.trace(first.event, first.event + 1);
    const box = diagram.surface.getBoundingClientRect();
    const { x, y } = diagram.pointOf(event);
    return { x: box.left + x, y: box.top + y, id: event.id, text: event.text, length: player.length };
  });

  // Why did that happen? Asked of the mark of the violation itself, and answered in sentences.
  await page.mouse.click(place.x, place.y);
  await expect(page.getByRole("heading", { name: "Why did this happen?" })).toBeVisible();
  const steps = page.locator(".causes .chain").first().locator("li");
  await expect(steps.first()).toContainText(/^\s*At [\d.]+ ms [\w ]+ was found violated: .+\.\s*$/);
  expect(await steps.count()).toBeGreaterThan(2);
  for (const said of await steps.allTextContents()) expect(said).toMatch(/ms.*\./s);
  await expect(page.locator(".causes .begins")).toContainText("It began here. At");
  const causes = await steps
    .locator("button")
    .evaluateAll((all) => all.map((each) => Number(each.dataset.event)));

  const svg = await kept(page, "SVG");
  const picture = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    if (parsed.querySelector("parsererror")) return null;
    return {
      title: parsed.querySelector("title")?.textContent,
      lines: parsed.querySelectorAll("line, path, polyline").length,
    };
  }, svg);
  expect(picture?.title).toMatch(/^Raft: Found by the hunt: /);
  expect(picture?.lines).toBeGreaterThan(10);

  const [head, ...events] = (await kept(page, "JSON Lines"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(head).toMatchObject({ synod_trace: 1, events: place.length });
  expect(head.scenario.options.mutant).toBe("old_term_commit");
  expect(events).toHaveLength(place.length);
  expect(events[place.id]).toMatchObject({ id: place.id, kind: "violation", text: place.text });
  // The causes that were told are those of the trace.
  for (let k = 1; k < causes.length; k++) expect(events[causes[k - 1]].cause).toBe(causes[k]);
});

test("a find keeps its name whatever is chosen next, and one find is made small at a time", async ({
  page,
}) => {
  test.setTimeout(180_000);
  await page.goto("./#/hunt?protocol=kv&mutant=overwrite_on_merge");
  await page.getByText("Go on after a find").click();
  await page.locator("#hunt-start").click();
  await expect(page.locator(".prize")).toHaveCount(12, { timeout: 120_000 });
  await page.locator("#hunt-stop").click();
  const found = await page.locator("#hunt-headline").textContent();
  expect(found).toMatch(/^Key-value: “.+” is violated$/);
  const buttons = page.getByRole("button", { name: "Make it small" });
  const before = await buttons.count();
  // Two at once: the second waits until the first is done, which is not begun anew for it.
  const asked = await page.evaluate(() => {
    const { hunt } = window.synod;
    const waiting = hunt.prizes.filter((/** @type {any} */ prize) => prize.state === "waiting");
    hunt.shrink(waiting[0]);
    hunt.shrink(waiting[1]);
    const states = waiting.slice(0, 2).map((/** @type {any} */ prize) => prize.state);
    return {
      states,
      places: waiting.slice(0, 2).map((/** @type {any} */ each) => hunt.prizes.indexOf(each)),
    };
  });
  expect(asked.states).toEqual(["shrinking", "next"]);
  await expect(buttons).toHaveCount(before - 2);
  const working = page.getByRole("status").filter({ hasText: /Making it small|Looking for a shorter one/ });
  expect(await working.count()).toBeLessThanOrEqual(1);
  for (const place of asked.places)
    await expect(page.locator(".prize").nth(place).locator(".paragraph")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("status").filter({ hasText: "To be made small next" })).toHaveCount(0);
  await page.locator("#hunt-protocol").selectOption("paxos");
  await expect(page).toHaveURL(/protocol=paxos$/);
  await expect(page.locator("#hunt-headline")).toHaveText(found ?? "");
  await page.getByText("What may befall it").click();
  const faults = page.getByRole("spinbutton", { name: "At most" });
  for (const typed of ["0", "-5"]) {
    await faults.fill(typed);
    await faults.blur();
  }
  await expect(faults).toHaveValue("0");
  await expect(page.locator("#notices")).toContainText(
    "“−5” is not a whole number from 0 to 100. Taken: at most 0 faults in a run.",
  );
});

test("an answer that does not come is told in the find and on the stage", async ({ page }) => {
  // Shorter finds are looked for for ten seconds, and a hunt takes what it takes.
  test.setTimeout(180_000);
  await page.goto("./#/hunt?protocol=raft&mutant=no_random_timeout");
  await page.locator("#hunt-start").click();
  await expect(page.locator("#hunt-play")).toBeVisible({ timeout: 120_000 });
  await expect(page.locator("#hunt-headline")).toHaveText("Raft: a request is not answered in time");
  await expect(page.locator(".prize .paragraph")).toContainText("is not answered within 5.0 s");
  await page.getByRole("button", { name: "When was it unavoidable?" }).click();
  // Two nodes that always stand together: once somebody asks, nothing decides it later.
  await expect(page.locator(".doom figcaption")).toContainText(
    /The point of no return is event \d+ at [\d.]+ ms: Client \d+ asks/,
    { timeout: 120_000 },
  );
  await page.locator("#hunt-play").click();
  await expect(page.locator("#watch")).toContainText("is not answered within 5.0 s");
  await page.waitForFunction(() => window.synod.simulation?.scenario().options.mutant);
  await page.evaluate(() => {
    const { player } = window.synod;
    player.pause();
    player.seek(player.scenario.until_ms);
  });
  const verdict = page.locator("#verdict");
  await expect(verdict).toContainText(/Client \d+ has had no answer for \d+\.\d s\./);
  await verdict.getByRole("button", { name: "When was it unavoidable?" }).click();
  await expect(verdict).toContainText(
    /Unavoidable since event \d+\s+at\s+[\d.]+ ms, “Client \d+ asks .+”: from there on (\d+) of \1 random continuations leave it without an answer/,
    { timeout: 60_000 },
  );
});

test("a protocol with all its rules is tried until one has enough, and no more is claimed", async ({
  page,
}) => {
  await page.goto("./#/hunt?protocol=paxos");
  // By keys: a button that becomes another one keeps the focus.
  await page.locator("#hunt-start").press("Enter");
  await expect(page.locator(".hunt-figures tbody tr").first()).toBeVisible();
  await expect(page.locator("#hunt-pause")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#hunt-resume")).toBeFocused();
  await page.keyboard.press("Enter");
  await page.locator("#hunt-stop").press("Enter");
  await expect(page.locator("#hunt-start")).toBeFocused();
  await expect(page.locator("#hunt-headline")).toHaveText(/^No violation in [\d,]+ schedules?/);
});

/** @type {[string, string, string][]} */
const UNAVOIDABLE = [
  ["an invariant", "mutant-keeps-leading", "Election safety"],
  ["the clients' history", "mutant-reused-read-token", "Linearizability"],
];
for (const [what, name, broken] of UNAVOIDABLE)
  test(`a run says from when on a violation of ${what} could not be avoided`, async ({ page }) => {
    await openLesson(page, "raft");
    const scenario = JSON.parse(readFileSync(`tests/scenarios/raft/${name}.json`, "utf8"));
    await page.evaluate(async (each) => {
      await window.synod.load(each);
      const { player } = window.synod;
      player.pause();
      player.seek(player.scenario.until_ms);
    }, scenario);
    const verdict = page.locator("#verdict");
    await expect(verdict).toContainText(`${broken} is violated`);
    await verdict.getByRole("button", { name: "When was it unavoidable?" }).click();
    await expect(verdict).toContainText(/Wrong here on purpose: .+\./);
    await expect(verdict).toContainText(/Unavoidable since event \d+\s+at\s+[\d.]+ ms, “.+”: from there on/, {
      timeout: 60_000,
    });
    const known = await page.evaluate(() => {
      const { player, page: shown } = window.synod;
      const { fates, point } = shown.doom.doom;
      return { first: fates[0], point, violation: player.violations[0].event };
    });
    // In the beginning it was open, and it was decided before it was seen.
    expect(known.first.violated).toBeLessThan(known.first.tried);
    expect(known.point.violated).toBe(known.point.tried);
    expect(known.point.event).toBeLessThanOrEqual(known.violation);
    await verdict.getByRole("button", { name: `event ${known.point.event}` }).click();
    expect(await page.evaluate(() => window.synod.page.event)).toBe(known.point.event);
    expect(await page.evaluate(() => window.synod.player.position)).toBeGreaterThan(known.point.event);
  });

test("the example in which nobody has to lie is hunted without liars", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("./#/hunt");
  const example = page.getByRole("link", { name: "Nobody has to lie" });
  await example.click();
  await expect(page).toHaveURL(/protocol=pbft&mutant=drops_prepared&without=liars$/);
  await expect(example).toHaveAttribute("aria-current", "true");
  await page.getByText("What may befall it: all but liars").click();
  await expect(page.getByLabel("Liars")).not.toBeChecked();
  await expect(page.getByLabel("Crashes")).toBeChecked();
  await page.locator("#hunt-start").click();
  await expect(page.locator("#hunt-headline")).toContainText("is violated", { timeout: 120_000 });
  const { order, script } = await page.evaluate(() => {
    const { hunted, prizes } = window.synod.hunt;
    return { order: hunted.order, script: prizes[0].found.scenario.script };
  });
  expect(order.budget.liars).toBe(false);
  expect(script.filter((/** @type {{ do: string }} */ entry) => entry.do === "conduct")).toEqual([]);
  await page.locator("#hunt-stop").click();
  // What is changed is in the address, and another hunt does without what the last one did without.
  await page.getByLabel("Crashes").uncheck();
  await expect(page).toHaveURL(/without=crashes%2Cliars$/);
  await page.goto("./#/hunt?protocol=raft");
  await expect(page.getByLabel("Liars")).toBeChecked();
  await page.goto("./#/hunt?protocol=raft&without=liars,lions");
  await expect(page.getByLabel("Liars")).not.toBeChecked();
  await expect(page.locator("#notices")).toContainText("There is no kind of fault “lions” here.");
});

test("a search of every order says its bounds, and whether it came to its end within them", async ({
  page,
}) => {
  // Workers that have been through all there is, or as much as they look at.
  let [runs, end] = [41_000, "all"];
  await page.route("**/hunt-worker.js", (route) => {
    const strategies = [{ strategy: "exhaustive", runs, events: 2 * runs, found: 0 }];
    const narrow = { requests: 2, timers: 0, crashes: 0, copies: 0, states: 1000, end: "all" };
    const wide = { requests: 3, timers: 3, crashes: 1, copies: 1, states: runs - 1000, end };
    const figures = { strategies, states: 0, facts: 0, over: true, reaches: [narrow, wide] };
    const body = `onmessage = () => {
      postMessage({ news: "figures", figures: ${JSON.stringify(figures)}, spent_ms: 9 });
      postMessage({ news: "over" });
    };`;
    return route.fulfill({ contentType: "text/javascript", body });
  });
  await page.goto("./#/hunt?protocol=paxos");
  await page.getByLabel("Every order").check();
  await expect(page.locator(".hunt-order")).toContainText("150,000 states at the most");
  await page.locator("#hunt-start").click();
  const headline = page.locator("#hunt-headline");
  await expect(headline).toHaveText(/^No violation in [\d,]+ states: every order within the bounds$/);
  const proven = page.locator(".hunt .story p");
  await expect(proven).toContainText("That is every order of up to 3 requests, 3 time-outs, 1 crash and");
  [runs, end] = [400_000, "most"];
  await page.locator("#hunt-start").click();
  await expect(headline).toHaveText(/^No violation in [\d,]+ states$/);
  await expect(proven).toContainText(
    "Every order of up to 2 requests, without time-outs, crashes or copied messages was looked at",
  );
  await expect(proven).toContainText("it looks at 150,000 states within each of its bounds at the most");
});

test("a search of every order heeds what is ticked, and counts states and not runs", async ({ page }) => {
  await page.goto("./#/hunt?protocol=kv&without=crashes,network,timers");
  await page.getByText("What may befall it").click();
  await expect(page.getByLabel("Clocks")).toBeEnabled();
  await page.getByLabel("Every order").check();
  for (const kind of ["Crashes", "Loss, copies, delay", "Early timers", "Liars"])
    await expect(page.getByLabel(kind)).toBeEnabled();
  for (const kind of ["Cuts and partitions", "Pauses", "Clocks", "Lost disks", "Joins and leaves"])
    await expect(page.getByLabel(kind)).toBeDisabled();
  await expect(page.locator(".hunt-order")).toContainText("the others do not apply to it");
  await page.locator("#hunt-start").click();
  await expect(page.locator("#hunt-headline")).toHaveText(
    /^No violation in [\d,]+ states: every order within the bounds$/,
    { timeout: 60_000 },
  );
  await expect(page.locator(".hunt .story p")).toContainText(
    "That is every order of up to 3 requests, without time-outs, crashes or copied messages, on the",
  );
  const figures = page.locator(".hunt-figures");
  await expect(figures.locator("thead th")).toHaveText(["How", "States", "Found"]);
  await expect(figures.locator("dt")).toHaveText([
    "States",
    "States a second",
    "Steps a second",
    "Time spent hunting",
  ]);
  // Bounds that come to the same without crashes, copies and time-outs are searched once.
  await expect(figures.locator("li")).toHaveText([
    /^Up to 2 requests, without .+: \d+ states, all there are on .+; none broken\.$/,
    /^Up to 3 requests, without .+: \d+ states, all there are on .+; none broken\.$/,
  ]);
});

test("a hunt that is stopped at once says so", async ({ page }) => {
  await page.goto("./#/hunt?protocol=paxos");
  await expect(page.locator("#hunt-start")).toBeVisible();
  await page.evaluate(() => {
    window.synod.hunt.start();
    window.synod.hunt.stop();
  });
  await expect(page.locator("#hunt-headline")).toHaveText("Stopped before anything was tried");
  await expect(page.locator(".hunt .story p")).toContainText("Give the hunt a second to begin.");
});

test("on a telephone a find is scrolled to, and all its steps are seen", async ({ page }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("./#/hunt?protocol=raft&mutant=no_log_check");
  await page.locator("#hunt-start").click();
  const prize = page.locator(".prize").first();
  await expect(prize).toBeInViewport({ timeout: 60_000 });
  const steps = prize.locator(".hunt-steps");
  await expect(steps).toBeVisible({ timeout: 60_000 });
  // Its beginning, once there is more of it.
  await expect(prize.getByRole("heading")).toBeInViewport();
  await expect(page.locator("#hunt-play")).toBeInViewport();
  expect(await steps.evaluate((list) => list.scrollHeight - list.clientHeight)).toBeLessThanOrEqual(1);
  // What differs from the defaults is told as it is in the scenario.
  const { scenario, takes } = await page.evaluate(() => window.synod.hunt.prizes[0].story);
  const told = prize.locator(".takes");
  await expect(told).toHaveCount(takes.length > 0 ? 1 : 0);
  if (scenario.nodes !== 5) await expect(told).toContainText(`defaults: ${scenario.nodes} node`);
});
