// Signing in by an identity provider: a button, the provider's own page, and back; out again, here and there.
import { expectNoViolations } from "../fixture/axe.ts";
import { type Page, expect, test } from "../fixture/judge.ts";

test.use({ demo: "none" });

async function signIn(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page.getByRole("heading", { name: "Sign in at the judge" })).toBeVisible();
  await page.getByLabel("Login").fill("ada");
  await page.getByRole("button", { name: "Continue" }).click();
}

test("the button leads to the provider, back to where one wanted to be, and out at both @everywhere", async ({ page, judge }) => {
  await page.goto("/settings/members");
  await expect(page.getByRole("link", { name: "Sign in with Acme ID" })).toBeVisible();
  await expect(page.getByLabel("Password")).toBeVisible();
  await expectNoViolations(page);
  await signIn(page);
  await expect(page).toHaveURL(/\/settings\/members$/);
  await expect(page.getByText("ada@acme.test").first()).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(new RegExp(`^${judge.issuer}/session/end`));
  await page.getByRole("button", { name: "Yes, sign me out" }).click();
  await expect(page).toHaveURL(/127\.0\.0\.1:\d+\/sign-in$/);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.goto("/settings/billing");
  await signIn(page);
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
});

test("what moves money is confirmed at the provider, in a tab of its own @everywhere", async ({ page, watch }) => {
  await page.goto("/settings/billing");
  await signIn(page);
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  // The provider may have known them from before: that was no proof.
  watch.expectStatus(403);
  await page.getByRole("button", { name: "New payment link" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create link" }).click();
  const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
  const [tab] = await Promise.all([
    page.waitForEvent("popup"),
    dialog.getByRole("link", { name: "Sign in at Acme ID" }).click(),
  ]);
  await tab.getByLabel("Login").fill("ada");
  await tab.getByRole("button", { name: "Continue" }).click();
  await expect(tab).toHaveURL(/\/settings\/billing$/);
  await tab.close();
  await expectNoViolations(page);
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByRole("dialog", { name: "Share this link" })).toBeVisible();
});

test("a provider that is down is named, and the password stays @everywhere", async ({ page, judge }) => {
  await page.goto("/sign-in");
  await judge.end();
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page.getByText("Acme ID cannot be reached at the moment.")).toBeVisible();
  await expect(page.getByLabel("Password")).toBeVisible();
  await expectNoViolations(page);
  // An address cannot put words into the page's mouth.
  await page.goto("/sign-in?problem=unavailable&provider=Nobody");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("cannot be reached")).toBeHidden();
});
