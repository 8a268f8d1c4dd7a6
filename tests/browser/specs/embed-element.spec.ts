// The embed's own scripts on two origins, with a stand-in for the product: messages, codes, streams, files, focus and size.
import { brotliCompressSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Frame } from "@playwright/test";
import { CANARY, type Page, embedTexts, expect, test } from "../fixture/two-sites.ts";

const DIST = process.env.NEXIS_BILLING_DIST ?? path.resolve(import.meta.dirname, "../../../dist");

/** The document of the frame, to run things in it as the app would. */
const frameOf = (page: Page): Frame => {
  const found = page.frames().find((frame) => new URL(frame.url()).pathname.startsWith("/embed"));
  if (!found) throw new Error("no frame is open");
  return found;
};

const ask = (page: Page, address: string, init?: RequestInit): Promise<number> =>
  frameOf(page).evaluate(async ([address, init]) => (await fetch(address, init)).status, [address, init] as const);

/** The host was told of these, in this order. */
const expectEvents = (page: Page, types: string[]): Promise<void> =>
  expect.poll(() => page.evaluate(() => (globalThis as unknown as { events: { type: string }[] }).events.map(({ type }) => type))).toEqual(types);

test("a frame opens with one code; its token is in memory alone, and in a header alone", async ({ page, host, product, openHost }) => {
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  expect(host.asked).toEqual(["start"]);
  const exchanges = product.callsOf("/api/v1/portal/exchange").map(({ body }) => JSON.parse(body));
  expect(exchanges).toEqual([{ code: [...product.codes.keys()][0], parent_origin: host.origin }]);
  await ask(page, "/api/v1/billing?session=1&x=2", { headers: { "nexis-session": "1" } });
  const call = product.callsOf("/api/v1/billing")[0]!;
  expect(call.address).toBe("/api/v1/billing?x=2");
  expect(call.headers).toMatchObject({ authorization: expect.stringMatching(/^Bearer nbs_/) });
  expect(call.headers).not.toHaveProperty("nexis-session");
  expect(call.headers).not.toHaveProperty("cookie");
  const kept = await frameOf(page).evaluate(() => {
    const ours = Object.entries(globalThis).filter(([name]) => ["started", "nexisHost", "name"].includes(name));
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state, ours]);
  });
  expect(kept).toContain('"service":{"provider":"sandbox"');
  expect(kept).not.toMatch(/nbs_|code-/);
  expect(await frameOf(page).evaluate(() => document.documentElement.outerHTML)).not.toMatch(/nbs_|code-/);
});

test("the code is exchanged while the program is still on its way", async ({ host, product, openHost }) => {
  product.programAfter = product.exchanged;
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  expect(host.asked).toEqual(["start"]);
});

test("a frame that is loaded again gets a code of its own", async ({ page, host, openHost }) => {
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  await frameOf(page).evaluate(() => location.reload());
  await expect.poll(() => host.asked).toEqual(["start", "start"]);
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
});

test("in these tests the browser blocks third-party cookies", async ({ page, host, product }) => {
  for (let visit = 0; visit < 2; visit++) {
    await page.goto(`${host.origin}/?html=${encodeURIComponent(`<iframe src="${product.origin}${CANARY}"></iframe>`)}`);
  }
  expect(product.canaries).toEqual([undefined, undefined]);
  // Where it is no third party the same cookie comes back.
  for (let visit = 0; visit < 2; visit++) await page.goto(product.origin + CANARY);
  expect(product.canaries.slice(2)).toEqual([undefined, "canary=1"]);
});

test("a cookie of the product's own pages is never sent from a frame", async ({ page, context, product, openHost }) => {
  await context.addCookies([{ name: "nexis_session", value: "other", url: product.origin, sameSite: "Lax" }]);
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  await ask(page, "/api/v1/billing");
  for (const { headers } of product.calls) expect(headers).not.toHaveProperty("cookie");
});

test("the frame says what it is, may do what it must, and speaks the host's language", async ({ page, openHost }) => {
  const texts = await embedTexts();
  await openHost("<nexis-billing locale='de-AT'></nexis-billing>");
  const element = page.locator("nexis-billing");
  const frame = element.locator("iframe");
  await expect(frame).toHaveAttribute("allow", "payment; clipboard-write; publickey-credentials-get");
  await expect(frame).toHaveAttribute("loading", "lazy");
  await expect(element.frameLocator("iframe").getByRole("heading")).toBeVisible();
  expect(await frameOf(page).evaluate(() => document.documentElement.lang)).toBe("de");
  for (const [locale, { title }] of Object.entries(texts)) {
    await element.evaluate((one, locale) => one.setAttribute("locale", locale), locale);
    await expect(frame).toHaveAttribute("title", title!);
  }
  // The last one is Arabic; the program that changes its words with it is in embed.spec.ts.
  await expect(element.frameLocator("iframe").locator("html")).toHaveAttribute("dir", "rtl");
  await expect(element.frameLocator("iframe").getByRole("heading")).toBeVisible();
});

test("messages of another window or another origin change nothing, on either side", async ({ page, host, product, watch, openHost }) => {
  const frame = await openHost(`<nexis-billing></nexis-billing><iframe id="own" src="/other"></iframe>`);
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  const iframe = page.locator("nexis-billing iframe");
  await expect(iframe).not.toHaveCSS("height", "640px");
  const before = await iframe.evaluate((one: HTMLElement) => one.style.height);
  // From the host's other frame: its origin is right for the product's frame, but it is nobody's parent.
  const other = page.frames().find((one) => one.url().endsWith("/other"))!;
  await other.evaluate(() => {
    parent.postMessage({ nexis: "resize", height: 99 }, "*");
    parent.postMessage({ nexis: "need-code", reason: "stolen" }, "*");
    parent.postMessage({ nexis: "event", type: "top_up.succeeded" }, "*");
    const product = parent.document.querySelector("nexis-billing")!.shadowRoot!.querySelector("iframe")!.contentWindow!;
    product.postMessage({ nexis: "viewport", top: 77, height: 77 }, "*");
  });
  // As if the host's window had become another site's.
  await frameOf(page).evaluate(() => {
    const data = { nexis: "theme", theme: { accent: "red" } };
    dispatchEvent(new MessageEvent("message", { source: parent, origin: "https://other.example", data }));
  });
  // From a frame of the product's origin that this element does not own: only the window is wrong.
  await page.evaluate(async (origin) => {
    const stray = document.createElement("iframe");
    stray.src = `${origin}/embed/balance`;
    document.body.append(stray);
    await new Promise((resolve) => stray.addEventListener("load", resolve));
  }, product.origin);
  await page.frames().find((one) => one.url().endsWith("/embed/balance"))!.evaluate(() => {
    parent.postMessage({ nexis: "resize", height: 98 }, "*");
    parent.postMessage({ nexis: "need-code", reason: "stolen" }, "*");
  });
  // A message of the right window from then on is dealt with after all of those.
  await frameOf(page).evaluate(() => parent.postMessage({ nexis: "event", type: "last" }, document.location.ancestorOrigins[0]!));
  await expectEvents(page, ["last"]);
  expect(await iframe.evaluate((one: HTMLElement) => one.style.height)).toBe(before);
  expect(host.asked).toEqual(["start"]);
  const style = await frameOf(page).evaluate(() => document.documentElement.style.cssText);
  expect(style).not.toContain("77px");
  expect(style).not.toContain("red");
  // The element's own frame has gone to another site: the window is right, the origin is not.
  watch.expectUndelivered();
  await frameOf(page).evaluate((address) => location.assign(address), `${host.origin}/other`);
  await expect.poll(() => page.frames().filter((one) => one.url().endsWith("/other")).length).toBe(2);
  const gone = await (await iframe.elementHandle())!.contentFrame();
  await gone!.evaluate(() => parent.postMessage({ nexis: "event", type: "stolen" }, "*"));
  await gone!.evaluate(() => parent.postMessage({ nexis: "need-code", reason: "stolen" }, "*"));
  await page.evaluate(() => new Promise((resolve) => {
    addEventListener("message", ({ data }) => data === "after" && resolve(undefined));
    postMessage("after", location.origin);
  }));
  await expectEvents(page, ["last"]);
  expect(host.asked).toEqual(["start"]);
});

test("nothing is sent to anybody but the other side's own origin", async () => {
  for (const file of ["embed/v1.js", "embed/host.js", "embed-loader.js", "balance.js"]) {
    const text = await readFile(path.resolve(import.meta.dirname, "../../../public", file), "utf8");
    expect(text.match(/postMessage\([^;]*["']\*["']/g), file).toBeNull();
  }
});

test("a session that runs out is renewed by one more code, and the form stays", async ({ page, host, product, watch, openHost }) => {
  watch.expectStatus(401);
  const frame = await openHost();
  await frame.getByRole("textbox", { name: "Amount" }).fill("25");
  product.expire();
  const statuses = await Promise.all(["/api/v1/a", "/api/v1/b", "/api/v1/c"].map((address) => ask(page, address, { method: "POST", body: "{}" })));
  expect(statuses).toEqual([200, 200, 200]);
  expect(host.asked).toEqual(["start", "expired"]);
  expect(product.callsOf("/api/v1/a").map(({ body }) => body)).toEqual(["{}", "{}"]);
  await expect(frame.getByRole("textbox", { name: "Amount" })).toHaveValue("25");
});

test("a host that gives no further code ends it with the answer as it was", async ({ page, host, product, watch, openHost }) => {
  watch.expectStatus(401);
  watch.expectStatus(403);
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  product.expire();
  host.user = undefined;
  const failure = page.waitForEvent("pageerror");
  expect(await ask(page, "/api/v1/a")).toBe(401);
  expect((await failure).message).toBe("The host gives no code");
  watch.complaints.splice(0);
});

test("what needs a confirmation is confirmed by a fresh code and done once more", async ({ page, host, product, watch, openHost }) => {
  watch.expectStatus(403);
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  expect(await ask(page, "/api/v1/guarded", { method: "POST", body: "{}" })).toBe(200);
  expect(host.asked).toEqual(["start", "confirmation"]);
  expect(product.callsOf("/api/v1/guarded")).toHaveLength(2);
  expect(product.callsOf("/api/v1/session/confirmation")).toHaveLength(1);
});

test("a session that somebody ended is over: no further code is asked for", async ({ page, host, product, watch, openHost }) => {
  watch.expectStatus(401);
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  product.endSessions();
  expect(await ask(page, "/api/v1/a")).toBe(401);
  expect(await ask(page, "/api/v1/a")).toBe(401);
  expect(host.asked).toEqual(["start"]);
  expect(await frameOf(page).evaluate(() => (globalThis as unknown as { nexisHost: { over: boolean } }).nexisHost.over)).toBe(true);
});

test("a code for somebody else starts the frame anew", async ({ page, host, product, watch, openHost }) => {
  watch.expectStatus(401);
  const frame = await openHost();
  await frame.getByRole("textbox", { name: "Amount" }).fill("25");
  product.expire();
  host.user = "u2";
  await frameOf(page).evaluate(() => void fetch("/api/v1/a"));
  await expect(frame.getByRole("textbox", { name: "Amount" })).toHaveValue("");
  expect(host.asked).toEqual(["start", "expired", "start"]);
});

test("a code that is refused can be asked for again", async ({ host, product, watch, openHost }) => {
  watch.expectStatus(410);
  const texts = await embedTexts();
  const mint = product.mint.bind(product);
  product.mint = () => "unknown";
  const frame = await openHost();
  await expect(frame.getByRole("alert")).toContainText(texts.en.gone!);
  product.mint = mint;
  await frame.getByRole("button", { name: texts.en.try_again! }).click();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  expect(host.asked).toEqual(["start", "retry"]);
});

test("a stream goes on behind its last event, carries the token, and ends with the session", async ({ page, product, watch, openHost }) => {
  watch.expectCut();
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  await frameOf(page).evaluate(() => {
    const seen: unknown[] = [];
    const source = new EventSource("/api/v1/events?after=7&session=1");
    for (const name of ["open", "error"]) source.addEventListener(name, () => seen.push([name, source.readyState]));
    for (const name of ["transaction", "top_up", "wallet", "session"]) {
      source.addEventListener(name, (event) => {
        if (!(event instanceof MessageEvent)) throw new Error("another kind of event");
        seen.push([name, event.lastEventId, event.data]);
      });
    }
    Object.assign(globalThis, { seen, source });
  });
  const seen = () => frameOf(page).evaluate(() => (globalThis as unknown as { seen: unknown[] }).seen);
  const first = await product.stream(0);
  // Cut anywhere, and with every kind of line end.
  for (const piece of ["event: transac", "tion\r\nid: 8\r", "\ndata: a\r\nda", "ta: b\r\n\r\n", ": heartbeat\n\nevent: top_up\nid:9\n", 'data:{"id":"t","status":"succeeded"}\n\n']) {
    first.write(piece);
  }
  const one = [["open", 1], ["transaction", "8", "a\nb"], ["top_up", "9", '{"id":"t","status":"succeeded"}']];
  await expect.poll(seen).toEqual(one);
  first.destroy();
  const second = await product.stream(1);
  second.write('event: wallet\ndata: {"status":"low"}\n\nevent: session\ndata: {"state":"ended"}\n\nevent: wallet\ndata: late\n\n');
  const two = [["error", 0], ["open", 1], ["wallet", "9", '{"status":"low"}'], ["session", "9", '{"state":"ended"}']];
  await expect.poll(seen).toEqual([...one, ...two]);
  expect(await frameOf(page).evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState)).toBe(2);
  const calls = product.callsOf("/api/v1/events");
  expect(calls.map(({ address, headers }) => [address, headers["last-event-id"]])).toEqual([
    ["/api/v1/events?after=7", undefined],
    ["/api/v1/events?after=7", "9"],
  ]);
  for (const { headers } of calls) expect(headers.authorization).toMatch(/^Bearer nbs_/);
  await expectEvents(page, ["top_up.succeeded", "wallet.status", "session.ended"]);
});

test("a stream that the server refuses is closed for good", async ({ page, product, watch, openHost }) => {
  watch.expectStatus(401);
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  product.endSessions();
  const state = await frameOf(page).evaluate(() => {
    const source = new EventSource("/api/v1/events");
    return new Promise((resolve) => source.addEventListener("error", () => resolve(source.readyState)));
  });
  expect(state).toBe(2);
});

test("a file of the API is fetched with the token and saved under its own name", async ({ page, product, openHost }) => {
  const frame = await openHost();
  const saved = page.waitForEvent("download");
  await frame.getByRole("link", { name: "Receipt" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe("Receipt 1.txt");
  expect(await readFile(await download.path(), "utf8")).toBe("receipt");
  expect(product.callsOf("/api/v1/receipts/1")[0]!.headers.authorization).toMatch(/^Bearer nbs_/);
});

test("the frame is as tall as its content, and a dialog stands where the person looks", async ({ page, openHost }) => {
  const frame = await openHost(`<div style="height:2000px"></div><nexis-billing></nexis-billing><div style="height:3000px"></div>`);
  const iframe = page.locator("nexis-billing iframe");
  await iframe.evaluate((one) => one.scrollIntoView());
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  await frameOf(page).evaluate(() => (document.querySelector("main")!.style.blockSize = "2500px"));
  await expect.poll(() => iframe.evaluate((one) => one.getBoundingClientRect().height)).toBeGreaterThanOrEqual(2500);
  const opener = frame.getByRole("button", { name: "Ask" });
  await page.evaluate(() => scrollTo(0, 3600));
  const seen = () => frameOf(page).evaluate(() => Number.parseInt(document.documentElement.style.getPropertyValue("--host-top")));
  await expect.poll(seen).toBeGreaterThan(1500);
  await opener.evaluate((button: HTMLElement) => button.click());
  const dialog = frame.getByRole("dialog", { name: "Question" });
  const place = await dialog.boundingBox();
  const screen = page.viewportSize()!;
  expect(place!.y).toBeGreaterThanOrEqual(0);
  expect(place!.y + place!.height).toBeLessThanOrEqual(screen.height);
  // It follows.
  await page.evaluate(() => scrollTo(0, 2300));
  await expect.poll(seen).toBeLessThan(400);
  expect((await dialog.boundingBox())!.y).toBeGreaterThanOrEqual(0);
  await frameOf(page).evaluate(() => (document.querySelector("main")!.style.blockSize = "700px"));
  await expect.poll(() => iframe.evaluate((one) => one.getBoundingClientRect().height)).toBeLessThan(1000);
});

test("Tab goes through the frame and out of it, in both directions", async ({ page, openHost }) => {
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  await page.getByRole("button", { name: "Before" }).focus();
  const stops = [
    frame.getByRole("textbox", { name: "Amount" }),
    frame.getByRole("link", { name: "Receipt" }),
    frame.getByRole("button", { name: "Ask" }),
    page.getByRole("button", { name: "After" }),
  ];
  for (const stop of stops) {
    await page.keyboard.press("Tab");
    await expect(stop).toBeFocused();
  }
  for (const stop of [...stops.slice(0, 3).reverse(), page.getByRole("button", { name: "Before" })]) {
    await page.keyboard.press("Shift+Tab");
    await expect(stop).toBeFocused();
  }
});

test("a minted address opens in a plain frame too, and its code leaves the address", async ({ page, host, product, openHost }) => {
  await openHost(`<iframe id="plain" src="${product.origin}/embed#c=${product.mint()}"></iframe>`);
  await expect(page.frameLocator("#plain").getByRole("heading", { name: "Started" })).toBeVisible();
  expect(await frameOf(page).evaluate(() => location.hash)).toBe("");
  expect(JSON.parse(product.callsOf("/api/v1/portal/exchange")[0]!.body)).toMatchObject({ parent_origin: host.origin });
  expect(host.asked).toEqual([]);
});

test("outside of a frame a minted address leads to the product's own page", async ({ page, product, watch }) => {
  watch.expectStatus(404);
  await page.goto(`${product.origin}/embed#c=abc`);
  await page.waitForURL(`${product.origin}/portal#c=abc`);
});

test("several elements work side by side; one that leaves the page is silent, and comes back with a code of its own", async ({ page, host, openHost }) => {
  await openHost("<nexis-billing id='a'></nexis-billing><nexis-billing id='b'></nexis-billing>");
  for (const id of ["a", "b"]) await expect(page.frameLocator(`#${id} iframe`).getByRole("heading", { name: "Started" })).toBeVisible();
  expect(host.asked).toEqual(["start", "start"]);
  await page.evaluate(() => {
    const one = document.getElementById("a")!;
    one.remove();
    Object.assign(globalThis, { one });
  });
  await expect.poll(() => page.frames().length).toBe(2);
  await page.evaluate(() => document.body.append((globalThis as unknown as { one: Element }).one));
  await expect(page.frameLocator("#a iframe").getByRole("heading", { name: "Started" })).toBeVisible();
  expect(await page.evaluate(() => document.getElementById("a")!.shadowRoot!.childElementCount)).toBe(1);
  expect(host.asked).toEqual(["start", "start", "start"]);
});

test("the host's theme is set live, and what is no color or length is left out", async ({ page, openHost }) => {
  const frame = await openHost();
  await expect(frame.getByRole("heading", { name: "Started" })).toBeVisible();
  const setTheme = (theme: unknown) =>
    page.locator("nexis-billing").evaluate((one, theme) => Object.assign(one, { theme }), theme);
  const property = (name: string) => frameOf(page).evaluate((name) => document.documentElement.style.getPropertyValue(name), name);
  await setTheme({ mode: "dark", accent: "#7a1fa2", radius: "4px", font: "Georgia, serif", text: "red; } * {", border: "url(https://x.example)" });
  await expect.poll(() => property("--accent")).toBe("#7a1fa2");
  expect(await property("color-scheme")).toBe("dark");
  expect(await property("--radius")).toBe("4px");
  expect(await property("--font")).toBe("Georgia, serif");
  expect(await property("--ink")).toBe("");
  expect(await property("--line")).toBe("");
  await setTheme({ accent: "#7a1fa2" });
  await expect.poll(() => property("--accent"), "lighter on a dark screen").toBe("light-dark(#7a1fa2, oklch(from #7a1fa2 0.8 c h))");
  await setTheme({ mode: "light" });
  await expect.poll(() => property("color-scheme")).toBe("light");
  expect(await property("--accent")).toBe("");
});

test("the balance stands alone, to the last digit, and stays true", async ({ page, product, openHost }) => {
  product.wallet.balance = "9007199254740993.129999";
  const frame = await openHost("<nexis-balance locale='en'></nexis-balance>");
  const balance = frame.getByRole("status");
  // Beyond what a float holds, and never rounded up.
  await expect(balance).toHaveText("$9,007,199,254,740,993.12");
  const stream = await product.stream(0);
  const write = (wallet: object) => stream.write(`event: wallet\ndata: ${JSON.stringify({ ...product.wallet, ...wallet })}\n\n`);
  write({ balance: "-0.001" });
  await expect(balance).toHaveText("\u2212$0.01");
  write({ balance: "12", currency: "JPY" });
  await expect(balance).toHaveText("¥12");
  stream.write('event: session\ndata: {"state":"ended"}\n\n');
  await expect(balance).toHaveText((await embedTexts()).en.ended!);
  const size = await page.locator("nexis-balance iframe").evaluate((one) => [one.style.width, one.style.height]);
  expect(size).toEqual([expect.stringMatching(/^\d+px$/), expect.stringMatching(/^\d+px$/)]);
});

test("the element weighs at most 3 KB", async () => {
  expect(brotliCompressSync(await readFile(path.join(DIST, "embed/v1.js"))).length).toBeLessThanOrEqual(3_000);
});
