import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { parseCheckpoint } from "../../src/training/checkpoint.ts";
import { parseSafetensors } from "../../src/training/safetensors.ts";
import { eigenflow, folder, runsOf, small, timeless } from "./eigenflow.ts";

let cwd: string;
let run: string;
beforeAll(() => {
  cwd = folder({ "small.yaml": small });
  const { code, stdout } = eigenflow(["train", "small.yaml", "--json", "-q"], { cwd });
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    schema: "eigenflow/train@1",
    ok: true,
    command: "train",
    status: "completed",
    epochs: 3,
    certificate: { schema: "eigenflow/certificate@1" },
  });
  expect(document.test.accuracy).toBeGreaterThan(0.8);
  run = join(cwd, document.run);
  expect(document.model).toBe(join(document.run, "model.onnx"));
});

test.each([
  ["train", ["train", "nofile.yaml", "--json"], "INPUT"],
  ["train", ["train", "--json", "--nope"], "USAGE"],
  ["train", ["train", "--json"], "USAGE"],
  ["train", ["train", "small.yaml", "--json", "--set", "train.epoch=1"], "USAGE"],
  ["certify", ["certify", "--json"], "USAGE"],
  ["certify", ["certify", "small.yaml", "--json"], "INVALID"],
  ["predict", ["predict", "a", "b", "--json"], "INPUT"],
])("%s %j fails as one document", (command, args, code) => {
  const { stdout } = eigenflow(args, { cwd });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ schema: `eigenflow/${command}@1`, ok: false, error: { code } });
  expect(document.error.message).not.toBe("");
});

test("the problems of a configuration have their places", () => {
  writeFileSync(join(cwd, "bad.yaml"), small.replace("width", "widht"));
  const { stdout } = eigenflow(["train", "bad.yaml", "--json"], { cwd });
  expect(JSON.parse(stdout).error.problems).toEqual([
    {
      message: 'unknown key "widht" in model',
      remark: 'did you mean "width"?',
      source: "bad.yaml",
      line: 6,
      column: 30,
    },
  ]);
});

test.each([
  ["certify", () => ["certify", join(run, "model.onnx")], { holds: true }],
  ["doctor", () => ["doctor"], {}],
  ["train", () => ["train", "small.yaml", "--print-config"], { config: { name: "small" } }],
  ["train", () => ["train", "small.yaml", "--dry-run"], { steps: 60, rows: { train: 320 } }],
])("%s succeeds as one document", (command, args, wanted) => {
  const { code, stdout } = eigenflow([...args(), "--json"], { cwd });
  expect(JSON.parse(stdout)).toMatchObject({
    schema: `eigenflow/${command}@1`,
    ok: true,
    ...wanted,
  });
  expect(code).toBe(0);
});

test("predictions are one document, or CSV in a file", () => {
  writeFileSync(join(cwd, "rows.csv"), "x,y\n0,1\n1,-0.5\n");
  const model = join(run, "model.onnx");
  const { predictions, rows } = JSON.parse(
    eigenflow(["predict", model, "rows.csv", "--json"], { cwd }).stdout,
  );
  expect(rows).toBe(2);
  expect(predictions[0]).toMatchObject({ row: 0, class: 0, status: "converged" });
  expect(predictions[1]).toMatchObject({ row: 1, class: 1, status: "converged" });
  expect(predictions[0].numbers[0] + predictions[0].numbers[1]).toBeCloseTo(1, 6);
  const { stdout } = eigenflow(["predict", model, "rows.csv", "-o", "out.csv"], { cwd });
  expect(stdout).toBe("2 rows written to out.csv\n");
  expect(readFileSync(join(cwd, "out.csv"), "utf8").split("\n")).toHaveLength(4);
});

test("events are lines of JSON, the result the last", () => {
  const { stdout } = eigenflow(["train", "small.yaml", "--jsonl", "-q"], { cwd });
  const types = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).type);
  expect(types.slice(0, 2)).toEqual(["run", "start"]);
  expect(types.slice(-3)).toEqual(["epoch", "end", "result"]);
  const failed = eigenflow(["train", "nofile.yaml", "--jsonl"], { cwd });
  expect(JSON.parse(failed.stdout)).toMatchObject({ type: "error", code: "INPUT" });
});

test("the resolved configuration gives the same run", () => {
  const here = folder();
  cpSync(join(run, "config.resolved.yaml"), join(here, "config.yaml"));
  expect(eigenflow(["train", "config.yaml", "-q"], { cwd: here }).code).toBe(0);
  const [again] = runsOf(here);
  expect(timeless(again)).toEqual(timeless(run));
  for (const name of ["model.onnx", "config.resolved.yaml", "certificate.json"]) {
    expect(readFileSync(join(again, name)).equals(readFileSync(join(run, name))), name).toBe(true);
  }
});

test("--print-config runs again unchanged and names each origin", () => {
  const { stdout } = eigenflow(
    ["train", "small.yaml", "--print-config", "--set", "train.epochs=2", "--seed", "9"],
    { cwd },
  );
  expect(stdout).toContain("  width: 8 # small.yaml:6\n");
  expect(stdout).toContain("  m: 1 # default\n");
  expect(stdout).toContain("  epochs: 2 # --set train.epochs=2\n");
  expect(stdout).toContain("seed: 9 # --seed 9\n");
  writeFileSync(join(cwd, "printed.yaml"), stdout);
  const plain = (text: string) => text.replaceAll(/ #.*/g, "");
  const again = eigenflow(["train", "printed.yaml", "--print-config"], { cwd }).stdout;
  expect(plain(again)).toBe(plain(stdout));
});

test("a run leaves its weights after every epoch, and its last two checkpoints", () => {
  const names = readdirSync(join(run, "snapshots")).sort();
  expect(names).toEqual([0, 1, 2, 3].map((epoch) => `0000000${epoch}.safetensors`));
  const last = parseSafetensors(readFileSync(join(run, "snapshots", names[3])), names[3]);
  expect(last.metadata).toEqual({ epoch: "3" });
  expect(last.tensors.U.shape).toEqual([8, 2]);
  const { state } = parseCheckpoint(
    readFileSync(join(run, "checkpoints", "00000060.safetensors")),
    "checkpoint",
  );
  expect([...state.theta].slice(0, 64)).toEqual([...last.tensors.A.data]);
  expect(readdirSync(join(run, "checkpoints"))).toHaveLength(2);
});

test("a run says nothing of the machine it ran on", () => {
  const texts = ["run.json", "config.resolved.yaml", "metrics.jsonl", "model.onnx"].map((name) =>
    readFileSync(join(run, name), "latin1"),
  );
  for (const text of texts) expect(text).not.toContain(cwd);
  const record = JSON.parse(texts[0]);
  expect(record).toMatchObject({ schema: "eigenflow/run@1", status: "completed", epoch: 3 });
  expect(Object.keys(record)).not.toContain("host");
  expect(existsSync(join(run, "lock"))).toBe(false);
});

test("colours come when asked for, and not into a pipe", () => {
  const asked = { cwd, env: { FORCE_COLOR: "1" } };
  expect(eigenflow(["train", "nofile.yaml"], asked).stderr).toContain("\x1b[31m");
  expect(eigenflow(["train", "nofile.yaml"], { cwd }).stderr).not.toContain("\x1b");
  const both = { cwd, env: { FORCE_COLOR: "1", NO_COLOR: "1" } };
  expect(eigenflow(["train", "nofile.yaml"], both).stderr).not.toContain("\x1b");
});

test("help comes at once", () => {
  const began = performance.now();
  eigenflow(["--help"], { cwd });
  // 80 ms on an idle machine; the rest is for a busy one.
  expect(performance.now() - began).toBeLessThan(1000);
});
