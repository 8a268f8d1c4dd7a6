// How a frame fits its host's page: its height, the part of it that is seen, and the focus that passes through it.
import { onMessage, post } from "./host.js";

const TABBABLE = "a[href],button,input,select,textarea,summary,[tabindex]";

/** The host hears how large the content is, now and whenever that changes. */
export const reportSize = (withWidth) => {
  let last = "";
  new ResizeObserver(() => {
    const { width, height } = document.body.getBoundingClientRect();
    const size = withWidth ? { height: Math.ceil(height), width: Math.ceil(width) } : { height: Math.ceil(height) };
    const text = JSON.stringify(size);
    if (text === last || size.height === 0) return;
    last = text;
    post("resize", size);
  }).observe(document.body);
};

/** Dialogs and notices stand where the person looks (embed.css): the part of the frame that the host shows. */
export const followViewport = () => {
  onMessage("viewport", ({ top, height }) => {
    if (!(top >= 0) || !(height >= 0)) return;
    const { style } = document.documentElement;
    style.setProperty("--host-top", `${top}px`);
    style.setProperty("--host-height", `${height}px`);
  });
};

const canTakeFocus = (element) =>
  element.tabIndex >= 0 &&
  !element.disabled &&
  !element.closest("[inert]") &&
  (element.checkVisibility?.({ visibilityProperty: true }) ?? true);

/** Before the first and behind the last element: what Tab reaches there has left the page, or has just come into it. */
export const passFocus = () => {
  const makeGuard = (direction) => {
    const guard = document.createElement("span");
    guard.tabIndex = 0;
    guard.style.cssText = "position:fixed;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)";
    guard.addEventListener("focus", ({ relatedTarget }) => {
      if (relatedTarget) return post("focus-out", { direction });
      const inside = [...document.body.querySelectorAll(TABBABLE)].filter(canTakeFocus);
      inside.at(direction === "backward" ? 0 : -1)?.focus();
    });
    return guard;
  };
  document.body.before(makeGuard("backward"));
  document.body.after(makeGuard("forward"));
};
