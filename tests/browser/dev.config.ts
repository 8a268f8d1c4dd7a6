// How long an edit takes until it is on screen. `cargo xtask dev --measure` runs it on its own development server.
import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig({
  ...base,
  testDir: "dev",
  testMatch: "*.ts",
  workers: 1,
  timeout: 600_000,
  reporter: [["line"]],
  projects: [{ name: "desktop", use: { viewport: { width: 1280, height: 900 }, baseURL: process.env.NEXIS_BILLING_DEV ?? "" } }],
});
