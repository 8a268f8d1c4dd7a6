// docs/adopt.md as somebody follows it: its commands, from an empty folder to the tab in the host's page.
import { expect, test } from "@playwright/test";
import { Billing, CARDS } from "../fixture/billing.ts";
import { blockThirdPartyCookies } from "../fixture/cookies.ts";
import { CommandRun, readCommands } from "../fixture/commands.ts";
import { Watch } from "../fixture/watch.ts";

const MOST_COMMANDS = 10;

test("ten commands lead to the host's own user, a metered call, and a top-up", async ({ page }, info) => {
  const commands = await readCommands("docs/adopt.md");
  expect(commands.length).toBeLessThanOrEqual(MOST_COMMANDS);
  const watch = new Watch();
  await watch.attach(page);
  await blockThirdPartyCookies(page);
  const begun = Date.now();
  const run = await CommandRun.run(commands, /host app at /);
  try {
    await page.goto(`http://127.0.0.1:${run.ports.host}`);
    const frame = page.frameLocator("nexis-billing iframe");
    const billing = new Billing(frame);
    await expect(billing.history.getByText("Call to a patient")).toBeVisible();
    info.annotations.push({ type: "from setup to the call in the tab", description: `${Date.now() - begun} ms` });
    await expect(billing.history).toContainText("0.49");
    await billing.connectCard(CARDS.pays);
    await billing.addBalance("50");
    await billing.pay();
    await expect(frame.getByRole("dialog", { name: "Balance added" })).toBeVisible();
    expect(run.output.filter((line) => /\b(WARN|ERROR)\b/.test(line))).toEqual([]);
    await page.goto("about:blank");
    expect(watch.complaints).toEqual([]);
  } finally {
    await run.stop();
  }
});
