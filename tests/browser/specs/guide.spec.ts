// The customer guide, step by step and word for word: what it promises is what stands on the page. Steps that move no money
// are the same whoever moves it: @sandbox-only.
import type { Locator } from "@playwright/test";
import { expect, test } from "../fixture/test.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { signIn } from "../fixture/people.ts";

test("1. Settings by the gear in the sidebar, then the tab Billing @everywhere @sandbox-only", async ({ page }) => {
  await signIn(page, "admin", "/settings/organization");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  const tab = page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Billing" });
  await tab.click();
  await expect(tab).toHaveAttribute("aria-current", "page");
  await expect(page).toHaveURL("/settings/billing");
});

test("2. the tab shows all five parts, and every kind of transaction as a line of its own @everywhere @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  for (const panel of [billing.balance, billing.autoPay, billing.usage, billing.history]) await expect(panel).toBeVisible();
  await expect(billing.balance.getByRole("button", { name: "Add Balance" })).toBeVisible();
  for (const [chip, word] of [
    ["Outbound calls", "Outbound call"],
    ["Inbound calls", "Inbound call"],
    ["AI tasks", "AI task"],
    ["Top-ups", "Top-up"],
  ] as const) {
    await billing.history.getByRole("button", { name: chip }).click();
    await everyRowSays(billing.history, word);
    await billing.history.getByRole("button", { name: "Clear filters" }).click();
  }
});

test("3. Add Balance, an amount, Top Up Wallet Balance: the money is there @everywhere", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const dialog = await billing.addBalance();
  await dialog.getByRole("button", { name: "$50", exact: true }).click();
  await expect(dialog.getByText("Pay $50.00 USD with Visa •• 4242")).toBeVisible();
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect.poll(() => billing.cents()).toBe(before + 5000);
  // Lines far below the screen are not in the document until somebody comes near them.
  await billing.history.getByRole("heading", { name: "Transaction History" }).scrollIntoViewIfNeeded();
  await expect(billing.history.getByRole("row").nth(1)).toContainText("Top-up");
  await expect(billing.history.getByRole("row").nth(1)).toContainText("+$50.00");
});

test.describe("with nothing connected", () => {
  test.use({ demo: "fresh" });

  test("3. and 4. without a card, the prompt to connect one comes by itself", async ({ page }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.addBalance("30");
    await billing.pay();
    await expect(page.getByRole("dialog", { name: "Connect a card" })).toBeVisible();
    await page.keyboard.press("Escape");
    await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
    for (const door of [/^Enter card details/, /^Scan the QR code/, /^Share the payment link/]) {
      await expect(page.getByRole("dialog", { name: "Automatic Payments" }).getByRole("button", { name: door })).toBeVisible();
    }
  });

  test("5. a red bar says that the wallet must be connected, and goes when it is @everywhere", async ({ page }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    const bar = billing.bar("Connect your wallet");
    await expect(bar).toContainText("the AI system cannot process calls or automations");
    await bar.getByRole("button", { name: "Connect a card" }).click();
    await billing.enterCard(CARDS.pays);
    await expect(bar).toBeHidden();
    await billing.addBalance("20");
    await billing.pay();
    await page.getByRole("button", { name: "Done" }).click();
    await expect(billing.balance).toContainText("$20.00");
  });
});

test("5. at zero outbound calls stop at once, inbound calls have a visible grace, then everything pauses until money comes", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await seams.spendDownTo("0");
  const grace = billing.bar("Outbound calls and AI tasks have stopped");
  await expect(grace).toContainText("Inbound calls go on until");
  await expect(grace).toContainText("$5.00");
  expect(await seams.mayStart("outbound_call")).toMatchObject({ allowed: false });
  expect(await seams.mayStart("inbound_call")).toMatchObject({ allowed: true });

  await seams.advanceClock(31 * 60);
  await page.reload();
  await expect(billing.bar("All calls are paused")).toBeVisible();
  expect(await seams.mayStart("inbound_call")).toMatchObject({ allowed: false, reason: "paused" });

  await billing.addBalance("50");
  await billing.pay();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(billing.bar("All calls are paused")).toBeHidden();
  expect(await seams.mayStart("outbound_call")).toMatchObject({ allowed: true });
});

test("6. the summary names the spike and leads to the transactions behind it @everywhere @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const spike = (await billing.spikes()).filter({ hasText: "outbound calls" }).first();
  await expect(spike).toContainText("× the usual day");
  await expect(spike).toContainText("Agent Nora");
  await spike.getByRole("button", { name: "Show these transactions" }).click();
  await expect(billing.history.getByRole("button", { name: "Outbound calls" })).toHaveAttribute("aria-pressed", "true");
  await everyRowSays(billing.history, "Outbound call");
  await page.reload();
  await expect(billing.history.getByRole("button", { name: "Outbound calls" }), "the filter is in the address").toHaveAttribute("aria-pressed", "true");
});

test("6. the summary by kind adds up, is there as a table, and goes back month by month @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const { usage } = new Billing(page);
  await usage.getByRole("button", { name: "Previous month" }).click();
  await expect(usage.getByText("Spent", { exact: true })).toBeVisible();
  for (const kind of ["Outbound calls", "Inbound calls", "AI tasks"]) await expect(usage.getByRole("term").filter({ hasText: kind }).first()).toBeVisible();
  await usage.getByRole("button", { name: "Show as table" }).click();
  // The head, and at least the days of a February.
  await expect(usage.getByRole("table", { name: /^Spending by day/ }).getByRole("row").nth(28)).toBeVisible();
  await usage.getByRole("button", { name: "Next month" }).click();
  await expect(usage.getByText("Spent so far")).toBeVisible();
});

test("6. transactions are found by words, and a search without result says what to do @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const { history, lines } = new Billing(page);
  await history.getByRole("searchbox", { name: "Search" }).fill("eligibility");
  await everyRowSays(history, "Insurance eligibility checked");
  await history.getByRole("searchbox", { name: "Search" }).fill("no such words");
  await expect(history.getByText("No transaction matches")).toBeVisible();
  await history.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(lines.first()).toBeVisible();
});

test("6. scrolling loads older transactions, while the document keeps only those in view @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const { history, lines } = new Billing(page);
  const rows = history.getByRole("row");
  await expect(lines.nth(10)).toBeVisible();
  // All of the row, with its time and its balance: the words alone may stand in a later row too.
  const newest = (await rows.nth(1).textContent()) ?? "";
  let pages = 0;
  page.on("response", (response) => {
    if (response.url().includes("/transactions?") && response.ok()) pages += 1;
  });
  // The way to the end may be so quick that nothing between is asked for: what stands there is the least that comes.
  await lines.nth(5).hover();
  const toTheEnd = async () => {
    await page.mouse.wheel(0, 100_000);
    return pages;
  };
  await expect.poll(toTheEnd, { intervals: [100], timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await expect(history.getByText("Loading…")).toHaveCount(0);
  await expect(rows.filter({ hasText: newest })).toHaveCount(0);
  expect(await rows.count(), "rows in the document").toBeLessThan(250);
});

/** Waits until every line of the list has these words: the list is filtered, not only its first line. */
async function everyRowSays(history: Locator, words: string): Promise<void> {
  const lines = history.getByRole("row").filter({ has: history.page().getByRole("cell") });
  await expect(lines.filter({ hasText: words }).first()).toBeVisible();
  await expect(lines.filter({ hasNotText: words })).toHaveCount(0);
}
