// Development only: takes over a new stylesheet, loads the page again after a new build, and shows why there is none.
// `cargo xtask dev` adds it to the documents that it answers with; no build of the product has it.
const own = new URL(import.meta.url).searchParams;
const program = own.get("program");
const code = own.get("code");
let style = own.get("style");

function takeStyle(version) {
  style = version;
  const old = document.querySelector(`link[rel=stylesheet][href^="/dev/${program}.css"]`);
  const next = old.cloneNode();
  next.href = `/dev/${program}.css?${version}`;
  // The old one goes when the new one is there, so that the page is never without.
  next.addEventListener("load", () => old.remove());
  old.after(next);
}

function showProblem(problem) {
  document.getElementById("dev-problem")?.remove();
  if (!problem) return;
  const note = document.createElement("pre");
  note.id = "dev-problem";
  note.textContent = problem;
  note.setAttribute("role", "alert");
  note.style.cssText =
    "position:fixed;inset:auto 0 0 0;z-index:2147483647;max-block-size:50vh;overflow:auto;margin:0;padding:1rem;" +
    "background:#300;color:#fee;font:0.8rem/1.4 ui-monospace,monospace;white-space:pre-wrap;direction:ltr";
  document.documentElement.append(note);
}

function take(text) {
  const news = JSON.parse(text);
  if (news[program].code !== code) return location.reload();
  if (news[program].style !== style) takeStyle(news[program].style);
  showProblem(news.problem);
}

// A browser keeps six connections to a server: one tab listens for all of them.
const channel = new BroadcastChannel("nexis-billing-dev");
channel.addEventListener("message", (event) => take(event.data));
navigator.locks.request("nexis-billing-dev", () => {
  new EventSource("/dev/stream").addEventListener("message", (event) => {
    channel.postMessage(event.data);
    take(event.data);
  });
  return new Promise(() => {});
});
