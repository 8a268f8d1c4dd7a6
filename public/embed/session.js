// The session of a frame: a bearer token that is nowhere but in this module's memory, bought with the host's codes.
import { parentOrigin, requestCode } from "./host.js";

const API = "/api/";
const EXCHANGE = "/api/v1/portal/exchange";
const CONFIRMATION = "/api/v1/session/confirmation";
const nativeFetch = globalThis.fetch.bind(globalThis);

let token;
let owner;
let renewal;
let ended = false;

/** Somebody ended the session: no code is asked for any more. */
export const isOver = () => ended;
export const endSession = () => {
  ended = true;
  if (globalThis.nexisHost) globalThis.nexisHost.over = true;
};

/** The code is not accepted: used, too old, or for another site. */
export class CodeRefused extends Error {}

const postJson = (address, body, headers) =>
  nativeFetch(address, {
    method: "POST",
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** Buys a session with a code; answers what the page starts with, without the token. */
export async function exchangeCode(code, origin = parentOrigin()) {
  const response = await postJson(EXCHANGE, { code, parent_origin: origin });
  if (!response.ok) throw new (response.status < 500 && response.status !== 429 ? CodeRefused : Error)(`Exchange: ${response.status}`);
  const { token: bought, ...answer } = await response.json();
  const { user, organization } = answer.session;
  const person = `${user.id} ${organization.id}`;
  // What is on the screen belongs to somebody else: a fresh document, which gets a code of its own.
  if (owner && owner !== person) {
    location.reload();
    return new Promise(() => {});
  }
  owner = person;
  token = bought;
  return answer;
}

const renew = () => {
  renewal ??= requestCode("expired")
    .then((code) => exchangeCode(code))
    .then(() => true, () => false)
    .finally(() => (renewal = undefined));
  return renewal;
};

const confirmIdentity = async () => {
  try {
    const code = await requestCode("confirmation");
    return (await postJson(CONFIRMATION, { code }, { authorization: `Bearer ${token}` })).ok;
  } catch {
    return false;
  }
};

/** Settles with the promise, or is aborted with the request that waits for it. */
const unlessAborted = (promise, signal) =>
  Promise.race([promise, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }))]);

/** `fetch` for this document: the API gets the token and no cookie, everything else goes as it is. */
export async function fetchWithToken(input, init) {
  const request = new Request(input, init);
  const url = new URL(request.url);
  if (url.origin !== location.origin || !url.pathname.startsWith(API)) return nativeFetch(input, init);
  // The token may have been renewed since the page was drawn; whose it is was compared then.
  url.searchParams.delete("session");
  const headers = new Headers(request.headers);
  headers.delete("nexis-session");
  const { method, signal, cache } = request;
  const body = method === "GET" || method === "HEAD" ? undefined : await request.arrayBuffer();
  const send = () => {
    headers.set("authorization", `Bearer ${token}`);
    return nativeFetch(url, { method, headers, body, signal, cache, credentials: "omit", referrerPolicy: "no-referrer" });
  };
  const used = token;
  const response = await send();
  if (response.status === 401) {
    if (response.headers.get("nexis-session-state") === "ended") endSession();
    if (isOver()) return response;
    // Another request may have renewed it meanwhile.
    const renewed = used !== token || (await unlessAborted(renew(), signal));
    return renewed ? send() : response;
  }
  if (response.status === 403 && (await problemCode(response)) === "confirmation_required") {
    return !isOver() && (await unlessAborted(confirmIdentity(), signal)) ? send() : response;
  }
  return response;
}

const problemCode = async (response) => {
  try {
    return (await response.clone().json()).code;
  } catch {
    return undefined;
  }
};
