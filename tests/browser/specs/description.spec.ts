// The API's description, judged by the specification's own schema, and the server's answers, judged by the description.
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { APIResponse } from "@playwright/test";
import { expect, test } from "../fixture/test.ts";
import { signIn } from "../fixture/people.ts";
import type { Server } from "../fixture/server.ts";

interface Description {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema?: object }> }> }>>;
}

test("the description is valid OpenAPI 3.1", async ({ request }) => {
  const document = await (await request.get("/api/openapi.json")).json();
  const result = await new Validator().validate(document);
  expect(result.errors ?? [], JSON.stringify(result.errors)).toEqual([]);
  expect(result.valid).toBe(true);
});

test("what the server answers is what its description says", async ({ page, server, seams }) => {
  await signIn(page, "owner");
  const judge = new Judge(await (await page.request.get("/api/openapi.json")).json());
  const own = { Origin: server.origin };
  const get = async (path: string, query = "") => judge.expect("get", path, 200, await page.request.get(`/api/v1${path}${query}`));
  const paths = ["/session", "/billing", "/wallet", "/cards", "/auto-pay", "/transactions", "/organization", "/members", "/requests", "/usage", "/bootstrap"];
  for (const path of paths) await get(path);
  await get("/transactions", "?limit=3&kind=top_up");

  const topUp = async (key: string, amount: unknown) => page.request.post("/api/v1/top-ups", { headers: { ...own, "Idempotency-Key": key }, data: { amount } });
  const paid = judge.expect("post", "/top-ups", 201, await topUp("k-1", "25.00"));
  const { id } = await paid as { id: string };
  await judge.expect("get", "/top-ups/{id}", 200, await page.request.get(`/api/v1/top-ups/${id}`));
  await seams.bank("decline:lost_card");
  await judge.expect("post", "/top-ups", 402, await topUp("k-2", "25.00"));
  await judge.expect("post", "/top-ups", 422, await topUp("k-3", "1e3"));
  await judge.expect("post", "/top-ups", 400, await page.request.post("/api/v1/top-ups", { headers: own, data: { amount: "25.00" } }));
  await judge.expect("post", "/top-ups", 403, await page.request.post("/api/v1/top-ups", { headers: { Origin: "https://evil.example" }, data: {} }));
  await judge.expect("post", "/top-ups", 415, await page.request.post("/api/v1/top-ups", { headers: { ...own, "Idempotency-Key": "k-4", "Content-Type": "text/plain" }, data: "x" }));

  const settings = { enabled: true, threshold: "20.00", refill: { kind: "fixed", amount: "50.00" }, monthly_cap: "500.00" };
  await judge.expect("put", "/auto-pay", 428, await page.request.put("/api/v1/auto-pay", { headers: own, data: settings }));
  await judge.expect("put", "/auto-pay", 200, await page.request.put("/api/v1/auto-pay", { headers: { ...own, "If-Match": "*" }, data: settings }));
  await meter(judge, server, await organizationOf(page.request));

  const nobody = { headers: { Cookie: "" } };
  await judge.expect("get", "/wallet", 401, await page.request.get("/api/v1/wallet", nobody));
  await judge.expect("get", "/top-ups/{id}", 404, await page.request.get("/api/v1/top-ups/01936f2e-0000-7000-8000-000000000000"));
});

/** What the AI platform asks and reports. */
async function meter(judge: Judge, server: Server, organization_id: string): Promise<void> {
  const post = async (path: string, body: object) => {
    const headers = { Authorization: `Bearer ${server.serviceKey}`, "Content-Type": "application/json" };
    const answer = await fetch(`${server.origin}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, type: answer.headers.get("content-type") ?? "", body: await answer.json() };
  };
  const call = { organization_id, kind: "outbound_call" };
  for (const estimate of ["0.50", "1000000"]) judge.judge("post", "/metering/authorizations", 200, await post("/metering/authorizations", { ...call, estimate, ttl_seconds: 60 }));
  const event = { ...call, id: "call-1", quantity: "95", unit: "second", unit_price: "0.0012", occurred_at: new Date().toISOString(), description: "A call", source: "Agent" };
  const events = [event, event, { ...event, quantity: "96" }, { ...event, id: "call-2", quantity: "-1" }];
  const report = await post("/metering/events", { events });
  judge.judge("post", "/metering/events", 200, report);
  expect((report.body as { results: { status: string }[] }).results.map((result) => result.status)).toEqual(["posted", "duplicate", "rejected", "rejected"]);
  judge.judge("post", "/metering/events", 422, await post("/metering/events", { events: [] }));
}

async function organizationOf(request: { get(path: string): Promise<APIResponse> }): Promise<string> {
  const session = await (await request.get("/api/v1/session")).json() as { organization: { id: string } };
  return session.organization.id;
}

interface Answer {
  status: number;
  type: string;
  body: unknown;
}

/** Compares answers with the document's schemas. */
class Judge {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(private readonly document: Description) {
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, "api");
  }

  async expect(method: string, path: string, status: number, answer: APIResponse): Promise<unknown> {
    const body: unknown = await answer.json();
    this.judge(method, path, status, { status: answer.status(), type: answer.headers()["content-type"] ?? "", body });
    return body;
  }

  judge(method: string, path: string, status: number, answer: Answer): void {
    const title = `${method} ${path} ${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`;
    expect(answer.status, title).toBe(status);
    const declared = this.document.paths[`/api/v1${path}`]?.[method]?.responses[status];
    expect(declared, `${title} is declared`).toBeDefined();
    const type = answer.type.split(";")[0] ?? "";
    expect(declared?.content?.[type]?.schema, `${title} is declared as ${type}`).toBeDefined();
    const pointer = ["paths", `/api/v1${path}`, method, "responses", String(status), "content", type, "schema"];
    const validate = this.ajv.getSchema(`api#/${pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/")}`);
    expect(validate, title).toBeDefined();
    expect(validate?.(answer.body), `${title}: ${JSON.stringify(validate?.errors)}`).toBe(true);
  }
}
