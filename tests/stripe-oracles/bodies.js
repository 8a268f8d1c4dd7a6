// Oracle (a): the bodies that the Rust suite recorded (requests.json), written as values of Stripe's own parameter types.
// tsc then says whether Stripe would know every parameter. Values of enumerations it lets pass: those the Rust suite holds.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const TYPES = {
  "/v1/customers": "Stripe.CustomerCreateParams",
  "/v1/setup_intents": "Stripe.SetupIntentCreateParams",
  "/v1/setup_intents/{id}": "Stripe.SetupIntentUpdateParams",
  "/v1/setup_intents/{id}/cancel": "Stripe.SetupIntentCancelParams",
  "/v1/payment_intents": "Stripe.PaymentIntentCreateParams",
  "/v1/payment_intents/{id}": "Stripe.PaymentIntentUpdateParams",
  "/v1/payment_intents/{id}/cancel": "Stripe.PaymentIntentCancelParams",
  "/v1/payment_methods/{id}/detach": "Stripe.PaymentMethodDetachParams",
  "/v1/refunds": "Stripe.RefundCreateParams",
  "/v1/checkout/sessions": "Stripe.Checkout.SessionCreateParams",
  "/v1/checkout/sessions/{id}/expire": "Stripe.Checkout.SessionExpireParams",
};

/** Parameters that are texts even when they look like something else. */
const isText = (name) => name.startsWith("metadata") || name.includes("[metadata]");

function value(name, text) {
  if (isText(name)) return text;
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** `a[b][]=x` → `{ a: { b: ["x"] } }` */
function nested(parameters) {
  const root = {};
  for (const [name, text] of parameters) {
    const path = [...name.matchAll(/([^[\]]+)|\[\]/g)].map((part) => part[1] ?? "");
    let at = root;
    path.forEach((key, index) => {
      const last = index === path.length - 1;
      const next = path[index + 1];
      const place = key === "" ? at.length : /^\d+$/.test(key) ? Number(key) : key;
      if (last) at[place] = value(name, text);
      else at = at[place] ??= next === "" || /^\d+$/.test(next) ? [] : {};
    });
  }
  return root;
}

const requests = JSON.parse(readFileSync(new URL("requests.json", import.meta.url), "utf8"));
const seen = new Set();
const lines = ['import type Stripe from "stripe";', ""];
requests.forEach(({ path, parameters }, index) => {
  const type = TYPES[path];
  if (!type) throw new Error(`no type is named for ${path}`);
  seen.add(path);
  lines.push(`/** ${path} */`);
  lines.push(`export const body${index}: ${type} = ${JSON.stringify(nested(parameters), null, 2)};`, "");
});
const missing = Object.keys(TYPES).filter((path) => !seen.has(path));
if (missing.length > 0) throw new Error(`never recorded: ${missing.join(", ")}`);
// An oracle that takes everything is none: these must be errors.
lines.push("// @ts-expect-error the parameter that Stripe removed");
lines.push('export const removed: Stripe.PaymentIntentCreateParams = { amount: 1, currency: "usd", payment_method_types: ["card"] };');
lines.push("// @ts-expect-error an unknown parameter");
lines.push('export const unknown: Stripe.RefundCreateParams = { payment_intent: "pi_1", amount: 1, why: "requested_by_customer" };');
lines.push("// @ts-expect-error a number where a text belongs");
lines.push('export const wrong: Stripe.PaymentIntentCreateParams = { amount: "1", currency: 840 };');
mkdirSync(new URL("generated/", import.meta.url), { recursive: true });
writeFileSync(new URL("generated/bodies.ts", import.meta.url), `${lines.join("\n")}\n`);
console.log(`${requests.length} bodies of ${seen.size} endpoints`);
