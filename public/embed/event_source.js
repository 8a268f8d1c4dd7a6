// EventSource over fetch: the browser's own cannot send a bearer token (HTML, "Server-sent events").
const RETRY_MILLISECONDS = 3_000;

/** Reads `text/event-stream` piece by piece: `onEvent(name, data, id)` for each event, `onRetry(milliseconds)`. */
export class EventStreamParser {
  #rest = "";
  #name = "";
  #data = [];
  #begun = false;

  constructor(lastEventId, onEvent, onRetry) {
    this.lastEventId = lastEventId;
    this.onEvent = onEvent;
    this.onRetry = onRetry;
  }

  read(text) {
    if (!this.#begun && text) {
      this.#begun = true;
      text = text.replace(/^\ufeff/, "");
    }
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#readLine(line);
  }

  #readLine(line) {
    if (line === "") return this.#dispatch();
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
    if (field === "event") this.#name = value ?? "";
    else if (field === "data") this.#data.push(value ?? "");
    else if (field === "id" && !value?.includes("\0")) this.lastEventId = value ?? "";
    else if (field === "retry" && /^\d+$/.test(value)) this.onRetry(Number(value));
  }

  #dispatch() {
    const [name, data] = [this.#name || "message", this.#data];
    this.#name = "";
    this.#data = [];
    if (data.length) this.onEvent(name, data.join("\n"), this.lastEventId);
  }
}

/** An EventSource whose requests go through `open(address, init)`; it ends with the event at which `isLast(name, data)`. */
export const makeEventSource = (open, isLast) =>
  class EventSource extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSED = 2;
    readyState = 0;
    withCredentials = false;
    #controller = new AbortController();
    #lastEventId = "";
    #retry = RETRY_MILLISECONDS;

    constructor(address) {
      super();
      this.url = new URL(address, location.href).href;
      this.#run();
    }

    close() {
      this.readyState = 2;
      this.#controller.abort();
    }

    async #run() {
      while (this.readyState !== 2) {
        const refused = await this.#connect().catch(() => false);
        if (this.readyState === 2) return;
        this.readyState = refused ? 2 : 0;
        this.dispatchEvent(new Event("error"));
        if (this.readyState === 0) await this.#wait();
      }
    }

    /** Until the connection ends; whether the server refused it for good. */
    async #connect() {
      const headers = { accept: "text/event-stream" };
      if (this.#lastEventId) headers["last-event-id"] = this.#lastEventId;
      const { signal } = this.#controller;
      const response = await open(this.url, { headers, signal, cache: "no-store" });
      const type = response.headers.get("content-type") ?? "";
      if (response.status !== 200 || !type.startsWith("text/event-stream")) return true;
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
      await this.#read(response.body.pipeThrough(new TextDecoderStream()).getReader());
      return false;
    }

    async #read(reader) {
      const parser = new EventStreamParser(
        this.#lastEventId,
        (name, data, lastEventId) => {
          if (this.readyState === 2) return;
          this.#lastEventId = lastEventId;
          const last = isLast(name, data);
          this.dispatchEvent(new MessageEvent(name, { data, lastEventId, origin: location.origin }));
          if (last) this.close();
        },
        (milliseconds) => (this.#retry = milliseconds),
      );
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        parser.read(value);
      }
    }

    #wait() {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, this.#retry);
        this.#controller.signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  };
