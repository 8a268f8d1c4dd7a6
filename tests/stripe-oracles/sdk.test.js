// Oracle (b): Stripe's own SDK drives our stand-in (STRIPE_FAKE: its address). What the SDK cannot do with it, or reads
// differently, our client must not rely on.
import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";

const fake = new URL(process.env.STRIPE_FAKE);
const stripe = new Stripe("sk_test_sdk", { host: fake.hostname, port: Number(fake.port), protocol: "http", maxNetworkRetries: 0 });
const allowed = { allowed_payment_method_types: ["card"] };

const control = async (path, body) => {
  const answer = await fetch(new URL(`/_fake/${path}`, fake), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, await answer.text());
};

async function customerWithCard(token = "pm_card_visa") {
  const customer = await stripe.customers.create({ metadata: { organization_id: "o" } });
  const setup = await stripe.setupIntents.create({
    customer: customer.id, usage: "off_session", payment_method: token, confirm: true, use_stripe_sdk: true, ...allowed,
  });
  return { customer, setup, card: setup.payment_method };
}

const pay = (customer, card, options = {}, key = undefined) =>
  stripe.paymentIntents.create(
    { amount: 2500, currency: "usd", customer: customer.id, payment_method: card, confirm: true, off_session: true, ...allowed, ...options },
    key ? { idempotencyKey: key } : undefined,
  );

test("the account and its mode", async () => {
  const account = await stripe.accounts.retrieveCurrent();
  assert.equal(account.charges_enabled, true);
  assert.equal((await stripe.balance.retrieve()).livemode, false);
});

test("a card is set up and charged, and found by its customer", async () => {
  const { customer, setup, card } = await customerWithCard();
  assert.equal(setup.status, "succeeded");
  const expanded = await stripe.setupIntents.retrieve(setup.id, { expand: ["payment_method"] });
  assert.equal(expanded.payment_method.card.last4, "4242");
  assert.equal(expanded.payment_method.customer, customer.id);
  const paid = await pay(customer, card, { metadata: { reference: "topup:a:1" } });
  assert.deepEqual([paid.status, paid.amount_received], ["succeeded", 2500]);
  const found = await stripe.paymentIntents.list({ customer: customer.id, created: { gte: paid.created - 10, lt: paid.created + 10 } });
  assert.deepEqual(found.data.map((intent) => intent.metadata.reference), ["topup:a:1"]);
});

test("lists go on page by page", async () => {
  const { customer, card } = await customerWithCard();
  for (let number = 0; number < 7; number++) await pay(customer, card);
  const ids = new Set();
  for await (const intent of stripe.paymentIntents.list({ customer: customer.id, limit: 3 })) ids.add(intent.id);
  assert.equal(ids.size, 7);
});

test("the parameter that Stripe removed is refused", async () => {
  await assert.rejects(
    stripe.paymentIntents.create({ amount: 2500, currency: "usd", payment_method_types: ["card"] }),
    (error) => error instanceof Stripe.errors.StripeInvalidRequestError && error.code === "payment_method_types_no_longer_supported",
  );
});

test("a refusal is a card error that holds the intent", async () => {
  const { customer, card } = await customerWithCard("pm_card_chargeCustomerFail");
  await assert.rejects(pay(customer, card), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeCardError);
    assert.deepEqual([error.statusCode, error.code, error.decline_code], [402, "card_declined", "generic_decline"]);
    assert.equal(error.payment_intent.status, "requires_payment_method");
    return true;
  });
  const alone = await customerWithCard("pm_card_authenticationRequiredSetupForOffSession");
  const asked = await pay(alone.customer, alone.card, { off_session: undefined, use_stripe_sdk: true });
  assert.equal(asked.status, "requires_action");
  assert.equal((await stripe.paymentIntents.cancel(asked.id)).status, "canceled");
  await assert.rejects(stripe.paymentIntents.cancel(asked.id), { code: "payment_intent_unexpected_state" });
});

test("a key is executed once, compares parameters, and keeps even a 500", async () => {
  const { customer, card } = await customerWithCard();
  const first = await pay(customer, card, {}, "key-1");
  const again = await pay(customer, card, {}, "key-1");
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  await assert.rejects(pay(customer, card, { amount: 2600 }, "key-1"), (error) => error instanceof Stripe.errors.StripeIdempotencyError);
  await control("next", { fault: "act_then_fail" });
  for (let time = 0; time < 2; time++) {
    await assert.rejects(pay(customer, card, {}, "key-2"), (error) => error instanceof Stripe.errors.StripeAPIError && error.statusCode === 500);
  }
  assert.equal((await stripe.paymentIntents.list({ customer: customer.id })).data.length, 2);
});

test("money goes back, never more than came", async () => {
  const { customer, card } = await customerWithCard();
  const paid = await pay(customer, card);
  const refund = await stripe.refunds.create({ payment_intent: paid.id, amount: 1500, reason: "requested_by_customer" });
  assert.equal(refund.status, "succeeded");
  await assert.rejects(stripe.refunds.create({ payment_intent: paid.id, amount: 1001 }), Stripe.errors.StripeInvalidRequestError);
  assert.equal((await stripe.refunds.list({ payment_intent: paid.id })).data.length, 1);
});

test("a hosted page has an address and can be closed", async () => {
  const { customer } = await customerWithCard();
  const session = await stripe.checkout.sessions.create({
    mode: "setup", customer: customer.id, success_url: "https://a.example/{CHECKOUT_SESSION_ID}", ...allowed,
    wallet_options: { link: { display: "never" } },
  });
  assert.match(session.url, /\/checkout\//);
  assert.equal((await stripe.checkout.sessions.expire(session.id)).status, "expired");
});

test("disputes, their entries, and events of all of it", async () => {
  const { customer, card } = await customerWithCard("pm_card_createDispute");
  const paid = await pay(customer, card);
  const [dispute] = (await stripe.disputes.list({ payment_intent: paid.id })).data;
  assert.deepEqual(dispute.balance_transactions.map((entry) => entry.amount), [-2500]);
  const expanded = await stripe.disputes.retrieve(dispute.id, { expand: ["payment_intent"] });
  assert.equal(expanded.payment_intent.id, paid.id);
  const events = await stripe.events.list({ created: { gte: paid.created - 10 }, limit: 100 });
  const types = events.data.map((event) => event.type);
  for (const type of ["payment_intent.succeeded", "charge.dispute.funds_withdrawn", "setup_intent.succeeded"]) {
    assert.ok(types.includes(type), type);
  }
});

test("a card that was taken off cannot be charged, nor can somebody else's", async () => {
  const { customer, card } = await customerWithCard();
  const other = await customerWithCard();
  await assert.rejects(pay(other.customer, card), Stripe.errors.StripeInvalidRequestError);
  await stripe.paymentMethods.detach(card);
  await assert.rejects(pay(customer, card), Stripe.errors.StripeInvalidRequestError);
});

test("a wrong key is refused", async () => {
  const stranger = new Stripe("sk_test_wrong", { host: fake.hostname, port: Number(fake.port), protocol: "http" });
  await assert.rejects(stranger.balance.retrieve(), Stripe.errors.StripeAuthenticationError);
});
