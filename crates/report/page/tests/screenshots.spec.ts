// Takes screenshots for people to look at: build/page/screenshots. Compares nothing; fails if a view does not open.
import { existsSync, readFileSync } from "node:fs";
import type { Report } from "../src/model/report";
import { goTo, pageOf, test } from "./support/page";
import { halted, shapes, withExtras } from "./support/reports";

const SIZES = { desk: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } };
const file = process.env.REPORT;
const report = file && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : halted;

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`screenshots: ${scheme}, ${size}`, async ({ page }) => {
      const to = (name: string): string => `../../../build/page/screenshots/${name}-${scheme}-${size}.png`;
      const instance = report.instances.find((row) => row.failed.length > 0) ?? report.instances[0];
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(pageOf(`look-${scheme}-${size}`, report));
      await page.screenshot({ path: to("overview"), fullPage: true });
      const shared =
        report.instances.find((row) => row.overwrittenBy) ??
        report.instances.find((row) => row.conflicts.length > 0) ??
        instance;
      const twice = report.instances.find((row) => row.passes?.length) ?? instance;
      const held = report.instances.find((row) => row.heldBack.length > 0) ?? instance;
      const views = {
        instances: "instances",
        details: `instances?i=${instance?.instanceId}`,
        competing: `instances?i=${shared?.instanceId}`,
        passes: `instances?i=${twice?.instanceId}`,
        held: `instances?i=${held?.instanceId}`,
        organization: "map",
        patches: "patches",
        patch: `patches?${new URLSearchParams({ p: held?.heldBack[0]?.id ?? "" })}`,
        readiness: "readiness",
        accounts: "accounts",
      };
      for (const [name, view] of Object.entries(views)) {
        await goTo(page, `#/${view}`);
        await page.locator("main h1, main h2").first().waitFor({ state: "attached" });
        await page.screenshot({ path: to(name), fullPage: ["readiness", "accounts"].includes(name) });
      }
    });
  }
}

for (const [name, shape] of Object.entries(shapes())) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`screenshots: ${name}, ${size}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      await page.goto(pageOf(`look-${name.replaceAll(" ", "-")}-${size}`, shape));
      for (const view of [
        "overview",
        "instances",
        "map",
        "patches",
        "readiness",
        "accounts",
        `instances?i=${shape.instances[1]?.instanceId ?? shape.instances[0]?.instanceId}`,
      ]) {
        await goTo(page, `#/${view}`);
        await page.locator("main h1, main h2").first().waitFor({ state: "attached" });
        await page.screenshot({
          path: `../../../build/page/screenshots/shapes/${name}-${view.replace(/\?.*/, "-details")}-${size}.png`,
          fullPage: !view.includes("?"),
        });
      }
    });
  }
}

test("screenshots: paper", async ({ page }) => {
  await page.goto(pageOf("look-paper", file ? report : withExtras));
  // The width of A4 between its margins, so that the screenshot shows what paper shows.
  await page.setViewportSize({ width: 703, height: 990 });
  await page.emulateMedia({ media: "print" });
  await page.screenshot({ path: "../../../build/page/screenshots/paper.png", fullPage: true });
  await page.pdf({ path: "../../../build/page/screenshots/paper.pdf", format: "A4", preferCSSPageSize: true });
});
