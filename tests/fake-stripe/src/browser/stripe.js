// A stand-in for Stripe.js: the few calls that the wallet's page makes, over a form in a frame of another origin.
"use strict";

(() => {
  const origin = new URL(document.currentScript.src).origin;
  let calls = 0;

  function frame(hash) {
    const element = document.createElement("iframe");
    element.src = `${origin}/frame${hash}`;
    element.title = "Secure payment input frame";
    element.style.cssText = "border:0;inline-size:100%;block-size:260px;display:block";
    return element;
  }

  /** Asks the frame to do something and waits for its answer. */
  function ask(element, type, clientSecret, paymentMethod) {
    const call = ++calls;
    return new Promise((resolve) => {
      const listen = (event) => {
        if (event.origin !== origin || event.data?.call !== call) return;
        removeEventListener("message", listen);
        resolve(event.data.answer);
      };
      addEventListener("message", listen);
      element.contentWindow.postMessage({ call, type, clientSecret, paymentMethod }, origin);
    });
  }

  const named = (answer, name) => (answer.error ? { error: answer.error } : { [name]: answer.intent });
  const nameOf = (clientSecret) => (clientSecret.startsWith("seti_") ? "setupIntent" : "paymentIntent");

  /** A frame over the page, for challenges that have no form of their own. */
  async function inOverlay(clientSecret, paymentMethod) {
    const element = frame("#challenge");
    element.style.cssText = "border:0;position:fixed;inset:0;inline-size:100%;block-size:100%;background:#fff;z-index:9999";
    const ready = new Promise((resolve) => (element.onload = resolve));
    document.body.append(element);
    await ready;
    try {
      return named(await ask(element, "challenge", clientSecret, paymentMethod), nameOf(clientSecret));
    } finally {
      element.remove();
    }
  }

  function paymentElement() {
    const element = frame("");
    const handlers = { ready: [], change: [] };
    const listen = (event) => {
      if (event.origin !== origin || event.source !== element.contentWindow) return;
      if (event.data?.ready) handlers.ready.forEach((handler) => handler({ elementType: "payment" }));
      if (event.data?.changed) handlers.change.forEach((handler) => handler({ elementType: "payment", complete: event.data.complete }));
    };
    addEventListener("message", listen);
    const api = {
      mount(where) {
        (typeof where === "string" ? document.querySelector(where) : where).replaceChildren(element);
      },
      on(name, handler) {
        handlers[name]?.push(handler);
        return api;
      },
      destroy() {
        removeEventListener("message", listen);
        element.remove();
      },
      unmount() {
        element.remove();
      },
      _ask: (clientSecret) => ask(element, "confirm", clientSecret),
    };
    return api;
  }

  globalThis.Stripe = (key) => {
    if (!/^pk_test_/.test(key)) throw new Error("Invalid publishable key");
    return {
      elements({ clientSecret }) {
        let payment;
        return {
          create(kind) {
            if (kind !== "payment") throw new Error(`no such element: ${kind}`);
            return (payment = paymentElement());
          },
          async submit() {
            return {};
          },
          _confirm: async (name) => named(await payment._ask(clientSecret), name),
        };
      },
      confirmSetup: ({ elements }) => elements._confirm("setupIntent"),
      confirmPayment: ({ elements, clientSecret, confirmParams }) =>
        elements ? elements._confirm("paymentIntent") : inOverlay(clientSecret, confirmParams?.payment_method),
      handleNextAction: ({ clientSecret }) => inOverlay(clientSecret),
    };
  };
  globalThis.Stripe.version = "endive-stand-in";
})();
