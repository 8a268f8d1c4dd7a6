// A link that the host's backend has minted, in a tab of its own: a session with a cookie, and the way back to the host.
import { Billing } from "../fixture/billing.ts";
import { expect, test } from "../fixture/host.ts";
import { tabTo } from "../fixture/keyboard.ts";

test.beforeEach(({ host, server }) => host.connect(server));

test("opens the wallet once, and stays after that @everywhere", async ({ page, browser, host, watch }) => {
  const { url } = await host.openPortal({ return_url: "https://app.example.com/settings/billing?tab=2" });
  await page.goto(url);
  const billing = new Billing(page);
  await expect(billing.balance).toContainText("$");
  await expect(page).toHaveURL(/\/settings\/billing$/);
  await expect(page.getByRole("link", { name: "Back to app.example.com" })).toHaveAttribute("href", "https://app.example.com/settings/billing?tab=2");
  await expect(page.getByRole("button", { name: "Sign out" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Members" })).toHaveCount(0);
  const [cookie, ...others] = await page.context().cookies();
  expect(others).toEqual([]);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  await page.reload();
  await expect(billing.balance).toContainText("$");

  const stranger = await browser.newPage();
  await stranger.goto(url);
  await expect(stranger.getByRole("heading", { name: "This link was used already or is too old" })).toBeVisible();
  await expect(stranger.getByText("$")).toHaveCount(0);
  await stranger.close();
  expect(watch.complaints).toEqual([]);
});

test("tops up with the keyboard alone", async ({ page, host }) => {
  await page.goto((await host.openPortal({})).url);
  const billing = new Billing(page);
  await expect(billing.balance).toContainText("$");
  const before = await billing.cents();
  await tabTo(page, page.getByRole("button", { name: "Add Balance" }));
  await page.keyboard.press("Enter");
  const amount = page.getByRole("dialog").getByRole("textbox", { name: "Amount" });
  await tabTo(page, amount);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("25");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect.poll(() => billing.cents()).toBe(before + 2500);
});

test("begins where the host says, in the host's language", async ({ page, host }) => {
  await page.goto((await host.openPortal({ view: "history", locale: "de" })).url);
  const history = page.getByRole("region", { name: "Transaktionsverlauf" });
  await expect(history).toBeInViewport();
  await expect.poll(async () => (await history.boundingBox())?.y).toBeLessThan(page.viewportSize()!.height / 2);
});

test("ends with the host's session, on an open page too", async ({ page, host, watch }) => {
  await page.goto((await host.openPortal({})).url);
  await expect(new Billing(page).balance).toContainText("$");
  watch.expectStatus(401);
  await host.signOut();
  await expect(page.getByRole("heading", { name: "The session has ended" })).toBeVisible({ timeout: 1_000 });
  await expect(page.getByText("$")).toHaveCount(0);
});

test.describe("a new organization", () => {
  test.use({ demo: "fresh" });

  test("may be narrowed to looking", async ({ page, host }) => {
    await page.goto((await host.openPortal({ can: ["view"] })).url);
    const billing = new Billing(page);
    await expect(billing.balance).toContainText("$");
    await expect(page.getByRole("button", { name: /card/i }).and(page.locator(":enabled"))).toHaveCount(0);
  });
});
