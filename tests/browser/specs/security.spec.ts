// What the browser refuses on the page's behalf, and what somebody sees whose browser runs nothing at all.
import { expect, test } from "../fixture/test.ts";
import { BILLING, signIn } from "../fixture/people.ts";

test("text never becomes code: the page's own policy refuses it", async ({ page }) => {
  await signIn(page, "owner");
  const outcomes = await page.evaluate(() => {
    const texts = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", '<a href="javascript:alert(1)">x</a>', "<p>plain</p>"];
    return texts.map((text) => {
      try {
        document.createElement("div").innerHTML = text;
        return "taken";
      } catch {
        return "refused";
      }
    });
  });
  expect(outcomes).toEqual(["refused", "refused", "refused", "taken"]);
});

test("the page is sent with a policy that allows its own files and nothing inline", async ({ page }) => {
  const headers = (await page.request.get(BILLING)).headers();
  const policy = headers["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toMatch(/script-src 'self' 'wasm-unsafe-eval'(;|$)/);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).not.toContain("unsafe-inline");
});

test("nothing of the session is readable by scripts or kept in the document", async ({ page, context }) => {
  await signIn(page, "owner");
  expect(await page.evaluate(() => document.cookie)).toBe("");
  const cookies = await context.cookies();
  for (const cookie of cookies) expect(cookie, cookie.name).toMatchObject({ httpOnly: true });
  const sites = cookies.map(({ name, sameSite }) => `${name}: ${sameSite}`).sort();
  expect(sites).toEqual(["nexis_device: Strict", "nexis_session: Lax"]);
  expect(await page.locator("#bootstrap").count(), "the figures' data is taken out once it is read").toBe(0);
});

test("without JavaScript, a sentence says what is needed", async ({ browser, server }) => {
  const page = await browser.newPage({ baseURL: server.origin, javaScriptEnabled: false });
  await page.goto(BILLING);
  // Playwright's search by text leaves <noscript> out, so here the element is named.
  const sentence = page.locator("noscript p");
  await expect(sentence).toContainText("This page needs JavaScript and WebAssembly.");
  await expect(sentence).toBeVisible();
  await page.close();
});
