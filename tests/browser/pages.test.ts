import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "vite";
import { describe, expect, test } from "vitest";
import { eigenflow, folder, runsOf } from "../cli/eigenflow.ts";
import { browserPath, howToInstall, shown } from "./chromium.ts";

// The pages of docs/in-a-browser.md, word for word, in the Chromium of this machine.
const page = readFileSync("docs/in-a-browser.md", "utf8");
const [trained, measured, training] = [...page.matchAll(/```html\n(.*?)```/gs)].map(([, it]) => it);
const [points, learned] = [...page.matchAll(/```text\n(.*?)\n```/gs)].map(([, it]) => it);

describe.skipIf(browserPath === null)(`in a browser${howToInstall}`, () => {
  /** A folder with a page and ONNX Runtime beside it. */
  const site = (html: string) => {
    const at = folder({ "index.html": html });
    symlinkSync(resolve("node_modules/onnxruntime-web/dist"), join(at, "onnxruntime-web"));
    return at;
  };

  test("a trained network answers", async () => {
    const at = site(trained);
    const { code } = eigenflow(["train", resolve("examples/two-moons.yaml"), "-q"], { cwd: at });
    expect(code).toBe(0);
    cpSync(join(runsOf(at)[0], "model.onnx"), join(at, "model.onnx"));
    expect(await shown(at)).toBe(points);
  });

  test("a model of measurements runs as in Node", async () => {
    const at = site(measured);
    const roles = ["-u", "pump", "-y", "level", "--time", "seconds"];
    const args = [resolve("examples/tank.csv"), ...roles, "--epochs", "2", "--neurons", "6"];
    expect(eigenflow(["identify", ...args, "-o", "tank"], { cwd: at }).code).toBe(0);
    cpSync(join(at, "tank", "model.onnx"), join(at, "model.onnx"));
    const found = (await shown(at)).split("\n").map(Number);
    const rows = Array<string>(50).fill("2.5").join("\n");
    writeFileSync(join(at, "pump.csv"), `pump\n${rows}\n`);
    const { stdout } = eigenflow(["simulate", "model.onnx", "-i", "pump.csv"], { cwd: at });
    const wanted = stdout.trimEnd().split("\n").slice(1);
    expect(found).toBeAllClose(
      wanted.map((row) => Number(row.split(",").at(-1))),
      { rtol: 1e-4 },
    );
  });

  test("a network trains, and is certified", async () => {
    // Inside the package, so that "eigenflow" resolves to it.
    const root = resolve("build/browser");
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "index.html"), training);
    const outDir = join(root, "site");
    await build({ root, logLevel: "error", build: { target: "esnext", outDir } });
    expect(await shown(outDir)).toBe(learned);
  });
});
