// Every part of the kit in every state, also those that a screen shows seldom. Not in the product: `cargo xtask page --kit`.
import { type Page, expect, test } from "../fixture/test.ts";
import { violations } from "../fixture/axe.ts";
import { press } from "../fixture/keyboard.ts";
import { enlarge, findOverflow } from "../fixture/layout.ts";

async function openKit(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto("/kit");
  for (const sheet of ["Light", "Dark"]) await expect(page.getByRole("region", { name: sheet, exact: true })).toBeVisible();
}

test.describe("the kit @everywhere", () => {
  test("every state is clean and fits, from both directions, narrow, and without a connection", async ({ page }) => {
    await openKit(page);
    expect(await violations(page), "light and dark side by side").toEqual([]);
    expect(await findOverflow(page)).toEqual([]);
    const narrow = page.getByRole("button", { name: "320 px wide" });
    const lost = page.getByRole("button", { name: "Connection lost" });
    for (const button of [page.getByRole("button", { name: "Right to left" }), narrow, lost]) {
      await button.click();
      await expect(button).toHaveAttribute("aria-pressed", "true");
      expect(await findOverflow(page), `with ${await button.innerText()}`).toEqual([]);
    }
    expect(await violations(page), "all of it at once").toEqual([]);
    // What sends something says why it waits, and can still be reached.
    const sends = page.getByRole("button", { name: /^Sends something/ }).first();
    await expect(sends).toHaveAttribute("aria-disabled", "true");
    await lost.click();
    await expect(sends).not.toHaveAttribute("aria-disabled");
  });

  test("every state fits with letters of twice the size", async ({ page }) => {
    await openKit(page);
    await enlarge(page);
    expect(await findOverflow(page)).toEqual([]);
  });

  test("with forced colors what is pressed, marked or measured still shows", async ({ page }) => {
    await openKit(page);
    await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
    const light = page.getByRole("region", { name: "Light", exact: true });
    const face = (name: string, nth = 0) =>
      light.getByRole("button", { name, exact: true }).nth(nth).evaluate((button) => {
        const { backgroundColor, borderTopStyle } = getComputedStyle(button);
        return { backgroundColor, borderTopStyle };
      });
    const [primary, secondary, quiet] = [await face("Ready"), await face("Ready", 1), await face("Ready", 4)];
    expect(primary.backgroundColor, "the one to press").not.toBe(secondary.backgroundColor);
    expect([secondary.borderTopStyle, quiet.borderTopStyle]).toEqual(["solid", "none"]);
    const dot = await light.locator(".pill").first().evaluate((pill) => ({
      dot: getComputedStyle(pill, "::before").backgroundColor,
      ground: getComputedStyle(document.body).backgroundColor,
    }));
    expect(dot.dot).not.toBe(dot.ground);
    expect(await findOverflow(page)).toEqual([]);
  });

  test("dialogs are opened, walked and left by keyboard, and hand the focus back", async ({ page }) => {
    await openKit(page);
    const dialog = page.getByRole("dialog");
    for (const [name, heading] of [["Short dialog", "Remove this card?"], ["Long dialog", /^A heading that is long/]] as const) {
      const button = page.getByRole("button", { name }).first();
      await button.focus();
      await page.keyboard.press("Enter");
      await expect(dialog.getByRole("heading", { name: heading })).toBeVisible();
      expect(await violations(page, "dialog[open]"), name).toEqual([]);
      await page.keyboard.press("Escape");
      await expect(dialog).toBeHidden();
      await expect(button).toBeFocused();
    }
    const button = page.getByRole("button", { name: "Locked dialog" }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog, "while something is under way").toBeVisible();
    await press(page, "Let it end");
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(button).toBeFocused();
  });

  test("a polite announcement and one at once are each heard", async ({ page }) => {
    await openKit(page);
    await page.getByRole("button", { name: "Say it politely" }).first().click();
    await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeAttached();
    await page.getByRole("button", { name: "Say it at once" }).first().click();
    await expect(page.getByRole("alert").filter({ hasText: "All calls are paused" })).toBeAttached();
  });
});
