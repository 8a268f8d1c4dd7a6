// What automatic checks can say about accessibility, on every screen, light and dark, wide and at 320 px, with large letters.
import AxeBuilder from "@axe-core/playwright";
import { type Page, expect, test } from "../fixture/test.ts";
import { sideways, spills } from "../fixture/layout.ts";
import { screens } from "../fixture/screens.ts";

/** What is inside of Stripe's frame is Stripe's. */
const STRIPE = "iframe[title='Secure payment input frame']";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** As in a browser that is told to write everything at twice the size (WCAG 1.4.4). */
async function enlarge(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
  await expect.poll(() => page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize))).toBeGreaterThan(28);
}

for (const screen of screens) {
  test.describe(`${screen.name} @everywhere${screen.stripe ? " @stripe" : ""}`, () => {
    test.use({ demo: screen.demo });

    test("no violations in light and dark, and nothing scrolls sideways", async ({ page, seams, watch }, info) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await screen.open(page, seams);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const { violations } = await new AxeBuilder({ page }).withTags(RULES).exclude(STRIPE).analyze();
        const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
        expect(found, colorScheme).toEqual([]);
      }
      // The document may not be wider than the screen, and neither may anything in it that does not scroll in itself.
      const overflow = await sideways(page);
      expect(overflow, "pixels wider than the screen").toBeLessThanOrEqual(0);
      // The criterion is twice the size on an ordinary screen; on 320 px that is a screen of 160.
      if (info.project.name.includes("phone")) return;
      await enlarge(page);
      expect(await spills(page), "with letters of twice the size").toEqual([]);
    });
  });
}
