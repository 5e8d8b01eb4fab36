import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

/** The system's Chromium; nothing is downloaded. `CHROMIUM` names another one. */
const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"];
export const browserPath = candidates.find((path) => path && existsSync(path)) ?? null;
export const howToInstall = browserPath === null ? " (skipped: apt-get install chromium)" : "";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** As root, and with little shared memory. */
export const launched = () =>
  chromium.launch({
    executablePath: browserPath ?? "",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });

/**
 * Opens `index.html` of a folder as a web server gives it, and returns the text of its element `out`
 * once that is no longer empty. What the page throws or cannot load is thrown here.
 */
export async function shown(folder: string): Promise<string> {
  const server = createServer(({ url = "/" }, response) => {
    const path = join(folder, url === "/" ? "index.html" : decodeURIComponent(url));
    if (!existsSync(path)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream" });
    response.end(readFileSync(path));
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const browser = await launched();
  try {
    const page = await browser.newPage();
    const failed = new Promise<never>((_, fail) => {
      page.on("pageerror", fail);
      page.on("response", (response) => {
        if (!response.ok() && !response.url().endsWith("/favicon.ico"))
          fail(new Error(`${response.status()} ${response.url()}`));
      });
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const out = page.locator("#out:not(:empty)");
    await Promise.race([out.waitFor({ timeout: 50_000 }), failed]);
    return (await out.textContent()) ?? "";
  } finally {
    await browser.close();
    server.close();
  }
}
