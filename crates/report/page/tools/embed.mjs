// Makes report.html from report.json: node tools/embed.mjs <report.json> <report.html>
import { readFileSync, writeFileSync } from "node:fs";
import { compact, embed, forScriptElement } from "./compact.mjs";

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: node tools/embed.mjs <report.json> <report.html>");
  process.exit(2);
}
const template = readFileSync(new URL("../../page.html", import.meta.url), "utf8");
writeFileSync(to, embed(template, forScriptElement(compact(JSON.parse(readFileSync(from, "utf8"))))));
