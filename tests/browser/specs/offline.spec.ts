// On a cut network figures stay and are marked, buttons say why they wait, nothing typed is lost, and what failed comes by itself.
import { expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { prepareLimits, shortenLimits } from "../fixture/limits.ts";
import { signIn } from "../fixture/people.ts";

test("a payment waits for the connection with everything that was typed, and is made once @everywhere @stripe", async ({ page, context, seams, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const charges = (await seams.charges()).length;
  const dialog = await billing.addBalance("37.50");
  const pay = dialog.getByRole("button", { name: "Top Up Wallet Balance" });
  await expect(pay).toBeEnabled();

  watch.expectOffline();
  watch.expectFailedFetch();
  await context.setOffline(true);
  await expect(pay).toHaveAccessibleName(/waits for the connection/);
  await expect(pay).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox", { name: "Amount (USD)" }).press("Enter");
  await pay.press("Enter");
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue("37.50");
  await expect(page.getByText("Figures as of")).toBeAttached();
  expect(await billing.cents(), "the figures stay").toBe(before);

  await context.setOffline(false);
  await expect(pay, "usable again").not.toHaveAttribute("aria-disabled", "true", { timeout: 30_000 });
  await expect(pay).not.toHaveAccessibleName(/waits/);
  expect((await seams.charges()).length, "nothing was sent meanwhile").toBe(charges);
  await pay.click();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toContainText("$37.50");
  await expect.poll(() => billing.cents()).toBe(before + 3_750);
  expect((await seams.charges()).length).toBe(charges + 1);
});

test("what could not be loaded is loaded once the network is back, without a press", async ({ page, context, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const total = billing.usage.locator(".usage-total");
  await expect(total).toBeVisible();
  watch.expectOffline();
  watch.expectFailedFetch();
  await context.setOffline(true);
  await billing.usage.getByRole("button", { name: "Previous month" }).click();
  await expect(billing.usage.getByRole("alert")).toContainText("This part could not be loaded");
  await context.setOffline(false);
  await expect(total).toBeVisible({ timeout: 30_000 });
  await expect(billing.usage.getByRole("alert")).toHaveCount(0);
});

test("a connection that breaks while something is read is tried once more before anybody hears of it", async ({ page, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  watch.expectOffline();
  watch.expectFailedFetch();
  let broken = 0;
  await page.route("**/api/v1/usage?*", async (route) => {
    if (broken > 0) return route.continue();
    broken += 1;
    await route.abort("failed");
  });
  await billing.usage.getByRole("button", { name: "Previous month" }).click();
  await expect(billing.usage.locator(".usage-total")).toBeVisible();
  expect(broken).toBe(1);
  await expect(billing.usage.getByRole("alert")).toHaveCount(0);
});

test("a request without an answer is aborted in time, and says that it was slow, not that the network is gone", async ({ page, watch }) => {
  await prepareLimits(page);
  await signIn(page, "owner");
  const billing = new Billing(page);
  await expect(billing.usage.locator(".usage-total")).toBeVisible();
  watch.expectOffline();
  await page.route("**/api/v1/usage?*", () => {});
  const aborted = page.waitForEvent("requestfailed", (request) => new URL(request.url()).pathname === "/api/v1/usage");
  const sent = page.waitForRequest("**/api/v1/usage?*");
  await shortenLimits(page);
  await billing.usage.getByRole("button", { name: "Previous month" }).click();
  await sent;
  expect((await aborted).failure()?.errorText).toBe("net::ERR_ABORTED");
  await expect(billing.usage.getByRole("alert")).toContainText("The server did not answer in time");
});
