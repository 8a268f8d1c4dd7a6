// How the browser tests run: two widths, no second tries, nothing skipped by accident.
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./fixture/chromium.ts";
import type { Options } from "./fixture/test.ts";

const wide = { viewport: { width: 1280, height: 900 } };
// 320 CSS px is where WCAG 1.4.10 measures, and the narrowest phone in use.
const narrow = { viewport: { width: 320, height: 720 }, hasTouch: true };

export default defineConfig<Options>({
  testDir: "specs",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 60_000,
  // Missing pictures are an error like wrong ones; `cargo xtask screens --renew` takes them.
  updateSnapshots: "none",
  snapshotPathTemplate: "../../docs/screens/{arg}{ext}",
  expect: {
    timeout: 10_000,
    // A fifth of a percent is a word or an edge. Two builds of the same Chromium draw far less differently.
    toHaveScreenshot: { animations: "disabled", scale: "css", maxDiffPixelRatio: 0.002 },
  },
  reporter: [["list"]],
  use: {
    launchOptions,
    locale: "en-US",
    timezoneId: "America/New_York",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    actionTimeout: 10_000,
  },
  projects: [
    { name: "desktop", use: wide, grepInvert: /@phone|@stripe-only/ },
    { name: "phone", use: narrow, grep: /@phone|@everywhere/, grepInvert: /@stripe-only/ },
    // The same tests where the money goes through Stripe, which is played by tests/fake-stripe.
    { name: "stripe", use: { ...wide, provider: "stripe" }, grep: /@stripe/, grepInvert: /@phone/ },
    { name: "stripe-phone", use: { ...narrow, provider: "stripe" }, grep: /(?=.*@stripe)(?=.*(@phone|@everywhere))/ },
  ],
});
