// The first paint brings the balance with it, and an open page stays true without being asked.
import { expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { BILLING, ask, signIn } from "../fixture/people.ts";

const CALL = { kind: "outbound_call", quantity: "100", unit: "second", unit_price: "0.02", source: "Agent Live" } as const;

test("the balance is on the first screen with five requests, none of them after the Wasm has started", async ({ page }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await expect(billing.balance).toBeVisible();
  // What the page that is left still asks for, while it rests, is none of the next one's requests.
  await page.goto("about:blank");

  const requests: string[] = [];
  page.on("request", (request) => requests.push(`${request.resourceType()} ${new URL(request.url()).pathname}`));
  // The balance becomes visible: what was asked for by then is what it took.
  await page.exposeBinding("balanceIsVisible", () => requests.push("BALANCE"));
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      const figure = [...document.querySelectorAll("main bdi")].find((element) => /^\$[\d,]+\.\d\d$/.test(element.textContent ?? ""));
      if (figure && figure.checkVisibility()) {
        observer.disconnect();
        (globalThis as unknown as { balanceIsVisible: () => void }).balanceIsVisible();
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto(BILLING);
  await expect(billing.balance).toBeVisible();
  await expect.poll(() => requests.includes("BALANCE")).toBe(true);

  const before = requests.slice(0, requests.indexOf("BALANCE"));
  const wasm = before.findIndex((request) => request.endsWith(".wasm"));
  expect(wasm, "the Wasm was fetched").toBeGreaterThanOrEqual(0);
  expect(before.length, before.join("\n")).toBeLessThanOrEqual(5);
  expect(before.filter((request) => request.includes("/api/") && !request.endsWith("/events")), "round trips for the figures").toEqual([]);
});

test("a call that is posted moves the balance and is a new line, on every open page", async ({ page, browser, server, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const other = await browser.newPage({ baseURL: server.origin });
  await signIn(other, "admin");
  const before = await billing.cents();

  await seams.use({ ...CALL, description: "A call while you watch" });
  for (const open of [billing, new Billing(other)]) {
    await expect(open.history.getByRole("row").nth(1)).toContainText("A call while you watch");
    await expect.poll(() => open.cents()).toBe(before - 200);
  }
  await other.close();
});

test("lines arrive in order, each once, also over a connection that was cut", async ({ page, seams, context, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const texts = billing.history.getByRole("row").filter({ hasText: "Numbered call" });
  await seams.use({ ...CALL, description: "Numbered call 1" });
  await expect(texts).toHaveCount(1);

  watch.expectOffline();
  await context.setOffline(true);
  await seams.use({ ...CALL, description: "Numbered call 2" });
  await seams.use({ ...CALL, description: "Numbered call 3" });
  await context.setOffline(false);
  await expect(texts).toHaveCount(3, { timeout: 30_000 });
  await seams.use({ ...CALL, description: "Numbered call 4" });
  await expect(texts).toHaveCount(4);
  const order = await texts.allInnerTexts();
  expect(order.map((text) => /Numbered call (\d)/.exec(text)?.[1])).toEqual(["4", "3", "2", "1"]);
});

test("a request of a member appears by itself, and topping up for it settles both @stripe", async ({ page, browser, server }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const member = await browser.newPage({ baseURL: server.origin });
  await signIn(member, "member");
  await ask(member, "35", "For the recall campaign");

  const request = page.getByRole("region", { name: "Requests from members" }).getByRole("listitem").filter({ hasText: "For the recall campaign" });
  await request.getByRole("button", { name: /Top up \$35\.00/ }).click();
  await expect(page.getByText("Pay $35.00 USD with Visa •• 4242")).toBeVisible();
  await billing.pay();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(request).toHaveCount(0);
  await expect.poll(() => billing.cents()).toBe(before + 3500);
  await member.reload();
  await expect(member.getByRole("listitem").filter({ hasText: "For the recall campaign" })).toContainText("Approved");
  await member.close();
});
