// Inviting people and letting them go: from a link to somebody who is in, and out again at once.
import { expectNoViolations } from "../fixture/axe.ts";
import { press, tabTo } from "../fixture/keyboard.ts";
import { signIn } from "../fixture/people.ts";
import { type Page, expect, test } from "../fixture/test.ts";

test.use({ demo: "fresh" });

const MEMBERS = "/settings/members";
const PASSWORD = "correct horse battery";

/** Invites somebody as the signed-in owner, without a mouse; the link that is shown. */
async function invite(owner: Page, email: string, role: string): Promise<string> {
  const form = owner.getByRole("region", { name: "Invitations" });
  await tabTo(owner, form.getByRole("textbox", { name: "Email" }));
  await owner.keyboard.type(email);
  await form.getByRole("combobox", { name: "Role" }).selectOption(role);
  await press(owner, "Invite");
  const link = form.getByRole("textbox", { name: "Invitation link" });
  await expect(link).toHaveValue(/\/accept#t=[0-9a-f]{64}$/);
  return link.inputValue();
}

test("an invited person comes in by the link, once, and is taken out at once @everywhere", async ({ page, browser, server }) => {
  await signIn(page, "owner", MEMBERS);
  const link = await invite(page, "nina@new.test", "admin");
  await expect(page.getByRole("cell", { name: "Admin" }).last()).toBeVisible();
  await expectNoViolations(page);

  const context = await browser.newContext({ baseURL: server.origin });
  const nina = await context.newPage();
  await nina.goto(link);
  await expect(nina.getByText("Your role: Admin.", { exact: false })).toBeVisible();
  expect(new URL(nina.url()).hash, "the token is out of the address").toBe("");
  await expectNoViolations(nina);
  await nina.getByRole("button", { name: "Join" }).click();
  await expect(nina.getByText("At least 12 characters.", { exact: true })).toBeVisible();
  await nina.getByLabel("Your name").fill("Nina New");
  await nina.getByLabel("New password").fill(PASSWORD);
  await nina.getByRole("button", { name: "Join" }).click();
  await expect(nina).toHaveURL(/\/settings\/billing$/);
  await expect(nina.getByRole("heading", { name: "Billing" }).first()).toBeVisible();

  await page.reload();
  await expect(page.getByRole("region", { name: "Invitations" }).getByRole("table")).toBeHidden();
  await page.getByRole("button", { name: "Remove Nina New" }).click();
  const question = page.getByRole("dialog", { name: /^Remove Nina New from/ });
  await expectNoViolations(page);
  await question.getByRole("button", { name: "Remove" }).click();
  await expect(question).toBeHidden();
  await expect(page.getByRole("rowheader", { name: /Nina New/ })).toBeHidden();
  // The open page learns of it by its stream.
  await expect(nina.getByRole("heading", { name: "Billing" }).first()).toBeHidden();

  await nina.goto("about:blank");
  await nina.goto(link);
  await expect(nina.getByText("This invitation has been used", { exact: false })).toBeVisible();
  await context.close();
});

test("an invitation is sent again by another link, and withdrawn", async ({ page, watch }) => {
  await signIn(page, "owner", MEMBERS);
  const first = await invite(page, "max@new.test", "member");
  await page.getByRole("button", { name: "Send the invitation to max@new.test again" }).click();
  const link = page.getByRole("textbox", { name: "Invitation link" });
  await expect(link).not.toHaveValue(first);
  const second = await link.inputValue();
  await page.getByRole("button", { name: "Withdraw the invitation to max@new.test" }).click();
  await expect(link).toBeHidden();
  watch.expectStatus(410);
  await page.goto(second);
  await expect(page.getByText("This invitation has been used", { exact: false })).toBeVisible();
});

test("the only owner is told why they cannot leave", async ({ page, watch }) => {
  watch.expectStatus(409);
  await signIn(page, "owner", MEMBERS);
  await page.getByRole("button", { name: "Leave" }).click();
  const question = page.getByRole("dialog", { name: /^Leave / });
  await question.getByRole("button", { name: "Leave" }).click();
  await expect(question.getByRole("alert").filter({ hasText: "This is the only owner" })).toBeVisible();
});
