import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eigenflow, folder, runsOf, small } from "../cli/eigenflow.ts";
import { browserPath, howToInstall, launched } from "./chromium.ts";

interface Met {
  readonly figures: number;
  readonly silent: number; // figures without a text for those who do not see them
  readonly overflow: number; // pixels
  readonly paper: number; // 0 is black, 1 white
  readonly ink: number;
}
const look = `({
  figures: document.querySelectorAll("figure").length,
  silent: document.querySelectorAll("svg:not([aria-label])").length,
  overflow: document.documentElement.scrollWidth - innerWidth,
  ...Object.fromEntries(Object.entries({ paper: "backgroundColor", ink: "color" }).map(([of, name]) => [
    of,
    getComputedStyle(document.body)[name].match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + part / 765, 0),
  ])),
})`;

describe.skipIf(browserPath === null)(`reports${howToInstall}`, () => {
  const cwd = folder({ "small.yaml": small });
  const reports: [string, () => string][] = [
    ["an analysis", () => join(cwd, "analysis.html")],
    ["an identification", () => join(cwd, "tank", "report.html")],
    ["a training run", () => join(runsOf(cwd)[0], "report.html")],
  ];
  let browser: Browser;
  beforeAll(async () => {
    const tank = ["-u", "pump", "-y", "level", "--time", "seconds", "--epochs", "2"];
    for (const args of [
      ["report", resolve("examples/overfitting.csv"), "-o", "analysis.html"],
      ["identify", resolve("examples/tank.csv"), ...tank, "-o", "tank"],
      ["train", "small.yaml", "-q"],
    ])
      expect(eigenflow(args, { cwd }).code).toBe(0);
    browser = await launched();
  }, 120_000);
  afterAll(() => browser?.close());

  /** What a reader on such a screen meets. */
  async function opened(
    path: string,
    colorScheme: "light" | "dark",
    width: number,
  ): Promise<Met & { readonly odd: readonly string[] }> {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    const odd: string[] = [];
    page.on("console", (message) => odd.push(message.text()));
    page.on("pageerror", ({ message }) => odd.push(message));
    const url = pathToFileURL(path).href;
    page.on("request", (request) => {
      if (request.url() !== url) odd.push(`asks for ${request.url()}`);
    });
    await page.goto(url);
    const found = await page.evaluate<Met>(look);
    await page.close();
    return { ...found, odd };
  }

  test.each(reports)("of %s ask for nothing else, in light and in dark", async (_, path) => {
    const [light, dark] = [await opened(path(), "light", 1280), await opened(path(), "dark", 1280)];
    for (const { odd, figures, silent } of [light, dark]) {
      expect({ odd, silent }).toEqual({ odd: [], silent: 0 });
      expect(figures).toBeGreaterThan(3);
    }
    expect(light.paper - light.ink).toBeGreaterThan(0.7);
    expect(dark.ink - dark.paper).toBeGreaterThan(0.6);
  });

  test.each(reports)("of %s fit a screen of any width", async (_, path) => {
    for (const width of [360, 768, 1280])
      expect((await opened(path(), "light", width)).overflow, `${width}`).toBeLessThanOrEqual(0);
  });
});
