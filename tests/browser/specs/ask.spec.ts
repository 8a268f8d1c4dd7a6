// A member asks, an admin answers in place: by paying, which alone approves, or with a word. Both see it live.
import type { Browser } from "@playwright/test";
import { type Page, expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { ask, signIn } from "../fixture/people.ts";
import type { Server } from "../fixture/server.ts";

test("a request appears on the admin's tab, is approved by the payment, and the member sees it @everywhere", async ({ page, browser, server, seams, watch }) => {
  watch.expectStatus(402);
  const member = await asMember(browser, server);
  await signIn(page, "admin");
  const billing = new Billing(page);
  await expect(requests(page)).toHaveCount(0);
  await ask(member, "75", "The campaign starts on Monday");
  const request = requests(page).getByRole("listitem").filter({ hasText: "The campaign starts on Monday" });
  await expect(request, "live, without a reload").toContainText("$75.00");

  await request.getByRole("button", { name: "Top up $75.00…" }).click();
  const dialog = page.getByRole("dialog", { name: "Manual Balance Top-Up" });
  await expect(dialog.getByRole("textbox", { name: "Amount (USD)" })).toHaveValue("75.00");
  await expect(dialog).toContainText("Visa •• 4242");
  const waiting = member.getByRole("listitem").filter({ hasText: "The campaign starts on Monday" });
  await expect(waiting, "nothing is approved before the money").toContainText("Waiting");
  await seams.bank("decline:insufficient_funds");
  await billing.pay();
  await expect(dialog.getByText("The payment was declined. Nothing was charged.")).toBeVisible();
  await expect(waiting).toContainText("Waiting");
  await billing.pay();
  await expect(page.getByRole("dialog", { name: "Balance added" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(requests(page)).toHaveCount(0);

  await expect(waiting, "live, without a reload").toContainText("Approved");
  await expect(member.getByRole("status").filter({ hasText: "Your request for $75.00 was approved" })).toHaveCount(1);
  await member.reload();
  await expect(waiting, "and on return").toContainText("Approved");
  await close(member);
});

test("a request that is declined with a word leaves the tab, and the word arrives", async ({ page, browser, server }) => {
  const member = await asMember(browser, server);
  await ask(member, "40", "Another line");
  await signIn(page, "owner");
  const request = requests(page).getByRole("listitem").filter({ hasText: "Another line" });
  await request.getByRole("button", { name: "Decline" }).click();
  await request.getByRole("textbox", { name: /^A word to/ }).fill("Next month.");
  await request.getByRole("button", { name: "Decline the request" }).click();
  await expect(requests(page)).toHaveCount(0);
  const answered = member.getByRole("listitem").filter({ hasText: "Another line" });
  await expect(answered).toContainText("Declined");
  await expect(answered).toContainText("Next month.");
  await close(member);
});

test("a member who becomes an admin gets the tab at once", async ({ page, browser, server, watch }) => {
  watch.expectStatus(403);
  await signIn(page, "member");
  await expect(page.getByText("Billing is managed by")).toBeVisible();
  const owner = await browser.newPage({ baseURL: server.origin });
  await signIn(owner, "owner", "/settings/members");
  await owner.getByRole("row").filter({ hasText: "member@demo.test" }).getByRole("combobox").selectOption({ label: "Admin" });
  await owner.getByRole("dialog").getByRole("button", { name: "Change role" }).click();
  await expect(page.getByRole("heading", { name: "Wallet Balance" })).toBeVisible();
  await close(owner);
});

function requests(page: Page) {
  return page.getByRole("region", { name: "Requests from members" });
}

async function asMember(browser: Browser, server: Server): Promise<Page> {
  const member = await (await browser.newContext({ baseURL: server.origin })).newPage();
  await signIn(member, "member");
  return member;
}

/** Away from the product first, so that its stream is closed by the page. */
async function close(page: Page): Promise<void> {
  await page.goto("about:blank");
  await page.context().close();
}
