import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

let level = 0;
const rows = Array.from({ length: 200 }, (_, t) => {
  const u = (Math.floor(t / 7) * 37) % 11;
  level = 0.8 * level + Math.tanh(u / 5);
  return `${u},${level + 0.01 * ((t * 7919) % 13)}`;
});
const cwd = folder({ "tank.csv": `u,y\n${rows.join("\n")}\n` });
const asked = [
  "identify",
  "tank.csv",
  "-u",
  "u",
  "-y",
  "y",
  "--ts",
  "1",
  "--neurons",
  "2",
  "--epochs",
  "20",
];

/** Asks to stop once the training has left a state. */
async function interrupted(args: readonly string[], out: string, name: "SIGINT" | "SIGTERM") {
  const watch = setInterval(() => {
    if (!existsSync(join(cwd, out, "training.safetensors"))) return;
    clearInterval(watch);
    process.emit(name, name);
  }, 1);
  try {
    return await called(args, { cwd });
  } finally {
    clearInterval(watch);
    // In a process of their own they would end with it.
    process.removeAllListeners(name === "SIGINT" ? "SIGTERM" : "SIGINT");
    process.removeAllListeners(name);
  }
}
const bytes = (out: string, name: string) => readFileSync(join(cwd, out, name));

describe("an identification that is asked to stop", () => {
  test("SIGINT keeps the best so far, and goes on to the same bytes", async () => {
    const whole = "whole";
    const out = "part";
    expect((await called([...asked, "-o", whole], { cwd })).code).toBe(0);
    expect(readdirSync(join(cwd, whole))).not.toContain("training.safetensors");

    const part = await interrupted([...asked, "-o", out, "--json"], out, "SIGINT");
    expect(part.code).toBe(130);
    expect(part.stderr).toMatch(/stopped after epoch \d+; what was best so far.*\n.*--resume/);
    const document = JSON.parse(part.stdout);
    expect(document).toMatchObject({
      ok: false,
      error: { code: "INTERRUPTED" },
      training: { status: "interrupted" },
    });
    expect(document.training.epochs).toBeGreaterThanOrEqual(10);
    expect(document.training.epochs).toBeLessThan(20);
    expect(z.json().safeParse(schemas.identify.parse(document)).success).toBe(true);
    expect((await called(["certify", `${out}/model.onnx`], { cwd })).code).toBe(0);

    const rest = await called([...asked, "-o", out, "--resume"], { cwd });
    expect(rest.code).toBe(0);
    const names = [
      "model.onnx",
      "model-sequence.onnx",
      "certificate.json",
      "identification.json",
      "report.html",
    ];
    for (const file of names) expect(bytes(out, file).equals(bytes(whole, file)), file).toBe(true);
    expect(readdirSync(join(cwd, out)).sort()).toEqual(readdirSync(join(cwd, whole)).sort());
  });

  test("goes on with nothing else", async () => {
    const { code } = await interrupted([...asked, "-o", "left"], "left", "SIGTERM");
    expect(code).toBe(143);
    for (const option of [
      ["--seed", "1"],
      ["--feedback", "full"],
    ]) {
      const other = await called([...asked, "-o", "left", "--resume", ...option], { cwd });
      expect([other.code, other.stderr]).toEqual([
        4,
        expect.stringContaining("of other data or options"),
      ]);
    }
    const none = await called([...asked, "-o", "nowhere", "--resume"], { cwd });
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringContaining("no interrupted training"),
    ]);
    const loose = await called([...asked, "--resume"], { cwd });
    expect([loose.code, loose.stderr]).toEqual([2, expect.stringContaining("-o FOLDER")]);
    const linear = await called(
      [...asked.slice(0, -4), "--model", "linear", "-o", "left", "--resume"],
      { cwd },
    );
    expect([linear.code, linear.stderr]).toEqual([
      2,
      expect.stringContaining("--resume is for --model ren"),
    ]);
  });
});
