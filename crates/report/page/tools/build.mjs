// Builds the page into one file, ../page.html, with a placeholder for the report. The same sources and locked packages
// give the same bytes. `--check` builds, compares with the file, and fails if they differ.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(here, "../page.html");
const compat = join(here, "node_modules/preact/compat/dist/compat.module.js");

const { outputFiles, metafile } = await build({
  absWorkingDir: here,
  entryPoints: { script: "src/main.tsx", style: "src/styles/index.css" },
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: "out",
  format: "iife",
  target: ["es2022", "chrome123", "firefox125", "safari17.5"],
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  alias: { react: compat, "react-dom": compat },
  define: { "process.env.NODE_ENV": '"production"' },
});

/** Returns the text of an output, escaped so that it cannot end its element. */
function output(name) {
  const text = outputFiles.find((file) => file.path.endsWith(name)).text.trim();
  return text.replaceAll(/<\/(script|style)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");
}

/** Returns names and licence texts of the packages in the page, as their licences require. */
function notices() {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
    if (folder) folders.add(folder);
  }
  const sections = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(here, folder, "package.json"), "utf8"));
    const text = readFileSync(join(here, folder, "LICENSE"), "utf8").trim();
    return `${name} ${version}\n\n${text}`;
  });
  return sections.join("\n\n----\n\n").replaceAll("--", "- -").replaceAll(">", "&gt;");
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const [script, style] = [output("script.js"), output("style.css")];
// Only this script and this style may run, and the page may fetch nothing.
const csp = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
const html = readFileSync(join(here, "src/index.html"), "utf8")
  .replace("@@CSP@@", () => csp)
  .replace("@@STYLE@@", () => style)
  .replace("@@SCRIPT@@", () => script)
  .replace("</html>", () => `</html>\n<!--\nThis page contains:\n\n${notices()}\n-->`);

if (html.split("@@REPORT_JSON@@").length !== 2) throw new Error("the page must contain @@REPORT_JSON@@ exactly once");

const shown = relative(process.cwd(), target);
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== html) {
    console.error(`${shown} does not match its sources; run: make page`);
    process.exit(1);
  }
  console.log(`${shown} matches its sources`);
} else {
  writeFileSync(target, html);
  const kilo = (text) => `${(Buffer.byteLength(text) / 1024).toFixed(1)} KiB`;
  console.log(`${shown}: ${kilo(html)} (script ${kilo(script)}, style ${kilo(style)})`);
}
