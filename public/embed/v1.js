// The custom elements for a host's page: each holds a frame of the product and exchanges messages with it.
//
// A message is {nexis: name, …}. It is sent to the product's origin and to nobody else, and taken from this element's own
// frame and from that origin only. NAMES is written by the build: language to the accessible names of the two frames.
const VERSION = 1;
const CHANGE = "nexis-billing:event";
const LARGEST_PIXELS = 100_000;
const TABBABLE = "a[href],area[href],button,input,select,textarea,summary,iframe,audio[controls],video[controls],[contenteditable],[tabindex],nexis-billing,nexis-balance";

class EmbeddedFrame extends HTMLElement {
  static observedAttributes = ["src", "locale", "view"];
  #frame;
  #origin;
  #listeners;
  #fetchCode;
  #fetchCodeSet;
  #isSet = new Promise((resolve) => (this.#fetchCodeSet = resolve));
  #theme;
  #drawing;
  #hasAnswered = false;
  #visible = "";

  /** Asks the host's own server for a one-time code; called with why, each time the frame needs one. */
  get fetchCode() {
    return this.#fetchCode;
  }

  set fetchCode(run) {
    this.#fetchCode = run;
    if (run) this.#fetchCodeSet();
  }

  /** {mode, accent, surface, text, border, radius, font}; may be changed while the frame is open. */
  get theme() {
    return this.#theme;
  }

  set theme(theme) {
    this.#theme = theme;
    this.#post("theme", { theme });
  }

  connectedCallback() {
    // What was set before this script ran hides the accessors.
    for (const name of ["fetchCode", "theme"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#open();
  }

  disconnectedCallback() {
    this.#close();
  }

  // Moved by moveBefore(): the frame lives on.
  connectedMoveCallback() {}

  attributeChangedCallback(name, before, after) {
    if (!this.#frame || before === after) return;
    if (name === "src") {
      this.#close();
      this.#open();
    } else if (name === "view") {
      this.#post("navigate", { to: after });
    } else {
      this.#setTitle();
      this.#post("locale", { locale: this.#locale });
    }
  }

  get #locale() {
    return this.getAttribute("locale") || this.closest("[lang]")?.lang || navigator.language;
  }

  #setTitle() {
    const names = NAMES[this.#locale.split("-")[0].toLowerCase()] ?? NAMES.en;
    this.#frame.title = names[this.constructor.index];
  }

  #open() {
    const { origin } = new URL(this.getAttribute("src") || import.meta.url, document.baseURI);
    const frame = document.createElement("iframe");
    this.#origin = origin;
    this.#frame = frame;
    frame.allow = "payment; clipboard-write; publickey-credentials-get";
    frame.loading = "lazy";
    frame.style.cssText = this.constructor.style;
    this.#setTitle();
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    addEventListener("message", (event) => this.#receive(event), { signal });
    frame.addEventListener("load", () => this.#greet());
    const draw = () => {
      this.#drawing ??= requestAnimationFrame(() => {
        this.#drawing = undefined;
        this.#postViewport();
      });
    };
    // Scrolling does not bubble: this way whatever contains the frame is heard too.
    addEventListener("scroll", draw, { signal, capture: true, passive: true });
    addEventListener("resize", draw, { signal });
    const sizes = new ResizeObserver(draw);
    sizes.observe(document.documentElement);
    sizes.observe(frame);
    signal.addEventListener("abort", () => sizes.disconnect());
    frame.src = origin + this.constructor.path;
    (this.shadowRoot ?? this.attachShadow({ mode: "open", delegatesFocus: true })).replaceChildren(frame);
    this.style.display ||= this.constructor.display;
  }

  #close() {
    this.#listeners?.abort();
    cancelAnimationFrame(this.#drawing);
    this.#drawing = undefined;
    this.#frame?.remove();
    this.#frame = undefined;
    this.#hasAnswered = false;
  }

  // Each document in the frame, also one that was loaded anew, hears this first: by it the browser vouches for our origin.
  #greet() {
    this.#visible = "";
    this.#hasAnswered = false;
    this.#send("hello", { v: VERSION, locale: this.#locale, view: this.getAttribute("view"), theme: this.#theme });
  }

  #send(nexis, data) {
    this.#frame.contentWindow?.postMessage({ nexis, ...data }, this.#origin);
  }

  // Before the frame has answered there is nobody who could take it; what it has to know then is in `hello`.
  #post(nexis, data) {
    if (this.#hasAnswered) this.#send(nexis, data);
  }

  #receive({ source, origin, data }) {
    if (source !== this.#frame.contentWindow || origin !== this.#origin || !data) return;
    const { nexis, height, width } = data;
    const fits = (size) => size > 0 && size <= LARGEST_PIXELS;
    if (nexis === "hello") {
      this.#hasAnswered = true;
      this.#postViewport();
      this.#sendCode("start");
    } else if (nexis === "need-code") {
      this.#sendCode(data.reason);
    } else if (nexis === "resize") {
      if (fits(height)) this.#frame.style.height = `${height}px`;
      if (fits(width)) this.#frame.style.width = `${width}px`;
    } else if (nexis === "reveal") {
      if (data.top >= 0) this.#reveal(data.top);
    } else if (nexis === "navigate") {
      this.#navigate(data.to);
    } else if (nexis === "focus-out") {
      this.#moveFocus(data.direction === "backward");
    } else if (nexis === "event") {
      this.#dispatch(CHANGE, { type: data.type });
    }
  }

  #dispatch(name, detail, cancelable = false) {
    return this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, cancelable, detail }));
  }

  async #sendCode(reason) {
    const frame = this.#frame;
    let code = null;
    try {
      if (!this.#fetchCode) await this.#isSet;
      code = await this.#fetchCode(reason);
    } catch (error) {
      reportError(error);
    }
    if (frame === this.#frame) this.#post("code", { code });
  }

  // The visible part of the frame, in the frame's own pixels.
  #postViewport() {
    if (!this.#hasAnswered) return;
    const frame = this.#frame.getBoundingClientRect();
    let [top, bottom] = [Math.max(frame.top, 0), Math.min(frame.bottom, innerHeight)];
    for (let part = this.parentElement; part && part !== document.body; part = part.parentElement) {
      if (getComputedStyle(part).overflowY === "visible") continue;
      const box = part.getBoundingClientRect();
      [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    const viewport = { top: Math.round(top - frame.top), height: Math.max(Math.round(bottom - top), 0) };
    const text = `${viewport.top} ${viewport.height}`;
    if (text === this.#visible) return;
    this.#visible = text;
    this.#post("viewport", viewport);
  }

  // By the frame's margin: so every container of it scrolls, too.
  #reveal(top) {
    this.#frame.style.scrollMarginTop = `${-top}px`;
    this.#frame.scrollIntoView();
  }

  #navigate(to) {
    if (!URL.canParse(to, document.baseURI)) return;
    const { protocol, href } = new URL(to, document.baseURI);
    const isPage = protocol === "https:" || protocol === "http:";
    if (isPage && this.#dispatch("nexis-billing:navigate", { to: href }, true)) location.assign(href);
  }

  #moveFocus(backward) {
    const side = backward ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
    const others = [...this.getRootNode().querySelectorAll(TABBABLE)].filter(
      (one) =>
        this.compareDocumentPosition(one) & side &&
        (one.tabIndex >= 0 || one instanceof EmbeddedFrame) &&
        !one.disabled &&
        !one.closest("[inert]") &&
        (one.checkVisibility?.({ visibilityProperty: true }) ?? true),
    );
    const next = others.at(backward ? -1 : 0);
    if (next) next.focus();
    else this.#frame.blur();
  }
}

const define = (name, path, index, display, style) => {
  if (customElements.get(name)) return;
  const one = class extends EmbeddedFrame {};
  Object.assign(one, { path, index, display, style: `border:0;color-scheme:auto;${style}` });
  customElements.define(name, one);
};
define("nexis-billing", "/embed", 0, "block", "display:block;width:100%;height:40rem");
define("nexis-balance", "/embed/balance", 1, "inline-block", "display:block;width:10rem;height:3rem");
