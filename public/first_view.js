// The first view stands in the document before the program runs. What somebody does to it meanwhile, the program does once it
// is there: the same press, the same words in the same field, the same focus, the same place on the page.

/** Frames in which the page may still become complete: parts of it come after the first load. */
const PATIENCE = 600;

const view = document.getElementById("first-view");
/** What to do again, in its order: where, and the words of a field, or that it had the focus; otherwise it was pressed. */
const kept = [];
let focused;
let scrolled = 0;

const PRESSED = "button, summary";

const placeOf = (element) => {
  const path = [];
  for (let one = element; one !== view; one = one.parentElement) path.unshift([...one.parentElement.children].indexOf(one));
  return { path, name: element.tagName, text: element.textContent };
};

/** The same element of the program's page, which stands where the view stood; undefined while it is not there. */
const find = ({ path, name, text }) => {
  const element = path.reduce((parent, at) => parent?.children[at], document.body);
  return element?.tagName === name && element.textContent === text ? element : undefined;
};

if (view) {
  for (const element of view.querySelectorAll("[data-style]")) element.style.cssText = element.dataset.style;
  view.addEventListener("click", ({ target }) => {
    const pressed = target.closest(PRESSED);
    if (pressed) kept.push({ place: placeOf(pressed) });
  });
  view.addEventListener("input", ({ target }) => kept.push({ place: placeOf(target), value: target.value }));
  // Nothing that is sent before the program is there is ever sent by the browser itself.
  view.addEventListener("submit", (event) => event.preventDefault());
  view.addEventListener("focusin", ({ target }) => (focused = placeOf(target)));
  addEventListener("scroll", () => (scrolled = scrollY));
}

const repeat = ({ value, focus }, element) => {
  if (focus) {
    // Not away from where they have gone since.
    if (document.activeElement === document.body) element.focus({ preventScroll: true });
    return;
  }
  if (value === undefined) return element.click();
  element.value = value;
  for (const event of ["input", "change"]) element.dispatchEvent(new Event(event, { bubbles: true }));
};

const repeatKept = (patience) => {
  while (kept.length) {
    const element = find(kept[0].place);
    if (!element) break;
    repeat(kept.shift(), element);
  }
  if (kept.length && patience) requestAnimationFrame(() => repeatKept(patience - 1));
};

/** The program's page has taken the place of the view. */
export const carryOver = () => {
  if (!view) return;
  const place = scrolled;
  if (place) scrollTo(0, place);
  if (focused) kept.push({ place: focused, focus: true });
  repeatKept(PATIENCE);
};
