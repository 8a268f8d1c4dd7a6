// A manual top-up, however the bank answers: charged once, credited once, and always said in words.
import { expect, test } from "../fixture/test.ts";
import { Bank } from "../fixture/bank.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { tabTo } from "../fixture/keyboard.ts";
import { signIn } from "../fixture/people.ts";

test.describe("the first one", () => {
  test.use({ demo: "fresh" });

  test("asks for a card and goes straight on, with nothing typed twice @everywhere", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    const dialog = await billing.addBalance("123.45");
    await billing.pay();
    await billing.enterCard(CARDS.pays);

    await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue("123.45");
    await expect(dialog.getByText("Pay $123.45 USD with Visa •• 4242")).toBeVisible();
    expect(await seams.charges(), "nothing is charged before the confirmation").toEqual([]);
    await billing.pay();

    await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$123.45");
    await page.getByRole("button", { name: "Done" }).click();
    await expect(billing.balance).toContainText("$123.45");
    expect(await seams.charges()).toHaveLength(1);
    expect((await seams.ledger()).filter((line) => line.kind === "top_up")).toHaveLength(1);
  });

  test("a card that the bank refuses to connect keeps what was typed", async ({ page }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.addBalance("50");
    await billing.pay();
    await billing.enterCard(CARDS.refusedWhenConnected);
    await billing.findsCardRefused(CARDS.refusedWhenConnected);

    await billing.changeNumber(CARDS.pays);
    await expect(page.getByText("Pay $50.00 USD with Visa •• 4242")).toBeVisible();
  });

  test("a number that may be a real card goes to nobody but Stripe's own form", async ({ page, server }) => {
    const sent: string[] = [];
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== server.stripe) sent.push(`${request.url()} ${request.postData() ?? ""}`);
    });
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.balance.getByRole("button", { name: "Connect a card" }).click();
    await billing.enterCard("6011 1111 1111 1117");
    await billing.findsNumberRefused();
    await billing.changeNumber(CARDS.pays);
    await expect(billing.dialog).toBeHidden();
    expect(sent.filter((text) => /6011|4242[ -]?4242/.test(text))).toEqual([]);
  });
});

test.describe("the sandbox's table of test cards, which Stripe's form does not have @sandbox-only", () => {
  test.use({ demo: "fresh" });

  test("a number is put into the form by a press, and does what the table says", async ({ page, watch }) => {
    watch.expectStatus(402);
    await signIn(page, "owner");
    const billing = new Billing(page);
    const dialog = await billing.addBalance("50");
    await billing.pay();
    await page.getByText("Test cards", { exact: true }).click();
    await page.getByRole("button", { name: CARDS.refusedWhenCharged }).click();
    await expect(billing.cardNumber).toHaveValue(CARDS.refusedWhenCharged);
    await billing.enterCard(CARDS.refusedWhenCharged);
    await expect(dialog.getByText("Pay $50.00 USD with Visa •• 0341")).toBeVisible();
    await billing.pay();
    await expect(dialog.getByText("The payment was declined. Nothing was charged.")).toBeVisible();
  });
});

// The form is the same whoever moves the money.
test("slider, buttons, chips and box are one value, and the line to review names it @sandbox-only", async ({ page }) => {
  await signIn(page, "owner");
  const dialog = await new Billing(page).addBalance();
  const box = dialog.getByRole("textbox", { name: "Amount (USD)" });
  const slider = dialog.getByRole("slider", { name: "How much to add" });

  await dialog.getByRole("button", { name: "$100", exact: true }).click();
  await expect(box).toHaveValue("100.00");
  await expect(slider).toHaveAttribute("aria-valuetext", "$100.00");
  await dialog.getByRole("button", { name: "How much to add: more" }).click();
  await expect(box).toHaveValue("150.00");
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(box).toHaveValue("100.00");
  await box.fill("123.45");
  await expect(slider).toHaveAttribute("aria-valuetext", "$123.45");
  await expect(dialog.getByText("Pay $123.45 USD with Visa •• 4242")).toBeVisible();
});

/** What is typed as an amount, and what is said of it. */
const WRONG_AMOUNTS = [
  ["9.99", "The smallest top-up is $10.00."],
  ["5000.01", "The largest top-up is $5,000.00."],
  ["1e3", "Write the amount in digits, like 12.50."],
  ["50 €", "Write the amount in digits, like 12.50."],
  ["1,5,0", "Write the amount in digits, like 12.50."],
  ["10.001", "Use at most the digits"],
  ["", "Enter an amount."],
] as const;

test("an amount is read in the digits of every script, with the currency at either end", async ({ page }) => {
  await signIn(page, "owner");
  const dialog = await new Billing(page).addBalance();
  const box = dialog.getByRole("textbox", { name: "Amount (USD)" });
  for (const typed of ["$120", "120 USD", "USD 120", "120 $", "１２０", "١٢٠", "१२०", "＄１２０．００"]) {
    await test.step(typed, async () => {
      await box.fill("77");
      await expect(dialog.getByText("Pay $77.00 USD with Visa •• 4242")).toBeVisible();
      await box.fill(typed);
      await expect(dialog.getByText("Pay $120.00 USD with Visa •• 4242")).toBeVisible();
    });
  }
});

test("an amount that is wrong is refused at the field and nothing is charged", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = (await seams.charges()).length;
  const dialog = await billing.addBalance();
  const box = dialog.getByRole("textbox", { name: "Amount (USD)" });
  for (const [typed, sentence] of WRONG_AMOUNTS) {
    await test.step(`“${typed}”`, async () => {
      // A right one between two that are wrong: what is said is said of this one.
      await box.fill("100");
      await expect(box).not.toHaveAttribute("aria-invalid", "true");
      await box.fill(typed);
      await billing.pay();
      await expect(box).toHaveAttribute("aria-invalid", "true");
      await expect(box).toBeFocused();
      await expect(dialog.getByText(sentence)).toBeVisible();
    });
  }
  expect(await seams.charges()).toHaveLength(before);
});

test.describe("when the cardholder must confirm (3-D Secure)", () => {
  test("approving credits the wallet once", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    const before = await billing.cents();
    await seams.bank("challenge");
    await billing.addBalance("40");
    await billing.pay();
    const bank = new Bank(page);
    await bank.asksFor("40.00 USD");
    await bank.approve.click();
    await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
    await page.getByRole("button", { name: "Done" }).click();
    await expect.poll(() => billing.cents()).toBe(before + 4000);
  });

  test("refusing charges nothing and says so", async ({ page, seams, watch }) => {
    watch.expectStatus(402);
    await signIn(page, "owner");
    const billing = new Billing(page);
    const before = await billing.cents();
    await seams.bank("challenge");
    const dialog = await billing.addBalance("40");
    await billing.pay();
    await new Bank(page).refuse.click();
    await expect(dialog.getByText("The payment was declined. Nothing was charged.")).toBeVisible();
    expect(await billing.cents()).toBe(before);
  });

  test("a page that is loaded anew finds the question again", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await seams.bank("challenge");
    await billing.addBalance("40");
    await billing.pay();
    const bank = new Bank(page);
    await expect(bank.approve).toBeVisible();
    await page.reload();
    await expect(billing.balance).toContainText("waits for your confirmation");
    await billing.balance.getByRole("button", { name: "Confirm" }).click();
    await bank.approve.click();
    await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  });
});

test("a decline is explained, keeps the form, and a retry is a new payment", async ({ page, seams, watch }) => {
  watch.expectStatus(402);
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  await seams.bank("decline:insufficient_funds");
  const dialog = await billing.addBalance("75");
  await billing.pay();
  await expect(dialog.getByText("The payment was declined. Nothing was charged.")).toBeVisible();
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue("75");
  expect(await billing.cents()).toBe(before);

  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect.poll(() => billing.cents()).toBe(before + 7500);
});

test("when the bank does not answer, the outcome is unknown, is visible after a reload, and is settled once", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  // The demo's own story may have one of the same amount.
  const credits = async () => (await seams.ledger()).filter((line) => line.kind === "top_up" && line.amount.startsWith("60")).length;
  const creditsBefore = await credits();
  await seams.bank("no_answer");
  await billing.addBalance("60");
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Still checking" })).toContainText("you will not be charged twice", { timeout: 45_000 });
  expect(await billing.cents(), "nothing is credited on a guess").toBe(before);

  await page.reload();
  await expect(billing.balance).toContainText("you will not be charged twice");
  await billing.balance.getByRole("button", { name: "Check status" }).click();
  const settled = page.getByRole("dialog", { name: "Balance added" });
  const check = page.getByRole("dialog").getByRole("button", { name: "Check status" });
  await expect(settled.or(check)).toBeVisible();
  // The dialog may go on by itself at any moment.
  if (await check.isVisible()) await check.click({ timeout: 2_000 }).catch(() => undefined);
  await expect(settled).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect.poll(() => billing.cents()).toBe(before + 6000);
  expect(await credits()).toBe(creditsBefore + 1);
});

test("by keyboard only, from the page to the paid balance", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const add = billing.balance.getByRole("button", { name: "Add Balance" });
  await tabTo(page, add);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Manual Balance Top-Up" });
  await tabTo(page, dialog.getByRole("slider", { name: "How much to add" }));
  await page.keyboard.press("Home");
  await expect(dialog.getByRole("slider")).toHaveAttribute("aria-valuetext", "$10.00");
  await page.keyboard.press("ArrowRight");
  await tabTo(page, dialog.getByRole("button", { name: "Top Up Wallet Balance" }));
  await page.keyboard.press("Enter");
  const paid = page.getByRole("dialog", { name: "Balance added" });
  await tabTo(page, paid.getByRole("button", { name: "Done" }));
  await page.keyboard.press("Enter");
  await expect(billing.dialog).toBeHidden();
  await expect(add, "focus returns to where it came from").toBeFocused();
  await expect.poll(() => billing.cents()).toBe(before + 2000);
});
