// The second factor in the page: set up with an app, asked for at the door, and switched off.
import { createHmac } from "node:crypto";
import { expectNoViolations } from "../fixture/axe.ts";
import { signIn } from "../fixture/people.ts";
import { type Page, expect, test } from "../fixture/test.ts";

test.use({ demo: "fresh", flags: ["--secret-key", "a key for second factors in tests only"] });

/** What an authenticator app shows for this secret, so many steps from now (RFC 6238). */
function codeOf(secret: string, steps: number): string {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(counter).digest();
  const word = tag.readUInt32BE(tag[19]! & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, "0");
}

async function enter(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: "Email" }).fill("admin@demo.test");
  await page.getByLabel("Password").fill("demo");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("a code of the app is asked for from then on, until it is switched off @everywhere", async ({ page, watch }) => {
  await signIn(page, "admin", "/settings/profile");
  const panel = page.getByRole("region", { name: "Second factor" });
  await panel.getByRole("button", { name: "Set up" }).click();
  await expect(panel.getByRole("img", { name: "QR code for your authenticator app" })).toBeVisible();
  const secret = await panel.getByRole("textbox", { name: "Secret" }).inputValue();
  await expectNoViolations(page);
  watch.expectStatus(422);
  await panel.getByRole("textbox", { name: "Code" }).fill("12345");
  await panel.getByRole("button", { name: "Switch on" }).click();
  await expect(panel.getByRole("alert").filter({ hasText: "This code is wrong" })).toBeVisible();
  await panel.getByRole("textbox", { name: "Code" }).fill(codeOf(secret, 0));
  await panel.getByRole("button", { name: "Switch on" }).click();
  const recovery = panel.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await expect(recovery).toHaveCount(8);
  await expectNoViolations(page);
  const codes = await recovery.allInnerTexts();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  watch.expectStatus(401);
  await enter(page);
  const code = page.getByRole("textbox", { name: "Code" });
  await expect(code).toBeFocused();
  await expectNoViolations(page);
  await code.fill(codeOf(secret, 1));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings\/billing$/);

  await page.goto("/settings/profile");
  await panel.getByLabel("Present password").fill("demo");
  await panel.getByRole("textbox", { name: "Code" }).fill(codes[0]!);
  await panel.getByRole("button", { name: "Switch off" }).click();
  await expect(panel.getByRole("button", { name: "Set up" })).toBeVisible();
});
