// What automatic checks can say about accessibility, on every screen, light and dark, wide and at 320 px, with large letters.
import { expect, test } from "../fixture/test.ts";
import { expectNoViolations } from "../fixture/axe.ts";
import { enlarge, sideways, spills } from "../fixture/layout.ts";
import { screens } from "../fixture/screens.ts";

for (const screen of screens) {
  test.describe(`${screen.name} @everywhere${screen.stripe ? " @stripe" : ""}`, () => {
    test.use({ demo: screen.demo });

    test("no violations in light and dark, and nothing scrolls sideways", async ({ page, seams, watch }) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await screen.open(page, seams);
      await expectNoViolations(page);
      // The document may not be wider than the screen, and neither may anything in it that does not scroll in itself.
      const overflow = await sideways(page);
      expect(overflow, "pixels wider than the screen").toBeLessThanOrEqual(0);
      await enlarge(page);
      expect(await spills(page), "with letters of twice the size").toEqual([]);
    });
  });
}
