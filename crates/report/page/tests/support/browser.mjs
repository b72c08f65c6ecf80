// The browser of the tests: headless Chromium out of the npm package @sparticuz/chromium, with the libraries that it
// needs, unpacked below build/. So `npm ci` is all the installation there is: no root, no download besides npm's, and
// everybody tests with the same one. CHROMIUM=<path> takes another, as is needed where the package has no binary
// (macOS, Windows).
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../../../../build/page/browser");

/** The package's own font before the machine's, so that pages look the same everywhere. */
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

/** Launch options for Playwright; unpacks the browser if that has not been done. */
export async function launchOptions() {
  // As root there is no sandbox; and nothing of the browser's own may go out, since its connections are counted.
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
  // The package unpacks into the folder for temporary files, and its libraries only where it believes to be in Lambda.
  const before = { ...process.env };
  process.env.TMPDIR = folder;
  process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs20.x";
  const { default: chromium } = await import("@sparticuz/chromium");
  const executablePath = await chromium.executablePath();
  process.env = before;
  const env = { ...before, LD_LIBRARY_PATH: join(folder, "al2023/lib"), FONTCONFIG_FILE: fontconfig(), HOME: folder };
  return { executablePath, args, env };
}
