// Automatic payments: from the red Not Active to the green Active, and the wallet that refills itself.
import { expect, test } from "../fixture/test.ts";
import { Bank } from "../fixture/bank.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { signIn } from "../fixture/people.ts";

test("Not Active becomes Active after a confirmation that names every number @everywhere", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
  const amounts = page.getByRole("dialog", { name: "Automatic Payments" });
  await amounts.getByRole("textbox", { name: "When the balance falls to" }).fill("25");
  await amounts.getByRole("textbox", { name: "Add each time" }).fill("60");
  await amounts.getByRole("textbox", { name: "Never more in a calendar month than" }).fill("300");
  await amounts.getByRole("button", { name: "Continue" }).click();

  const confirm = page.getByRole("dialog", { name: "Confirm automatic payments" });
  for (const words of ["$25.00", "$60.00", "$300.00", "Visa •• 4242"]) await expect(confirm).toContainText(words);
  await confirm.getByRole("button", { name: "Activate Automatic Payments" }).click();
  await expect(billing.dialog).toBeHidden();
  await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true })).toBeVisible();
  await expect(billing.autoPay).toContainText("Adds $60.00 from Visa •• 4242 when the balance falls to $25.00.");

  await page.reload();
  await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true }), "after a reload").toBeVisible();
});

test.describe("without a card", () => {
  test.use({ demo: "fresh" });

  test("the amounts are proposed, the card is entered, and nothing is charged before they are confirmed", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
    await page.getByRole("button", { name: /^Enter card details/ }).click();
    await billing.enterCard(CARDS.pays);
    await expect(page.getByRole("dialog", { name: "Confirm automatic payments" })).toContainText("Visa •• 4242");
    await expect(page.getByRole("button", { name: "Activate and pay $50.00 USD" }), "what it charges at once").toBeVisible();
    expect(await seams.charges(), "connecting a card charges nothing").toEqual([]);
  });
});

// Said by the page itself, before anything is sent.
test("what is wrong is said at each field, and nothing is switched on @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
  const amounts = page.getByRole("dialog", { name: "Automatic Payments" });
  const threshold = amounts.getByRole("textbox", { name: "When the balance falls to" });
  await threshold.fill("1e1");
  await amounts.getByRole("textbox", { name: "Add each time" }).fill("1,5,0");
  await amounts.getByRole("button", { name: "Continue" }).click();
  await expect(threshold).toHaveAttribute("aria-invalid", "true");
  await expect(threshold).toBeFocused();
  await expect(amounts.getByRole("textbox", { name: "Add each time" })).toHaveAttribute("aria-invalid", "true");
  await page.keyboard.press("Escape");
  await expect(billing.autoPay.getByRole("button", { name: "Not Active" })).toBeVisible();
});

test("the wallet refills itself once when it drops to the threshold", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await activate(billing);
  const charges = (await seams.charges()).length;
  await seams.spendDownTo("15");
  await expect(billing.balance).toContainText("$65.00");
  await expect(billing.history.getByRole("row").filter({ hasText: "Automatic top-up" }).first()).toContainText("$50.00");
  expect(await seams.charges()).toHaveLength(charges + 1);
});

test("a refusal by the bank is told on the page, with what to do", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await activate(billing);
  await seams.bank("decline:lost_card");
  await seams.spendDownTo("15");
  await expect(billing.autoPay).toContainText("Paused");
  await expect(billing.bar("An automatic payment failed")).toBeVisible();
});

test.describe("a payment that its bank wants confirmed", () => {
  test("waits on the tab, is confirmed with the bank, and automatic payments go on @everywhere", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await activate(billing);
    const charges = (await seams.charges()).length;
    await seams.bank("challenge");
    await seams.spendDownTo("15");
    await expect(billing.autoPay).toContainText("Paused");
    await expect(billing.balance.getByRole("listitem")).toContainText("nothing is charged before");
    const bar = billing.bar("An automatic payment waits to be confirmed");
    await bar.getByRole("button", { name: "Confirm with your bank" }).click();
    const dialog = page.getByRole("dialog", { name: "Confirm with your bank" });
    await expect(dialog).toContainText("it waits until");
    await new Bank(page).approveWaiting();
    await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
    await page.getByRole("button", { name: "Done" }).click();
    await expect(billing.balance).toContainText("$65.00");
    await expect(billing.autoPay.getByText("On", { exact: true })).toBeVisible();
    await expect(billing.balance.getByRole("listitem")).toHaveCount(0);
    expect(await seams.charges(), "one charge, the same one").toHaveLength(charges + 1);
  });

  test("can be given up, and money can be added by hand meanwhile", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await activate(billing);
    await seams.bank("challenge");
    await seams.spendDownTo("15");
    await billing.balance.getByRole("button", { name: "Confirm with your bank" }).click();
    await expect(page.getByRole("dialog", { name: "Confirm with your bank" })).toBeVisible();
    await page.keyboard.press("Escape");
    await billing.addBalance();
    await expect(page.getByRole("button", { name: "Top Up Wallet Balance" }), "it keeps nobody from adding money").toBeVisible();
    await page.keyboard.press("Escape");
    await billing.balance.getByRole("button", { name: "Confirm with your bank" }).click();
    await page.getByRole("button", { name: "Do not charge" }).click();
    await expect(billing.dialog).toBeHidden();
    await expect(billing.balance.getByRole("listitem")).toHaveCount(0);
    await expect(billing.autoPay).toContainText("not confirmed");
    await expect(billing.autoPay.getByRole("button", { name: "Try again" })).toBeVisible();
    await expect(billing.balance).toContainText("$15.00");
  });
});

test("switching off is one press, and stays off", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await activate(billing);
  await billing.autoPay.getByRole("button", { name: "Switch off" }).click();
  await expect(billing.autoPay.getByRole("button", { name: "Not Active" })).toBeVisible();
  const charges = (await seams.charges()).length;
  await seams.spendDownTo("15");
  await expect(billing.balance).toContainText("$15.00");
  expect(await seams.charges()).toHaveLength(charges);
});

/** Switches on: at $20 add $50, at most $500 a month. */
async function activate(billing: Billing): Promise<void> {
  await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
  const amounts = billing.page.getByRole("dialog", { name: "Automatic Payments" });
  await amounts.getByRole("textbox", { name: "When the balance falls to" }).fill("20");
  await amounts.getByRole("textbox", { name: "Add each time" }).fill("50");
  await amounts.getByRole("textbox", { name: "Never more in a calendar month than" }).fill("500");
  await amounts.getByRole("button", { name: "Continue" }).click();
  await billing.page.getByRole("button", { name: "Activate Automatic Payments" }).click();
  await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true })).toBeVisible();
}
