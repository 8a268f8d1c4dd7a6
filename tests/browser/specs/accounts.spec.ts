// The first run, and passwords chosen by a link: from a link in the log to a working billing tab.
import { expectNoViolations } from "../fixture/axe.ts";
import { type Page, expect, test } from "../fixture/test.ts";

test.use({ demo: "none" });

const PASSWORD = "correct horse battery";

async function setupLink(output: () => string): Promise<string> {
  const link = () => /https?:\S+\/setup#t=[0-9a-f]+/.exec(output())?.[0];
  await expect.poll(link, "the log has the link").toBeTruthy();
  return link()!;
}

async function fillIn(page: Page, password: string): Promise<void> {
  await page.getByLabel("Organization").fill("Northwind");
  await page.getByLabel("Your name").fill("Olive Owner");
  await page.getByLabel("Your e-mail").fill("olive@northwind.test");
  await page.getByLabel("New password").fill(password);
  await page.getByLabel("Currency").selectOption("EUR");
  await page.getByRole("button", { name: "Set up" }).click();
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill("olive@northwind.test");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("the link in the log sets an empty server up, once @everywhere", async ({ page, server, watch }) => {
  await page.goto("/");
  await expect(page.getByText("This server is not set up yet")).toBeVisible();
  await expectNoViolations(page);

  const link = await setupLink(() => server.output);
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "Set up billing" })).toBeVisible();
  expect(new URL(page.url()).hash, "the token is out of the address").toBe("");
  await expect(page.getByLabel("Time zone")).toHaveValue("America/New_York");
  await expectNoViolations(page);
  watch.expectStatus(422);
  await fillIn(page, "short");
  await expect(page.getByText("At least 12 characters.", { exact: true })).toBeVisible();
  await fillIn(page, PASSWORD);
  await expect(page).toHaveURL(/\/settings\/billing$/);
  await expect(page.getByRole("heading", { name: "Billing" }).first()).toBeVisible();

  watch.expectStatus(410);
  await page.goto("about:blank");
  await page.goto(link);
  await fillIn(page, PASSWORD);
  await expect(page.getByText("This page needs the link that the server has printed", { exact: false })).toBeVisible();
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await expect(page.getByText("This server is not set up yet")).toBeHidden();
});

test("a link of the operator's command chooses a password, once @everywhere", async ({ page, server, watch }) => {
  const made = JSON.parse(await server.command("setup", "--organization", "Northwind", "--owner", "olive@northwind.test"));
  await page.goto(made.link);
  await expect(page.getByRole("heading", { name: "Choose a password" })).toBeVisible();
  expect(new URL(page.url()).hash).toBe("");
  await expectNoViolations(page);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Save password" }).click();
  await expect(page.getByText("Your password is saved")).toBeVisible();
  await expectNoViolations(page);
  await page.getByRole("link", { name: "Sign in" }).click();
  await signIn(page, PASSWORD);
  await expect(page).toHaveURL(/\/settings\/billing$/);

  watch.expectStatus(410);
  await page.goto("about:blank");
  await page.goto(made.link);
  await page.getByLabel("New password").fill("another good password");
  await page.getByRole("button", { name: "Save password" }).click();
  await expect(page.getByText("This link has been used or has expired. Ask whoever", { exact: false })).toBeVisible();
});

test("somebody of two organizations goes from one to the other in the sidebar", async ({ page, server }) => {
  const made = JSON.parse(await server.command("setup", "--organization", "Northwind", "--owner", "olive@northwind.test"));
  const other = JSON.parse(await server.command("org", "create", "--name", "Southwind", "--currency", "EUR"));
  await server.command("user", "add", "--organization", other.organization_id, "--email", "olive@northwind.test", "--role", "admin");
  await page.goto(made.link);
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Save password" }).click();
  await expect(page.getByText("Your password is saved")).toBeVisible();
  await signIn(page, PASSWORD);
  const switcher = page.getByRole("combobox", { name: "Change organization" });
  await expect(switcher).toHaveValue(made.organization_id);
  await expectNoViolations(page);
  await switcher.selectOption("Southwind");
  await page.getByRole("button", { name: "Go to Southwind" }).click();
  await expect(switcher).toHaveValue(other.organization_id);
  await expect(page.getByRole("heading", { name: "Billing" }).first()).toBeVisible();
});
