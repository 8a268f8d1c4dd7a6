// What a frame says for itself: that it could not be opened, or that a file could not be had.
import { say } from "./language.js";

const SHOWN_MILLISECONDS = 10_000;

/** In the place of what is still loading; with a button when `again` is there. */
export const showNotice = (name, again) => {
  const note = document.getElementById("shell-note");
  if (!note) return;
  for (const part of document.querySelectorAll(".shell-panel")) part.hidden = true;
  document.getElementById("shell").removeAttribute("aria-busy");
  note.className = "panel stack";
  note.setAttribute("role", "alert");
  const text = document.createElement("span");
  text.textContent = say(name);
  note.replaceChildren(text);
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = say("try_again");
  button.addEventListener("click", again, { once: true });
  note.append(button);
};

/** The page goes on loading. */
export const hideNotice = () => {
  const note = document.getElementById("shell-note");
  if (!note) return;
  note.className = "visually-hidden";
  note.setAttribute("role", "status");
  note.textContent = say("loading");
  for (const part of document.querySelectorAll(".shell-panel")) part.hidden = false;
};

/** For a while over the page, and read out. */
export const downloadFailed = (error) => {
  reportError(error);
  const note = document.createElement("p");
  note.className = "host-note panel";
  note.setAttribute("role", "alert");
  document.body.append(note);
  note.textContent = say("download_failed");
  setTimeout(() => note.remove(), SHOWN_MILLISECONDS);
};
