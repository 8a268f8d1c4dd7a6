// How the browser tests run: two widths, no second tries, nothing skipped by accident.
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./fixture/chromium.ts";

export default defineConfig({
  testDir: "specs",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
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
    { name: "desktop", use: { viewport: { width: 1280, height: 900 } }, grepInvert: /@phone/ },
    // 320 CSS px is where WCAG 1.4.10 measures, and the narrowest phone in use.
    { name: "phone", use: { viewport: { width: 320, height: 720 }, hasTouch: true }, grep: /@phone|@everywhere/ },
  ],
});
