// A ledger of a million lines: the scroll bar reaches all of it, no frame is long, memory stays flat, typing stays quick.
// Milliseconds mean something on a quiet machine only: run by NEXIS_BILLING_MEASURE=1, not with the suite.
import { type Locator } from "@playwright/test";
import { type Page, expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { signIn } from "../fixture/people.ts";

const LINES = Number(process.env.NEXIS_BILLING_LEDGER_LINES ?? 1_000_000);
const LIVE_SECONDS = Number(process.env.NEXIS_BILLING_LIVE_SECONDS ?? 20);

// Whoever records a page takes part of its time.
test.use({ demo: "fresh", trace: "off", screenshot: "off" });
test.describe.configure({ timeout: 240_000 });

/** As https://w3c.github.io/long-animation-frames has it. */
interface LongFrame extends PerformanceEntry {
  renderStart: number;
  styleAndLayoutStart: number;
  scripts: { invoker: string; duration: number }[];
}

interface Frames {
  count: number;
  /** Those over 50 ms: how long, from when on it was drawn and laid out, and what ran in it. */
  long: { took: number; rendered: number; laidOut: number; scripts: string[] }[];
}

/** Writes down from now on which frames are long. */
async function watchFrames(page: Page): Promise<() => Promise<Frames>> {
  await page.evaluate(() => {
    const begun = performance.now();
    const frames: Frames = { count: 0, long: [] };
    const tick = () => {
      frames.count += 1;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as LongFrame[]) {
        if (entry.startTime < begun || entry.duration <= 50) continue;
        const since = (time: number) => Math.round(time - entry.startTime);
        frames.long.push({
          took: Math.round(entry.duration),
          rendered: since(entry.renderStart),
          laidOut: since(entry.styleAndLayoutStart),
          scripts: entry.scripts.map(({ invoker, duration }) => `${invoker} ${Math.round(duration)} ms`),
        });
      }
    }).observe({ type: "long-animation-frame" });
    Object.assign(globalThis, { frames });
  });
  return () => page.evaluate(() => (globalThis as unknown as { frames: Frames }).frames);
}

/** The heap of the page after a collection, in megabytes. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return Math.round(usedSize / 100_000) / 10;
}

/** Scrolls as a wheel does, a step each frame. */
async function wheel(frame: Locator, step: number, steps: number): Promise<void> {
  await frame.evaluate(
    (element, [step, steps]) =>
      new Promise<void>((resolve) => {
        let left = steps!;
        const next = () => {
          element.scrollTop += step!;
          left -= 1;
          if (left > 0) requestAnimationFrame(next);
          else resolve();
        };
        next();
      }),
    [step, steps],
  );
}

/**
 * The tenth row once all have come: its place from the top and its words. Asked in one word a frame, because what looks
 * for texts in the whole document would be the longest part of the frames that are measured.
 */
function tenthRow(frame: Locator): Promise<[number, string]> {
  return frame.evaluate(
    (element) =>
      new Promise((resolve) => {
        let settled = false;
        const look = () => {
          const row = element.querySelectorAll("tr[aria-rowindex]")[10];
          // The frame after the jump is the first that may be looked at.
          if (settled && row && !element.querySelector(".line-ghost")) {
            return resolve([Number(row.getAttribute("aria-rowindex")) - 1, row.querySelector("button")?.textContent ?? ""]);
          }
          settled = true;
          requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      }),
  );
}

test("a million lines are gone through like ten @measured", async ({ page, seams }, info) => {
  await signIn(page, "owner");
  await seams.fillLedger(LINES, 700);
  await page.reload();
  const billing = new Billing(page);
  const frame = billing.history.getByRole("region", { name: /^Transactions, newest first/ });
  const buttons = frame.getByRole("row").getByRole("button");
  await expect(frame.getByRole("table")).toHaveAttribute("aria-rowcount", String(LINES + 1));
  await expect(buttons.first()).toHaveText(`Patient ${LINES - 1}`);
  await frame.scrollIntoViewIfNeeded();

  const before = await heap(page);
  const frames = await watchFrames(page);
  const rows = () => frame.locator("tr[aria-rowindex]").count();
  let mostRows = 0;
  // A long way by wheel, jumps over the whole bar, and a way by wheel from there.
  await wheel(frame, 120, 240);
  mostRows = Math.max(mostRows, await rows());
  for (const part of [0.25, 0.5, 0.75, 0.9, 0.1, 1]) {
    await frame.evaluate((element, part) => (element.scrollTop = (element.scrollHeight - element.clientHeight) * part), part);
    const [index, words] = await tenthRow(frame);
    // What stands there is what the bar says, to a thousandth of the whole.
    expect(Math.abs(index - part * LINES), `at ${part}`).toBeLessThan(LINES / 1000 + 60);
    expect(words).toMatch(new RegExp(` ${LINES - index}$`));
    await wheel(frame, part === 1 ? -90 : 90, 60);
    mostRows = Math.max(mostRows, await rows());
  }
  // The whole bar, dragged along in four seconds.
  await frame.evaluate(
    (element) =>
      new Promise<void>((resolve) => {
        const most = element.scrollHeight - element.clientHeight;
        let step = 0;
        const next = () => {
          element.scrollTop = (most * step) / 240;
          step += 1;
          if (step <= 240) requestAnimationFrame(next);
          else resolve();
        };
        next();
      }),
  );
  await tenthRow(frame);
  const seen = await frames();
  const after = await heap(page);
  info.annotations.push({ type: "frames", description: JSON.stringify({ ...seen, heapBefore: before, heapAfter: after, mostRows }) });
  console.log(`frames ${JSON.stringify(seen)}, heap ${before} → ${after} MB, at most ${mostRows} rows of ${LINES}`);
  await expect(buttons.last()).toHaveText("Credit 0");
  expect(mostRows).toBeLessThan(60);
  expect(after - before, "megabytes more than before").toBeLessThan(4);
  expect(seen.long, "frames over 50 ms").toEqual([]);

  // Straight to a date, in the whole list and in a filtered one.
  const day = new Date(Date.now() - 350 * 86_400_000);
  const shown = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "America/Chicago" });
  const field = billing.history.getByLabel("Go to date");
  await field.fill(day.toISOString().slice(0, 10));
  const top = frame.locator("tr[aria-rowindex]").filter({ hasText: shown.format(new Date(`${day.toISOString().slice(0, 10)}T18:00:00Z`)) });
  await expect(top.first()).toBeVisible();
  await billing.history.getByRole("button", { name: "AI tasks" }).click();
  await expect(billing.history.getByRole("status").filter({ hasText: /[\d,]{6,} matches/ })).toBeVisible();
  await field.fill("");
  await field.fill(day.toISOString().slice(0, 10));
  await expect(top.first()).toBeVisible();
  await frame.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(frame.getByText("Loading…")).toHaveCount(0);
  await expect(buttons.last()).toHaveText("Patient 5");

  // The file of it can be stopped.
  await billing.history.getByRole("button", { name: "Clear filters" }).click();
  await expect(frame.getByRole("table")).toHaveAttribute("aria-rowcount", String(LINES + 1));
  await billing.history.getByRole("button", { name: "Download CSV" }).click();
  const progress = billing.history.getByRole("group", { name: "CSV" });
  await expect(progress).toContainText(/[1-9][\d,]+ of [\d,]+ lines · [\d.]+ MB/);
  await progress.getByRole("button", { name: "Cancel" }).click();
  await expect(progress).toBeHidden();
});

test("two hundred new lines a second leave typing quick @measured", async ({ page, seams }, info) => {
  await signIn(page, "owner");
  await seams.fillLedger(10_000, 30);
  await page.reload();
  const billing = new Billing(page);
  const box = billing.history.getByRole("searchbox", { name: "Search" });
  await expect(billing.history.getByRole("row").nth(5)).toBeAttached();
  await page.evaluate(() => {
    const typed: number[] = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === "keydown" || entry.name === "input") typed.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
    Object.assign(globalThis, { typed });
  });
  let stop = false;
  const feed = (async () => {
    for (let second = 0; !stop; second += 1) {
      const begun = Date.now();
      for (let tenth = 0; tenth < 10 && !stop; tenth += 1) {
        await seams.useMany(20, `Live ${second}-${tenth}`);
        const wait = begun + (tenth + 1) * 100 - Date.now();
        // The pace of the feed, not a wait for something to happen.
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  })();
  await box.click();
  const until = Date.now() + LIVE_SECONDS * 1000;
  for (let word = 0; Date.now() < until; word += 1) {
    await box.pressSequentially(`ava ${word}`, { delay: 90 });
    await box.fill("");
  }
  stop = true;
  await feed;
  const typed = await page.evaluate(() => (globalThis as unknown as { typed: number[] }).typed);
  const longest = Math.max(0, ...typed);
  info.annotations.push({ type: "typing", description: `${longest} ms, ${typed.length} events over 16 ms` });
  console.log(`typing: longest ${longest} ms to the next paint, ${typed.length} events of 16 ms and more`);
  expect(longest, "milliseconds from a key to the next paint").toBeLessThan(100);
});
