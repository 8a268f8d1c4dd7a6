// What automatic checks can say about accessibility, on every screen, light and dark, wide and at 320 px.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../fixture/test.ts";
import { screens } from "../fixture/screens.ts";

/** What is inside of Stripe's frame is Stripe's. */
const STRIPE = "iframe[title='Secure payment input frame']";
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

for (const screen of screens) {
  test.describe(`${screen.name} @everywhere${screen.stripe ? " @stripe" : ""}`, () => {
    test.use({ demo: screen.demo });

    test("no violations in light and dark, and nothing scrolls sideways", async ({ page, seams, watch }) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await screen.open(page, seams);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const { violations } = await new AxeBuilder({ page }).withTags(RULES).exclude(STRIPE).analyze();
        const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
        expect(found, colorScheme).toEqual([]);
      }
      // The document may not be wider than the screen, and neither may anything in it that does not scroll in itself.
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, "pixels wider than the screen").toBeLessThanOrEqual(0);
    });
  });
}
