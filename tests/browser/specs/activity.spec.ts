// The Activity tab: owners read who changed what, and nobody else sees it.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expectAccessible } from "../fixture/accessible.ts";
import { NARROW, overflowPixels } from "../fixture/layout.ts";
import { openSession, signIn } from "../fixture/people.ts";
import { expect, test } from "../fixture/test.ts";

const ACTIVITY = "/settings/activity";

/** Changes the role of the demo's member, as the owner does. */
async function changeRole(page: Page, role: string): Promise<void> {
  const session = { "sec-fetch-site": "same-origin" };
  const members = (await (await page.request.get("/api/v1/members")).json()) as { items: { id: string; email: string }[] };
  const id = members.items.find((one) => one.email === "member@demo.test")?.id;
  const answer = await page.request.put(`/api/v1/members/${id}/role`, { data: { role }, headers: session });
  expect(answer.status(), await answer.text()).toBe(200);
}

const entries = (page: Page) => page.getByRole("list", { name: "Activity" }).locator("> li");

test("an owner reads who changed what, from where, before and after", async ({ page }) => {
  await openSession(page, "owner");
  await changeRole(page, "admin");
  await page.goto(ACTIVITY);
  const changed = entries(page).filter({ hasText: "Role of" }).first();
  await expect(changed).toContainText("Role: Member → Admin");
  await expect(changed).toContainText("127.0.0.1");
  await expect(changed.getByRole("time")).toBeVisible();
  await expect(entries(page).filter({ hasText: "Signed in" }).first()).toBeVisible();
  await expect(page.getByRole("link", { name: "Activity" })).toHaveAttribute("aria-current", "page");
  await expectAccessible(page);
});

test("older entries come below, and all of them are a file", async ({ page }) => {
  await openSession(page, "owner");
  for (let turn = 0; turn < 55; turn += 1) await changeRole(page, turn % 2 === 0 ? "admin" : "member");
  await page.goto(ACTIVITY);
  await expect(entries(page)).toHaveCount(50);
  await page.getByRole("button", { name: "Show older entries" }).click();
  await expect.poll(() => entries(page).count()).toBeGreaterThan(55);
  await expect(page.getByRole("button", { name: "Show older entries" })).toHaveCount(0);

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^activity-.*-\d{4}-\d{2}-\d{2}\.csv$/);
  const text = await readFile(await file.path(), "utf8");
  expect(text.split("\r\n").filter((line) => line.includes("member.change_role"))).toHaveLength(55);
});

test("what cannot be read says so and is tried again", async ({ page, watch }) => {
  watch.expectStatus(503);
  await openSession(page, "owner");
  await page.route("**/api/v1/audit?*", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: "{}" }), { times: 1 });
  await page.goto(ACTIVITY);
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByRole("alert").getByRole("button").click();
  await expect(entries(page).first()).toBeVisible();
});

test("nobody but owners has the tab", async ({ page, watch }) => {
  watch.expectStatus(403);
  await signIn(page, "admin", "/settings/members");
  await expect(page.getByRole("link", { name: "Members" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Activity" })).toHaveCount(0);
  await page.goto(ACTIVITY);
  await expect(page.getByRole("region", { name: "Activity" }).getByRole("alert")).toBeVisible();
  await expect(entries(page)).toHaveCount(0);
});

test("the tabs stay in one row at 320 px, with the present one in view", async ({ page }) => {
  await page.setViewportSize(NARROW);
  await signIn(page, "owner", ACTIVITY);
  const tabs = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
  const tops = new Set<number>();
  for (const tab of await tabs.all()) tops.add(Math.round((await tab.boundingBox())?.y ?? -1));
  expect(tops.size).toBe(1);
  expect(await overflowPixels(page)).toBe(0);
  await expect(page.getByRole("link", { name: "Activity" })).toBeInViewport({ ratio: 0.99 });
  // By keyboard the first one comes back into view.
  await tabs.last().focus();
  for (let turn = 1; turn < (await tabs.count()); turn += 1) await page.keyboard.press("Shift+Tab");
  await expect(tabs.first()).toBeFocused();
  await expect(tabs.first()).toBeInViewport({ ratio: 0.99 });
});
