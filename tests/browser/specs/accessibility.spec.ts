// What automatic checks can say about accessibility, on every screen, light and dark, wide and at 320 px, with large letters.
// The pictureNames ones are checked when they are photographed (pictures.spec.ts), and here only as they are with Stripe.
import { test } from "../fixture/test.ts";
import { expectAccessible } from "../fixture/accessible.ts";
import { pictureNames } from "../fixture/picture-names.ts";
import { screens } from "../fixture/screens.ts";

const photographed: readonly string[] = pictureNames;

for (const screen of screens) {
  const sandboxToo = !photographed.includes(screen.name);
  if (!sandboxToo && !screen.stripe) continue;
  const tags = `${screen.stripe ? " @stripe" : ""}${sandboxToo ? "" : " @stripe-only"}`;

  test.describe(`${screen.name} @everywhere${tags}`, () => {
    test.use({ demo: screen.demo });

    test("no violations in light and dark, and nothing scrolls sideways", async ({ page, seams, watch }) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await screen.open(page, seams);
      await expectAccessible(page);
    });
  });
}
