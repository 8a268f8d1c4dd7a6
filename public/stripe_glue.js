// Between the page and Stripe.js, which must come from js.stripe.com and is loaded only when a card form opens.
// Types are checked against @stripe/stripe-js (tests/stripe-oracles); what comes back is only a hint to ask the server.

/** @typedef {import("@stripe/stripe-js").Stripe} Stripe */
/** @typedef {{ stripe: Stripe, elements: import("@stripe/stripe-js").StripeElements, element: import("@stripe/stripe-js").StripePaymentElement }} Form */

/** How long the form may take to show itself. */
const SHOWN_MILLISECONDS = 20_000;

/** @type {Map<string, Promise<Stripe>>} */
const loaded = new Map();

/** Loads the script once for a key. @param {string} key @param {string} src @returns {Promise<Stripe>} */
function load(key, src) {
  const known = loaded.get(key);
  if (known) return known;
  const loading = new Promise((/** @type {(stripe: Stripe) => void} */ resolve, reject) => {
    const fail = () => {
      loaded.delete(key);
      reject(new Error("The card form could not be loaded."));
    };
    const locale = /** @type {import("@stripe/stripe-js").StripeElementLocale} */ (document.documentElement.lang);
    const make = /** @type {() => import("@stripe/stripe-js").StripeConstructor | undefined} */ (() => Reflect.get(globalThis, "Stripe"));
    const ready = () => {
      try {
        const constructor = make();
        return constructor ? resolve(constructor(key, { locale })) : fail();
      } catch {
        // The constructor refuses a key that is none.
        fail();
      }
    };
    if (make()) return ready();
    const script = document.createElement("script");
    script.onload = ready;
    script.onerror = fail;
    script.src = src;
    document.head.append(script);
  });
  loaded.set(key, loading);
  return loading;
}

/** Shows Stripe's card form in `place`. @param {string} key @param {string} secret @param {HTMLElement} place @param {string} src @returns {Promise<Form>} */
export async function mountPaymentElement(key, secret, place, src) {
  const stripe = await load(key, src);
  const elements = stripe.elements({ clientSecret: secret });
  const element = elements.create("payment", { wallets: { applePay: "never", googlePay: "never", link: "never" } });
  const shown = new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
    const fail = () => reject(new Error("The card form could not be loaded."));
    element.on("ready", () => resolve());
    element.on("loaderror", fail);
    // A frame that never comes tells nobody.
    setTimeout(fail, SHOWN_MILLISECONDS);
  });
  element.mount(place);
  try {
    await shown;
  } catch (error) {
    element.destroy();
    throw error;
  }
  return { stripe, elements, element };
}

/** Sends the form to Stripe; the reason when the card was not taken, else nothing. @param {Form} form @param {string} returnUrl @returns {Promise<string | undefined>} */
export async function confirmSetup({ stripe, elements }, returnUrl) {
  const { error } = await stripe.confirmSetup({ elements, confirmParams: { return_url: returnUrl }, redirect: "if_required" });
  return error && (error.message ?? "The card was not taken.");
}

/** Lets the cardholder confirm a payment; the reason when that failed. A payment that was begun without them is confirmed anew with `method`. @param {string} key @param {string} secret @param {string} method Empty: it is under way. @param {string} src @returns {Promise<string | undefined>} */
export async function nextAction(key, secret, method, src) {
  const stripe = await load(key, src);
  const confirmParams = { payment_method: method, return_url: location.href };
  const { error } = method
    ? await stripe.confirmPayment({ clientSecret: secret, confirmParams, redirect: "if_required" })
    : await stripe.handleNextAction({ clientSecret: secret });
  return error && (error.message ?? "The payment was not confirmed.");
}

/** Takes the form away. @param {Form} form */
export function destroy({ element }) {
  element.destroy();
}
