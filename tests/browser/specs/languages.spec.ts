// Other languages: chosen by the browser or by hand, loaded only when used, complete, and laid out as they are written.
import { type Page, expect, test } from "../fixture/test.ts";
import { violations } from "../fixture/axe.ts";
import { overflowPixels } from "../fixture/layout.ts";
import { makeLink } from "../fixture/links.ts";
import { BILLING, openSession } from "../fixture/people.ts";
import { words } from "../fixture/words.ts";

/** A locale that browsers have, what `html[lang]` then says, and how 1,234.50 dollars are written. */
const LANGUAGES = [
  { locale: "de-DE", language: "de", amount: /^1\.234,50\s\$$/, point: "," },
  { locale: "es-ES", language: "es", amount: /^1[.\s]?234,50\s\$$/, point: "," },
  { locale: "ja-JP", language: "ja", amount: /^\$1,234\.50$/, point: "." },
  { locale: "ar-EG", language: "ar", amount: /1,234\.50/, point: "." },
];

/** Signs in without a word of any language. */
async function enter(page: Page): Promise<void> {
  await openSession(page, "owner");
  await page.goto(BILLING);
  await expect(page.locator(".sidebar-user")).toBeAttached();
}

/** By its place: the panel's own words come into the catalogue later (xtask/src/words.rs). */
const addBalance = (page: Page) => page.locator(".panel.balance .button-primary");

async function isFit(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
  const overflow = await overflowPixels(page);
  expect(overflow, "pixels wider than the screen").toBeLessThanOrEqual(0);
}

function filesOfLanguages(page: Page): string[] {
  const files: string[] = [];
  page.on("request", (request) => {
    if (/\/[a-z]{2}-[0-9a-f]+\.txt$/.test(request.url())) files.push(new URL(request.url()).pathname.slice(1, 3));
  });
  return files;
}

for (const { locale, language, amount, point } of LANGUAGES) {
  test.describe(`${language} @everywhere`, () => {
    test.use({ locale });

    test("the tab, its dialog and the page behind a link speak it", async ({ page }) => {
      const files = filesOfLanguages(page);
      await enter(page);
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      expect(await page.locator("html").evaluate((root) => getComputedStyle(root).direction)).toBe(language === "ar" ? "rtl" : "ltr");
      await expect(page.getByRole("heading", { name: words(language, "settings.heading"), level: 1 })).toBeVisible();
      await expect(page.getByRole("heading", { name: words(language, "places.billing"), level: 2 })).toBeVisible();
      await isFit(page);

      await addBalance(page).click();
      const dialog = page.getByRole("dialog", { name: words(language, "top_up.manual") });
      const box = dialog.getByRole("textbox");
      await box.fill(`12${point}50`);
      await expect(dialog.locator(".review-line")).toContainText(`12${point}50`);
      await isFit(page);
      await box.fill(`1234${point}50`);
      await expect(dialog.getByRole("slider")).toHaveAttribute("aria-valuetext", amount);
      await dialog.getByRole("button", { name: words(language, "ui.close") }).click();

      await page.goto(await makeLink(page, { purpose: "pay", amount: "1234.50" }));
      await expect(page.getByRole("heading", { level: 1 })).toContainText(language === "ja" || language === "ar" ? "1,234.50" : "234,50");
      await expect(page.getByRole("textbox", { name: words(language, "card_form.number") })).toBeVisible();
      await isFit(page);
      expect(new Set(files), "the one language that is used").toEqual(new Set([language]));
    });
  });
}

test("what the server refuses is said in the page's language", async ({ page, seams, browser, server }) => {
  const context = await browser.newContext({ locale: "de-DE", baseURL: server.origin });
  const german = await context.newPage();
  await german.goto("/sign-in");
  await german.getByRole("textbox", { name: words("de", "sign_in.email") }).fill("owner@demo.test");
  await german.getByLabel(words("de", "sign_in.password")).fill("wrong");
  await german.getByRole("button", { name: words("de", "sign_in.submit"), exact: true }).click();
  await expect(german.getByRole("alert").filter({ hasText: words("de", "server.sign_in_refused") })).toBeVisible();

  await german.getByRole("button", { name: "owner@demo.test" }).click();
  await german.getByRole("button", { name: words("de", "hand_over.new") }).click();
  const dialog = german.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("1");
  await dialog.getByRole("button", { name: words("de", "hand_over.create") }).click();
  await expect(dialog.getByText(words("de", "amount.below", { amount: "10,00\u00a0$" })), "by the page itself").toBeVisible();
  await dialog.getByRole("textbox").first().fill("20");
  await dialog.getByRole("textbox").nth(1).fill("x".repeat(2_000));
  await dialog.getByRole("button", { name: words("de", "hand_over.create") }).click();
  await expect(dialog.getByText(/^Höchstens \d+ Zeichen\.$/), "by the server").toBeVisible();
  await german.keyboard.press("Escape");

  await enter(page);
  await seams.bank("decline:insufficient_funds");
  await addBalance(german).click();
  await german.getByRole("button", { name: words("de", "top_up.submit") }).click();
  await expect(german.getByRole("dialog").getByText(words("de", "server.declined_insufficient_funds"))).toBeVisible();
  await context.close();
});

test("English fetches no language, and a choice made at the foot of the page stays @everywhere", async ({ page }) => {
  const files = filesOfLanguages(page);
  await enter(page);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  expect(files, "English stands in the program").toEqual([]);

  await page.getByRole("combobox", { name: "Language" }).selectOption({ label: "日本語" });
  await expect(page.getByRole("heading", { name: words("ja", "places.billing"), level: 2 })).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "ja");
  await expect(page.getByRole("combobox", { name: words("ja", "footer.language") })).toHaveValue("ja");

  await page.getByRole("combobox", { name: words("ja", "footer.language") }).selectOption({ label: "English" });
  await expect(page.getByRole("heading", { name: "Billing", level: 2 })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("a language that cannot be fetched leaves the page in English", async ({ browser, server }) => {
  const context = await browser.newContext({ locale: "de-DE", baseURL: server.origin });
  const german = await context.newPage();
  await german.route("**/de-*.txt", (route) => route.abort());
  await enter(german);
  await expect(german.getByRole("heading", { name: "Billing", level: 2 })).toBeVisible();
  await expect(german.locator("html")).toHaveAttribute("lang", "en");
  await context.close();
});

test.describe("right to left", () => {
  test.use({ locale: "ar" });

  test("the frame is mirrored, figures and the chart's axis are not", async ({ page }) => {
    await enter(page);
    const box = async (selector: string) => {
      const found = await page.locator(selector).first().boundingBox();
      if (!found) throw new Error(`${selector} is not shown`);
      return found;
    };
    const [sidebar, main] = [await box(".sidebar"), await box("#main")];
    expect(sidebar.x, "the sidebar stands at the right").toBeGreaterThanOrEqual(main.x + main.width - 1);

    const figure = page.locator(".figure").first();
    await expect(figure).toHaveJSProperty("tagName", "BDI");
    expect(await figure.innerText()).toMatch(/\d,\d{3}\.\d{2}|\d+\.\d{2}/);

    // The first day of the month stands at the left.
    await page.locator(".chart-ticks").scrollIntoViewIfNeeded();
    const days = await page.locator(".chart-ticks > span").evaluateAll((texts) =>
      texts.map((text) => ({ day: Number(text.textContent), x: text.getBoundingClientRect().x })).filter(({ day }) => day >= 1 && day <= 31),
    );
    expect(days.length).toBeGreaterThan(1);
    expect([...days].sort((one, other) => one.x - other.x).map(({ day }) => day)).toEqual(days.map(({ day }) => day).sort((one, other) => one - other));
  });
});
