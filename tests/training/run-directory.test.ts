import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { DataError, InputError } from "../../src/errors.ts";
import { parseCheckpoint } from "../../src/training/checkpoint.ts";
import type { TrainingState } from "../../src/training/events.ts";
import { createRun, readRun, resumeRun } from "../../src/training/run-directory.ts";
import { parseSafetensors } from "../../src/training/safetensors.ts";
import { emptySums } from "../../src/training/step-report.ts";

const temporary = () => mkdtempSync(join(tmpdir(), "eigenflow-runs-"));
const about = { name: "a", seed: 1, configSha256: "0123456789", versions: { eigenflow: "0" } };
const state = (step: number): TrainingState => ({
  epoch: 0,
  step,
  theta: Float32Array.of(step),
  slots: [],
  sums: emptySums,
});
const lines = (path: string) => readFileSync(join(path, "metrics.jsonl"), "utf8");

test("a run is named by its configuration's name, its time and its hash", () => {
  const root = join(temporary(), "runs", "deep");
  const runs = [createRun(root, about, "a: 1\n"), createRun(root, about, "a: 1\n")];
  for (const run of runs) run.close("completed");
  expect(runs[0].id).toMatch(/^a-\d{8}T\d{6}-012345$/);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(2);
  expect(readFileSync(join(runs[0].path, "config.resolved.yaml"), "utf8")).toBe("a: 1\n");
  expect(readRun(runs[0].path)).toMatchObject({ status: "completed", seed: 1, step: 0 });
});

test("resuming cuts off what came after the checkpoint", () => {
  const first = createRun(temporary(), about, "");
  first.log({ step: 1 });
  first.save(state(1));
  first.log({ step: 2 });
  first.close("running");
  writeFileSync(join(first.path, "metrics.jsonl"), '{"step":3', { flag: "a" });

  const again = resumeRun(first.path);
  expect(again.checkpoint?.state).toEqual(state(1));
  expect(lines(first.path)).toBe('{"step":1}\n');
  again.log({ step: 2, two: true });
  again.save(state(2));
  again.close("completed", "done");
  expect(lines(first.path)).toBe('{"step":1}\n{"step":2,"two":true}\n');
  expect(readRun(first.path)).toMatchObject({ status: "completed", reason: "done", step: 2 });
});

test("metrics that lack lines of the checkpoint are refused", () => {
  const run = createRun(temporary(), about, "");
  run.log({ step: 1 });
  run.save(state(1));
  run.close("running");
  writeFileSync(join(run.path, "metrics.jsonl"), '{"step":1');
  expect(() => resumeRun(run.path)).toThrow("has 0 lines, the checkpoint was taken after 1");
});

test("a run that lives is left alone", () => {
  const run = createRun(temporary(), about, "");
  writeFileSync(join(run.path, "lock"), `${process.ppid}\n`);
  expect(() => resumeRun(run.path)).toThrow(DataError);
  expect(() => resumeRun(run.path)).toThrow(`process ${process.ppid} is still training`);
  writeFileSync(join(run.path, "lock"), "999999999\n"); // a process that is no more
  resumeRun(run.path).close("stopped");
  expect(existsSync(join(run.path, "lock"))).toBe(false);
});

test("what is no run is said to be none", () => {
  const path = temporary();
  expect(() => readRun(path)).toThrow(InputError);
  writeFileSync(join(path, "run.json"), "{");
  expect(() => readRun(path)).toThrow("is no JSON");
  writeFileSync(join(path, "run.json"), "{}");
  expect(() => readRun(path)).toThrow("is no record of a run");
  writeFileSync(join(path, "file"), "");
  expect(() => createRun(join(path, "file"), about, "")).toThrow(InputError);
});

test("a reader never sees half a file", async () => {
  const root = temporary();
  const writer = `
    const { createRun } = await import(${JSON.stringify(resolve("dist/training/run-directory.js"))});
    const run = createRun(${JSON.stringify(root)}, ${JSON.stringify(about)}, "");
    const theta = new Float32Array(100_000);
    const sums = { samples: 0 };
    const begun = performance.now();
    for (let step = 1; performance.now() - begun < 1000; step++) {
      run.log({ step, text: "x".repeat(1000) });
      run.save({ epoch: 0, step, theta: theta.fill(step), slots: [], sums });
      run.snapshot(0, { theta: { dtype: "float32", shape: [100_000], data: theta } });
      run.write("certificate.json", JSON.stringify({ step, text: "x".repeat(50_000) }));
    }
    run.close("completed");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", writer]);
  const code = new Promise((done) => child.on("close", done));
  let reads = 0;
  let running = true;
  void code.then(() => {
    running = false;
  });
  const seen = new Set<number>();
  while (running) {
    await new Promise((wake) => setTimeout(wake));
    const [id] = readdirSync(root);
    if (id === undefined) continue;
    const read = (name: string): Buffer | null => {
      try {
        return readFileSync(join(root, id, name));
      } catch (error) {
        // Not written yet, or an old checkpoint that was just removed.
        expect((error as NodeJS.ErrnoException).code).toBe("ENOENT");
        return null;
      }
    };
    for (const name of ["run.json", "certificate.json"]) {
      const text = read(name);
      if (text) seen.add(JSON.parse(text.toString()).step);
    }
    const weights = read("snapshots/00000000.safetensors");
    if (weights) {
      const { data } = parseSafetensors(weights, "snapshot").tensors.theta;
      expect(data.at(0)).toBe(data.at(-1));
    }
    const folder = join(root, id, "checkpoints");
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const bytes = name.startsWith(".") ? null : read(`checkpoints/${name}`);
      if (bytes) parseCheckpoint(bytes, name);
      reads++;
    }
  }
  expect(await code).toBe(0);
  expect(reads).toBeGreaterThan(20);
  expect(seen.size).toBeGreaterThan(5);
});
