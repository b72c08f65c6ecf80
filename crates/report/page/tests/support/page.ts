// Opens reports as people do: as a file from disk. A message on the console or a request to the network fails the test.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";
import type { Report } from "../../src/model/report";
import { compact, embed, forScriptElement } from "../../tools/compact.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../../..");
const template = readFileSync(join(root, "crates/report/page.html"), "utf8");
const folder = join(root, "build/page/pages");
/** How many characters of the instances the page reads at once: more than the reports of most tests have. */
const SLICE = 1_000_000;

/** Writes the page of a report, and returns its address. With `slice`, the page reads so many characters at once. */
export function pageOf(name: string, report: object, format: "compact" | "plain" = "compact", slice = SLICE): string {
  const data = format === "compact" ? compact(report as Report) : report;
  const sliced = template.replace(`data-slice="${SLICE}"`, `data-slice="${slice}"`);
  if (slice !== SLICE && sliced === template) throw new Error("the page does not say how much it reads at once");
  return write(name, embed(sliced, forScriptElement(data)));
}

/** Writes a page, and returns its address. */
export function write(name: string, html: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.pid}.html`);
  writeFileSync(file, html);
  return pathToFileURL(file).href;
}

export const emptyTemplate = template;

export const test = base.extend({
  page: async ({ page }, use) => {
    const wrong: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error.stack)));
    page.on("request", (request) => {
      if (!request.isNavigationRequest() || !request.url().startsWith("file:"))
        wrong.push(`request to ${request.url().slice(0, 200)}`);
    });
    await use(page);
    expect(wrong, "the console and the network stay quiet").toEqual([]);
  },
});

/** Goes to another route of the open page. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
}

export { expect };
