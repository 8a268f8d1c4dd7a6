// What would have happened in the last 30 days, and the advice: what the page works out agrees with the ledger, worked out once more here.
import type { Locator } from "@playwright/test";
import { type Page, expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { signIn } from "../fixture/people.ts";
import { type Settings, dollars, replay } from "../fixture/replay.ts";
import type { Seams } from "../fixture/seams.ts";

test("the amounts are replayed over the wallet's own ledger, and again as they change @everywhere", async ({ page, seams }) => {
  const dialog = await openSettings(page);
  const section = dialog.getByRole("region", { name: "What would have happened in the last 30 days" });
  for (const settings of [{ threshold: 20, refill: 50, cap: 500 }, { threshold: 60, refill: 10, cap: 500 }, { threshold: 90, refill: 200, cap: 200 }]) {
    await enter(dialog, settings);
    await agrees(section, page, seams, settings);
  }
  await section.getByText("The line and every charge").click();
  await expect(section.getByRole("img", { name: /^These amounts would have made/ })).toBeVisible();
  await section.getByText("Every charge as a table").click();
  const expected = await worked(page, seams, { threshold: 90, refill: 200, cap: 200 });
  await expect(section.getByRole("table").getByRole("rowheader")).toHaveCount(expected.charges);

  // What does not fit together is not replayed, and takes nothing away.
  await dialog.getByRole("textbox", { name: "Never more in a calendar month than" }).fill("1");
  await expect(section).toContainText("Shown for the last amounts that fit together.");
  await expect(section).toContainText("$200.00");
});

test("the panel replays the amounts that are proposed, without a set-up", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await billing.autoPay.getByText("What would have happened in the last 30 days").click();
  await agrees(billing.autoPay, page, seams, { threshold: 20, refill: 50, cap: 500 });
  await expect(billing.autoPay.getByRole("img")).toBeVisible();
});

test("the advice names its reason, and one press takes it", async ({ page }) => {
  const dialog = await openSettings(page);
  const advice = dialog.getByRole("group", { name: "Advice" });
  await expect(advice).toContainText(/Your busiest 7 hours cost \$[\d.,]+ \(\$[\d.,]+ an hour\), and a declined card is tried again for 7 hours\./);
  const use = advice.getByRole("button", { name: /^Use \$/ });
  const amount = (await use.innerText()).replace("Use $", "");
  await use.click();
  const threshold = dialog.getByRole("textbox", { name: "When the balance falls to" });
  await expect(threshold).toHaveValue(amount.replace(",", ""));
  await expect(threshold).toBeFocused();
  await expect(advice).toContainText("With these settings the wallet lives through that");
  await expect(use).toHaveCount(0);
  await threshold.fill("1");
  await expect(use, "offered again").toBeVisible();
});

test.describe("a wallet that has just begun", () => {
  test.use({ demo: "fresh" });

  test("has nothing to replay, and gets no advice", async ({ page }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.autoPay.getByText("What would have happened in the last 30 days").click();
    await expect(billing.autoPay).toContainText("there is nothing to replay");
  });
});

async function openSettings(page: Page): Promise<Locator> {
  await signIn(page, "owner");
  await new Billing(page).autoPay.getByRole("button", { name: "Not Active" }).click();
  return page.getByRole("dialog", { name: "Automatic Payments" });
}

async function enter(dialog: Locator, { threshold, refill, cap }: Settings): Promise<void> {
  await dialog.getByRole("textbox", { name: "When the balance falls to" }).fill(String(threshold));
  await dialog.getByRole("textbox", { name: "Add each time" }).fill(String(refill));
  await dialog.getByRole("textbox", { name: "Never more in a calendar month than" }).fill(String(cap));
}

async function worked(page: Page, seams: Seams, settings: Settings) {
  const span = await (await page.request.get("/api/v1/wallet/history")).json();
  return replay(await seams.ledger(), span, settings);
}

async function agrees(place: Locator, page: Page, seams: Seams, settings: Settings): Promise<void> {
  // The span moves on every five minutes; what the page has read may be one step older.
  await expect(async () => {
    const expected = await worked(page, seams, settings);
    const charges = expected.charges === 0 ? "None" : `${expected.charges} charge${expected.charges === 1 ? "" : "s"}, ${dollars(expected.charged)}`;
    await expect(place.getByText(charges, { exact: true })).toBeVisible({ timeout: 2_000 });
    await expect(place.getByRole("definition").filter({ hasText: dollars(expected.lowest) }).first()).toBeVisible({ timeout: 2_000 });
    if (expected.minutesAtZero === 0) await expect(place.getByText("Never", { exact: true })).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 15_000 });
}
