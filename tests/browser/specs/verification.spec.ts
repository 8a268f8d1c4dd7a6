// Verify: every line of the ledger is recomputed in this browser, however few of them the list has loaded.
import type { Route } from "@playwright/test";
import { type Page, expect, test } from "../fixture/test.ts";
import { expectNoViolations } from "../fixture/axe.ts";
import { Billing } from "../fixture/billing.ts";
import { NARROW, overflowPixels } from "../fixture/layout.ts";
import { signIn } from "../fixture/people.ts";

/** More than one answer of the server brings. */
const MORE = 3_000;
const CHAIN = /\/transactions\/chain\?after=/;

test.use({ demo: "fresh" });

/** The page with a ledger of which it has loaded the newest lines alone, and how many there are. */
async function open(page: Page, fill: () => Promise<void>): Promise<{ billing: Billing; lines: number }> {
  await signIn(page, "owner");
  await fill();
  await page.reload();
  const billing = new Billing(page);
  await expect(billing.lines.nth(5)).toBeAttached();
  const lines = (await (await page.request.get("/api/v1/wallet")).json()).last_seq ?? 0;
  const newest = (await (await page.request.get("/api/v1/transactions?limit=1")).json()).items[0].seq;
  return { billing, lines: Math.max(lines, newest) };
}

/** Answers wait until this is called. */
async function hold(page: Page, which: (after: number) => boolean): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  await page.route(CHAIN, async (route) => {
    if (which(Number(new URL(route.request().url()).searchParams.get("after")))) await released;
    await route.continue();
  });
  return release;
}

async function alter(route: Route, seq: number): Promise<void> {
  const answer = await route.fetch();
  const json = await answer.json();
  for (const line of json.items) if (line.seq === seq) line.description += ".";
  await route.fulfill({ response: answer, json });
}

test("all lines are checked, whatever is loaded, and how far it is can be seen @everywhere", async ({ page, seams }) => {
  const { billing, lines } = await open(page, () => seams.fillLedger(MORE, 30));
  const release = await hold(page, (after) => after >= 2_000);
  await billing.history.getByRole("button", { name: "Check records" }).click();
  const group = billing.history.getByRole("group", { name: "Verification" });
  const bar = group.getByRole("progressbar", { name: "Records checked" });
  await expect(group.getByText(`2,000 of ${lines.toLocaleString("en-US")} lines`)).toBeVisible();
  await expect(bar).toHaveJSProperty("value", 2_000);
  await expect(bar).toHaveJSProperty("max", lines);
  await expect(page.getByRole("status").filter({ hasText: `Checking ${lines.toLocaleString("en-US")} lines` })).toBeAttached();
  await expectNoViolations(page);
  await page.setViewportSize(NARROW);
  expect(await overflowPixels(page)).toBe(0);
  await expect(group.getByRole("button", { name: "Cancel" })).toBeVisible();
  release();
  const whole = lines.toLocaleString("en-US");
  await expect(billing.history.getByText(`Checked in this browser: ${whole} lines, no. 1–${whole}.`)).toBeVisible();
  await expect(group).toHaveCount(0);
});

test("it is canceled, and begins anew", async ({ page, seams, watch }) => {
  watch.expectCut();
  const { billing } = await open(page, () => seams.fillLedger(MORE, 30));
  const release = await hold(page, (after) => after >= 1_000);
  const verify = billing.history.getByRole("button", { name: "Check records" });
  await verify.click();
  const group = billing.history.getByRole("group", { name: "Verification" });
  await expect(group.getByText(/^1,000 of/)).toBeVisible();
  const ended = page.waitForEvent("requestfailed", (request) => CHAIN.test(request.url()));
  await group.getByRole("button", { name: "Cancel" }).click();
  await expect(group).toHaveCount(0);
  await ended;
  release();
  await verify.click();
  await expect(billing.history.getByText(/^Checked in this browser: /)).toBeVisible();
});

test("a line that was altered far below the loaded ones is named and shown, in a filtered list too", async ({ page, seams }) => {
  const { billing } = await open(page, () => seams.fillLedger(MORE, 30));
  await page.route(CHAIN, (route) => alter(route, 1_234));
  await billing.history.getByRole("button", { name: "AI tasks" }).click();
  await expect(billing.matches).toBeVisible();
  await billing.history.getByRole("button", { name: "Check records" }).click();
  await expect(billing.history.getByText(/^Line no\. 1,234 does not fit: its contents .* The 1,233 lines checked before it are right\.$/)).toBeVisible();
  await billing.history.getByRole("button", { name: "Show line" }).click();
  await expect(page.getByRole("dialog").getByText("no. 1,234", { exact: true })).toBeVisible();
});

test("lines that the server leaves out are missed", async ({ page, seams }) => {
  const { billing } = await open(page, () => seams.fillLedger(MORE, 30));
  await page.route(CHAIN, async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    json.items = json.items.filter((line: { seq: number }) => line.seq < 2_500);
    await route.fulfill({ response: answer, json });
  });
  await billing.history.getByRole("button", { name: "Check records" }).click();
  await expect(billing.history.getByText(/^Line no\. 2,500 is missing\./)).toBeVisible();
});

test("what cannot be had is asked for again, and goes on where it stopped", async ({ page, seams, watch }) => {
  const { billing } = await open(page, () => seams.fillLedger(MORE, 30));
  let refuse = true;
  const asked: string[] = [];
  await page.route(CHAIN, async (route) => {
    const after = new URL(route.request().url()).searchParams.get("after")!;
    asked.push(after);
    if (refuse && after === "2000") await route.fulfill({ status: 500, contentType: "application/problem+json", body: "{}" });
    else await route.continue();
  });
  watch.expectStatus(500);
  await billing.history.getByRole("button", { name: "Check records" }).click();
  const group = billing.history.getByRole("group", { name: "Verification" });
  const again = group.getByRole("button", { name: "Try again" });
  await expect(again).toBeVisible();
  await expect(group.getByText(/^2,000 of/)).toBeVisible();
  refuse = false;
  asked.length = 0;
  await again.click();
  await expect(billing.history.getByText(/^Checked in this browser: /)).toBeVisible();
  expect(asked[0]).toBe("2000");
});
