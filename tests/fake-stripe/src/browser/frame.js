// The inside of the frame: holds the card number, so that the page around it never sees one.
"use strict";

const part = (id) => document.getElementById(id);

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
}

/** Shows the challenge, which names what is paid, and waits for the cardholder. */
async function challenge(clientSecret) {
  const { intent } = await post("/_fake/browser/intent", { client_secret: clientSecret });
  part("amount").textContent = intent?.amount ? `${String(intent.amount).padStart(3, "0").replace(/(\d\d)$/, ".$1")} ${intent.currency.toUpperCase()}` : "";
  part("card").hidden = true;
  part("challenge").hidden = false;
  return new Promise((resolve) => {
    const answer = (approve) => async () => {
      part("challenge").hidden = true;
      part("card").hidden = false;
      resolve(await post("/_fake/browser/authenticate", { client_secret: clientSecret, approve }));
    };
    part("approve").onclick = answer(true);
    part("fail").onclick = answer(false);
  });
}

async function work({ type, clientSecret, paymentMethod }) {
  if (type === "confirm") {
    const answer = await post("/_fake/browser/confirm", { client_secret: clientSecret, number: part("number").value });
    return answer.intent?.status === "requires_action" ? challenge(clientSecret) : answer;
  }
  if (paymentMethod) {
    const body = { client_secret: clientSecret, payment_method: paymentMethod };
    const answer = await post("/_fake/browser/confirm", body);
    if (answer.intent?.status !== "requires_action") return answer;
  }
  return challenge(clientSecret);
}

addEventListener("message", async (event) => {
  if (!event.data || typeof event.data.call !== "number") return;
  event.source.postMessage({ call: event.data.call, answer: await work(event.data) }, event.origin);
});

part("number").addEventListener("input", () => {
  parent.postMessage({ changed: true, complete: part("number").value.replace(/\D/g, "").length >= 13 }, "*");
});
parent.postMessage({ ready: true }, "*");
if (location.hash === "#challenge") part("card").hidden = true;
