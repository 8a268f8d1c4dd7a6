// The operator's own face: name, logo, accent, help and links come from the configuration of the program, without a build.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "../fixture/test.ts";
import { expectNoViolations } from "../fixture/axe.ts";
import { Billing } from "../fixture/billing.ts";
import { makeLink } from "../fixture/links.ts";
import { signIn } from "../fixture/people.ts";

const LOGO = path.join(mkdtempSync(path.join(tmpdir(), "nexis-billing-logo-")), "logo.svg");
writeFileSync(LOGO, '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="#7a1fa2"/></svg>');

test.use({
  flags: [
    "--brand-name", "Ava & Partners",
    "--brand-logo", LOGO,
    "--brand-accent", "#7a1fa2",
    "--support-email", "help@ava.example",
    "--brand-link", "Terms=https://ava.example/terms",
    "--brand-link", "Privacy=https://ava.example/privacy",
  ],
});

test("every page wears the operator's name, logo, color, help and links @everywhere", async ({ page }) => {
  const worn = async () => {
    const logo = page.locator(".brand img");
    await expect(logo).toBeVisible();
    await expect.poll(() => logo.evaluate((image: HTMLImageElement) => image.naturalWidth), "the logo is a picture").toBeGreaterThan(0);
    await expect(page.getByText("Ava & Partners", { exact: true })).toBeVisible();
    await expect(page).toHaveTitle(/ · Ava & Partners$/);
    const end = page.getByRole("contentinfo").or(page.locator("footer"));
    await expect(end.getByRole("link", { name: "Help" })).toHaveAttribute("href", "mailto:help@ava.example");
    await expect(end.getByRole("link", { name: "Terms" })).toHaveAttribute("href", "https://ava.example/terms");
    await expect(end.getByRole("link", { name: "Privacy" })).toHaveAttribute("href", "https://ava.example/privacy");
    expect(await page.evaluate(() => document.body.innerText), "nothing of ours is left").not.toMatch(/Nexis(?! Voice)/);
  };
  await page.goto("/");
  await worn();
  await signIn(page, "owner");
  const billing = new Billing(page);
  await expect(billing.balance).toBeVisible();
  await worn();
  // Among the rules: text has 4.5 : 1 on its ground.
  await expectNoViolations(page);
  const accent = await billing.balance.getByRole("button", { name: "Add Balance" }).evaluate((button) => getComputedStyle(button).backgroundColor);
  expect(accent, "a shade of the operator's violet, lighter in the dark").toMatch(/^oklch\(0\.8 0\.\d+ 31\d/);
});

test("the page behind a link and the first bytes of every document wear it too", async ({ page, request, server }) => {
  for (const address of ["/", "/pay"]) {
    const html = await (await request.get(server.origin + address)).text();
    expect(html).toContain("Ava &amp; Partners</title>");
    expect(html).not.toMatch(/Nexis</);
    expect(html).toMatch(/rel="icon" href="\/logo-[0-9a-f]{16}\.svg"/);
  }
  await signIn(page, "owner");
  const url = await makeLink(page, { purpose: "pay", amount: "25" });
  await page.goto(url);
  await expect(page.getByRole("heading", { name: "Pay $25.00 USD" })).toBeVisible();
  await expect(page.locator(".brand img")).toBeVisible();
  await expect(page.getByRole("link", { name: "Help" })).toBeVisible();
});
