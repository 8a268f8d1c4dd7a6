// The frame's half of the messages between the product and the page that shows it (the other half: v1.js).
//
// The host speaks first: with its message the browser vouches for its origin. From then on messages go to that origin and are
// taken from it and from the parent window only.
const VERSION = 1;
/** A host that has not answered by then will not. */
const CODE_LIMIT_MILLISECONDS = 30_000;

const handlers = new Map();
let hostOrigin;
let pendingCode;
let acceptCode;
let greet;

/** What the host's `hello` says; `code` follows without being asked for. */
export const greeting = new Promise((resolve) => (greet = resolve));

/** The origin of the page that shows this one, as the browser has it. */
export const parentOrigin = () => hostOrigin;

/** From now on `run` is called with each message of this name. */
export const onMessage = (name, run) => handlers.set(name, run);

/** Sends the host a message; nothing before it has spoken. */
export const post = (nexis, data) => {
  if (hostOrigin) parent.postMessage({ nexis, ...data }, hostOrigin);
};

/** The next code of the host; rejected when it has none. */
export const nextCode = () => {
  pendingCode ??= new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("The host sent no code")), CODE_LIMIT_MILLISECONDS);
    acceptCode = (code) => {
      clearTimeout(limit);
      if (typeof code === "string" && code) resolve(code);
      else reject(new Error("The host has no code"));
    };
  }).finally(() => {
    pendingCode = undefined;
    acceptCode = undefined;
  });
  return pendingCode;
};

/** Asks the host for another code; `reason` is `expired`, `confirmation` or `retry`. */
export const requestCode = (reason) => {
  if (!hostOrigin) return Promise.reject(new Error("No host has spoken"));
  const code = nextCode();
  post("need-code", { reason });
  return code;
};

addEventListener("message", ({ source, origin, data }) => {
  // An origin without a name ("null") could not be answered.
  if (source !== parent || parent === window || typeof data?.nexis !== "string" || origin === "null") return;
  if (data.nexis === "hello" && !hostOrigin) {
    hostOrigin = origin;
    greet(data);
    post("hello", { v: VERSION });
  } else if (origin === hostOrigin) {
    if (data.nexis === "code") acceptCode?.(data.code);
    else handlers.get(data.nexis)?.(data);
  }
});
