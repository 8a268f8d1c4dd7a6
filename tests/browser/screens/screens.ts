// Photographs every screen into NEXIS_BILLING_SHOTS, and the Billing tab into NEXIS_BILLING_PICTURE.
import path from "node:path";
import { expect, test } from "../fixture/test.ts";
import { screens } from "../fixture/screens.ts";

/** Pictures are at most this high, CSS pixels. */
const MOST = 2400;
const FOLDER = process.env.NEXIS_BILLING_SHOTS ?? "/tmp/shots";

for (const screen of screens) {
  test.describe(screen.name, () => {
    test.use({ demo: screen.demo });

    test("light and dark", async ({ page, seams, watch }, info) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await screen.open(page, seams);
      const inDialog = (await page.getByRole("dialog").count()) > 0;
      // A taller window instead of one long picture: what is far from the window is not drawn.
      const { width } = page.viewportSize()!;
      if (!inDialog) await page.setViewportSize({ width, height: Math.min(await page.evaluate(() => document.documentElement.scrollHeight), MOST) });
      for (const colorScheme of ["light", "dark"] as const) {
        // Without motion: a picture taken half-way between two colors shows neither.
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.screenshot({ path: path.join(FOLDER, `${screen.name}-${info.project.name}-${colorScheme}.png`) });
      }
    });
  });
}

test("the picture of the README", async ({ page, seams }) => {
  const file = process.env.NEXIS_BILLING_PICTURE;
  test.skip(!file, "no file is named");
  await page.setViewportSize({ width: 1280, height: 1120 });
  await screens.find(({ name }) => name === "automatic-payments-active")!.open(page, seams);
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.move(0, 0);
  await expect(page.getByRole("region", { name: "Monthly Usage Summary" })).toBeVisible();
  await page.screenshot({ path: file!, animations: "disabled" });
});
