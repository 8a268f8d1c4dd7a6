// What is different for a person where the money goes through Stripe: its form, its challenge over the page, its absence.
import { expect, test } from "../fixture/test.ts";
import { Billing, CARDS, stripeForm } from "../fixture/billing.ts";
import { Colleague, makeLink } from "../fixture/links.ts";
import { signIn } from "../fixture/people.ts";

test.describe("@stripe-only", () => {
  test.use({ demo: "fresh" });

  test("a card that is refused stays in the form with the reason, and another one is taken @everywhere", async ({ page, watch }) => {
    await signIn(page, "owner");
    await expect(page.getByText("Test mode: no real money").first()).toBeVisible();
    const billing = new Billing(page);
    await billing.balance.getByRole("button", { name: "Connect a card" }).click();
    await billing.enterCard("4000 0000 0000 0002");
    await expect(billing.dialog.getByRole("alert").filter({ hasText: "Your card was declined." })).toBeVisible();
    await billing.enterCard(CARDS.pays);
    await expect(billing.dialog).toBeHidden();
    await expect(page.getByRole("region", { name: "Cards" }).getByRole("listitem")).toHaveCount(1);
    await expect(page.locator("iframe"), "the form goes with the dialog").toHaveCount(0);
    expect(watch.complaints).toEqual([]);
  });

  for (const [answer, cents] of [["Complete", 4000], ["Fail", 0]] as const) {
    test(`the bank's question lies over the page: ${answer}`, async ({ page, seams }) => {
      await signIn(page, "owner");
      const billing = new Billing(page);
      await billing.balance.getByRole("button", { name: "Connect a card" }).click();
      await billing.enterCard(CARDS.paysOnceConfirmed);
      await expect(billing.dialog).toBeHidden();
      const dialog = await billing.addBalance("40");
      await billing.pay();
      await stripeForm(page).getByRole("button", { name: answer }).click();
      if (cents > 0) {
        await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
        await page.getByRole("button", { name: "Done" }).click();
      } else {
        await expect(dialog.getByText("The payment was declined. Nothing was charged.")).toBeVisible();
      }
      await expect.poll(() => billing.cents()).toBe(cents);
      expect(await seams.charges()).toHaveLength(cents > 0 ? 1 : 0);
    });
  }

  test("an automatic payment is confirmed on the same intent @everywhere", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.balance.getByRole("button", { name: "Connect a card" }).click();
    await billing.enterCard(CARDS.confirmedEveryTime);
    await stripeForm(page).getByRole("button", { name: "Complete" }).click();
    await expect(billing.dialog).toBeHidden();
    await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Activate and pay $50.00 USD" }).click();
    await billing.balance.getByRole("button", { name: "Confirm with your bank" }).click();
    const dialog = page.getByRole("dialog", { name: "Confirm with your bank" });
    await expect(dialog.getByRole("button", { name: "Do not charge" })).toBeVisible();
    await dialog.getByRole("button", { name: "Confirm with your bank" }).click();
    await stripeForm(page).getByRole("button", { name: "Complete" }).click();
    await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
    await page.getByRole("button", { name: "Done" }).click();
    await expect(billing.autoPay.getByText("On", { exact: true })).toBeVisible();
    await expect.poll(() => billing.cents()).toBe(5000);
    expect(await seams.charges()).toHaveLength(1);
  });

  test("a form that cannot load says so and is asked for again", async ({ page, server, watch }) => {
    watch.expectOffline();
    await signIn(page, "owner");
    const billing = new Billing(page);
    const script = `${server.stripe}/endive/stripe.js`;
    await page.route(script, (route) => route.abort());
    await billing.balance.getByRole("button", { name: "Connect a card" }).click();
    await expect(billing.dialog.getByText("The card form could not load")).toBeVisible();
    await page.unroute(script);
    await billing.dialog.getByRole("button", { name: "Try again" }).click();
    await billing.enterCard(CARDS.pays);
    await expect(billing.dialog).toBeHidden();
  });

  test("whoever comes back from the other page without a card goes on where they were", async ({ page, browser, server }) => {
    await signIn(page, "owner");
    const address = await makeLink(page, { purpose: "pay", amount: "30" });
    const colleague = await Colleague.withPhone(browser, server);
    const phone = colleague.page;
    await phone.goto(address);
    await phone.getByRole("button", { name: "Continue to the card form" }).click();
    await expect(phone.getByRole("heading", { name: "Checkout" })).toBeVisible();
    await phone.goto("/pay");
    await expect(phone.getByText("Nothing has been charged yet.")).toBeVisible();
    await colleague.enterCard(CARDS.paysOnceConfirmed);
    // The payment itself is asked about on our page.
    await stripeForm(phone).getByRole("button", { name: "Complete" }).click();
    await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
    await colleague.leave();
  });

  test("an event of Stripe settles a payment whose answer was lost, without anybody asking", async ({ page, seams }) => {
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.connectCard(CARDS.pays);
    await billing.addBalance("40");
    await seams.bank("act_then_drop");
    await billing.pay();
    await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$40.00");
    await page.getByRole("button", { name: "Done" }).click();
    await expect(billing.balance).toContainText("$40.00");
    expect(await seams.charges()).toHaveLength(1);
  });

  test("a link that is revoked while its card form is open on the other page takes no card there", async ({ page, browser, server }) => {
    await signIn(page, "owner");
    const address = await makeLink(page, { purpose: "connect" });
    const colleague = await Colleague.withPhone(browser, server);
    const phone = colleague.page;
    colleague.watch.expectStatus(410);
    await phone.goto(address);
    await phone.getByRole("button", { name: "Continue to the card form" }).click();
    await expect(phone.getByRole("heading", { name: "Checkout" })).toBeVisible();
    const link = page.getByRole("region", { name: "Payment links" }).getByRole("listitem").first();
    await page.getByRole("button", { name: /^Revoke/ }).click();
    await expect(link).toContainText("Revoked");
    await colleague.enterCard(CARDS.pays);
    await expect(phone.getByText("This page is over.")).toBeVisible();
    await phone.goto("/pay");
    await expect(phone.getByRole("heading", { name: "This link cannot be used" })).toBeVisible();
    await expect(page.getByRole("region", { name: "Cards" }).getByRole("listitem")).toHaveCount(0);
    await colleague.leave();
  });
});
