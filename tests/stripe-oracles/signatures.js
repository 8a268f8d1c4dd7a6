// Oracle (c): webhook signatures by Stripe's own SDK. The Rust suite verifies the cases of signatures.json; this program
// makes them anew and compares, so that the file is the SDK's word and not ours. `--write` writes it.
import { readFileSync, writeFileSync } from "node:fs";
import Stripe from "stripe";

const stripe = new Stripe("sk_test_oracle");
const FILE = new URL("signatures.json", import.meta.url);
const NOW = 1_790_000_000;
const SECRET = "whsec_sdk_current";
const OLDER = "whsec_sdk_older";
const payload = JSON.stringify(
  { id: "evt_1", object: "event", livemode: false, type: "payment_intent.succeeded", data: { object: { id: "pi_1", note: "Zürich – 東京" } } },
  null,
  2,
);
const header = (options) => stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp: NOW, ...options });
const good = header({});
const v1 = (text) => text.split("v1=")[1];
const cases = [
  ["good", good, payload, "ok"],
  ["by the older secret", header({ secret: OLDER }), payload, "ok"],
  ["300 seconds old", header({ timestamp: NOW - 300 }), payload, "ok"],
  ["301 seconds old", header({ timestamp: NOW - 301 }), payload, "stale"],
  ["by a stranger", header({ secret: "whsec_stranger" }), payload, "bad"],
  ["tampered", good, payload.replace("pi_1", "pi_2"), "bad"],
  ["re-serialized", good, JSON.stringify(JSON.parse(payload)), "bad"],
  ["several v1, one of them good", `t=${NOW},v1=${"0".repeat(64)},v1=${v1(good)}`, payload, "ok"],
  ["several v1, none good", `t=${NOW},v1=${"0".repeat(64)},v1=${"f".repeat(64)}`, payload, "bad"],
  ["v0 only", header({ scheme: "v0" }), payload, "bad"],
  ["v0 beside a good v1", `${good},v0=${"0".repeat(64)}`, payload, "ok"],
  ["empty", "", payload, "bad"],
  ["no time", `v1=${v1(good)}`, payload, "bad"],
  ["another time", good.replace(`t=${NOW}`, `t=${NOW + 1}`), payload, "bad"],
].map(([name, header, body, expected]) => ({ name, header, body, expected }));

// The SDK's own verifier must think the same, as far as time does not matter to it.
for (const { name, header, body, expected } of cases) {
  const accepts = [SECRET, OLDER].some((secret) => {
    try {
      stripe.webhooks.constructEvent(body, header, secret, Number.MAX_SAFE_INTEGER);
      return true;
    } catch {
      return false;
    }
  });
  if (accepts !== (expected !== "bad")) throw new Error(`the SDK disagrees about: ${name}`);
}

const text = `${JSON.stringify({ now: NOW, secrets: [SECRET, OLDER], cases }, null, 2)}\n`;
if (process.argv.includes("--write")) writeFileSync(FILE, text);
if (readFileSync(FILE, "utf8") !== text) throw new Error("signatures.json is not what the SDK makes: run with --write");
console.log(`${cases.length} signatures`);
