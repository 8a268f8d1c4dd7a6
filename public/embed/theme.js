// The host's colors, corners and type face as custom properties of the document (style/tokens.css), set through CSSOM.
const isColor = (text) => typeof text === "string" && CSS.supports("color", text);
const MODES = { light: "light", dark: "dark", auto: "light dark" };
const FONT = /^[\w\s"',-]{1,200}$/;
const LENGTH = /^\d{1,3}(\.\d{1,3})?(px|rem)$/;

/** The properties that each part of a theme sets; what it does not name is derived from it, as for the operator's accent. */
const PARTS = {
  mode: [(value) => Object.hasOwn(MODES, value), (value) => ({ "color-scheme": MODES[value] })],
  accent: [
    isColor,
    (accent, theme) => {
      // Against our own dark ground the server has checked an accent for dark screens only.
      const isPlain = theme?.surface || theme?.mode === "dark";
      const shown = isPlain ? accent : `light-dark(${accent}, oklch(from ${accent} 0.8 c h))`;
      const on = `oklch(from ${accent} clamp(0, (0.62 - l) * 1000, 1) 0 0)`;
      return {
        "--accent": shown,
        "--accent-hover": `color-mix(in oklch, ${shown} 85%, var(--ink))`,
        "--on-accent": isPlain ? on : `light-dark(${on}, oklch(from ${accent} 0.2 0.03 h))`,
        "--accent-wash": `color-mix(in oklch, ${shown} 10%, var(--surface))`,
      };
    },
  ],
  surface: [
    isColor,
    (surface) => ({
      "--surface": surface,
      "--canvas": surface,
      "--sunken": `color-mix(in oklch, ${surface} 95%, var(--ink))`,
    }),
  ],
  text: [isColor, (text) => ({ "--ink": text, "--ink-2": `color-mix(in oklch, ${text} 80%, var(--surface))` })],
  border: [
    isColor,
    (border) => ({ "--line": border, "--line-strong": `color-mix(in oklch, ${border} 80%, var(--ink))` }),
  ],
  radius: [
    (value) => LENGTH.test(value),
    (radius) => ({ "--radius": radius, "--radius-s": `calc(${radius} * 2 / 3)` }),
  ],
  font: [(value) => FONT.test(value), (font) => ({ "--font": font })],
};

/** Sets what the theme says and leaves out what it says wrongly; what an earlier theme said is gone. */
export const applyTheme = (theme) => {
  const { style } = document.documentElement;
  for (const [name, [isRight, properties]] of Object.entries(PARTS)) {
    const value = theme?.[name];
    const right = value != null && isRight(value);
    for (const [property, text] of Object.entries(properties(right ? value : "auto", theme))) {
      if (right) style.setProperty(property, text);
      else style.removeProperty(property);
    }
  }
};
