// What the host wants to be seen: a panel of the page, brought to the top of what the host shows of the frame.
import { followPanel } from "../panels.js";
import { onMessage, post } from "./host.js";

const reveal = (panel) => post("reveal", { top: panel ? Math.round(panel.getBoundingClientRect().top) : 0 });

/** Where a page begins its host has put it: at first only a part of it is brought into sight. */
export const showFirst = (view) => followPanel(view, (panel) => panel && reveal(panel));

/** The host may ask for another view while the frame is open. */
export const followView = () => onMessage("navigate", ({ to }) => followPanel(to, reveal));
