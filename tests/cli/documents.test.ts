import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { schema } from "../../src/cli/schemas/schema.ts";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { formatSafetensors } from "../../src/training/safetensors.ts";
import { folder, small } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const loss = (t: number) => 0.5 + Math.exp(-t / 30);
const log = (length: number, end = "") =>
  `epoch,loss\n${Array.from({ length }, (_, t) => `${t},${loss(t)}`).join("\n")}\n${end}`;
const asks = ["-u", "u", "-y", "y", "--ts", "1"] as const;
// y follows u through a bent first-order lag.
let level = 0;
const tank = Array.from({ length: 300 }, (_, t) => {
  const u = (Math.floor(t / 7) * 37) % 11;
  level = 0.8 * level + Math.tanh(u / 5);
  return `${u},${level}`;
});
const cwd = folder({
  "tank.csv": `u,y\n${tank.join("\n")}\n`,
  "a.csv": log(120),
  "b.csv": log(80),
  "short.csv": log(5),
  "nan.csv": log(60, "60,nan\n"),
  "bad.csv": "loss\nx\n",
  "W.csv": "-1,0,-2\n3,1,2\n0,-1,4\n",
  "full.csv": "1,2\n0,1\n",
  "wide.csv": "1,2,3\n0,1,3\n",
  "gru.csv": "1,0\n0,1\n1,1\n1,-1\n0.5,0\n0,2\n",
  "c.csv": "0.5\n-0.3\n0.2\n",
  "moons.yaml": small,
  "regression.yaml":
    "version: 1\nname: tank\nthreads: 1\ndata: { kind: csv, path: tank.csv, inputs: [u], target: y, task: values }\n" +
    "model: { kind: mlp, widths: [4] }\ntrain: { epochs: 2 }\n",
});
mkdirSync(join(cwd, "run/snapshots"), { recursive: true });
writeFileSync(join(cwd, "run/metrics.csv"), log(60));
for (let i = 0; i < 12; i++) {
  const data = Float32Array.from({ length: 20 }, (_, j) => 1 + (j + 1) * 0.8 ** i);
  writeFileSync(
    join(cwd, `run/snapshots/step-${10 * i}.safetensors`),
    formatSafetensors({
      tensors: {
        "0.bias": { dtype: "float32", shape: [4], data: data.subarray(0, 4) },
        "0.weight": { dtype: "float32", shape: [4, 4], data: data.subarray(4) },
      },
      metadata: {},
    }),
  );
}

type Command = keyof typeof schemas;
const published = Object.fromEntries(
  (Object.keys(schemas) as Command[]).map((name) => [
    name,
    z.fromJSONSchema(JSON.parse(schema(name).text)),
  ]),
);

describe("documents are as their published schema says, without a field that it lacks", () => {
  test.each([
    [["analyze", "a.csv"], 0],
    [["analyze", "a.csv", "b.csv", "gone.csv"], 3],
    [["analyze", "short.csv"], 0],
    [["analyze", "nan.csv", "-o", "out"], 0],
    [["analyze", "run", "--of", "weights", "--layers"], 0],
    [["analyze", "run/snapshots", "--of", "weights"], 0],
    [["analyze", "gone.csv"], 3],
    [["analyze", "bad.csv"], 4],
    [["analyze", "a.csv", "--widow"], 2],
    [["watch", "a.csv"], 0],
    [["watch", "nan.csv", "--fail-on", "diverged"], 10],
    [["watch", "gone.csv"], 3],
    [["watch", "a.csv", "--nope"], 2],
    [["inspect", "run"], 0],
    [["inspect", "a.csv"], 0],
    [["inspect", "gone"], 3],
    [["compare", "a.csv", "b.csv"], 0],
    [["compare", "run", "run", "--of", "weights"], 0],
    [["compare", "a.csv", "short.csv"], 4],
    [["identify", "tank.csv", ...asks, "-o", "ren", "--epochs", "2", "--neurons", "3"], 0],
    [["identify", "tank.csv", ...asks, "-o", "linear", "--model", "linear"], 0],
    [["identify", "tank.csv", ...asks, "-o", "linear"], 2],
    [["identify", "a.csv", ...asks], 4],
    [["simulate", "ren/model.onnx", "-i", "tank.csv"], 0],
    [["simulate", "ren/model-sequence.onnx", "-i", "tank.csv", "-o", "out.csv"], 0],
    [["simulate", "gone.onnx", "-i", "tank.csv"], 3],
    [["validate", "linear/model.onnx", "tank.csv"], 0],
    [["validate", "linear/model.onnx", "a.csv"], 4],
    [["certify", "ren/model.onnx", "--attained"], 0],
    [["certify", "linear/model.onnx"], 0],
    [["certify", "gone.onnx"], 3],
    [["eigenfunctions", "W.csv"], 0],
    [["eigenfunctions", "W.csv", "--leak", "0.5", "--form", "cell", "-o", "reading"], 0],
    [["eigenfunctions", "full.csv", "--activation", "relu"], 6],
    [["eigenfunctions", "gru.csv"], 6],
    [["eigenfunctions", "W.csv", "--zeta", "log", "--rates", "c.csv"], 0],
    [["eigenfunctions", "wide.csv"], 4],
    [["eigenfunctions", "W.csv", "--laek", "1"], 2],
    [["eigenfunctions", "gone.csv"], 3],
    [["train", "moons.yaml", "-q"], 0],
    [["train", "regression.yaml", "-q"], 0],
    [["train", "moons.yaml", "--dry-run"], 0],
    [["train", "moons.yaml", "--print-config"], 0],
    [["train", "moons.yaml", "-q", "--set", "train.rate=1e30"], 5],
    [["train", "gone.yaml"], 3],
    [["report", "a.csv", "-o", "page/a.html"], 0],
    [["report", "a.csv", "-o", "page/b.html", "--md"], 0],
    [["report", "a.csv", "-o", "a.pdf"], 2],
    [["reproduce"], 0],
    [["reproduce", "nothing"], 2],
    [["predict", "ren/model.onnx", "tank.csv"], 4],
    [["doctor"], 0],
    [["schema"], 0],
    [["schema", "watch"], 0],
    [["schema", "wotch"], 2],
  ] as const)("%j", async (args, code) => {
    const found = await called([...args, "--json"], { cwd });
    expect(found.code).toBe(code);
    expect(found.stdout.trimEnd().split("\n")).toHaveLength(1);
    const document = JSON.parse(found.stdout);
    const name = args[0] as Command;
    expect(document.ok).toBe(code === 0);
    expect(published[name].safeParse(document).error).toBeUndefined();
    // Parsing leaves out what is not declared.
    expect(schemas[name].parse(document)).toEqual(document);
  });

  test("what is not such a document is told from one", async () => {
    const { stdout } = await called(["compare", "a.csv", "b.csv", "--json"], { cwd });
    const document = JSON.parse(stdout);
    expect(published.compare.safeParse({ ...document, distance: "0" }).success).toBe(false);
    expect(
      published.compare.safeParse({ ...document, schema: "eigenflow/compare@9" }).success,
    ).toBe(false);
    expect(published.analyze.safeParse(document).success).toBe(false);
    // A later version may add fields.
    expect(published.compare.safeParse({ ...document, more: 1 }).success).toBe(true);
  });
});

test("every command that takes --json has a schema", async () => {
  const help = async (args: readonly string[]) => (await called(args, { cwd })).stdout;
  const listed = [...(await help(["--help"])).matchAll(/^ {2}([a-z]+) /gm)];
  const commands = listed
    .map(([, name]) => name)
    .filter((name) => name !== "eigenflow" && name !== "help");
  expect(commands.length).toBeGreaterThan(10);
  for (const name of commands)
    if ((await help([name, "--help"])).includes("--json"))
      expect(Object.keys(schemas)).toContain(name);
});

test("which schemas there are, and which not", async () => {
  expect((await called(["schema"], { cwd })).stdout).toBe(`${Object.keys(schemas).join("\n")}\n`);
  const { code, stderr } = await called(["schema", "anlyze"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "analyze"?');
});

describe("inspect", () => {
  test("the evidence ladder of a run with snapshots", async () => {
    const { stdout } = await called(["inspect", "run"], { cwd });
    expect(stdout).toContain(
      "12 snapshots, steps 0 to 110, every 10: 2 tensors of parameters, 20 numbers",
    );
    expect(stdout).toMatch(/eigenflow analyze run +evidence 1\/5/);
    expect(stdout).toMatch(/eigenflow analyze run --of weights +evidence 4\/5 +tensors by name/);
    expect(stdout).toContain("missing  only 12 snapshots: 40 are wanted");
    const { evidence, snapshots, series } = JSON.parse(
      (await called(["inspect", "run", "--json"], { cwd })).stdout,
    );
    expect(evidence.map(({ of, level }: Record<string, unknown>) => [of, level])).toEqual([
      ["loss", 1],
      ["weights", 4],
    ]);
    expect(snapshots).toMatchObject({ count: 12, spacing: 10, even: true, numbers: 20 });
    expect(series[0]).toMatchObject({ name: "loss", values: 60, from: 0, to: 59 });
  });

  test("norms beside the loss are a rung more; a run that can be repeated is the last", async () => {
    const here = folder({
      "a.csv": "loss,grad_norm\n1,2\n",
      "run.json": "{}",
      "config.resolved.yaml": "version: 1\n",
    });
    mkdirSync(join(here, "snapshots"));
    const tensors = { w: { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) } } as const;
    const file = join(here, "snapshots/00000001.safetensors");
    writeFileSync(file, formatSafetensors({ tensors, metadata: {} }));
    const evidenceOf = async (path: string) =>
      JSON.parse((await called(["inspect", path, "--json"], { cwd: here })).stdout).evidence;
    const [norms] = await evidenceOf("a.csv");
    expect(norms).toMatchObject({ of: "loss", level: 2 });
    expect(norms.missing[0]).toContain("only 1 values");
    expect(await evidenceOf(".")).toMatchObject([
      { of: "loss", level: 2 },
      { of: "weights", level: 5 },
    ]);
    expect(await evidenceOf("snapshots")).toMatchObject([{ of: "weights", level: 3 }]);
  });

  test("a log without a loss says what it holds", async () => {
    const here = folder({ "a.csv": "epoch,accuracy\n1,2\n" });
    const { code, stdout } = await called(["inspect", "a.csv"], { cwd: here });
    expect(code).toBe(0);
    expect(stdout).toContain("name a series with --column: accuracy");
  });
});

describe("compare", () => {
  test("a run with itself, by its loss and by its weights", async () => {
    for (const of of ["loss", "weights"]) {
      const { stdout } = await called(["compare", "run", "run", "--of", of, "--json"], { cwd });
      expect(JSON.parse(stdout)).toMatchObject({ distance: 0, pValue: 1, different: false });
    }
  });

  test("the verdict comes first, then the partners", async () => {
    const { stdout } = await called(["compare", "a.csv", "b.csv"], { cwd });
    expect(stdout).toMatch(/^SAME EIGENVALUES {2}/);
    expect(stdout).toContain("values 20 to 79 of both, 30 delays: distance");
    expect(stdout).toMatch(/\n {2}0\.96722 +0\.96722\n/);
  });

  test("of a mode or two no test can tell: it is not said that none was seen", async () => {
    const slow = Array.from({ length: 100 }, (_, t) => 0.5 + Math.exp(-t / 9));
    const here = folder({ "a.csv": log(100), "b.csv": `loss\n${slow.join("\n")}\n` });
    const { stdout } = await called(["compare", "a.csv", "b.csv"], { cwd: here });
    expect(stdout).toMatch(/^CANNOT TELL {2}.*too few eigenvalues/);
  });
});
