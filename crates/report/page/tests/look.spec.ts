// Pictures of the page, for eyes: build/page/pictures. Nothing is compared; a picture that cannot be taken fails.
import { existsSync, readFileSync } from "node:fs";
import type { Report } from "../src/model/report";
import { goTo, pageOf, test } from "./support/page";
import { halted, shapes, withExtras } from "./support/reports";

const SIZES = { desk: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } };
const file = process.env.LOOK;
const report = file && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : halted;

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`pictures: ${scheme}, ${size}`, async ({ page }) => {
      const to = (name: string): string => `../../../build/page/pictures/${name}-${scheme}-${size}.png`;
      const instance = report.instances.find((row) => row.failed.length > 0) ?? report.instances[0];
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(pageOf(`look-${scheme}-${size}`, report));
      await page.screenshot({ path: to("overview"), fullPage: true });
      const shared =
        report.instances.find((row) => row.overwrittenBy) ??
        report.instances.find((row) => row.conflicts.length > 0) ??
        instance;
      const held = report.instances.find((row) => row.heldBack.length > 0) ?? instance;
      const views = {
        instances: "instances",
        evidence: `instances?i=${instance?.instanceId}`,
        others: `instances?i=${shared?.instanceId}`,
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
    test(`pictures: ${name}, ${size}`, async ({ page }) => {
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
          path: `../../../build/page/pictures/shapes/${name}-${view.replace(/\?.*/, "-evidence")}-${size}.png`,
          fullPage: !view.includes("?"),
        });
      }
    });
  }
}

test("pictures: paper", async ({ page }) => {
  await page.goto(pageOf("look-paper", file ? report : withExtras));
  // As wide as A4 between its margins, so that eyes see the same as on paper.
  await page.setViewportSize({ width: 703, height: 990 });
  await page.emulateMedia({ media: "print" });
  await page.screenshot({ path: "../../../build/page/pictures/paper.png", fullPage: true });
  await page.pdf({ path: "../../../build/page/pictures/paper.pdf", format: "A4", preferCSSPageSize: true });
});
