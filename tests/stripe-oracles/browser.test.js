// The glue in a real browser, with the stand-in's stripe.js from another origin (STRIPE_FAKE), under the page's own loader
// and content policy. Playwright is that of tests/browser; NEXIS_BILLING_CHROMIUM names the browser.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const { chromium } = createRequire(new URL("../browser/package.json", import.meta.url))("@playwright/test");
const fake = process.env.STRIPE_FAKE;
const SCRIPT = `${fake}/endive/stripe.js`;
const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
// The loader without languages and the app, which this page has not: the policies.
const LOADER = source("public/loader.js").replace(/^import .*$/gm, "").split("\n// English stands")[0];
// As http/security.rs writes it for a stand-in.
const POLICY =
  `default-src 'none'; script-src 'self' ${fake} 'wasm-unsafe-eval'; style-src 'self'; frame-src ${fake}; ` +
  `connect-src 'self' ${fake}; img-src 'self' ${fake} data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; ` +
  `require-trusted-types-for 'script'; trusted-types default`;
const FILES = {
  "/loader.js": ["text/javascript", LOADER],
  "/stripe_glue.js": ["text/javascript", source("public/stripe_glue.js")],
  "/": [
    "text/html",
    `<!doctype html><title>Card</title><script type="application/json" id="bootstrap">${JSON.stringify({
      service: { stripe: { script_url: SCRIPT } },
    })}</script><div id="place"></div><script type="module" src="/loader.js"></script>`,
  ],
};

let server, browser, page;

before(async () => {
  server = createServer((request, answer) => {
    const [type, body] = FILES[request.url] ?? ["text/plain", ""];
    answer.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: process.env.NEXIS_BILLING_CHROMIUM, args: options });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async () => (globalThis.glue = await import("/stripe_glue.js")));
});

after(async () => {
  await browser?.close();
  server?.close();
});

const headers = { authorization: "Bearer sk_test_browser", "stripe-version": "2026-10-28.endive" };
const make = async (path, body) =>
  (await fetch(fake + path, { method: "POST", headers, body: new URLSearchParams({ ...body, "allowed_payment_method_types[]": "card" }) })).json();

test("the form takes one card after another, the challenge is answered, and the payment's too", async () => {
  const made = await fetch(`${fake}/v1/customers`, { method: "POST", headers, body: "metadata[organization_id]=o" });
  const customer = (await made.json()).id;
  const setup = await make("/v1/setup_intents", { customer, usage: "off_session" });
  await page.evaluate(
    async ([secret, script]) => {
      const place = document.getElementById("place");
      globalThis.form = await globalThis.glue.mountPaymentElement("pk_test_browser", secret, place, script);
    },
    [setup.client_secret, SCRIPT],
  );
  const confirm = () => page.evaluate(() => globalThis.glue.confirmSetup(globalThis.form, location.href));
  const frame = page.frameLocator("iframe[title='Secure payment input frame']");
  await frame.getByLabel("Card number").fill("4000 0000 0000 0002");
  assert.equal(await confirm(), "Your card was declined.");
  await frame.getByLabel("Card number").fill("4000 0027 6000 3184");
  const confirming = confirm();
  await frame.getByRole("button", { name: "Complete" }).click();
  assert.equal(await confirming, undefined);
  const now = await (await fetch(`${fake}/v1/setup_intents/${setup.id}`, { headers })).json();
  assert.equal(now.status, "succeeded");

  const card = now.payment_method;
  const asked = await make("/v1/payment_intents", { amount: 2500, currency: "usd", customer, payment_method: card, confirm: true, use_stripe_sdk: true });
  assert.equal(asked.status, "requires_action");
  const acting = page.evaluate(([secret, script]) => globalThis.glue.nextAction("pk_test_browser", secret, "", script), [asked.client_secret, SCRIPT]);
  await page.frameLocator("iframe").last().getByRole("button", { name: "Fail" }).click();
  assert.equal(await acting, "Your card was declined.");
  await page.evaluate(() => globalThis.glue.destroy(globalThis.form));
  assert.equal(await page.locator("iframe").count(), 0);
});

test("a script from elsewhere is refused, and so is a form that cannot be loaded", async () => {
  const refused = await page.evaluate(() => {
    try {
      document.createElement("script").src = "https://elsewhere.example/stripe.js";
      return "taken";
    } catch (error) {
      return error.message;
    }
  });
  assert.equal(refused, "Refused to load a script from elsewhere");
  const fresh = await browser.newPage();
  await fresh.goto(page.url());
  const failed = await fresh.evaluate(async (script) => {
    const glue = await import("/stripe_glue.js");
    const attempt = () => glue.mountPaymentElement("pk_test_browser", "seti_x", document.body, script).then(() => "loaded", (error) => error.message);
    return [await attempt(), await attempt()];
  }, `${fake}/no/such.js`);
  assert.deepEqual(failed, ["The card form could not be loaded.", "The card form could not be loaded."]);
});
