// Where power over money changes hands the password is asked for again, and whatever was under way goes on as it was.
import { expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { tabTo } from "../fixture/keyboard.ts";
import { signIn } from "../fixture/people.ts";

/** Longer than a password lasts, seconds. */
const TOO_LONG = 6 * 60;

test("a large payment asks for the password and goes on with what was typed, by keyboard alone", async ({ page, seams, watch }) => {
  // Asked for the password, and a wrong one.
  watch.expectStatus(403);
  watch.expectStatus(422);
  const keys: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/top-ups")) keys.push(request.headers()["idempotency-key"]);
  });
  await signIn(page, "owner");
  const before = (await seams.charges()).length;
  const billing = new Billing(page);
  await seams.advanceClock(TOO_LONG);
  const dialog = await billing.addBalance("1500");
  await billing.pay();

  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  const password = question.getByLabel("Password");
  await expect(password).toBeFocused();
  expect(await seams.charges(), "nothing is charged before").toHaveLength(before);
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await expect(question.getByText("This is not your password.")).toBeVisible();
  await expect(password).toBeFocused();

  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  await expect(dialog.getByText("This needs your password. Nothing was changed.")).toBeVisible();
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue(/^1,?500/);

  await billing.pay();
  await expect(password).toBeFocused();
  await page.keyboard.type("demo");
  await tabTo(page, question.getByRole("button", { name: "Confirm" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$1,500.00");
  expect(await seams.charges()).toHaveLength(before + 1);
  expect(keys.at(-1), "the same payment, not another one").toBe(keys.at(-2));
});
