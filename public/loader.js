// Starts the app from a file of its own, because the content policy allows no inline script. The build joins it with the
// script that wasm-bindgen writes, app.js, and what that imports.
import start from "./app.js";
import { carryOver } from "./first_view.js";
import { followPanel } from "./panels.js";

// Read before the app starts: it takes the element out of the document.
const { service, session } = JSON.parse(document.getElementById("bootstrap")?.textContent ?? "{}");
const stripe = service?.stripe;

// Code must never come out of text. Leptos builds its static view parts through `template.innerHTML`, so markup is let
// through, but nothing in it that could run.
const RUNS = /<\s*script|<\s*iframe|<\s*object|<\s*embed|\son[a-z]+\s*=|javascript\s*:/i;

globalThis.trustedTypes?.createPolicy("default", {
  createHTML(text) {
    if (RUNS.test(text)) throw new TypeError("Refused to make a page part out of text that could run");
    return text;
  },
  // Only Stripe's own script, and only where the server says that payments go through Stripe.
  createScriptURL(url) {
    const { origin, hostname, protocol } = new URL(url, location.href);
    const ours = stripe && origin === new URL(stripe.script_url).origin;
    const theirs = stripe && protocol === "https:" && hostname.endsWith(".js.stripe.com");
    if (!ours && !theirs) throw new TypeError("Refused to load a script from elsewhere");
    return url;
  },
});

// English stands in the program; the words of another language are fetched while the program is on its way. In a frame the
// host's language comes first; then what the person chose, what the host wants that minted the session, and what the browser
// prefers. LANGUAGES is written by the build: code to address.
const chosen = () => {
  try {
    return localStorage.getItem("nexis-language");
  } catch {
    return null;
  }
};

let shown = "en";

const showLanguage = (code) => {
  document.documentElement.lang = code;
  document.documentElement.dir = code === "ar" ? "rtl" : "ltr";
};

const useLanguage = async (...tags) => {
  const codes = tags.map((tag) => tag?.split("-")[0].toLowerCase());
  const code = codes.find((code) => code === "en" || code in LANGUAGES);
  if (!code || code === shown) {
    // The server may have drawn the first view in another one.
    showLanguage(shown);
    return false;
  }
  try {
    const answer = code === "en" ? undefined : await fetch(LANGUAGES[code]);
    if (answer && !answer.ok) throw new Error(String(answer.status));
    globalThis.nexisWords = await answer?.text();
  } catch {
    // The page goes on as it is.
    showLanguage(shown);
    return false;
  }
  shown = code;
  showLanguage(code);
  return true;
};

// For the program: what the host of this session wants, unless the person has chosen.
globalThis.nexisLanguage = (locale) => useLanguage(globalThis.nexisHost ? null : chosen(), locale);
// And what it wants to be seen first.
globalThis.nexisShow = (view) => followPanel(view, (panel) => panel?.scrollIntoView());
await useLanguage(globalThis.nexisHost?.locale, chosen(), session?.locale, ...navigator.languages);

try {
  await start({ module_or_path: document.querySelector("link[rel=preload][as=fetch]").href });
  // The program has taken the app's away; the other programs leave theirs.
  document.getElementById("shell")?.remove();
  carryOver();
} catch (failure) {
  const note = document.getElementById("shell-note");
  if (note) {
    note.className = "panel";
    note.setAttribute("role", "alert");
    note.textContent = "The page could not be started. Check your connection, then load it again.";
    for (const part of document.querySelectorAll(".shell-panel")) part.remove();
    document.getElementById("shell").removeAttribute("aria-busy");
  }
  throw failure;
}
