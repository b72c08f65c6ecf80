// Reports of unusual shape: none or one of everything, twelve waves, organizational units eight levels deep, names of
// ten thousand letters, runs that send no command. Every view opens, and none is wider than the screen.
import type { Report } from "../src/model/report";
import { expect, goTo, pageOf, test } from "./support/page";
import { shapes } from "./support/reports";

const SIZES = {
  desk: { width: 1360, height: 900 },
  phone: { width: 360, height: 740 },
  paper: { width: 703, height: 990 },
};
const HEADLINES: Record<string, string> = {
  nothing: "Ended with an error",
  single: "Completed its only step",
  waves: "Halted at production, wave 9",
  deep: "Completed all 4 steps",
  "long names": "Completed all 4 steps",
  baselines: "Compared baselines in all 4 steps",
  "readiness only": "Checked readiness in all 4 steps",
};

const views = (report: Report): string[] => [
  "overview",
  "instances",
  "map",
  `map?${new URLSearchParams({ at: report.targets[0]?.accountId ?? "" })}`,
  "patches",
  `patches?${new URLSearchParams({ p: report.instances.flatMap((row) => row.missingBefore)[0]?.id ?? "" })}`,
  "readiness?all=1",
  "accounts",
  ...report.instances.slice(0, 2).map((row) => `instances?i=${row.instanceId}`),
];

for (const [name, report] of Object.entries(shapes())) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`${name}, ${size}`, async ({ page }) => {
      await page.setViewportSize(viewport);
      if (size === "paper") await page.emulateMedia({ media: "print" });
      await page.goto(pageOf(`shape-${name.replaceAll(" ", "-")}-${size}`, report));
      await expect(page.getByRole("heading", { level: 1 }).first()).toHaveText(HEADLINES[name] as string);
      await expect(page.locator("[data-step]")).toHaveCount(report.steps.length);
      for (const view of size === "paper" ? ["overview"] : views(report)) {
        await goTo(page, `#/${view}`);
        await page.locator("main h1, main h2").first().waitFor({ state: "attached" });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(over, `${view} is not too wide`).toBeLessThanOrEqual(0);
        const facts = page.locator(".facts dd");
        expect(
          await facts.evaluateAll((all) => all.filter((fact) => fact.scrollWidth > fact.clientWidth).length),
          `facts of ${view} stay in their places`,
        ).toBe(0);
        // Long names are shortened, so that the content still begins on the first screen.
        const content = page
          .locator(view === "overview" ? "#attention, #stages" : "main table, main .map, main section:last-of-type")
          .first();
        const top = await content.evaluate((element) => element.getBoundingClientRect().top);
        if (size === "desk") expect(top, `${view} begins in sight`).toBeLessThan(900);
      }
      if (size === "desk")
        expect(
          await page
            .locator("main")
            .evaluate((main) => main.textContent?.includes("undefined") || main.textContent?.includes("NaN")),
        ).toBe(false);
    });
  }
}

test("eight levels down to an account, and back up", async ({ page }) => {
  const { deep } = shapes();
  await page.goto(`${pageOf("shape-deep", deep as Report)}#/map`);
  // The map skips levels with only one unit.
  await expect(page.locator(".crumbs [aria-current]")).toContainText("Workloads");
  const target = deep?.targets.find(({ ouPath }) => ouPath.includes("Production")) as Report["targets"][number];
  await page.getByRole("link", { name: /^Organizational unit Production:/ }).click({ position: { x: 40, y: 10 } });
  await page.getByRole("link", { name: new RegExp(`^Account ${target.accountName}:`) }).click();
  await expect(page.locator(".crumbs li")).toHaveCount(target.ouPath.split("/").length + 2);
  await page.getByRole("navigation", { name: "Path in the organization" }).getByRole("link", { name: "Japan" }).click();
  await expect(page.locator(".crumbs [aria-current]")).toContainText("Workloads");
});
