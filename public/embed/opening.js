// How a frame opens: the host speaks, sends a code, and the code is exchanged for what the page starts with.
import { greeting, nextCode, requestCode } from "./host.js";
import { CodeRefused, exchangeCode } from "./session.js";

/** Where a plain frame without the element stands; the browser says it, not the page. `undefined`: it does not. */
const framingOrigin = () => {
  const said = location.ancestorOrigins?.[0] ?? document.referrer;
  return URL.canParse(said) ? new URL(said).origin : undefined;
};

/** The code behind `#` of a minted address, which then leaves the address. */
const codeInAddress = () => {
  const code = new URLSearchParams(location.hash.slice(1)).get("c");
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  return code;
};

/** What the page starts with. A failure is shown by `report(why, again)`: `gone` or `unavailable`, and `again` asks anew. */
export async function openSession(report) {
  const written = codeInAddress();
  if (written) {
    const attempt = () =>
      exchangeCode(written, framingOrigin()).catch(
        (error) => new Promise((resolve) => report(nameOf(error), error instanceof CodeRefused ? undefined : () => resolve(attempt()))),
      );
    return attempt();
  }
  await greeting;
  let code = nextCode();
  for (;;) {
    try {
      return await exchangeCode(await code);
    } catch (error) {
      await new Promise((resolve) => report(nameOf(error), resolve));
      code = requestCode("retry");
    }
  }
}

const nameOf = (error) => (error instanceof CodeRefused ? "gone" : "unavailable");
