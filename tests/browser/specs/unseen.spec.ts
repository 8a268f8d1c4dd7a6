// The customer guide without a pointer and without looking: once with the keyboard only, once through the accessibility
// tree only. What is there, and what happened, is known from the tree in both.
import { expect, test } from "../fixture/test.ts";
import { CARDS } from "../fixture/billing.ts";
import { AssistiveUser, type InputMethod } from "../fixture/assistive-user.ts";

const WAYS: InputMethod[] = ["keyboard", "tree"];

for (const way of WAYS) {
  test.describe(`by ${way} only`, () => {
    test("1. to 4. the tab is found, money is added, automatic payments go on and off", async ({ page }) => {
      const user = await AssistiveUser.signedIn(page, way, "admin", "/settings/organization");
      await user.waitFor("button", "Sign out");
      await user.press("link", "Settings");
      await user.press("link", "Billing");
      for (const panel of ["Wallet Balance", "Automatic Payments", "Monthly Usage Summary", "Transaction History"]) {
        await user.waitFor("heading", panel);
      }

      await user.press("button", "Add Balance");
      await user.waitFor("dialog", "Manual Balance Top-Up");
      await user.press("button", "$50");
      await user.waitForText("Pay $50.00 USD with Visa •• 4242");
      await user.press("button", "Top Up Wallet Balance");
      await user.waitFor("dialog", "Balance added");
      await user.press("button", "Done");
      await user.waitUntilGone("dialog", "Balance added");
      await user.waitForFocus("button", "Add Balance");

      await user.press("button", "Not Active");
      await user.waitFor("dialog", "Automatic Payments");
      await user.type("When the balance falls to (USD)", "30");
      await user.press("button", "Continue");
      await user.waitFor("dialog", "Confirm automatic payments");
      await user.press("button", "Activate Automatic Payments");
      await user.waitFor("button", "Active");
      await user.waitForText(/^On$/);
      await user.press("button", "Switch off");
      await user.waitFor("button", "Not Active");
    });

    test("5. at zero the bar tells, a payment brings everything back", async ({ page, seams }) => {
      const user = await AssistiveUser.signedIn(page, way, "owner");
      await user.waitFor("heading", "Wallet Balance");
      await seams.spendDownTo("0");
      await user.waitForText("Outbound calls and AI tasks have stopped");
      await user.waitForText(/Inbound calls go on until/);
      await user.press("button", "Add Balance");
      await user.type("Amount (USD)", "1");
      await user.press("button", "Top Up Wallet Balance");
      await user.waitForText("The smallest top-up is $10.00.");
      await user.waitForFocus("textbox", "Amount (USD)");
      await user.waitForState("textbox", "Amount (USD)", "invalid", "true");
      await user.type("Amount (USD)", "80");
      await user.press("button", "Top Up Wallet Balance");
      await user.waitFor("dialog", "Balance added");
      await page.keyboard.press("Escape");
      await user.waitForText("$80.00");
      await user.waitUntilGone("StaticText", "Outbound calls and AI tasks have stopped");
    });

    test("6. the month is walked through by day, a spike is explained, a line is found and read", async ({ page }) => {
      const user = await AssistiveUser.signedIn(page, way, "owner");
      await user.waitFor("heading", "Monthly Usage Summary");
      await user.press("button", "Previous month");
      // The present month says "Spent so far".
      await user.waitForText(/^Spent$/);
      await user.waitUntilGone("StaticText", "Spent so far");
      const day = /^\w+, \w+ \d+: \$[\d,.]+/;
      await user.goTo("option", day);
      await page.keyboard.press("Home");
      await user.waitForFocus("option", /^\w+, \w+ 1: \$/);
      await page.keyboard.press("ArrowRight");
      await user.waitForFocus("option", /^\w+, \w+ 2: \$/);
      await user.press("button", "Show as table");
      await user.waitFor("table", /^Spending by day/);

      // The demo's spike lies some days back: early in a month that is the month before.
      const last = await user.has("button", "Show these transactions");
      if (!last) await user.press("button", "Next month");
      await user.press("button", "Show these transactions");
      await user.waitForState("button", "Outbound calls", "pressed", "true");
      await user.press("button", "Clear filters");
      await user.waitForState("button", "Outbound calls", "pressed", "false");

      await user.type("Search", "eligibility", "searchbox");
      await user.waitFor("button", "Insurance eligibility checked");
      await user.waitForText(/^[\d,]+ match(es)?$/);
      await user.press("button", "Insurance eligibility checked");
      await user.waitFor("dialog", /./);
      await user.waitFor("term", "Balance after");
      await page.keyboard.press("Escape");
      await user.waitForFocus("button", "Insurance eligibility checked");
    });

    test.describe("with nothing connected", () => {
      test.use({ demo: "fresh" });

      test("3. and 5. the red bar leads to the card, and money follows", async ({ page }) => {
        const user = await AssistiveUser.signedIn(page, way, "owner");
        await user.waitForText("the AI system cannot process calls or automations");
        await user.press("button", "Connect a card");
        await user.waitFor("dialog", "Connect a card");
        await user.enterCard("Ada Lovelace", CARDS.pays);
        await user.press("button", "Connect card");
        await user.waitUntilGone("dialog", "Connect a card");
        await user.waitUntilGone("StaticText", "Connect your wallet");
        await user.press("button", "Add Balance");
        await user.type("Amount (USD)", "20");
        await user.press("button", "Top Up Wallet Balance");
        await user.waitFor("dialog", "Balance added");
        await user.press("button", "Done");
        await user.waitForText("$20.00");
      });

      test("4. a colleague pays through the link, and the admin hears of it", async ({ page, browser, server, watch }) => {
        const user = await AssistiveUser.signedIn(page, way, "owner");
        await user.press("button", "Not Active");
        await user.press("button", /^Share the payment link/);
        const address = await user.valueOf("textbox", "Payment link");
        expect(address).toMatch(/\/pay#/);

        const context = await browser.newContext({ baseURL: server.origin, locale: "en-US" });
        const other = await context.newPage();
        await watch.attach(other);
        const colleague = await AssistiveUser.of(other, way);
        await other.goto(address);
        await colleague.enterCard("Grace Hopper", CARDS.pays);
        await colleague.press("button", /^(Pay|Connect)/);
        await colleague.waitFor("heading", /Thank you|connected/i);
        await other.goto("about:blank");
        await context.close();

        await user.waitFor("button", "Active");
      });
    });
  });
}
