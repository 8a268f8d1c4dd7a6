// A host: a voice platform with accounts and users of its own, whose pages show the Billing tab.
// Needs BILLING_KEY (a key with portal:write and organizations:write); BILLING_URL and PORT have defaults.
import { createServer } from "node:http";

const { BILLING_KEY, BILLING_URL = "http://localhost:8080", PORT = "4000" } = process.env;
const ORIGIN = `http://127.0.0.1:${PORT}`;
if (!BILLING_KEY) throw new Error("BILLING_KEY is not set: see docs/adopt.md");

// Your own session says who asks, and your own tables what they may do. This host knows one account and two people.
const ACCOUNT = { external_id: "acct_42", name: "Harbor Dental" };
const PEOPLE = {
  ada: { external_id: "u_7", email: "ada@harbor.example", name: "Ada Quinn", role: "owner" },
  ben: { external_id: "u_8", email: "ben@harbor.example", name: "Ben Ito", role: "member" },
};
const signedIn = (request) => PEOPLE[/person=(\w+)/.exec(request.headers.cookie ?? "")?.[1]] ?? PEOPLE.ada;

// The one call that the embed needs: a code for this person, good once and for five minutes.
async function mintCode(user) {
  const response = await fetch(`${BILLING_URL}/api/v1/portal-sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${BILLING_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ organization: `ext:${ACCOUNT.external_id}`, user, embed_origin: ORIGIN }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()).code;
}

const page = (user) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Harbor Dental</title><link rel="icon" href="data:,">
<h1>Settings</h1><p>Signed in as ${user.name}</p>
<script type="module" src="${BILLING_URL}/embed/v1.js"></script>
<nexis-billing src="${BILLING_URL}" locale="en"></nexis-billing>
<script type="module">
  document.querySelector("nexis-billing").fetchCode = async () =>
    (await (await fetch("/my/billing-code", { method: "POST" })).json()).code;
</script>`;

createServer(async (request, response) => {
  const send = (status, type, body) => response.writeHead(status, { "content-type": type }).end(body);
  try {
    const user = signedIn(request);
    if (request.method === "POST" && request.url === "/my/billing-code") {
      // Only our own page may ask: another site's form has no such Origin.
      if (request.headers.origin !== ORIGIN) return send(403, "text/plain", "not from here");
      return send(200, "application/json", JSON.stringify({ code: await mintCode(user) }));
    }
    if (request.url === "/") return send(200, "text/html; charset=utf-8", page(user));
    send(404, "text/plain", "not found");
  } catch (error) {
    console.error(error.message);
    send(502, "text/plain", "billing does not answer");
  }
}).listen(Number(PORT), "127.0.0.1", () => console.log(`host app at ${ORIGIN}`));
