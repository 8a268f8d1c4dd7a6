// A language that nobody speaks finds what is not in the catalogue, and what does not bear words that are 40 % longer: on every
// screen, wide and then narrow. That each is reached at either width is seen in accessibility.spec.ts.
import { type Page, expect, test } from "../fixture/test.ts";
import { narrow, findOverflow } from "../fixture/layout.ts";
import { screens } from "../fixture/screens.ts";
import { inPseudo, pseudoFile } from "../fixture/words.ts";

/** Made by the server, which speaks English. */
const OF_THE_SERVER = ["outbox"];
/** Names, signs and a key that are the same in every language; what `Intl` writes in German. */
const SAME_EVERYWHERE = [
  /Nexis|Visa|Mastercard|American Express|English|Deutsch|Español|^T$|\b(USD|CSV|PDF|QR)\b|America\/New_York|Europe\/Berlin|\b(UTC|GMT|EST|EDT|MEZ)\b/g,
  /\b(Jan(uar)?|Feb(ruar)?|März?|Apr(il)?|Mai|Juni?|Juli?|Aug(ust)?|Sept?(ember)?|Okt(ober)?|Nov(ember)?|Dez(ember)?)\b/g,
  /\b(Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Mo|Di|Mi|Do|Fr|Sa|So)\b|\bum\b|\bUhr\b/g,
];

/** Every text that stands in an answer of the server: names, descriptions, sources. */
async function data(page: Page): Promise<string[]> {
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === "string" && value.length > 1) found.add(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  for (const route of ["billing", "session", "members", "organization", "usage", "transactions?limit=200", "payment-links", "requests", "audit"]) {
    const answer = await page.request.get(`/api/v1/${route}`);
    if (answer.ok()) collect(await answer.json());
  }
  return [...found, "owner@demo.test", "admin@demo.test", "member@demo.test", "/no/such/page"].sort((one, other) => other.length - one.length);
}

/** Texts that people read or hear. */
function heard(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const texts: string[] = [];
    for (const element of document.body.querySelectorAll("*")) {
      // Initials are letters of a name.
      if (element.closest("script, style, noscript, .avatar") || !element.checkVisibility()) continue;
      for (const name of ["aria-label", "aria-valuetext", "placeholder", "title", "alt"]) {
        const text = element.getAttribute(name);
        if (text) texts.push(text);
      }
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      own.forEach((node) => texts.push(node.textContent ?? ""));
    }
    return texts;
  });
}

/** What is left of a text without the catalogue's words and without data. A sentence around an element begins or ends elsewhere. */
function leftOver(text: string, known: string[]): string {
  let rest = text.replace(/⟦[^⟧]*(⟧|$)/g, "").replace(/^[^⟦]*⟧/, "");
  // References are made of letters and digits.
  rest = rest.replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "");
  for (const one of known) rest = rest.replaceAll(one, "");
  return SAME_EVERYWHERE.reduce((left, pattern) => left.replace(pattern, ""), rest);
}

async function speaksAndFits(page: Page, known: string[], width: string): Promise<void> {
  const texts = await heard(page);
  expect(texts.some((text) => text.includes("⟦")), "the language that nobody speaks is shown").toBe(true);
  // Middles of sentences around elements have no bracket at all, but their letters are none of English.
  const strays = texts.filter((text) => /[a-z]/i.test(leftOver(text, known)));
  expect(strays, `not in the catalogue, ${width}`).toEqual([]);
  expect(await findOverflow(page), `does not fit, ${width}`).toEqual([]);
}

for (const screen of screens.filter(({ name }) => !OF_THE_SERVER.includes(name))) {
  test.describe(screen.name, () => {
    test.use({ demo: screen.demo, locale: "de-DE" });

    test("every word comes out of the catalogue, and longer ones fit", async ({ page, seams, watch }) => {
      screen.statuses?.forEach((status) => watch.expectStatus(status));
      await page.route("**/de-*.txt", (route) => route.fulfill({ contentType: "text/plain; charset=utf-8", body: pseudoFile() }));
      await screen.open(inPseudo(page), seams);
      const known = await data(page);
      await speaksAndFits(page, known, "wide");
      await narrow(page);
      await speaksAndFits(page, known, "narrow");
    });
  });
}
