// The first view stands in the document: figures before any program, in the reader's language, and nothing that is done to it
// is lost.
import { type Page, expect, test } from "../fixture/test.ts";
import { violations } from "../fixture/axe.ts";
import { Billing } from "../fixture/billing.ts";
import { overflowPixels } from "../fixture/layout.ts";
import { BILLING, openSession } from "../fixture/people.ts";

const PROGRAM = "**/app-*.wasm";

/** Opens the tab with its program held back; what is returned lets it come. */
async function openHeld(page: Page): Promise<() => void> {
  let arrive = () => {};
  const held = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(PROGRAM, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(BILLING);
  await expect(page.locator("#first-view")).toBeAttached();
  return arrive;
}

async function programRuns(page: Page): Promise<void> {
  await expect(page.locator("#shell")).toHaveCount(0);
}

/** What is read on the first screen, white space made one. */
async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).innerText()).replace(/\s+/g, " ");
}

const FIRST_SCREEN = [".sidebar", ".settings-head", ".billing-head", ".panel.balance", ".panel.auto-pay", ".panel.cards"];

for (const locale of ["en-US", "en-GB", "de-DE", "de-AT", "es-ES", "es-MX", "ja-JP", "ar-EG"]) {
  test.describe(locale, () => {
    test.use({ locale });

    test("the server draws what the program then draws", async ({ page }) => {
      await openSession(page, "owner");
      // What is posted meanwhile would be shown.
      await page.route("**/api/v1/events?*", () => {});
      const arrive = await openHeld(page);
      const drawn = await Promise.all(FIRST_SCREEN.map((part) => textOf(page, `#first-view ${part}`)));
      const root = await page.locator("html").evaluate((html) => [html.getAttribute("lang"), getComputedStyle(html).direction]);
      expect(await violations(page)).toEqual([]);
      expect(await overflowPixels(page)).toBeLessThanOrEqual(0);
      arrive();
      await programRuns(page);
      expect(await Promise.all(FIRST_SCREEN.map((part) => textOf(page, part)))).toEqual(drawn);
      expect(await page.locator("html").evaluate((html) => [html.getAttribute("lang"), getComputedStyle(html).direction])).toEqual(root);
    });
  });
}

test.describe("without the program", () => {
  test.use({ javaScriptEnabled: false });

  test("the balance is in the document", async ({ page, context, server }) => {
    await context.request.post(`${server.origin}/api/v1/session`, {
      data: { email: "owner@demo.test", password: "demo" },
      headers: { "sec-fetch-site": "same-origin" },
    });
    await page.goto(BILLING);
    await expect(page.locator(".panel.balance .figure")).toHaveText(/^\$\d[\d,]*\.\d\d\s*$/);
    await expect(page.locator("noscript .panel")).toBeVisible();
  });
});

test("what is typed before the program is there goes nowhere, and signs in once it is", async ({ page }) => {
  let arrive = () => {};
  const held = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(PROGRAM, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(BILLING);
  const drawn = page.locator("#first-view");
  await drawn.getByRole("textbox", { name: "Email" }).fill("owner@demo.test");
  await drawn.getByLabel("Password").fill("demo");
  await drawn.getByLabel("Password").press("Enter");
  expect(new URL(page.url()).search).toBe("");
  arrive();
  await expect(new Billing(page).balance).toBeVisible();
});

test("what is pressed before the program is there is done once it is", async ({ page }) => {
  await openSession(page, "owner");
  const arrive = await openHeld(page);
  await page.locator("#first-view").getByRole("button", { name: "Add Balance" }).click();
  arrive();
  await expect(page.getByRole("dialog", { name: "Manual Balance Top-Up" })).toBeVisible();
});

test("who walks by keyboard is where they were", async ({ page }) => {
  await openSession(page, "owner");
  const arrive = await openHeld(page);
  await page.locator("#first-view").getByRole("button", { name: "Add Balance" }).focus();
  arrive();
  await programRuns(page);
  await expect(new Billing(page).balance.getByRole("button", { name: "Add Balance" })).toBeFocused();
});

test("nothing moves when the program takes over", async ({ page }) => {
  await openSession(page, "owner");
  const arrive = await openHeld(page);
  await page.evaluate(() => {
    const kept = globalThis as unknown as { moved: number };
    kept.moved = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) kept.moved += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  const before = await page.locator("#first-view .panel.balance .figure").boundingBox();
  arrive();
  await programRuns(page);
  const after = await page.locator(".panel.balance .figure").boundingBox();
  expect(after).toEqual(before);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  expect(await page.evaluate(() => (globalThis as unknown as { moved: number }).moved)).toBeLessThan(0.001);
});

test("a language that was chosen is the document's", async ({ page }) => {
  await openSession(page, "owner");
  await page.goto(BILLING);
  await page.getByRole("combobox", { name: "Language" }).selectOption("de");
  await expect(page.getByRole("heading", { name: "Abrechnung", level: 2 })).toBeVisible();
  const document = await (await page.request.get(BILLING)).text();
  expect(document).toContain('<html lang="de">');
  expect(document).toContain("Abrechnung");
});

test("a document for nobody shows the sign-in and no figures", async ({ page }) => {
  const document = await (await page.request.get(BILLING)).text();
  expect(document).toContain('<html lang="en">');
  expect(document).not.toContain('class="balance-figure"');
  expect(document).toContain("Olivia Hart (owner)");
});
