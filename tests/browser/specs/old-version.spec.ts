// A tab that was open when a new version was put in the place of its own: it says so, leads there, and loses nothing typed.
import { type Page, expect, test } from "../fixture/test.ts";
import { Billing, CARDS } from "../fixture/billing.ts";
import { BILLING, signIn } from "../fixture/people.ts";

const LATER = "**/split_settings-*.wasm";
const CODE = "**/*.wasm";

/** The server has other files now: those of this page are gone, the document is another one. */
async function deploy(page: Page): Promise<void> {
  await page.route(CODE, (route) => route.fulfill({ status: 404, contentType: "application/problem+json", body: "{}" }));
}

/** The next document asks for the files that are there. */
async function finish(page: Page): Promise<void> {
  await page.unroute(CODE);
}

test("a part whose code is gone leads to the new version, not to another try", async ({ page, watch }) => {
  watch.expectMissingCode();
  await page.route(LATER, (route) => route.fulfill({ status: 404, body: "" }));
  await signIn(page, "owner");
  await deploy(page);
  await page.unroute(LATER);
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Members" }).click();
  const notice = page.getByRole("alert").filter({ hasText: "A new version of this page is there" });
  await expect(notice).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
  await finish(page);
  await notice.getByRole("button", { name: "Load the new version" }).click();
  await expect(page.getByRole("region", { name: "Members", exact: true })).toBeVisible();
  await expect(notice).toHaveCount(0);
});

test("a part that only the network kept back can still be asked for again", async ({ page, watch }) => {
  watch.expectMissingCode();
  await page.route(LATER, (route) => route.fulfill({ status: 404, body: "" }));
  await signIn(page, "owner");
  const dialog = await new Billing(page).addBalance();
  await expect(dialog.getByRole("button", { name: "Try again" })).toBeVisible();
  await page.unroute(LATER);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toBeVisible();
  await expect(page.getByText("A new version of this page is there")).toHaveCount(0);
});

test("an answer that the old page cannot read loses nothing that is typed", async ({ page, watch }) => {
  watch.expectStatus(404);
  await signIn(page, "owner");
  const links = page.getByRole("region", { name: "Payment links" });
  await links.getByRole("button", { name: "New payment link" }).click();
  const form = page.getByRole("dialog", { name: "New payment link" });
  await form.getByRole("textbox", { name: "Amount (USD)" }).fill("75.50");
  await form.getByRole("textbox", { name: "Message (optional)" }).fill("For the recall campaign");
  await form.getByRole("combobox", { name: "Valid for" }).selectOption("3 days");
  await page.route("**/api/v1/payment-links", (route) => route.fulfill({ status: 201, contentType: "application/json", body: '{"of":"another shape"}' }));
  await deploy(page);
  await form.getByRole("button", { name: "Create link" }).click();
  const notice = form.getByRole("alert").filter({ hasText: "A new version of this page is there" });
  await expect(notice).toContainText("What you have typed is kept");
  await page.unroute("**/api/v1/payment-links");
  await finish(page);
  await notice.getByRole("button", { name: "Load the new version" }).click();
  await links.getByRole("button", { name: "New payment link" }).click();
  await expect(form.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue("75.50");
  await expect(form.getByRole("textbox", { name: "Message (optional)" })).toHaveValue("For the recall campaign");
  await expect(form.getByRole("combobox", { name: "Valid for" })).toHaveValue("259200");
  await form.getByRole("button", { name: "Create link" }).click();
  await expect(page.getByRole("dialog", { name: "Share this link" })).toBeVisible();
});

test("a card's details are typed once more: no tab keeps them @sandbox-only", async ({ page, watch }) => {
  watch.expectStatus(404);
  await signIn(page, "owner");
  const billing = new Billing(page);
  await billing.balance.getByRole("button", { name: /^Connect/ }).click();
  await page.route("**/api/v1/cards/setups", (route) => route.fulfill({ status: 201, contentType: "application/json", body: "[]" }));
  await deploy(page);
  await billing.enterCard(CARDS.pays);
  const notice = billing.dialog.getByRole("alert").filter({ hasText: "A new version of this page is there" });
  await expect(notice).toBeVisible();
  await finish(page);
  await notice.getByRole("button", { name: "Load the new version" }).click();
  await expect(page).toHaveURL(new RegExp(`${BILLING}$`));
  await expect(billing.balance).toBeVisible();
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  expect(kept).not.toMatch(/4242|Lovelace|12\/30/);
});
