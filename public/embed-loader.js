// Starts the app inside a host's page: the host's code buys a session, whose token every request of this document then
// carries, and the app finds in #bootstrap what the server writes there for a page of its own.
import { downloadFailed, hideNotice, showNotice } from "./embed/notice.js";
import { saveDownloads } from "./embed/downloads.js";
import { makeEventSource } from "./embed/event_source.js";
import { followViewport, passFocus, reportSize } from "./embed/frame.js";
import { greeting, onMessage, post } from "./embed/host.js";
import { useLanguage } from "./embed/language.js";
import { noteEvent, noteFirst } from "./embed/notices.js";
import { openSession } from "./embed/opening.js";
import { fetchWithToken } from "./embed/session.js";
import { applyTheme } from "./embed/theme.js";
import { followView, showFirst } from "./embed/view.js";

const PORTAL = "/portal";

/** The app reads this text and takes the element away; a script element would be code to Trusted Types. */
const writeBootstrap = (answer) => {
  const element = document.createElement("data");
  element.id = "bootstrap";
  element.hidden = true;
  element.textContent = JSON.stringify(answer);
  document.getElementById("bootstrap")?.remove();
  document.head.append(element);
};

const startEmbedded = async () => {
  // The app asks this whether it is in a frame, and by what it is to be seen as its host wants it.
  const nexisHost = { over: false, navigate: (to) => post("navigate", { to }) };
  globalThis.nexisHost = nexisHost;
  globalThis.fetch = fetchWithToken;
  globalThis.EventSource = makeEventSource(fetchWithToken, noteEvent);
  useLanguage(...navigator.languages);
  onMessage("theme", ({ theme }) => applyTheme(theme));
  onMessage("locale", ({ locale }) => {
    nexisHost.locale = useLanguage(locale, ...navigator.languages);
    nexisHost.changeLanguage?.(nexisHost.locale);
  });
  followViewport();
  followView();
  reportSize();
  passFocus();
  saveDownloads(fetchWithToken, downloadFailed);
  let wanted;
  greeting.then(({ locale, theme, view }) => {
    wanted = view;
    nexisHost.locale = useLanguage(locale, ...navigator.languages);
    applyTheme(theme);
    nexisHost.themed = Boolean(theme);
  });
  const { service } = JSON.parse(document.getElementById("bootstrap")?.textContent ?? "{}");
  const answer = await openSession(showNotice);
  hideNotice();
  const { session } = answer;
  // What was minted is the host's word as well; what its page says now is newer.
  nexisHost.locale ??= useLanguage(session.locale, ...navigator.languages);
  if (session.theme && !nexisHost.themed) applyTheme(session.theme);
  noteFirst(answer.billing);
  showFirst(wanted ?? session.view);
  writeBootstrap({ service, ...answer });
  // Its name stands for its contents, so the document says it.
  await import(document.querySelector("link[rel=modulepreload]").href);
};

// At top level the same code buys a session with a cookie.
if (parent === window) location.replace(PORTAL + location.hash);
else startEmbedded();
