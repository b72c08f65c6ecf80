// Opens the page: from disk, without network, with the result first; and pages without a readable report.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { SCHEMA_VERSION } from "../src/model/load";
import { emptyTemplate, expect, goTo, pageOf, test, write } from "./support/page";
import { advanced, halted, nothing, scan } from "./support/reports";

test("starts with the result of the run", async ({ page }) => {
  await page.goto(pageOf("result-halted", halted));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Halted at staging");
  await expect(page.locator(".result-text .prose")).toContainText("attempted instances failed (limit 1%)");
  await expect(page).toHaveTitle(/^Halted at staging · orgpatch monthly/);

  await page.goto(pageOf("result-advanced", advanced));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Completed all 4 steps");
  await page.goto(pageOf("result-scan", scan()));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Scanned all 4 steps");
  // Patches are missing: the sign of a success would claim more than the scan says.
  await expect(page.locator(".result-sign.lucide-clipboard-list")).toBeVisible();
  const test = structuredClone(advanced);
  test.steps = test.steps.filter((step) => step.stage === "test");
  test.run.stagesNotInRun = ["staging", "production"];
  await page.goto(pageOf("result-one-stage", test));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/\(stage test only; 2 stages not run\)$/);
  await page.goto(pageOf("result-nothing", nothing()));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ended with an error");
});

test("every view opens without instances, targets and patches", async ({ page }) => {
  await page.goto(pageOf("nothing", nothing()));
  for (const view of ["Instances", "Organization", "Patches", "Readiness", "Accounts", "Overview"]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
    await expect(page.locator("main h1, main h2").last()).toBeVisible();
  }
});

test("the plain format of the report opens like the compact one", async ({ page }) => {
  const texts: string[] = [];
  for (const format of ["plain", "compact"] as const) {
    await page.goto(`${pageOf(`format-${format}`, halted, format)}#/instances`);
    await page.locator("tbody a").first().click();
    await page.getByRole("dialog").getByRole("heading", { name: "Commands" }).waitFor();
    texts.push(await page.locator("main").innerText());
  }
  expect(texts[0]).toBe(texts[1]);
});

test("the empty template, an unknown version and damaged data are explained", async ({ page }) => {
  await page.goto(write("template", emptyTemplate));
  await expect(page.locator(".unreadable")).toContainText("This page has no report");
  await page.goto(pageOf("version", { ...advanced, schemaVersion: SCHEMA_VERSION + 1 }));
  await expect(page.locator(".unreadable")).toContainText(`the report has version ${SCHEMA_VERSION + 1}`);
  // A file of which the end is missing.
  const whole = readFileSync(fileURLToPath(pageOf("cut", advanced)), "utf8");
  await page.goto(write("cut", whole.slice(0, whole.indexOf('"schemaVersion"'))));
  await expect(page.locator(".unreadable")).toContainText("an incomplete file");
  const [row, ...others] = advanced.instances;
  await page.goto(
    pageOf("damaged", { ...advanced, instances: [{ ...row, commandIds: [1_000_000] }, ...others] }, "plain"),
  );
  await expect(page.locator(".unreadable")).toContainText(
    "the number 1000000 refers to a value that does not appear before it",
  );
});

test("the page fetches nothing and runs no other script, even one that is injected", async ({ browser }) => {
  const page = await browser.newPage();
  await page.goto(pageOf("policy", advanced));
  const { intruder, refused } = await page.evaluate(async () => {
    // A machine without a network fetches nothing anyway, so the test asks whether the policy refused it.
    const refused: string[] = [];
    addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.intruder = true";
    document.body.append(script);
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    document.body.append(image);
    await fetch("https://example.com/").catch(() => null);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { intruder: "intruder" in window, refused };
  });
  expect(intruder).toBe(false);
  expect(refused.sort()).toEqual(["connect-src", "img-src", "script-src-elem"]);
  await page.close();
});

test("the printed page has everything that needs attention", async ({ page }) => {
  await page.goto(`${pageOf("paper", halted)}#/patches`);
  await page.emulateMedia({ media: "print" });
  const trouble = halted.instances.filter(
    (row) => !["patched", "compliant", "skipped", "not-attempted"].includes(row.outcome),
  );
  expect(trouble.length).toBeGreaterThan(10);
  await expect(page.getByRole("table", { name: "Instances that need attention" }).locator("tbody tr")).toHaveCount(
    trouble.length,
  );
  await expect(page.getByRole("navigation", { name: "Views" })).toBeHidden();
  // Lists that are closed on the screen are open on paper if they need attention.
  await expect(page.getByRole("list", { name: "Changed instances" })).toContainText("old-web-1");
  const held = halted.steps.flatMap((step) => step.promotion?.heldBack ?? [])[0] as { id: string };
  await expect(
    page.locator(".step-halt").getByRole("list", { name: "held back: not tested by the first stage" }),
  ).toContainText(held.id);
  await page.emulateMedia({ media: "screen" });
  await expect(page.getByRole("heading", { name: "Patches" })).toBeVisible();
});

const VIEWS = ["overview", "instances", "map", "map?at=ou:Production", "patches", "readiness?all=1", "accounts"];
const SIZES = { desk: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } };

for (const scheme of ["light", "dark"] as const) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`no violation of WCAG A, AA and best practices: ${scheme}, ${size}`, async ({ browser }) => {
      // axe takes one or two seconds for each view, and several times that on a busy machine.
      test.setTimeout(180_000);
      const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(pageOf(`axe-${scheme}-${size}`, halted));
      const instance = halted.instances.find((row) => row.outcome === "failed")?.instanceId;
      const ready = halted.instances.find((row) => row.outcome === "not-ready")?.instanceId;
      const patch = encodeURIComponent(halted.instances.flatMap((row) => row.installed)[0]?.id ?? "");
      const shared = halted.instances.find((row) => row.overwrittenBy)?.instanceId;
      for (const view of [
        ...VIEWS,
        `instances?i=${shared}`,
        `instances?outcome=failed&i=${instance}`,
        `instances?i=${ready}`,
        `patches?p=${patch}`,
      ]) {
        await goTo(page, `#/${view}`);
        await page.locator("main h1, main h2").first().waitFor({ state: "attached" });
        const { violations } = await new AxeBuilder({ page }).options({ resultTypes: ["violations"] }).analyze();
        const found = violations.map(
          (v) =>
            `${v.id}: ${v.nodes
              .slice(0, 3)
              .map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`)
              .join(" | ")}`,
        );
        expect(found, view).toEqual([]);
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
          `${view} is not too wide`,
        ).toBeLessThanOrEqual(0);
      }
      await context.close();
    });
  }
}
