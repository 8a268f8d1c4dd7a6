// The balance of a wallet in a frame of its own, without the app: one figure that stays true.
import { makeEventSource } from "./embed/event_source.js";
import { reportSize } from "./embed/frame.js";
import { greeting, onMessage } from "./embed/host.js";
import { say, useLanguage } from "./embed/language.js";
import { noteEvent, noteFirst } from "./embed/notices.js";
import { openSession } from "./embed/opening.js";
import { fetchWithToken } from "./embed/session.js";
import { applyTheme } from "./embed/theme.js";

const EVENTS = "/api/v1/events?after=";
const MICRO_DIGITS = 6;

let locale;
let wallet;

/** Decimal text rounded down to `digits` behind the point: never money that is not there, and never a float. */
const roundDown = (text, digits) => {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const micros = BigInt(sign + whole + fraction.padEnd(MICRO_DIGITS, "0"));
  const unit = 10n ** BigInt(MICRO_DIGITS - digits);
  // BigInt divides towards zero.
  const minor = micros / unit - (micros < 0n && micros % unit ? 1n : 0n);
  const all = String(minor < 0n ? -minor : minor).padStart(digits + 1, "0");
  const point = all.length - digits;
  return (minor < 0n ? "-" : "") + all.slice(0, point) + (digits ? `.${all.slice(point)}` : "");
};

const formatMoney = (text, currency) => {
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", numberingSystem: "latn" };
  const form = new Intl.NumberFormat(locale, options);
  // Given text, Intl keeps every digit; its hyphen is narrower than a minus sign.
  return form.format(roundDown(text, form.resolvedOptions().maximumFractionDigits)).replace("-", "\u2212");
};

const show = () => {
  document.getElementById("label").textContent = say("balance");
  document.title = say("balance");
  const figure = document.getElementById("balance");
  if (wallet) figure.textContent = formatMoney(wallet.balance, wallet.currency);
};

const useLocale = (...tags) => {
  const code = useLanguage(...tags);
  locale = tags.find((tag) => tag?.split("-")[0].toLowerCase() === code) ?? code;
  show();
};

const report = (name, again) => {
  const figure = document.getElementById("balance");
  const text = document.createElement(again ? "button" : "span");
  text.textContent = again ? say("try_again") : say(name);
  text.title = say(name);
  if (again) text.addEventListener("click", again, { once: true });
  figure.replaceChildren(text);
};

const follow = () => {
  const stream = new (makeEventSource(fetchWithToken, noteEvent))(EVENTS + wallet.last_seq);
  stream.addEventListener("wallet", ({ data }) => {
    wallet = JSON.parse(data);
    show();
  });
  stream.addEventListener("session", ({ data }) => {
    // Whatever the role is now, this figure was for the one before.
    wallet = undefined;
    report(JSON.parse(data).state === "ended" ? "ended" : "managers_only");
    stream.close();
  });
};

const startBalance = async () => {
  useLocale(...navigator.languages);
  onMessage("theme", ({ theme }) => applyTheme(theme));
  onMessage("locale", (message) => useLocale(message.locale, ...navigator.languages));
  greeting.then((hello) => {
    useLocale(hello.locale, ...navigator.languages);
    applyTheme(hello.theme);
  });
  reportSize(true);
  const answer = await openSession(report);
  noteFirst(answer.billing);
  wallet = answer.billing?.wallet;
  if (!wallet) return report("managers_only");
  show();
  follow();
};

if (parent !== window) startBalance();
