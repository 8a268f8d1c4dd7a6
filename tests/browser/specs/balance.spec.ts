// Wallet Balance: what is held explains itself on demand, the last movement is named, and a change draws the eye once.
import { expect, test } from "../fixture/test.ts";
import { Billing } from "../fixture/billing.ts";
import { signIn } from "../fixture/people.ts";

test("what is held for running calls says why, and stays open while it grows @everywhere", async ({ page, seams }) => {
  await signIn(page, "owner");
  const { balance } = new Billing(page);
  const held = balance.getByText("Held for running calls");
  await expect(held).toHaveCount(0);
  expect(await seams.mayStart("outbound_call")).toMatchObject({ allowed: true });
  const amount = balance.getByRole("definition").first();
  await expect(amount).toHaveText("$0.10");
  const why = balance.getByText("Each call or task that starts sets its estimated price aside.");
  await expect(why).toBeHidden();
  await held.click();
  await expect(why).toBeVisible();
  expect(await seams.mayStart("inbound_call")).toMatchObject({ allowed: true });
  await expect(amount).toHaveText("$0.20");
  await expect(why).toBeVisible();
  await expect(balance.getByText("Available for new calls")).toBeVisible();
});

test("money that comes marks the balance once, what is spent does not, and the last movement is named", async ({ page, seams }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  const before = await billing.cents();
  const figure = billing.balance.locator(".balance-figure");
  await figure.evaluate((element) => {
    Object.assign(globalThis, { marks: 0 });
    let was = false;
    const look = () => {
      const is = element.classList.contains("balance-fresh");
      if (is && !was) (globalThis as unknown as { marks: number }).marks += 1;
      was = is;
    };
    new MutationObserver(look).observe(element, { attributes: true, attributeFilter: ["class"] });
  });
  // A burst also on a machine that is slow between two of them: the page's clock stands.
  await page.clock.setFixedTime(new Date());
  for (const unit_price of ["1", "2", "3"]) {
    await seams.use({ kind: "ai_task", quantity: "1", unit: "task", unit_price, description: `Task for $${unit_price}`, source: "Agent Ava" });
    await expect(billing.balance).toContainText(`Last movement: AI task −$${unit_price}.00`);
  }
  await expect.poll(() => billing.cents()).toBe(before - 600);
  const marks = () => page.evaluate(() => (globalThis as unknown as { marks: number }).marks);
  expect(await marks(), "a balance that falls is not shown as good").toBe(0);
  await billing.addBalance("20");
  await billing.pay();
  await expect.poll(() => billing.cents()).toBe(before - 600 + 2_000);
  await expect(figure, "the mark goes by itself").not.toHaveClass(/balance-fresh/);
  expect(await marks()).toBe(1);
});

test("whoever is suspended sees it at once with its reason, still pays, and a closed organization does not @everywhere", async ({ page, seams, watch }) => {
  await signIn(page, "owner");
  const billing = new Billing(page);
  await seams.changeStatus("suspend", "Invoice 17 is overdue");
  const suspended = billing.bar("This organization is suspended");
  await expect(suspended).toBeVisible();
  await expect(suspended).toContainText("Reason: Invoice 17 is overdue");
  expect(await seams.mayStart("inbound_call")).toMatchObject({ allowed: false, reason: "suspended" });
  const before = await billing.cents();
  await suspended.getByRole("button", { name: "Add Balance" }).click();
  await billing.dialog.getByRole("textbox", { name: "Amount (USD)" }).fill("20");
  await billing.pay();
  await page.getByRole("button", { name: "Done" }).click();
  await expect.poll(() => billing.cents()).toBe(before + 2_000);
  await seams.changeStatus("resume");
  await expect(suspended).toHaveCount(0);
  await seams.changeStatus("close", "The contract has ended");
  const closed = billing.bar("This organization is closed");
  await expect(closed).toContainText("Reason: The contract has ended");
  await expect(closed.getByRole("button")).toHaveCount(0);
  watch.expectStatus(409);
  await billing.addBalance("20");
  await billing.pay();
  await expect(billing.dialog.getByText("Nothing was charged")).toBeVisible();
});
