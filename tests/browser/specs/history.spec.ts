// The Transaction History: what narrows it, one line in its drawer, the file, the statement on paper, the check of the chain.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Locator, Request } from "@playwright/test";
import { type Page, expect, test } from "../fixture/test.ts";
import { expectNoViolations } from "../fixture/axe.ts";
import { overflowPixels } from "../fixture/layout.ts";
import { Billing } from "../fixture/billing.ts";
import { prepareLimits, shortenLimits } from "../fixture/limits.ts";
import { BILLING, signIn } from "../fixture/people.ts";

async function open(page: Page): Promise<Billing> {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await expect(billing.lines.nth(5)).toBeAttached();
  return billing;
}

/** How far below the first page that the document brings, lines. */
const FAR = 230;

function pdfText(pdf: Buffer): string {
  return execFileSync("pdftotext", ["-layout", "-", "-"], { input: pdf, encoding: "utf8" });
}

test("filters stand in the address, and come back from it @everywhere", async ({ page }) => {
  const billing = await open(page);
  await billing.history.getByRole("button", { name: "Top-ups" }).click();
  await expect(page).toHaveURL(/kind=top_up%2Cauto_top_up/);
  const found = await billing.matches.innerText();
  const others = billing.history.getByRole("row").filter({ has: page.getByRole("cell") }).filter({ hasNotText: /top-up/i });
  await expect(others).toHaveCount(0);
  const rows = await billing.lines.count();
  await page.reload();
  await expect(billing.history.getByRole("button", { name: "Top-ups" })).toHaveAttribute("aria-pressed", "true");
  await expect(billing.matches).toHaveText(found);
  await expect(billing.lines).toHaveCount(rows);
  await billing.history.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(new RegExp(`${BILLING}$`));
  await expect(billing.history.getByRole("status").filter({ hasText: /[\d,]+ transactions/ })).toBeVisible();
});

test("a search waits until typing rests, and a newer one cancels the one before", async ({ page, watch }) => {
  const billing = await open(page);
  const searches: string[] = [];
  const cancelled: string[] = [];
  const words = (url: string) => new URL(url).searchParams.get("q");
  const isPage = (url: string) => new URL(url).pathname === "/api/v1/transactions" && words(url) !== null;
  page.on("request", (request) => isPage(request.url()) && searches.push(words(request.url())!));
  page.on("requestfailed", (request) => isPage(request.url()) && cancelled.push(words(request.url())!));
  // The first search never gets an answer.
  await page.route(/transactions\?.*q=ava(&|$)/, () => {});
  watch.expectOffline();
  const box = billing.history.getByRole("searchbox", { name: "Search" });
  // Three keys with nothing between them: on a busy machine a typist's pause may be a rest.
  await box.evaluate((field: HTMLInputElement) => {
    for (const typed of ["a", "av", "ava"]) {
      field.value = typed;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  });
  await expect.poll(() => searches).toEqual(["ava"]);
  await box.fill("no such words");
  await expect(billing.history.getByText("No transaction matches")).toBeVisible();
  expect(cancelled).toEqual(["ava"]);
  expect(searches).toEqual(["ava", "no such words"]);
});

test("a line opens in a drawer by keyboard, arrows lead to its neighbors, Escape back to the row @everywhere", async ({ page }) => {
  const billing = await open(page);
  const titles = await billing.lines.allInnerTexts();
  await billing.lines.nth(0).focus();
  await page.keyboard.press("ArrowDown");
  await expect(billing.lines.nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByRole("heading", { name: titles[1]! })).toBeVisible();
  await expect(drawer.getByText("Balance after")).toBeVisible();
  for (const fact of ["Occurred", "Posted", "Reference", "Hash", "Line"]) await expect(drawer.getByText(fact, { exact: true })).toBeVisible();
  await expectNoViolations(page);
  await page.keyboard.press("ArrowDown");
  await expect(drawer.getByRole("heading", { name: titles[2]! })).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(drawer.getByRole("heading", { name: titles[0]! })).toBeVisible();
  await expect(drawer.getByRole("button", { name: "Newer" })).toHaveAttribute("aria-disabled", "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await expect(billing.lines.nth(1)).toBeFocused();
  const overflow = await overflowPixels(page);
  expect(overflow).toBeLessThanOrEqual(0);
});

test("the drawer shows how the amount was worked out, and prepares a question about it", async ({ page, seams, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const billing = await open(page);
  await seams.use({ kind: "outbound_call", quantity: "95", unit: "second", unit_price: "0.0012", description: "Call about a crown", source: "Agent Ava" });
  await billing.lines.filter({ hasText: "Call about a crown" }).click();
  const drawer = page.getByRole("dialog", { name: "Call about a crown" });
  await expect(drawer.getByText("95 seconds × $0.0012 = $0.114")).toBeVisible();
  const [line] = (await seams.ledger()).slice(-1);
  await drawer.getByRole("button", { name: "Copy reference" }).click();
  await expect(page.getByText("The reference is copied.")).toBeAttached();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^test-/);
  await drawer.getByRole("button", { name: "Question this charge" }).click();
  const text = drawer.getByRole("textbox", { name: "Your question" });
  await expect(text).toHaveValue(new RegExp(`no\\. ${line!.seq.toLocaleString("en-US")}`));
  await expect(text).toHaveValue(/95 seconds × \$0\.0012 = \$0\.114/);
  await drawer.getByRole("button", { name: "Copy text" }).click();
  await expect(page.getByText("The text is copied.")).toBeAttached();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("Call about a crown");
});

test("a top-up's drawer names its card and leads to the receipt", async ({ page }) => {
  const billing = await open(page);
  await billing.history.getByRole("button", { name: "Top-ups" }).click();
  await expect(billing.matches).toBeVisible();
  await billing.lines.first().click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByText(/Visa.*4242/).last()).toBeVisible();
  const file = page.waitForEvent("download");
  await drawer.getByRole("link", { name: "Receipt" }).click();
  expect((await file).suggestedFilename()).toMatch(/\.pdf$/);
});

test("new lines wait while somebody reads further down, and are shown on demand", async ({ page, seams }) => {
  const billing = await open(page);
  await expect(billing.lines.first()).toBeVisible();
  const frame = billing.history.getByRole("region", { name: /^Transactions, newest first/ });
  await frame.evaluate((element) => element.scrollTo(0, 2000));
  await expect(billing.lines.first()).not.toHaveText("", { timeout: 5000 });
  const before = await frame.evaluate((element) => element.scrollTop);
  await seams.useMany(3, "Fresh task");
  const show = billing.history.getByRole("button", { name: "3 new – show" });
  await expect(show).toBeVisible();
  expect(await frame.evaluate((element) => element.scrollTop)).toBe(before);
  await show.click();
  await expect(billing.lines.first()).toHaveText("Fresh task 2");
  await expect(billing.lines.nth(2)).toHaveText("Fresh task 0");
  await expect(frame).toHaveJSProperty("scrollTop", 0);
});

test("the file holds exactly what is filtered", async ({ page }) => {
  const billing = await open(page);
  await billing.history.getByRole("button", { name: "Inbound calls" }).click();
  const count = Number((await billing.matches.innerText()).replace(/\D/g, ""));
  const download = page.waitForEvent("download");
  await billing.history.getByRole("button", { name: "Download CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^transactions-Northwind-Dental-\d{4}-\d{2}\.csv$/);
  const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(rows.length - 1).toBe(count);
  expect(rows.slice(1).filter((row) => !row.includes(",inbound_call,"))).toEqual([]);
  await expect(billing.history.getByRole("group", { name: "CSV" })).toContainText(`${count.toLocaleString("en-US")} lines`);
});

test("a file that nothing comes of is given up in time, and one that is cancelled is aborted", async ({ page, watch }) => {
  await prepareLimits(page);
  const billing = await open(page);
  watch.expectOffline();
  await page.route("**/api/v1/transactions.csv*", () => {});
  const isFile = (request: Request) => new URL(request.url()).pathname === "/api/v1/transactions.csv";
  const begin = async () => {
    const [sent] = await Promise.all([page.waitForRequest(isFile), billing.history.getByRole("button", { name: "Download CSV" }).click()]);
    return sent;
  };
  const note = billing.history.getByRole("group", { name: "CSV" });
  await shortenLimits(page);
  const silent = await begin();
  await expect(note).toContainText("The connection broke before the file was whole. Nothing was saved.");
  expect(silent.failure()?.errorText).toBe("net::ERR_ABORTED");
  await note.getByRole("button", { name: "Dismiss" }).click();

  await page.reload();
  const aborted = page.waitForEvent("requestfailed", isFile);
  const cancelled = await begin();
  await note.getByRole("button", { name: "Cancel" }).click();
  expect(await aborted).toBe(cancelled);
  await expect(note).toBeHidden();
});

test("the chain is checked in the browser, and a loaded line that differs from it is named", async ({ page }) => {
  const billing = await open(page);
  await billing.history.getByRole("button", { name: "Check records" }).click();
  await expect(billing.history.getByText(/^Checked in this browser: [\d,]+ lines, no\. [\d,]+–[\d,]+\./)).toBeVisible();

  let altered = 0;
  await page.route(/transactions\?.*before_seq=/, async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    const line = json.items[20];
    line.description = `${line.description}.`;
    altered = Math.max(altered, line.seq);
    await route.fulfill({ response: answer, json });
  });
  // Its page is at hand once its line stands there.
  const frame = billing.history.getByRole("region", { name: /^Transactions, newest first/ });
  await frame.evaluate((element, place) => {
    const { height } = element.querySelector("tbody > tr[aria-rowindex]")!.getBoundingClientRect();
    element.scrollTo(0, place * height);
  }, FAR);
  await expect(frame.locator(`tr[aria-rowindex="${FAR + 2}"]`).getByRole("button")).toBeVisible();
  await billing.history.getByRole("button", { name: "Check records" }).click();
  const wrong = billing.history.getByText(/^Line no\. [\d,]+ does not fit: its contents are not what its hash was made of/);
  await expect(wrong).toBeVisible();
  const named = Number(/no\. ([\d,]+)/.exec(await wrong.innerText())![1]!.replace(/,/g, ""));
  expect(named).toBeLessThanOrEqual(altered);
  await billing.history.getByRole("button", { name: "Show line" }).click();
  await expect(page.getByRole("dialog").getByText(`no. ${named.toLocaleString("en-US")}`, { exact: true })).toBeVisible();
});

test("a monthly statement adds up, and is printed alone on A4 and on Letter @everywhere", async ({ page }) => {
  const billing = await open(page);
  await billing.history.getByRole("button", { name: "Statement" }).click();
  const dialog = page.getByRole("dialog", { name: "Monthly statement" });
  const table = dialog.getByRole("table", { name: /^Movements in/ });
  await expect(table).toBeVisible();
  await expect(dialog.getByText("Northwind Dental")).toBeVisible();
  const sums = await dialog.locator("dl dd").allInnerTexts();
  for (const sum of sums) expect(sum, "whole cents").toMatch(/^[−-]?\$[\d,]+\.\d\d$/);
  const cents = sums.map((text) => Math.round(Number(text.replace("−", "-").replace(/[$,]/g, "")) * 100));
  const [opening, moneyIn, moneyOut] = cents;
  const rounding = cents.length === 5 ? cents[3]! : 0;
  expect(opening! + moneyIn! - moneyOut! + rounding).toBe(cents.at(-1));
  await expect(dialog.getByText(/^No\. S-\d{6}, issued /)).toBeVisible();
  const hidden = await table.evaluate((table) => table.scrollWidth - table.parentElement!.clientWidth);
  expect(hidden, "every amount is in view, on a phone too").toBeLessThanOrEqual(0);
  expect(await points(table.locator("tr.statement-listed td:nth-child(4) > .money"))).toHaveLength(1);
  await expectNoViolations(page);
  // The print button hands over to the browser with the dialog no longer above the page; here it is printed in that state.
  await page.evaluate(() => {
    window.print = () => {
      (globalThis as unknown as { printed: string[] }).printed = [...document.querySelectorAll("dialog:modal")].map((one) => one.className);
    };
  });
  await dialog.getByRole("button", { name: "Print or save as PDF" }).click();
  const printed = () => page.evaluate(() => (globalThis as unknown as { printed?: string[] }).printed);
  await expect.poll(printed, "no modal dialog while printing").toEqual([]);
  // The same step, held: closed and open again, not modal.
  await page.evaluate(() => {
    const open = document.querySelector<HTMLDialogElement>("dialog:modal")!;
    open.close();
    open.show();
  });
  for (const format of ["A4", "Letter"] as const) {
    const text = pdfText(await page.pdf({ format }));
    expect(text).toContain("Northwind Dental");
    expect(text).toContain("Closing balance");
    for (const other of ["Wallet Balance", "Transaction History", "Print or save", "Sign out"]) expect(text, format).not.toContain(other);
  }
});

test.describe("a month with very many lines", () => {
  test.use({ demo: "fresh" });

  test("is summed by day, and its head is on every sheet", async ({ page, seams }) => {
    await signIn(page, "owner");
    await seams.fillLedger(20_000, 70);
    await page.reload();
    const billing = new Billing(page);
    await billing.history.getByRole("button", { name: "Statement" }).click();
    const dialog = page.getByRole("dialog", { name: "Monthly statement" });
    await expect(dialog.getByRole("table", { name: /^Movements in/ })).toBeVisible();
    await expect(dialog.getByText("Calls and AI tasks are summed by day and kind")).toBeVisible();
    const choices = await dialog.getByRole("combobox", { name: "Month" }).locator("option").count();
    expect(choices).toBeGreaterThanOrEqual(3);
    await page.evaluate(() => {
      const open = document.querySelector<HTMLDialogElement>("dialog:modal")!;
      open.close();
      open.show();
    });
    for (const format of ["A4", "Letter"] as const) {
      const sheets = pdfText(await page.pdf({ format })).split("\f").filter((sheet) => sheet.trim() !== "");
      const withRows = sheets.filter((sheet) => /\d{4}\s+[\d,]+ transactions?/.test(sheet));
      expect(withRows.length).toBeGreaterThan(0);
      for (const sheet of withRows) expect(sheet, format).toMatch(/Date\s+Movement\s+In\s+Out\s+Balance/);
      const days = withRows.flatMap((sheet) => sheet.match(/[A-Z][a-z]{2} \d{1,2}, \d{4}\s+[\d,]+ transactions?/g) ?? []);
      expect(new Set(days).size, "one row a day").toBe(days.length);
      expect(days.length).toBeGreaterThan(25);
    }
  });
});

test.describe("a ledger of sixty days", () => {
  test.use({ demo: "fresh" });

  test("a date is gone to exactly, in the whole list and in a filtered one", async ({ page, seams, server }) => {
    await signIn(page, "owner");
    await seams.fillLedger(6_000, 60);
    await page.reload();
    const { history, lines } = new Billing(page);
    await expect(lines.nth(5)).toBeVisible();
    const field = history.getByLabel("Go to date");
    const shown = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "America/Chicago" });
    const goTo = async (daysAgo: number) => {
      const day = new Date(server.now.getTime() - daysAgo * 86_400_000).toISOString().slice(0, 10);
      await field.fill("");
      await field.fill(day);
      const words = shown.format(new Date(`${day}T18:00:00Z`));
      await expect(history.getByRole("row").filter({ hasText: words }).first(), words).toBeInViewport();
      await expect(history.getByText("Loading…")).toHaveCount(0);
    };
    await goTo(45);
    await history.getByRole("button", { name: "AI tasks" }).click();
    await expect(history.getByRole("status").filter({ hasText: /^1,000 matches/ })).toBeVisible();
    for (const daysAgo of [33, 50, 21]) await goTo(daysAgo);
  });
});

test("amounts stand with their points below each other", async ({ page }) => {
  await signIn(page, "owner");
  const { history, lines } = new Billing(page);
  await expect(lines.nth(5)).toBeVisible();
  const amounts = history.locator("tbody td:nth-child(3) > .money");
  const digits = (await amounts.allInnerTexts()).map((text) => text.split(".")[1]!.length);
  expect(new Set(digits).size, "amounts of different length").toBeGreaterThan(1);
  expect(await points(amounts.filter({ hasText: /\.\d{2,4}$/ }))).toHaveLength(1);
});

test("the lines use the width that there is, and no amount is cut @everywhere", async ({ page }) => {
  await signIn(page, "owner");
  const { history, lines } = new Billing(page);
  await expect(lines.nth(5)).toBeVisible();
  const { gap, cut } = await history.getByRole("table").evaluate((table) => {
    const row = table.querySelectorAll("tbody > tr[aria-rowindex]")[3]!;
    const last = [...row.children].filter((cell) => cell.checkVisibility()).pop()!;
    const amounts = [...table.querySelectorAll<HTMLElement>("tbody td.numeric > .money")].filter((one) => one.checkVisibility());
    return {
      gap: Math.round(table.getBoundingClientRect().right - last.getBoundingClientRect().right),
      cut: amounts.filter((one) => one.getBoundingClientRect().left < one.closest("td")!.getBoundingClientRect().left).map((one) => one.textContent),
    };
  });
  expect(gap, "empty pixels behind the last column").toBeLessThanOrEqual(1);
  expect(cut).toEqual([]);
});

/** The places across the page, in whole pixels, where the points of these amounts stand. */
function points(amounts: Locator): Promise<number[]> {
  return amounts.evaluateAll((all) => {
    const place = (amount: Element) => {
      const words = amount.firstChild as Text;
      const range = document.createRange();
      range.setStart(words, words.data.lastIndexOf("."));
      range.setEnd(words, words.data.lastIndexOf(".") + 1);
      return Math.round(range.getBoundingClientRect().left);
    };
    return [...new Set(all.map(place))];
  });
}
