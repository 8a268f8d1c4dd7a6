// The main screens look as they do in docs/screens, their names, roles and values are those in trees, and they pass the
// checks of accessibility.spec.ts on the same visit.
// After a wanted change: cargo xtask screens --renew
import { expect, test } from "../fixture/test.ts";
import { expectAccessible } from "../fixture/accessible.ts";
import { pictureNames } from "../fixture/picture-names.ts";
import { screens } from "../fixture/screens.ts";
import { FROZEN_TIME, freezePage, freezeClock } from "../fixture/frozen.ts";

for (const name of pictureNames) {
  const screen = screens.find((one) => one.name === name)!;

  test.describe(`${name} @everywhere`, () => {
    test.use({ demo: screen.demo, startsAt: FROZEN_TIME });

    test("looks as in the picture book and is accessible, light and dark", async ({ page, seams, watch }, info) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await freezeClock(page);
      await screen.open(page, seams);
      await freezePage(page);
      const width = info.project.name === "desktop" ? "wide" : "narrow";
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await expect.soft(page).toHaveScreenshot(`${name}-${width}-${colorScheme}.png`);
      }
      // What is heard is the same at any width.
      if (width === "wide") await expect.soft(page.locator("body")).toMatchAriaSnapshot({ name: `${name}.aria.yml` });
      await expectAccessible(page);
    });
  });
}
