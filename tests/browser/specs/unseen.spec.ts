// The customer guide without a pointer and without looking: once with the keyboard only, once through the accessibility
// tree only. What is there, and what happened, is known from the tree in both.
import { expect, test } from "../fixture/test.ts";
import { CARDS } from "../fixture/billing.ts";
import { Hands, type Way } from "../fixture/hands.ts";

const WAYS: Way[] = ["keyboard", "tree"];

for (const way of WAYS) {
  test.describe(`by ${way} only`, () => {
    test("1. to 4. the tab is found, money is added, automatic payments go on and off", async ({ page }) => {
      const hands = await Hands.signedIn(page, way, "admin", "/settings/organization");
      await hands.meets("button", "Sign out");
      await hands.press("link", "Settings");
      await hands.press("link", "Billing");
      for (const panel of ["Wallet Balance", "Automatic Payments", "Monthly Usage Summary", "Transaction History"]) {
        await hands.meets("heading", panel);
      }

      await hands.press("button", "Add Balance");
      await hands.meets("dialog", "Add Balance");
      await hands.press("button", "$50");
      await hands.hears("Pay $50.00 USD with Visa •• 4242");
      await hands.press("button", "Top Up Wallet Balance");
      await hands.meets("dialog", "Balance added");
      await hands.press("button", "Done");
      await hands.misses("dialog", "Balance added");
      await hands.stands("button", "Add Balance");

      await hands.press("button", "Not Active");
      await hands.meets("dialog", "Automatic Payments");
      await hands.type("When the balance falls to (USD)", "30");
      await hands.press("button", "Continue");
      await hands.meets("dialog", "Confirm automatic payments");
      await hands.press("button", "Activate Automatic Payments");
      await hands.meets("button", "Active");
      await hands.hears("Armed");
      await hands.press("button", "Switch off");
      await hands.meets("button", "Not Active");
    });

    test("5. at zero the bar tells, a payment brings everything back", async ({ page, seams }) => {
      const hands = await Hands.signedIn(page, way, "owner");
      await hands.meets("heading", "Wallet Balance");
      await seams.spendDownTo("0");
      await hands.hears("Outbound calls and AI tasks have stopped");
      await hands.hears(/Inbound calls go on until/);
      await hands.press("button", "Add Balance");
      await hands.type("Amount (USD)", "1");
      await hands.press("button", "Top Up Wallet Balance");
      await hands.hears("The smallest top-up is $10.00.");
      await hands.stands("textbox", "Amount (USD)");
      await hands.isIn("textbox", "Amount (USD)", "invalid", "true");
      await hands.type("Amount (USD)", "80");
      await hands.press("button", "Top Up Wallet Balance");
      await hands.meets("dialog", "Balance added");
      await page.keyboard.press("Escape");
      await hands.hears("$80.00");
      await hands.misses("StaticText", "Outbound calls and AI tasks have stopped");
    });

    test("6. the month is walked through by day, a spike is explained, a line is found and read", async ({ page }) => {
      const hands = await Hands.signedIn(page, way, "owner");
      await hands.meets("heading", "Monthly Usage Summary");
      await hands.press("button", "Previous month");
      // The present month says "Spent so far".
      await hands.hears(/^Spent$/);
      await hands.misses("StaticText", "Spent so far");
      const day = /^\w+, \w+ \d+: \$[\d,.]+/;
      await hands.goTo("option", day);
      await page.keyboard.press("Home");
      await hands.stands("option", /^\w+, \w+ 1: \$/);
      await page.keyboard.press("ArrowRight");
      await hands.stands("option", /^\w+, \w+ 2: \$/);
      await hands.press("button", "Show as table");
      await hands.meets("table", /^Spending by day/);

      // The demo's spike lies some days back: early in a month that is the month before.
      const last = await hands.has("button", "Show these transactions");
      if (!last) await hands.press("button", "Next month");
      await hands.press("button", "Show these transactions");
      await hands.isIn("button", "Outbound calls", "pressed", "true");
      await hands.press("button", "Clear filters");
      await hands.isIn("button", "Outbound calls", "pressed", "false");

      await hands.type("Search", "eligibility", "searchbox");
      await hands.meets("button", "Insurance eligibility checked");
      await hands.hears(/^[\d,]+ match(es)?$/);
      await hands.press("button", "Insurance eligibility checked");
      await hands.meets("dialog", /./);
      await hands.meets("term", "Balance after");
      await page.keyboard.press("Escape");
      await hands.stands("button", "Insurance eligibility checked");
    });

    test.describe("with nothing connected", () => {
      test.use({ demo: "fresh" });

      test("3. and 5. the red bar leads to the card, and money follows", async ({ page }) => {
        const hands = await Hands.signedIn(page, way, "owner");
        await hands.hears("the AI system cannot process calls or automations");
        await hands.press("button", "Connect a card");
        await hands.meets("dialog", "Connect a card");
        await hands.enterCard("Ada Lovelace", CARDS.pays);
        await hands.press("button", "Connect card");
        await hands.misses("dialog", "Connect a card");
        await hands.misses("StaticText", "Connect your wallet");
        await hands.press("button", "Add Balance");
        await hands.type("Amount (USD)", "20");
        await hands.press("button", "Top Up Wallet Balance");
        await hands.meets("dialog", "Balance added");
        await hands.press("button", "Done");
        await hands.hears("$20.00");
      });

      test("4. a colleague pays through the link, and the admin hears of it", async ({ page, browser, server, watch }) => {
        const hands = await Hands.signedIn(page, way, "owner");
        await hands.press("button", "Not Active");
        await hands.press("button", /^Share the payment link/);
        const address = await hands.valueOf("textbox", "Payment link");
        expect(address).toMatch(/\/pay#/);

        const context = await browser.newContext({ baseURL: server.origin, locale: "en-US" });
        const other = await context.newPage();
        await watch.attach(other);
        const colleague = await Hands.of(other, way);
        await other.goto(address);
        await colleague.enterCard("Grace Hopper", CARDS.pays);
        await colleague.press("button", /^(Pay|Connect)/);
        await colleague.meets("heading", /Thank you|connected/i);
        await other.goto("about:blank");
        await context.close();

        await hands.meets("button", "Active");
      });
    });
  });
}
