import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflate } from "@sparticuz/chromium";
import { type BrowserServer, chromium } from "playwright-core";

const packed = join(import.meta.dirname, "../../node_modules/@sparticuz/chromium");

/** Starts Chromium: the one at CHROMIUM_PATH, or the one that came with npm, which is for Linux on x64. */
export async function startChromium(): Promise<BrowserServer> {
  const given = process.env["CHROMIUM_PATH"];
  try {
    const { executablePath, env } =
      given === undefined ? await unpacked() : { executablePath: given, env: {} };
    return await chromium.launchServer({
      executablePath,
      env: { ...process.env, ...env },
      // Each start has a new, empty user-data-dir by itself.
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--font-render-hinting=none",
      ],
      // Who starts it ends it, together with the rest.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (cause) {
    const which = given ?? "the one of @sparticuz/chromium, which is for Linux on x64";
    throw new Error(
      `The browser tests could not start Chromium (${which}). CHROMIUM_PATH=/usr/bin/chromium, or wherever there is one, takes that instead.\n${String(cause)}`,
      { cause },
    );
  }
}

/**
 * Unpacks what the npm package brings, once for each version: the browser, the shared libraries that a bare machine lacks,
 * which the package by itself takes on Lambda only, and fonts.
 */
async function unpacked(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const { version } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8")) as {
    version: string;
  };
  const folder = join(packed, "../../.cache", `kern-chromium-${version}`);
  if (!existsSync(folder)) {
    // Under its own name once it is whole.
    const made = `${folder}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    await inflateInto(made);
    try {
      renameSync(made, folder);
    } catch (error) {
      rmSync(made, { recursive: true, force: true });
      // Another run was first.
      if (!existsSync(folder)) throw error;
    }
  }
  // The package's own names only folders that it has on Lambda; without a font Chromium ends itself.
  const fontsConf = join(folder, "fonts.conf");
  const folders = [join(folder, "fonts"), "/usr/share/fonts"].map((dir) => `<dir>${dir}</dir>`);
  const cache = `<cachedir>${join(folder, "fonts-cache")}</cachedir>`;
  const mono = ["Liberation Mono", "DejaVu Sans Mono"].map((name) => `<family>${name}</family>`);
  const alias = `<alias binding="same"><family>monospace</family><prefer>${mono.join("")}</prefer></alias>`;
  writeFileSync(
    fontsConf,
    `<?xml version="1.0"?><fontconfig>${folders.join("")}${cache}${alias}</fontconfig>`,
  );
  return {
    executablePath: join(folder, "chromium"),
    env: { LD_LIBRARY_PATH: join(folder, "al2023", "lib"), FONTCONFIG_FILE: fontsConf },
  };
}

/** `inflate` knows no other place than the folder for temporary files. */
async function inflateInto(folder: string): Promise<void> {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    if (tmpdir() !== folder) throw new Error("TMPDIR does not say where temporary files go.");
    await Promise.all(
      ["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((name) =>
        inflate(join(packed, "bin", name)),
      ),
    );
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}
