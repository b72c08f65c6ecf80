// Makes the picture of the report's page in README.md, light and cropped:
//   node scripts/report_picture.mjs out/demo/report.html docs/images/report.png
// The browser is that of the page's tests: headless Chromium out of crates/report/page/node_modules.
import { existsSync, mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const page = new URL("../crates/report/page/", import.meta.url);
const SIZE = { width: 1360, height: 840 };
const MOST_BYTES = 300_000;

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: node scripts/report_picture.mjs <report.html> <picture.png>");
  process.exit(2);
}
if (!existsSync(from)) {
  console.error(`error: there is no ${from}: run \`make demo\` first`);
  process.exit(1);
}
const { chromium } = createRequire(new URL("package.json", page))("@playwright/test");
const { launchOptions } = await import(new URL("tests/support/browser.mjs", page).href);
const browser = await chromium.launch(await launchOptions());
try {
  const tab = await browser.newPage({ viewport: SIZE, colorScheme: "light", timezoneId: "Asia/Tokyo", locale: "en-GB" });
  await tab.goto(pathToFileURL(resolve(from)).href);
  await tab.locator("main h1, main h2").first().waitFor();
  mkdirSync(dirname(to), { recursive: true });
  await tab.screenshot({ path: to });
} finally {
  await browser.close();
}
const { size } = statSync(to);
console.log(`${to}: ${Math.round(size / 1024)} KB`);
if (size > MOST_BYTES) {
  console.error(`error: ${to} is larger than ${MOST_BYTES} bytes: make SIZE smaller`);
  process.exit(1);
}
