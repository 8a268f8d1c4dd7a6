// The kit on one page (cargo xtask page --kit): every part in every state, checked where no screen of the product shows it.
import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "../fixture/test.ts";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function open(page: Page): Promise<void> {
  const answer = await page.goto("/kit");
  expect(await answer?.text(), "the kit is not in dist/: cargo xtask page --kit").toContain("<title>Kit");
  await expect(page.getByRole("heading", { name: "Kit", level: 1 })).toBeVisible();
}

async function violations(page: Page, inside = "body"): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(inside).withTags(RULES).analyze();
  return violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
}

/** The document may not be wider than the screen. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

test("every part in every state is free of violations, light and dark, from both sides @everywhere", async ({ page }) => {
  // The page is larger than all screens of the product together.
  test.slow();
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page);
  expect(await violations(page)).toEqual([]);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Right to left" }).click();
  await page.getByRole("button", { name: "Connection lost" }).click();
  await expect(page.getByRole("button", { name: /Sends something.*waits/ }).first()).toHaveAttribute("aria-disabled", "true");
  expect(await violations(page), "right to left, without a connection").toEqual([]);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});

test("at 200 % text nothing is cut off or wider than the screen @everywhere", async ({ page }) => {
  await open(page);
  await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  const cut = await page.getByRole("button").evaluateAll((buttons) =>
    buttons.filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1).map((one) => one.textContent),
  );
  expect(cut, "buttons whose words do not fit").toEqual([]);
});

test("a dialog is modal, says its name, keeps itself open while it must, and gives the focus back @everywhere", async ({ page }) => {
  test.slow();
  await open(page);
  const dark = page.getByRole("region", { name: "Dark" });
  for (const name of ["Short dialog", "Long dialog", "Locked dialog"]) {
    const opener = dark.getByRole("button", { name });
    await opener.click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    expect(await dialog.evaluate((element) => getComputedStyle(element).colorScheme), "in the scheme of its sheet").toBe("dark");
    expect(await violations(page, "dialog[open]"), name).toEqual([]);
    expect(await dialog.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight), "inside the screen").toBe(true);
    await page.keyboard.press("Escape");
    if (name === "Locked dialog") {
      await expect(dialog).toBeVisible();
      await dialog.getByRole("button", { name: "Let it end" }).click();
      await page.keyboard.press("Escape");
    }
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  }
});

test("in forced colours every control has an edge, and what cannot be used differs from what can", async ({ page }) => {
  test.slow();
  await page.emulateMedia({ forcedColors: "active" });
  await open(page);
  const light = page.getByRole("region", { name: "Light" });
  const edges = await light.locator("button, .input").evaluateAll((all) =>
    all.filter((one) => parseFloat(getComputedStyle(one).borderTopWidth) === 0).map((one) => one.textContent),
  );
  expect(edges, "controls without an edge").toEqual([]);
  const colour = (name: string) => light.getByRole("button", { name, exact: true }).first().evaluate((one) => getComputedStyle(one).color);
  expect(await colour("Unavailable")).not.toBe(await colour("Ready"));
  expect(await violations(page)).toEqual([]);
});
