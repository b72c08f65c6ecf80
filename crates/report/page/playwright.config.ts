// Configuration of the tests: headless Chromium (tests/support/browser.mjs); they write only below build/page.
import { defineConfig } from "@playwright/test";
import { launchOptions } from "./tests/support/browser.mjs";

const build = "../../../build/page";

export default defineConfig({
  testDir: "tests",
  outputDir: `${build}/results`,
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  timeout: 20_000,
  reporter: [["line"]],
  use: {
    launchOptions: await launchOptions(),
    viewport: { width: 1360, height: 900 },
    // Not UTC, so that the page also shows the reader's time.
    timezoneId: "Asia/Tokyo",
    locale: "en-GB",
  },
});
