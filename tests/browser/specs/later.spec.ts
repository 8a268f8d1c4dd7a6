// What is not in the first load: it is there before anybody wants it, and whoever is faster sees what it waits for.
import { type Page, expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { BILLING, signIn } from "../fixture/people.ts";

/** The file with the dialogs and the other tabs. No input of a person decides when it comes, so here the network does. */
const LATER = "**/split_settings-*.wasm";

/** Waits until the browser has the file, which the page fetches by itself while it rests. */
async function codeHasCome(page: Page): Promise<void> {
  const fetched = () => performance.getEntriesByType("resource").some((entry) => entry.name.includes("split_settings") && (entry as PerformanceResourceTiming).responseEnd > 0);
  await expect.poll(() => page.evaluate(fetched), "fetched while the page rests").toBe(true);
}

test("what one click leads to needs no network once the page rests", async ({ page, context, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await codeHasCome(page);
  watch.expectOffline();
  await context.setOffline(true);

  const dialog = await billing.addBalance("25");
  await expect(dialog.getByRole("button", { name: "Top Up Wallet Balance" })).toBeVisible();
  await page.keyboard.press("Escape");
  await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
  await expect(page.getByRole("dialog", { name: "Automatic Payments" }).getByRole("button", { name: "Continue" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(billing.autoPay.getByRole("button", { name: "Not Active" })).toBeFocused();
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Members" }).click();
  await expect(page.getByRole("region", { name: "Members", exact: true })).toBeVisible();
});

test("a dialog that is opened before its code has come shows at once, and its content follows", async ({ page }) => {
  await signIn(page, "owner");
  let arrive = () => {};
  const held = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(LATER, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(BILLING);
  const billing = new Billing(page);
  const dialog = await billing.addBalance();
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("status")).toHaveText("Loading…");
  arrive();
  await dialog.getByRole("textbox", { name: "Amount (USD)" }).fill("25");
  await page.keyboard.press("Escape");
  await expect(billing.balance.getByRole("button", { name: "Add Balance" }), "back where one was").toBeFocused();
});

test("code that does not come is said, and can be asked for again", async ({ page, watch }) => {
  await signIn(page, "owner");
  watch.expectOffline();
  watch.expectFailedFetch();
  await page.route(LATER, (route) => route.abort());
  await page.goto(BILLING);
  const billing = new Billing(page);
  const dialog = await billing.addBalance();
  await expect(dialog.getByRole("alert")).toContainText("This part could not be loaded");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog.getByRole("alert")).toContainText("This part could not be loaded");
  await page.unroute(LATER);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toBeVisible();
});

test("the sign-in loads nothing of what only signed-in people see", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await page.goto(BILLING);
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  await page.waitForLoadState("networkidle");
  expect(fetched.some((path) => path.includes("split_plain"))).toBe(true);
  expect(fetched.filter((path) => path.includes("split_settings"))).toEqual([]);
});
