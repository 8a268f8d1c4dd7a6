// The live stream: however it dies it is noticed, one tab has it for all, and a page does nothing under another session.
import { type Page, expect, test as base } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { prepareLimits, restoreLimits, shortenLimits } from "../fixture/limits.ts";
import { BILLING, openSession } from "../fixture/people.ts";
import { Gateway, type Way } from "../fixture/gateway.ts";

const CALL = { kind: "outbound_call", quantity: "100", unit: "second", unit_price: "0.02", source: "Agent Live" } as const;

const test = base.extend<{ gateway: Gateway }>({
  gateway: async ({ server, page }, use) => {
    const gateway = await Gateway.before(server.origin);
    await use(gateway);
    // The tabs leave first: a gateway that stops under them is no part of any test.
    for (const tab of page.context().pages()) await tab.goto("about:blank");
    await gateway.stop();
  },
});

/** Opens the tab through the gateway, signed in as the page's browser is. */
async function open(page: Page, gateway: Gateway): Promise<Billing<Page>> {
  await page.goto(gateway.origin + BILLING);
  const billing = new Billing(page);
  await expect(billing.balance).toBeVisible();
  return billing;
}

const stale = (page: Page) => page.getByText("Figures as of");

for (const way of ["nothing", "headers", "cut", "refused"] as Way[]) {
  test(`a stream of which ${way} is left marks the figures, which stay true, and an own payment is told truly`, async ({ page, gateway, seams, watch }) => {
    watch.expectCut();
    watch.expectStatus(503);
    await prepareLimits(page);
    await openSession(page, "owner");
    const billing = await open(page, gateway);
    const before = await billing.cents();
    await shortenLimits(page);
    // Its silence is counted from an event on.
    await seams.use({ ...CALL, description: "The last call by the stream" });
    await expect(billing.history.getByText("The last call by the stream")).toBeVisible();
    gateway.hold(way);
    await expect(stale(page)).toBeVisible();

    await seams.use({ ...CALL, description: "A call that no stream tells" });
    await expect.poll(() => billing.cents()).toBe(before - 400);
    await expect(billing.history.getByText("A call that no stream tells")).toBeVisible();
    await expect(stale(page), "asking now and then is not hearing").toBeVisible();

    const dialog = await billing.addBalance("37.50");
    await dialog.getByRole("button", { name: "Top Up Wallet Balance" }).click();
    const paid = page.getByRole("dialog", { name: "Balance added" });
    await expect(paid).toContainText(dollars(before - 400 + 3_750));
    await paid.getByRole("button", { name: "Done" }).click();

    await restoreLimits(page);
    gateway.release();
    await expect(stale(page)).toBeHidden({ timeout: 30_000 });
    await seams.use({ ...CALL, description: "A call by the stream again" });
    await expect(billing.history.getByText("A call by the stream again")).toBeVisible();
    await expect.poll(() => billing.cents()).toBe(before - 600 + 3_750);
  });
}

for (const way of ["nothing", "headers"] as Way[]) {
  test(`a stream of which ${way} comes from the beginning is noticed, and the answer of a payment brings the balance`, async ({ page, gateway, seams }) => {
    gateway.hold(way);
    await prepareLimits(page);
    await openSession(page, "owner");
    const billing = await open(page, gateway);
    const before = await billing.cents();
    // Nobody has noticed yet: the limits are as long as they are.
    await seams.use({ ...CALL, description: "A call that is not told" });
    const dialog = await billing.addBalance("37.50");
    await dialog.getByRole("button", { name: "Top Up Wallet Balance" }).click();
    const paid = page.getByRole("dialog", { name: "Balance added" });
    await expect(paid).toContainText(dollars(before - 200 + 3_750));
    await paid.getByRole("button", { name: "Done" }).click();
    await expect(billing.history.getByText("A call that is not told"), "what the payment should have told is asked for").toBeVisible();
    expect(await billing.cents()).toBe(before - 200 + 3_750);
    await expect(stale(page)).toBeHidden();
  });

  test(`a stream of which ${way} comes from the beginning marks the figures after two heartbeats`, async ({ page, gateway }) => {
    gateway.hold(way);
    await prepareLimits(page, { short: true });
    await openSession(page, "owner");
    await open(page, gateway);
    await expect(stale(page)).toBeVisible();
  });
}

test("six tabs take one connection, and the seventh still pays", async ({ page, context, gateway, seams }) => {
  await openSession(page, "owner");
  const tabs = [await open(page, gateway)];
  for (let tab = 1; tab < 7; tab += 1) tabs.push(await open(await context.newPage(), gateway));
  await expect.poll(() => gateway.streams).toBe(1);
  const before = await tabs[0]!.cents();
  await seams.use({ ...CALL, description: "A call for every tab" });
  for (const tab of tabs) {
    await expect(tab.history.getByText("A call for every tab")).toBeVisible();
    await expect.poll(() => tab.cents()).toBe(before - 200);
  }

  const last = tabs.at(-1)!;
  const dialog = await last.addBalance("37.50");
  await dialog.getByRole("button", { name: "Top Up Wallet Balance" }).click();
  await expect(last.page.getByRole("dialog", { name: "Balance added" })).toContainText(dollars(before - 200 + 3_750));
  for (const tab of tabs) await expect.poll(() => tab.cents()).toBe(before - 200 + 3_750);
  expect(gateway.streams).toBe(1);

  for (const tab of tabs.slice(1)) await tab.page.close();
});

test("when the tab with the stream goes or is hidden, another one has it and misses nothing", async ({ page, context, gateway, seams }) => {
  await openSession(page, "owner");
  const first = await open(page, gateway);
  const second = await open(await context.newPage(), gateway);
  const third = await open(await context.newPage(), gateway);
  await expect.poll(() => gateway.streams).toBe(1);
  await hide(page, true);
  await seams.use({ ...CALL, description: "A call after the first tab was hidden" });
  for (const tab of [second, third]) await expect(tab.history.getByText("A call after the first tab was hidden")).toBeVisible();
  await expect.poll(() => gateway.streams).toBe(1);
  await expect(first.history.getByText("A call after the first tab was hidden"), "nobody sees it, nobody asks").toHaveCount(0);
  await second.page.close();
  await seams.use({ ...CALL, description: "A call after the second tab was closed" });
  await expect(third.history.getByText("A call after the second tab was closed")).toBeVisible();
  await hide(page, false);
  for (const call of ["A call after the first tab was hidden", "A call after the second tab was closed"]) {
    await expect(first.history.getByText(call)).toBeVisible();
  }
  await expect.poll(() => gateway.streams).toBe(1);
  await third.page.close();
  await expect.poll(() => gateway.streams).toBe(1);
});

test("a browser without locks has a stream in each tab", async ({ page, context, gateway, seams }) => {
  await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  await openSession(page, "owner");
  const tabs = [await open(page, gateway), await open(await context.newPage(), gateway)];
  await expect.poll(() => gateway.streams).toBe(2);
  await seams.use({ ...CALL, description: "A call for both" });
  for (const tab of tabs) await expect(tab.history.getByText("A call for both")).toBeVisible();
  await tabs[1]!.page.close();
});

test("of a payment that the server has not answered nobody says that the bank is at it", async ({ page, gateway, seams, watch }) => {
  watch.expectCut();
  await prepareLimits(page);
  await openSession(page, "owner");
  const billing = await open(page, gateway);
  const before = await billing.cents();
  const charges = (await seams.charges()).length;
  const dialog = await billing.addBalance("37.50");
  const keys = new Set<string | undefined>();
  await page.route("**/api/v1/top-ups", (route) => void keys.add(route.request().headers()["idempotency-key"]));
  await shortenLimits(page);
  await dialog.getByRole("button", { name: "Top Up Wallet Balance" }).click();
  await expect(dialog).toContainText("Sending the payment");
  await expect(dialog).toContainText("may not have been sent, and nothing may have happened");
  await expect(dialog).not.toContainText(/bank|by itself/i);
  expect((await seams.charges()).length).toBe(charges);

  await restoreLimits(page);
  await page.unroute("**/api/v1/top-ups");
  const sent = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/v1/top-ups"));
  keys.add((await sent).headers()["idempotency-key"]);
  await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText(dollars(before + 3_750));
  expect(keys.size, "the same key each time").toBe(1);
  expect((await seams.charges()).length).toBe(charges + 1);
});

test("under another person's session a page does nothing, and shows nothing any more", async ({ page, gateway, seams, watch }) => {
  watch.expectStatus(409);
  // Nothing but the refusal tells the page.
  gateway.hold("nothing");
  await openSession(page, "owner");
  const billing = await open(page, gateway);
  const charges = (await seams.charges()).length;
  const dialog = await billing.addBalance("37.50");
  await openSession(page, "admin");
  await dialog.getByRole("button", { name: "Top Up Wallet Balance" }).click();

  await expect(page.getByRole("heading", { name: "This page belongs to another session", level: 1 })).toBeVisible();
  for (const key of ["Escape", "Enter", "Escape"]) await page.keyboard.press(key);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("textbox")).toHaveCount(0);
  await expect(page.getByText("Wallet Balance")).toHaveCount(0);
  expect(await page.locator("body").innerText()).not.toMatch(/\$\d/);
  expect((await seams.charges()).length, "nobody was charged").toBe(charges);

  // The other person goes on as themselves, with nothing of the first one's payment.
  gateway.release();
  await page.getByRole("button", { name: "Load the page again" }).click();
  await expect(billing.balance).toBeVisible();
  await expect(page.getByRole("banner")).toContainText("Admin");
  expect(await page.evaluate(() => sessionStorage.getItem("top-up-attempt"))).toBeNull();
});

test("signing out in one tab and in again as somebody else takes every other tab along at once", async ({ page, context, gateway }) => {
  // Without the stream: the tabs tell each other.
  gateway.hold("nothing");
  await openSession(page, "owner");
  const billing = await open(page, gateway);
  await billing.addBalance("37.50");
  const other = await context.newPage();
  await open(other, gateway);
  await other.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "You are signed out", level: 1 })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByText("Wallet Balance")).toHaveCount(0);
  await page.getByRole("button", { name: "Sign in again" }).click();
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  // Whoever signs in in one tab is signed in in the others.
  await other.getByRole("button", { name: /admin@demo\.test/ }).click();
  for (const tab of [other, page]) await expect(new Billing(tab).balance).toBeVisible();
  await other.close();
});

test("usage that the pace keeps from a charge is shown at once", async ({ page, seams, server }) => {
  await openSession(page, "owner");
  const settings = { enabled: true, threshold: "20", refill: { kind: "fixed", amount: "50" }, monthly_cap: "500" };
  const put = await page.request.put("/api/v1/auto-pay", { data: settings, headers: { origin: server.origin, "if-match": "*" } });
  expect(put.status(), await put.text()).toBe(200);
  await page.goto(BILLING);
  const billing = new Billing(page);
  await expect(billing.autoPay.getByText("On", { exact: true })).toBeVisible();
  await seams.spendDownTo("15");
  await expect.poll(() => billing.cents()).toBe(6_500);
  await seams.spendDownTo("15");
  await expect(billing.autoPay).toContainText("Waiting");
  await expect(billing.autoPay.getByText("On", { exact: true })).toHaveCount(0);
});

function dollars(cents: number): string {
  return `$${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
}

/** What a browser tells a tab that another one is put in front of. */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}
