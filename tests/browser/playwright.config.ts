// How the browser tests run: two widths, no second tries, nothing skipped by accident.
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./fixture/chromium.ts";
import { NARROW } from "./fixture/layout.ts";
import type { Options } from "./fixture/test.ts";

const wide = { viewport: { width: 1280, height: 900 } };
const narrow = { viewport: NARROW, hasTouch: true };

// What moves money: these files run a second time with Stripe, and so does each other test with the tag @stripe. What makes
// sense with one provider only says @sandbox-only or @stripe-only, and why.
const TWICE = /(top-up|automatic-payments|payment-links|guide|stripe)\.spec\.ts|@stripe/;

// What counts milliseconds needs a quiet machine, which the one that runs everything is not.
const MEASURE = Boolean(process.env.NEXIS_BILLING_MEASURE);

// Answers that are late on purpose make everything that waits for them late (xtask/src/suite/stress.rs).
const PATIENCE = process.env.NEXIS_BILLING_STRESS_MS ? 4 : 1;

// Files that passed on the very same page (xtask/src/suite/browser.rs).
const LEFT_OUT = process.env.NEXIS_BILLING_LEFT_OUT?.split(",").map((file) => `**/${file}`) ?? [];

export default defineConfig<Options>({
  testDir: "specs",
  testIgnore: LEFT_OUT,
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  // For what hangs. axe on a large screen takes a busy machine a minute.
  timeout: 180_000 * PATIENCE,
  // Missing pictures are an error like wrong ones; `cargo xtask screens --renew` takes them.
  updateSnapshots: "none",
  snapshotPathTemplate: "../../docs/screens/{arg}{ext}",
  expect: {
    timeout: 10_000 * PATIENCE,
    toMatchAriaSnapshot: { pathTemplate: "trees/{arg}{ext}" },
    // A fifth of a percent is a word or an edge. Two builds of the same Chromium draw far less differently.
    toHaveScreenshot: { animations: "disabled", scale: "css", maxDiffPixelRatio: 0.002 },
  },
  reporter: [["list"]],
  use: {
    launchOptions,
    locale: "en-US",
    timezoneId: "America/New_York",
    // Recording takes a quarter of the time. What fails leaves its screen, its tree and the server's log; for more: NEXIS_BILLING_TRACE=1.
    trace: process.env.NEXIS_BILLING_TRACE ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
    actionTimeout: 10_000 * PATIENCE,
  },
  projects: [
    { name: "desktop", use: wide, grepInvert: MEASURE ? /@phone|@stripe-only/ : /@phone|@stripe-only|@measured/ },
    { name: "phone", use: narrow, grep: /@phone|@everywhere/, grepInvert: /@stripe-only/ },
    // The same tests where the money goes through Stripe, which is played by tests/fake-stripe.
    { name: "stripe", use: { ...wide, provider: "stripe" }, grep: TWICE, grepInvert: /@phone|@sandbox-only/ },
    {
      name: "stripe-phone",
      use: { ...narrow, provider: "stripe" },
      grep: new RegExp(`(?=.*(${TWICE.source}))(?=.*(@phone|@everywhere))`),
      grepInvert: /@sandbox-only/,
    },
  ],
});
