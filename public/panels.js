// Which panel of the page a host means, and how it stays in sight while the page grows to its height.

/** The views of a portal session that are a part of the page; any other is its beginning. */
const PANELS = { balance: ".balance", usage: ".usage", history: ".transactions", auto_pay: ".auto-pay" };
/** Until then what stands above may still get its content. */
const SETTLING_MILLISECONDS = 3_000;
/** Whoever does this moves the page themselves. */
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];

let stop = () => {};

/** Calls `show` with the panel of this view, once it is there and again whenever the page has grown; at once and without one
 * where the view is no part of the page. */
export const followPanel = (view, show) => {
  stop();
  if (!Object.hasOwn(PANELS, view ?? "")) return show();
  let limit;
  const look = () => {
    const panel = document.querySelector(`.panel${PANELS[view]}`);
    if (!panel) return;
    added.disconnect();
    limit ??= setTimeout(() => stop(), SETTLING_MILLISECONDS);
    show(panel);
  };
  // A frame that is out of sight measures nothing, so sizes alone would wait for a scroll that waits for them.
  const added = new MutationObserver(look);
  const sizes = new ResizeObserver(look);
  const end = () => {
    added.disconnect();
    sizes.disconnect();
    clearTimeout(limit);
    for (const move of MOVES) removeEventListener(move, end, true);
  };
  stop = end;
  for (const move of MOVES) addEventListener(move, end, { capture: true, passive: true });
  added.observe(document.body, { childList: true, subtree: true });
  sizes.observe(document.body);
  look();
};
