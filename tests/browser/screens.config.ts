// The pictures: every screen wide and narrow, light and dark, and the one of the README. `cargo xtask screens` runs it.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: "screens",
  testMatch: "*.ts",
  projects: [
    { name: "wide", use: { viewport: { width: 1280, height: 900 } } },
    { name: "narrow", use: { viewport: { width: 320, height: 720 }, hasTouch: true }, grepInvert: /README/ },
  ],
});
