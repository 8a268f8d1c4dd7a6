// Who sees what: nobody, members, admins and owners – and never a blank screen.
import { expect, test } from "../fixture/test.ts";
import { BILLING, ask, signIn } from "../fixture/people.ts";

test.describe("signed out", () => {
  test("every address leads to the sign-in, and from there to where one wanted to go", async ({ page }) => {
    await page.goto("/settings/members");
    await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
    await page.getByRole("textbox", { name: "Email" }).fill("admin@demo.test");
    await page.getByLabel("Password").fill("demo");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page).toHaveURL("/settings/members");
    await expect(page.getByRole("heading", { name: "Members" })).toBeVisible();
  });

  test("a wrong password is said in words, and what was typed stays", async ({ page, watch }) => {
    watch.expectStatus(401);
    await page.goto(BILLING);
    await page.getByRole("textbox", { name: "Email" }).fill("owner@demo.test");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page.getByRole("alert").filter({ hasText: /\w+/ })).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Email" })).toHaveValue("owner@demo.test");
  });

  test("no figure of the wallet is in the document", async ({ page }) => {
    const answer = await page.request.get(BILLING);
    // The stylesheet names the figure, and nothing shows one.
    expect(await answer.text()).not.toMatch(/"balance|class="[^"]*figure/);
  });
});

test.describe("member", () => {
  test("sees who manages billing, asks for a top-up, and never a figure", async ({ page }) => {
    const fetched: string[] = [];
    page.on("response", (response) => fetched.push(new URL(response.url()).pathname));
    await signIn(page, "member");
    await expect(page.getByRole("heading", { name: "Billing", level: 1 })).toBeVisible();
    await expect(page.getByText("Billing is managed by")).toBeVisible();
    await expect(page.getByText("Wallet Balance")).toHaveCount(0);

    await ask(page, "75", "The campaign starts on Monday");
    await expect(page.getByRole("listitem").filter({ hasText: "The campaign starts on Monday" })).toContainText("$75.00");

    expect(fetched.filter((path) => /\/(billing|wallet|transactions|usage|cards|auto-pay)$/.test(path) && path.startsWith("/api"))).toEqual([]);
  });

  test("has no Billing tab in Settings", async ({ page }) => {
    await signIn(page, "member", "/settings/organization");
    const tabs = page.getByRole("navigation", { name: "Settings" });
    await expect(tabs.getByRole("link", { name: "Organization" })).toBeVisible();
    await expect(tabs.getByRole("link", { name: "Billing" })).toHaveCount(0);
  });

  test("is told when the form is not filled in, at the field", async ({ page, watch }) => {
    watch.expectStatus(422);
    await signIn(page, "member");
    await page.getByRole("button", { name: "Ask an admin" }).click();
    const dialog = page.getByRole("dialog", { name: "Ask an admin" });
    await dialog.getByRole("textbox", { name: "Amount" }).fill("1e3");
    await dialog.getByRole("textbox", { name: "Reason" }).fill("Because");
    await dialog.getByRole("button", { name: "Send request" }).click();
    await expect(dialog.getByRole("textbox", { name: "Amount" })).toHaveAttribute("aria-invalid", "true");
    await expect(dialog.getByRole("textbox", { name: "Reason" })).toHaveValue("Because");
  });
});

test("a wrong address says so and leads on", async ({ page }) => {
  await signIn(page, "owner");
  await page.goto("/settings/biling");
  await expect(page.getByRole("heading", { name: "There is no page at this address" })).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Billing" }).click();
  await expect(page).toHaveURL(BILLING);
  await expect(page.getByRole("heading", { name: "Wallet Balance" })).toBeVisible();
});

test("a role that is taken away acts at once, also on an open page", async ({ page, browser, server, watch }) => {
  watch.expectStatus(403);
  await signIn(page, "admin");
  await expect(page.getByRole("heading", { name: "Wallet Balance" })).toBeVisible();

  const owner = await browser.newPage({ baseURL: server.origin });
  await signIn(owner, "owner", "/settings/members");
  const row = owner.getByRole("row").filter({ hasText: "admin@demo.test" });
  await row.getByRole("combobox").selectOption({ label: "Member" });
  await owner.getByRole("dialog").getByRole("button", { name: "Change role" }).click();
  await expect(owner.getByRole("dialog")).toBeHidden();
  await owner.close();

  await expect(page.getByText("Billing is managed by")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Wallet Balance" })).toHaveCount(0);
});

test("signing out leaves nothing behind that the back button could show", async ({ page, watch }) => {
  // What the tab has asked for before, and the server reads after the session has ended, is refused.
  watch.expectStatus(401);
  await signIn(page, "owner");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  await expect(page.getByText("Wallet Balance")).toHaveCount(0);
});
