// The payment link: an admin without a card, a colleague without an account, one link between them.
import { readFile } from "node:fs/promises";
import { expect, test } from "../fixture/test.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { press } from "../fixture/keyboard.ts";
import { Colleague, makeLink, scan } from "../fixture/links.ts";
import { signIn } from "../fixture/people.ts";
import { withStripe } from "../fixture/stripe.ts";

test.describe("with nothing connected", () => {
  test.use({ demo: "fresh" });

  test("from Not Active to Active with one scan: one click here, one form on the phone", async ({ page, browser, server, seams }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await signIn(page, "owner");
    const billing = new Billing(page);
    await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
    await page.getByRole("button", { name: /^Scan the QR code/ }).click();
    const dialog = page.getByRole("dialog", { name: "Share this link" });
    await expect(dialog.getByRole("status").filter({ hasText: "Not opened yet" })).toBeVisible();
    await expect(dialog.getByRole("status").filter({ hasText: "$50.00 USD is charged as soon as the card is connected" })).toBeVisible();
    const address = await dialog.getByRole("textbox", { name: "Payment link" }).inputValue();
    expect(await scan(page, dialog.getByRole("img", { name: "QR code of the payment link" })), "in the dark too").toBe(address);

    const colleague = await Colleague.withPhone(browser, server);
    const phone = colleague.page;
    await phone.goto(address);
    await expect(phone.getByRole("heading", { name: "Connect a card" })).toBeVisible();
    await expect(phone.getByText("Northwind Dental").first()).toBeVisible();
    await expect(phone.getByText(/Whenever the balance falls to \$20\.00 USD or below, this card is charged \$50\.00 USD/)).toBeVisible();
    await expect(phone.getByRole("heading", { level: 1 })).toHaveText(/Connect a card and pay\s*\$50\.00/);
    await expect(phone.getByText("$50.00 USD is charged at once")).toBeVisible();
    await expect(phone.getByRole("button", { name: "Connect card and pay $50.00 USD" })).toBeVisible();
    expect(phone.url(), "the token is out of the address bar").toBe(`${server.origin}/pay`);
    await expect(dialog.getByRole("status").filter({ hasText: "Opened" })).toBeVisible();

    await colleague.enterCard(CARDS.pays);
    await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
    await expect(phone.getByRole("main")).toContainText("$50.00 USD");
    await expect(phone.getByText("automatic payments are on")).toBeVisible();
    const [receipt] = await Promise.all([phone.waitForEvent("download"), phone.getByRole("button", { name: "Receipt (PDF)" }).click()]);
    expect((await readFile(await receipt.path())).subarray(0, 5).toString()).toBe("%PDF-");
    // The dialog goes on by itself.
    await expect(billing.dialog).toBeHidden();
    await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true })).toBeVisible();
    await expect(billing.balance).toContainText("$50.00");
    expect(await seams.charges()).toHaveLength(1);
    await colleague.leave();
  });
});

test("a sum that changes while the page is open is asked for anew, and nothing is charged before", async ({ page, browser, server, seams }) => {
  await signIn(page, "owner");
  const settings = { threshold: "4000", refill: { kind: "target", balance: "4100" }, monthly_cap: "5000" };
  const address = await makeLink(page, { purpose: "connect", auto_pay: settings });
  const colleague = await Colleague.withPhone(browser, server);
  const phone = colleague.page;
  await phone.goto(address);
  const button = phone.getByRole("button", { name: /^Connect card and pay \$/ });
  const before = cents(await button.innerText());
  const billing = new Billing(page);
  const charges = (await seams.charges()).length;
  await billing.addBalance("40");
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  colleague.watch.expectStatus(409);
  // With Stripe the form is on another page, to which nobody gets with an old sum.
  await colleague.triesToEnterCard(CARDS.pays);
  await expect(phone.getByRole("alert").filter({ hasText: "The amount has changed" })).toContainText("Nothing was charged so far");
  await colleague.findsWhatWasTyped();
  expect((await seams.charges()).length, "only the owner's own").toBe(charges + 1);
  const after = cents(await button.innerText());
  expect(before - after, "40 dollars less are missing, give or take what calls cost meanwhile").toBeGreaterThan(3_000);
  if (!withStripe()) await button.click();
  else await colleague.enterCard(CARDS.pays);
  await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  await expect(phone.getByRole("main")).toContainText(`$${(after / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`);
  await colleague.leave();
});

/** The sum in a button's words. */
function cents(words: string): number {
  return Number((/\$([\d,]+\.\d\d)/.exec(words)?.[1] ?? "").replace(/[,.]/g, ""));
}

test("a colleague pays an amount, keeps a proof, and the link is used up", async ({ page, browser, server }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const cards = page.getByRole("region", { name: "Cards" }).getByRole("listitem");
  await expect(cards).toHaveCount(1);
  const links = page.getByRole("region", { name: "Payment links" });
  await links.getByRole("button", { name: "New payment link" }).click();
  const form = page.getByRole("dialog", { name: "New payment link" });
  await form.getByRole("textbox", { name: "Amount (USD)" }).fill("75.50");
  await form.getByRole("textbox", { name: "Message (optional)" }).fill("For the recall campaign");
  await form.getByRole("button", { name: "Create link" }).click();
  const dialog = page.getByRole("dialog", { name: "Share this link" });
  const address = await dialog.getByRole("textbox", { name: "Payment link" }).inputValue();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await dialog.getByRole("button", { name: "Copy link" }).click();
  await expect(dialog.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(address);
  const mail = (await dialog.getByRole("link", { name: "Write an e-mail" }).getAttribute("href")) ?? "";
  expect(decodeURIComponent(mail)).toContain(address);

  const colleague = await Colleague.withPhone(browser, server);
  const phone = colleague.page;
  await phone.goto(address);
  await expect(phone.getByText("For the recall campaign")).toBeVisible();
  await colleague.enterCard(CARDS.pays);
  await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  for (const words of ["$75.50 USD", "Visa •• 4242", "Northwind Dental"]) await expect(phone.getByRole("main")).toContainText(words);
  await expect(billing.dialog).toBeHidden();
  await expect.poll(() => billing.cents()).toBe(before + 7550);
  await expect(links.getByRole("listitem").first()).toContainText("Done");
  await expect(cards, "the colleague's card stays the colleague's").toHaveCount(1);

  const [receipt] = await Promise.all([phone.waitForEvent("download"), phone.getByRole("button", { name: "Receipt (PDF)" }).click()]);
  expect((await readFile(await receipt.path())).subarray(0, 5).toString()).toBe("%PDF-");

  await phone.reload();
  await expect(phone.getByRole("heading", { name: "Paid. Thank you" }), "the proof is there after a reload").toBeVisible();
  await colleague.leave();

  const second = await Colleague.withPhone(browser, server);
  second.watch.expectStatus(410);
  await second.page.goto(address);
  await expect(second.page.getByRole("heading", { name: "This link cannot be used" })).toBeVisible();
  await expect(second.page.getByRole("main")).not.toContainText("Northwind");
  await second.leave();
});

test("after a refused card another one is tried, and the bank may ask", async ({ page, browser, server }) => {
  await signIn(page, "owner");
  const address = await makeLink(page, { purpose: "pay", amount: "30" });
  const colleague = await Colleague.withPhone(browser, server);
  const phone = colleague.page;
  await phone.goto(address);
  await colleague.enterCard(CARDS.refusedWhenCharged);
  await expect(phone.getByRole("alert").filter({ hasText: "Nothing was charged" })).toBeVisible();
  await colleague.findsWhatWasTyped();
  await colleague.enterCard(CARDS.paysOnceConfirmed);
  await colleague.approve();
  await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  await colleague.leave();
});

// With Stripe the bank asks on Stripe's own page.
test("a colleague's payment that waits for the bank is theirs: the owner sees it and adds money meanwhile @sandbox-only", async ({ page, browser, server, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const colleague = await Colleague.withPhone(browser, server);
  await colleague.page.goto(await makeLink(page, { purpose: "pay", amount: "250" }));
  await seams.bank("challenge");
  await colleague.enterCard(CARDS.pays);
  await expect(colleague.page.getByRole("button", { name: "Approve" })).toBeVisible();
  // Also after a look from the beginning.
  await page.reload();
  const waiting = billing.balance.getByRole("listitem").filter({ hasText: "$250.00" });
  await expect(waiting).toContainText("a colleague is paying by payment link");
  await expect(waiting.getByRole("button")).toHaveCount(0);
  await billing.addBalance("20");
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$20.00");
  await page.getByRole("button", { name: "Done" }).click();
  await colleague.page.getByRole("button", { name: "Approve" }).click();
  await expect(colleague.page.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  await expect(waiting).toHaveCount(0);
  await colleague.leave();
});

test("a link that is revoked while the page is open takes no card any more", async ({ page, browser, server }) => {
  await signIn(page, "owner");
  const address = await makeLink(page, { purpose: "connect" });
  const colleague = await Colleague.withPhone(browser, server);
  colleague.watch.expectStatus(410);
  await colleague.page.goto(address);
  await expect(colleague.page.getByRole("heading", { name: "Connect a card" })).toBeVisible();
  const links = page.getByRole("region", { name: "Payment links" });
  await expect(links.getByRole("listitem").first()).toContainText("Opened");
  await links.getByRole("button", { name: /^Revoke/ }).click();
  await expect(links.getByRole("listitem").first()).toContainText("Revoked");
  await colleague.triesToEnterCard(CARDS.pays);
  await expect(colleague.page.getByRole("heading", { name: "This link cannot be used" })).toBeVisible();
  await colleague.leave();
});

test("the token is in no address, no Referer and no log, only in bodies", async ({ page, browser, server }) => {
  await signIn(page, "owner");
  const address = await makeLink(page, { purpose: "pay", amount: "30" });
  const token = address.split("#")[1] ?? "";
  const colleague = await Colleague.withPhone(browser, server);
  await colleague.page.goto(address);
  await colleague.enterCard(CARDS.pays);
  await expect(colleague.page.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
  const sent = colleague.requests.filter(({ url }) => !url.startsWith("data:"));
  // Playwright tells the address of the document with its fragment, which no request line has.
  expect(sent.filter(({ url, referer }) => `${url.split("#")[0]} ${referer}`.includes(token))).toEqual([]);
  expect(sent.filter(({ body }) => body?.includes(token)).length).toBeGreaterThanOrEqual(2);
  expect(await colleague.page.evaluate(() => `${location.href} ${document.referrer}`)).not.toContain(token);
  expect(server.output).not.toContain(token);
  await colleague.leave();
});

test("a payment whose answer is lost is told as that, and becomes paid", async ({ page, browser, server, seams }) => {
  await signIn(page, "owner");
  const address = await makeLink(page, { purpose: "pay", amount: "30" });
  const before = (await seams.charges()).length;
  await seams.bank("no_answer");
  const colleague = await Colleague.withPhone(browser, server);
  await colleague.page.goto(address);
  await colleague.enterCard(CARDS.pays);
  await expect(colleague.page.getByText("You will not be charged twice.")).toBeVisible();
  await expect(colleague.page.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible({ timeout: 45_000 });
  expect(await seams.charges(), "charged once").toHaveLength(before + 1);
  await colleague.leave();
});

test("cards: the default is chosen, and removing the last one says what becomes of automatic payments", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const cards = page.getByRole("region", { name: "Cards" });
  await cards.getByRole("button", { name: "Connect a card" }).click();
  await billing.enterCard("5555 5555 5555 4444");
  await expect(cards.getByRole("listitem")).toHaveCount(2);
  await cards.getByRole("button", { name: /^Make default Mastercard/ }).click();
  await expect(cards.getByRole("listitem").first()).toContainText("Mastercard");
  await expect(cards.getByRole("listitem").first()).toContainText("Default");
  await cards.getByRole("button", { name: /^Remove Visa/ }).click();
  await page.getByRole("button", { name: "Remove card" }).click();
  await expect(cards.getByRole("listitem")).toHaveCount(1);

  await billing.autoPay.getByRole("button", { name: "Not Active" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Activate Automatic Payments" }).click();
  await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true })).toBeVisible();
  await cards.getByRole("button", { name: /^Remove Mastercard/ }).click();
  const dialog = page.getByRole("dialog", { name: "Remove this card?" });
  await expect(dialog).toContainText("automatic payments are switched off with it");
  await dialog.getByRole("button", { name: "Remove card" }).click();
  await expect(cards).toContainText("No card is connected");
  await expect(billing.autoPay.getByRole("button", { name: "Not Active" })).toBeVisible();
});

test.describe("with nothing connected, by keyboard only", () => {
  test.use({ demo: "fresh" });

  test("an admin hands over and a colleague connects @everywhere", async ({ page, browser, server }) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await signIn(page, "owner");
    const billing = new Billing(page);
    await press(page, "Not Active");
    await press(page, /^Share the payment link/);
    const dialog = page.getByRole("dialog", { name: "Share this link" });
    const address = await dialog.getByRole("textbox", { name: "Payment link" }).inputValue();

    const colleague = await Colleague.withPhone(browser, server);
    const phone = colleague.page;
    await phone.goto(address);
    await expect(phone.getByRole("heading", { name: "Connect a card" })).toBeVisible();
    await colleague.enterCardByKeyboard(CARDS.pays);
    await expect(phone.getByRole("heading", { name: "Paid. Thank you" })).toBeVisible();
    await expect(billing.autoPay.getByRole("button", { name: "Active", exact: true })).toBeVisible();
    await expect(billing.dialog).toBeHidden();
    await colleague.leave();
  });
});
