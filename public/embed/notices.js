// What the host is told of what happens in its frame, taken from the stream of events: names, no figures.
import { post } from "./host.js";
import { endSession } from "./session.js";

const paid = new Set();
let automatic;
let status;

const parse = (data) => {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
};

/** What the page starts with: only what changes from then on is worth telling. */
export const noteFirst = (billing) => {
  automatic = billing?.auto_pay?.enabled;
  status = billing?.wallet?.status;
};

/** Tells the host of an event of the stream; answers whether it is the session's last. */
export const noteEvent = (name, data) => {
  const told = (type) => post("event", { type });
  const now = parse(data);
  if (name === "top_up" && now.status === "succeeded" && !paid.has(now.id)) {
    paid.add(now.id);
    told("top_up.succeeded");
  } else if (name === "auto_pay" && now.enabled !== automatic) {
    if (automatic !== undefined) told(now.enabled ? "auto_pay.enabled" : "auto_pay.disabled");
    automatic = now.enabled;
  } else if (name === "wallet" && now.status !== status) {
    if (status !== undefined) told("wallet.status");
    status = now.status;
  } else if (name === "session" && now.state === "ended") {
    endSession();
    told("session.ended");
    return true;
  }
  return false;
};
