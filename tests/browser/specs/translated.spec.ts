// A page that the browser translates goes on saying what is true: what is charged, what was charged, what is left.
import { expect, test } from "../fixture/test.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { Colleague, makeLink } from "../fixture/links.ts";
import { signIn } from "../fixture/people.ts";
import { replaced, translate } from "../fixture/translator.ts";

test("amounts that are typed, paid and received stay true under a translator", async ({ page, context, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await expect(billing.lines.first()).toBeVisible();
  await translate(page);
  expect(await replaced(page), "the words of the page are translated").toBeGreaterThan(5);
  const before = await billing.cents();

  const dialog = await billing.addBalance("100");
  await expect(dialog).toContainText("$100.00");
  await dialog.getByRole("textbox", { name: "Amount (USD)" }).fill("250");
  await expect(dialog).toContainText("$250.00");
  await expect(dialog, "not the amount before").not.toContainText("$100.00");
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$250.00");
  await page.keyboard.press("Escape");
  await expect.poll(() => billing.cents()).toBe(before + 25_000);
  const row = (amount: string) => billing.history.getByRole("row").filter({ hasText: amount }).first();
  await expect(row("+$250.00")).toBeVisible();

  // Another tab pays: this one hears of it by the stream.
  const other = await context.newPage();
  await other.goto(page.url());
  const there = new Billing(other);
  await there.addBalance("40");
  await there.pay();
  await expect(other.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await expect(row("+$40.00")).toBeVisible();
  await expect.poll(() => billing.cents()).toBe(before + 29_000);
  await other.keyboard.press("Escape");
  expect(await there.cents(), "as a page that nobody translates says").toBe(await billing.cents());
  const charged = (await seams.charges()) as { request?: { amount_minor?: number } }[];
  expect(charged.slice(-2).map((charge) => charge.request?.amount_minor)).toEqual([25_000, 4_000]);
});

test("a field's label, hint and error follow what is chosen under a translator", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await billing.autoPay.getByRole("button", { name: /Active/ }).first().click();
  const dialog = page.getByRole("dialog", { name: "Automatic Payments" });
  await expect(dialog.getByRole("textbox", { name: "Add each time" })).toBeVisible();
  await translate(page);
  expect(await replaced(page)).toBeGreaterThan(3);
  await dialog.getByRole("button", { name: "Up to a balance" }).click();
  await expect(dialog.getByRole("textbox", { name: "Refill up to a balance of" })).toBeVisible();
  await expect(dialog.getByText("Add each time")).toHaveCount(0);
});

test("the payment page charges what its button says under a translator", async ({ page, browser, server, seams }) => {
  await signIn(page, "owner");
  const colleague = await Colleague.withPhone(browser, server);
  const phone = colleague.page;
  await phone.goto(await makeLink(page, { purpose: "pay", amount: "61.50" }));
  await expect(phone.getByText("Northwind Dental").first()).toBeVisible();
  await translate(phone);
  const charges = (await seams.charges()).length;
  await colleague.enterCard(CARDS.refusedWhenCharged);
  await expect(phone.getByRole("alert").filter({ hasText: "Nothing was charged" })).toBeVisible();
  await colleague.enterCard(CARDS.pays);
  await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  await expect(phone.getByRole("main")).toContainText("$61.50 USD");
  await expect(phone.getByText("The card was not accepted"), "nothing of before is left over").toHaveCount(0);
  expect((await seams.charges()).length).toBeGreaterThan(charges);
  await colleague.leave();
});
