// The product in a frame of another site, as a person uses it there: without third-party cookies, and without a session of ours.
import AxeBuilder from "@axe-core/playwright";
import { Bank } from "../fixture/bank.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { expect, frameIn, test } from "../fixture/host.ts";

test("the wallet is there, alone, and what happens elsewhere shows at once", async ({ page, host, openFrame, seams }) => {
  const frame = await openFrame();
  const billing = new Billing(frame);
  await expect(billing.balance).toContainText("$");
  expect(host.asked).toEqual(["start"]);
  for (const name of ["Sign out", "Settings"]) await expect(frame.getByRole("button", { name })).toHaveCount(0);
  await expect(frame.getByRole("navigation", { name: "Main" })).toHaveCount(0);
  expect(await page.context().cookies()).toEqual([]);
  const before = await billing.cents();
  await seams.bank("challenge");
  await billing.addBalance("40");
  await billing.pay();
  const bank = new Bank(frame);
  await bank.asksFor("40.00 USD");
  await bank.approve.click();
  await expect(frame.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await frame.getByRole("button", { name: "Done" }).click();
  await expect.poll(() => billing.cents()).toBe(before + 4000);
  await expect.poll(() => page.evaluate(() => (globalThis as unknown as { events: string[] }).events)).toContain("top_up.succeeded");
});

test.describe("a new organization", () => {
  test.use({ demo: "fresh" });

  test("connects its first card in the frame", async ({ openFrame }) => {
    const billing = new Billing(await openFrame());
    await billing.connectCard(CARDS.pays);
    await expect(billing.balance).toContainText("4242");
  });
});

test("transactions are saved as a file", async ({ page, openFrame }) => {
  const billing = new Billing(await openFrame());
  const saved = page.waitForEvent("download");
  await billing.history.getByRole("button", { name: /CSV/ }).click();
  expect((await saved).suggestedFilename()).toMatch(/\.csv$/);
});

test("a dialog opens where the person looks, two thousand pixels down the host's page", async ({ page, openFrame }) => {
  const billing = new Billing(await openFrame({ scrolled: true }));
  await expect(billing.balance).toContainText("$");
  const dialog = await billing.addBalance();
  await expect(dialog).toBeVisible();
  const place = (await dialog.boundingBox())!;
  const screen = page.viewportSize()!;
  expect(place.y).toBeGreaterThanOrEqual(0);
  expect(place.y + place.height).toBeLessThanOrEqual(screen.height);
});

test("the frame fits its content, and nothing in it or around it breaks a rule", async ({ page, openFrame }) => {
  const billing = new Billing(await openFrame());
  await expect(billing.history.getByRole("row").first()).toBeVisible();
  const frame = page.frames()[1]!;
  await expect.poll(() => frame.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBe(0);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
});

test("Tab enters the frame, and leaves it at its end and at its beginning", async ({ page, openFrame }) => {
  const billing = new Billing(await openFrame());
  const add = billing.balance.getByRole("button", { name: "Add Balance" });
  await expect(add).toBeVisible();
  const [before, after] = [page.getByRole("button", { name: "Before" }), page.getByRole("button", { name: "After" })];
  await before.focus();
  await page.keyboard.press("Tab");
  await expect(frameIn(page).locator(":focus")).toHaveCount(1);
  await page.keyboard.press("Shift+Tab");
  await expect(before).toBeFocused();
  await after.focus();
  await page.keyboard.press("Shift+Tab");
  await expect(frameIn(page).locator(":focus")).toHaveCount(1);
  await page.keyboard.press("Tab");
  await expect(after).toBeFocused();
});

test("a member sees whom to ask, and no figures", async ({ host, openFrame }) => {
  host.role = "member";
  const frame = await openFrame();
  await expect(frame.getByRole("button", { name: "Ask an admin" })).toBeVisible();
  await expect(frame.getByRole("region", { name: "Wallet Balance" })).toHaveCount(0);
});

/** What ADOPTION promises: what a host changes shows in open frames within this time. */
const SECOND = { timeout: 1_000 };

test("a person who loses the role sees the member's page within a second, and the owner's again", async ({ host, openFrame, watch }) => {
  const frame = await openFrame();
  const balance = frame.getByRole("region", { name: "Wallet Balance" });
  await expect(balance).toBeVisible();
  // What is on its way then is refused.
  watch.expectStatus(403);
  await host.changeRole("member");
  await expect(frame.getByRole("button", { name: "Ask an admin" })).toBeVisible(SECOND);
  await expect(balance).toHaveCount(0);
  await host.changeRole("owner");
  await expect(balance).toBeVisible(SECOND);
  expect(host.asked, "the same session goes on").toEqual(["start"]);
});

test("who signs out of the host is told so within a second, and no code is asked for any more", async ({ page, host, openFrame, watch }) => {
  const frame = await openFrame();
  await expect(frame.getByRole("region", { name: "Wallet Balance" })).toBeVisible();
  watch.expectStatus(401);
  await host.signOut();
  await expect(frame.getByRole("heading", { name: "The session has ended" })).toBeVisible(SECOND);
  await expect(frame.getByText("$")).toHaveCount(0);
  await expect(frame.getByRole("button")).toHaveCount(0);
  expect(host.asked).toEqual(["start"]);
  // Another session is the host's to give: by a new document, not by itself.
  await page.reload();
  await expect(frame.getByRole("region", { name: "Wallet Balance" })).toBeVisible();
});

test("a view is brought into sight, and another one when the host asks for it", async ({ page, openFrame }) => {
  const frame = await openFrame({ view: "history" });
  const history = frame.getByRole("region", { name: "Transaction History" });
  const fromTop = async (name: string) => (await frame.getByRole("region", { name }).boundingBox())?.y ?? -1;
  await expect(history).toBeInViewport();
  await expect.poll(() => fromTop("Transaction History")).toBeLessThan(page.viewportSize()!.height / 2);
  await page.evaluate(() => document.querySelector("nexis-billing")!.setAttribute("view", "usage"));
  await expect.poll(() => fromTop("Monthly Usage Summary")).toBeCloseTo(0, -1);
});

test("the host changes the language while the frame is open, and no code is asked for", async ({ page, host, openFrame }) => {
  const frame = await openFrame();
  await expect(frame.getByRole("region", { name: "Wallet Balance" })).toBeVisible();
  await page.evaluate(() => document.querySelector("nexis-billing")!.setAttribute("locale", "de"));
  await expect(frame.getByRole("region", { name: "Wallet-Guthaben" })).toContainText("$");
  await expect(frame.locator("html")).toHaveAttribute("lang", "de");
  await page.evaluate(() => document.querySelector("nexis-billing")!.setAttribute("locale", "en-GB"));
  await expect(frame.getByRole("region", { name: "Wallet Balance" })).toContainText("$");
  expect(host.asked).toEqual(["start"]);
});

test("the balance in the host's header moves with the wallet", async ({ page, openFrame }) => {
  const billing = new Billing(await openFrame({ balance: true }));
  const shown = page.frameLocator("nexis-balance iframe").locator("#balance");
  const cents = async () => Number((await shown.innerText()).replace(/\D/g, ""));
  await expect.poll(cents).toBe(await billing.cents());
  const before = await cents();
  await billing.addBalance("20");
  await billing.pay();
  await expect.poll(cents).toBe(before + 2000);
});
