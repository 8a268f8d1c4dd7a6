// The Monthly Usage Summary: a walk through its days by key, tap and pointer, the same as a table, spikes and sources
// that lead to their transactions.
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "../fixture/test.ts";
import { violations } from "../fixture/axe.ts";
import { overflowPixels } from "../fixture/layout.ts";
import { Billing } from "../fixture/billing.ts";
import { BILLING, signIn } from "../fixture/people.ts";

/** The month before the present one, all of whose days are there, and its chart. */
async function lastMonth(page: Page): Promise<{ usage: Locator; days: Locator }> {
  await signIn(page, "owner");
  const { usage } = new Billing(page);
  await usage.getByRole("button", { name: "Previous month" }).click();
  await expect(usage.getByText("Spent", { exact: true })).toBeVisible();
  const days = usage.getByRole("listbox", { name: /^Days of / }).getByRole("option");
  await expect(days.first()).toBeVisible();
  return { usage, days };
}

test("arrow keys, Home and End walk through the days, and Enter leads to the day's transactions @everywhere", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  const last = (await days.count()) - 1;
  expect(last).toBeGreaterThanOrEqual(27);
  await expect(days.nth(last), "one stop in the tab order, at the last day").toHaveAttribute("tabindex", "0");
  await expect(usage.locator('[role="option"][tabindex="0"]')).toHaveCount(1);

  await days.nth(last).focus();
  for (const [key, index] of [
    ["Home", 0],
    ["ArrowLeft", 0],
    ["ArrowRight", 1],
    ["ArrowRight", 2],
    ["PageDown", 9],
    ["End", last],
    ["ArrowRight", last],
    ["ArrowLeft", last - 1],
  ] as const) {
    await page.keyboard.press(key);
    await expect(days.nth(index), key).toBeFocused();
    await expect(days.nth(index), key).toHaveAttribute("aria-selected", "true");
  }
  await expect(usage.getByRole("listbox").getByRole("option", { selected: true })).toHaveCount(1);
  const name = (await days.nth(last - 1).getAttribute("aria-label")) ?? "";
  await expect(usage.getByText(name.split(": ")[0]!, { exact: true })).toBeVisible();

  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=(\d{4}-\d\d-\d\d)&to=\1$/);
});

test("what is heard of a day is what is seen: total, kinds, against the usual day", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  await days.nth(20).focus();
  const label = (await days.nth(20).getAttribute("aria-label")) ?? "";
  expect(label).toMatch(/^\w+, \w+ 21: \$[\d,.]+/);
  expect(label).toMatch(/\d+\.\d × the usual day, \$[\d.]+ (above|below) \$[\d.]+/);
  for (const kind of ["Outbound calls", "Inbound calls", "AI tasks"]) expect(label).toMatch(new RegExp(`${kind} \\$[\\d,.]+`));
  await expect(usage.getByText(/× the usual day, \$[\d.]+ (above|below)/).last()).toBeVisible();
});

test("pointing at a day tells of it, and the words go back when the pointer leaves", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  await days.nth(3).click();
  await days.nth(10).hover();
  const told = (index: number) => usage.getByText(new RegExp(`^\\w+, \\w+ ${index + 1}$`));
  await expect(told(10)).toBeVisible();
  await usage.getByRole("heading", { name: "Cost by agent" }).hover();
  await expect(told(3)).toBeVisible();
  await expect(told(10)).toBeHidden();
  await usage.getByRole("button", { name: "Next day" }).click();
  await expect(told(4)).toBeVisible();
  await expect(usage.getByRole("button", { name: "Next day" }), "the button keeps its focus").toBeFocused();
});

test("a tap chooses a day, and the buttons beside go on from there @phone", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  await days.nth(6).tap();
  await expect(days.nth(6)).toHaveAttribute("aria-selected", "true");
  await usage.getByRole("button", { name: "Previous day" }).tap();
  await expect(days.nth(5)).toHaveAttribute("aria-selected", "true");
  await expect(usage.getByText(/^\w+, \w+ 6$/)).toBeVisible();
});

test("one key shows the same as a table, which is remembered and has every figure @everywhere", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  const count = await days.count();
  const label = (await days.first().getAttribute("aria-label")) ?? "";
  const [, day, total] = /^(.*?): (\$[\d,.]*\d)/.exec(label) ?? [];
  await days.nth(2).focus();
  await page.keyboard.press("t");
  const table = usage.getByRole("table", { name: /^Spending by day in / });
  await expect(table.getByRole("row")).toHaveCount(count + 1);
  await expect(table.getByRole("row").nth(1).getByRole("rowheader")).toContainText(day!);
  await expect(table.getByRole("row").nth(1)).toContainText(total!);
  await expect(usage.getByRole("button", { name: "Show as chart" }), "focus is not lost with the chart").toBeFocused();

  await page.reload();
  await expect(usage.getByRole("table", { name: /^Spending by day in / })).toBeVisible();
  await usage.getByRole("button", { name: "Show as chart" }).focus();
  await page.keyboard.press("t");
  await expect(usage.getByRole("listbox", { name: /^Days of / })).toBeVisible();
});

test("the letter is typed, not obeyed, where somebody types", async ({ page }) => {
  const { usage } = await lastMonth(page);
  const { history } = new Billing(page);
  await history.getByRole("searchbox", { name: "Search" }).fill("");
  await page.keyboard.press("t");
  await expect(history.getByRole("searchbox", { name: "Search" })).toHaveValue("t");
  await expect(usage.getByRole("button", { name: "Show as table" })).toBeVisible();
});

test("the chart has its summary in words: total, highest day, spikes, projection", async ({ page }) => {
  await signIn(page, "owner");
  const { usage } = new Billing(page);
  const chart = usage.getByRole("img", { name: /^Spending by day in / });
  await expect(chart).toHaveAccessibleName(/: \$[\d,.]+ in all, most on \w+, \w+ \d+ with \$[\d,.]+\. .*[Ss]pike.* Projected for the whole month: \$[\d,.]+\.$/);
  await expect(usage.getByText("Projected", { exact: true })).toBeVisible();
});

test("a spike says how far, how much, of what and from whom, and leads to exactly its lines @everywhere", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const { history } = billing;
  const spike = (await billing.spikes()).filter({ hasText: "Spike on" }).first();
  await expect(spike).toContainText(/\d+\.\d × the usual day/);
  await expect(spike).toContainText(/\$[\d,.]+, which is \$[\d,.]+ above the usual \$[\d,.]+\./);
  await expect(spike.getByRole("list", { name: "Largest sources" }).getByRole("listitem").first()).toContainText(/Agent Nora \$[\d,.]+ \d+%/);
  await spike.getByRole("button", { name: "Show these transactions" }).click();
  await expect(page).toHaveURL(/kind=outbound_call&from=(\d{4}-\d\d-\d\d)&to=\1(&q=Agent%20Nora)?$/);
  await expect(history.getByRole("button", { name: "Outbound calls" })).toHaveAttribute("aria-pressed", "true");
  const lines = history.getByRole("row").filter({ has: page.getByRole("cell") });
  await expect(lines.first()).toContainText("Outbound call");
});

test("cost per source adds up to the month, and a source leads to its transactions @everywhere", async ({ page }) => {
  const { usage } = await lastMonth(page);
  const table = usage.getByRole("table", { name: /^Cost by agent in / });
  const rows = table.getByRole("row").filter({ has: page.getByRole("rowheader") });
  await expect(rows.first()).toBeVisible();
  const cents = (text: string) => Number((/\$([\d,]+\.\d\d)/.exec(text)?.[1] ?? "").replace(/[,.]/g, ""));
  let sum = 0;
  let tenths = 0;
  for (const text of await rows.allTextContents()) {
    sum += cents(text);
    tenths += Number((/(\d+\.\d)%/.exec(text)?.[1] ?? "").replace(".", ""));
  }
  const total = cents(await usage.getByText(/^\$[\d,]+\.\d\d$/).first().innerText());
  // Every row is rounded for itself.
  expect(Math.abs(sum - total)).toBeLessThanOrEqual(await rows.count());
  expect(tenths, "shares").toBe(1000);
  const source = table.getByRole("button").first();
  const name = await source.innerText();
  await source.click();
  await expect(page).toHaveURL(new RegExp(`&q=${encodeURIComponent(name)}$`));
  await expect(new Billing(page).history.getByRole("row").filter({ has: page.getByRole("cell") }).first()).toBeVisible();
});

test("figures that change while somebody walks through the days do not move them", async ({ page, seams }) => {
  await signIn(page, "owner");
  const { usage } = new Billing(page);
  const days = usage.getByRole("listbox", { name: /^Days of / }).getByRole("option");
  await days.first().focus();
  const today = days.last();
  const before = (await today.getAttribute("aria-label")) ?? "";
  await seams.use({ kind: "ai_task", quantity: "1", unit: "task", unit_price: "7", description: "A task", source: "A new source" });
  await expect(today).not.toHaveAttribute("aria-label", before, { timeout: 20_000 });
  await expect(days.first()).toBeFocused();
  await expect(usage.getByRole("table", { name: /^Cost by agent in / })).toContainText("A new source");
});

test("without its code the figures stand, and the rest can be asked for again", async ({ page, watch }) => {
  await signIn(page, "owner");
  watch.expectOffline();
  watch.expectFailedFetch();
  const later = "**/split_settings-*.wasm";
  await page.route(later, (route) => route.abort());
  await page.goto(BILLING);
  const { usage } = new Billing(page);
  await expect(usage.getByText("Spent so far")).toBeVisible();
  await expect(usage.getByRole("alert")).toContainText("This part could not be loaded");
  await page.unroute(later);
  await usage.getByRole("button", { name: "Try again" }).click();
  await expect(usage.getByRole("listbox", { name: /^Days of / })).toBeVisible();
});

test("the chart runs left to right in a page that does not, and nothing scrolls sideways @everywhere", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  const first = await days.first().boundingBox();
  const last = await days.last().boundingBox();
  expect(first!.x).toBeLessThan(last!.x);
  await days.first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(days.nth(1)).toBeFocused();
  const overflow = await overflowPixels(page);
  expect(overflow).toBeLessThanOrEqual(0);
  await expect(usage).toBeVisible();
});

test("the kinds are told apart without color, and axe finds nothing, also with forced colors @everywhere", async ({ page }) => {
  const { usage, days } = await lastMonth(page);
  await days.nth(4).focus();
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  const fills = await usage.getByRole("img", { name: /^Spending by day/ }).evaluate((svg) =>
    ["part-0", "part-1", "part-2"].map((name) => getComputedStyle(svg.querySelector(`.${name}`)!).fill),
  );
  expect(new Set(fills).size, fills.join()).toBe(3);
  expect(fills[1], "a pattern").toContain("#chart-hatch");
  expect(await violations(page, ".usage")).toEqual([]);
});
