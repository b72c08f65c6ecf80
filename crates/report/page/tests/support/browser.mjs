// The browser of the tests: headless Chromium from the npm package @sparticuz/chromium, with its libraries, unpacked below
// build/. So `npm ci` installs everything, without root and without other downloads, and all people test with the same
// version. CHROMIUM=<path> uses another browser; macOS and Windows need it, because the package has no binary for them.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../../../build/page/browser");

/** Prefers the font of the package to those of the machine, so that pages look the same everywhere. */
function fontconfig() {
  const file = join(folder, "fonts.conf");
  const prefer = ["sans-serif", "system-ui"].map(
    (name) => `<alias binding="same"><family>${name}</family><prefer><family>Open Sans</family></prefer></alias>`,
  );
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/fonts-cache</cachedir>${prefer.join("")}</fontconfig>`,
  );
  return file;
}

/** Returns launch options for Playwright, and unpacks the browser on first use. */
export async function launchOptions() {
  // Root has no sandbox. The browser must not connect anywhere by itself, because tests count connections.
  const args = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
  ];
  if (process.env.CHROMIUM) return { executablePath: process.env.CHROMIUM, args };
  mkdirSync(folder, { recursive: true });
  // The package unpacks into the temporary folder, and its libraries only if it detects Lambda.
  const before = { ...process.env };
  process.env.TMPDIR = folder;
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs20.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  const executablePath = await chromium.executablePath();
  process.env = before;
  const env = { ...before, LD_LIBRARY_PATH: join(folder, "al2023/lib"), FONTCONFIG_FILE: fontconfig(), HOME: folder };
  return { executablePath, args, env };
}
