import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { version } from "../../src/cli/output/version.ts";
import { eigenflow, folder, runsOf, small } from "./eigenflow.ts";

const bad = `version: 1
data: two-moons
model:
  kind: monotone-deq
  widht: 64
train:
  epochs: ten
  optimizer: adam
solver: { forward: { max_iterations: 5 } }
`;

const files = {
  "small.yaml": small,
  "bad.yaml": bad,
  "tab.yaml": "version: 1\nmodel:\n\tkind: mlp\n",
  "empty.yaml": "",
  "twice.yaml": "version: 1\nseed: 1\nseed: 2\n",
  "mlp.yaml": "version: 1\ndata: two-moons\nmodel: mlp\nsolver: {}\n",
  "kind.yaml": "version: 1\ndata: { kind: two-moon }\nmodel: mlp\n",
  "diverges.yaml": `version: 1
threads: 1
data: { kind: two-moons, count: 200 }
model: { kind: mlp, widths: [8] }
train: { optimiser: sgd, rate: 1e30, epochs: 2 }
`,
  "unconverged.yaml": `version: 1
threads: 1
data: { kind: two-moons, count: 200 }
model: { kind: monotone-deq, width: 8 }
solver: { forward: { rtol: 1e-9, atol: 0, maxIterations: 2 } }
train: { epochs: 2, unconvergedLimit: 0.1 }
`,
  "limits.yaml": `version: 1
threads: 1
data: { kind: two-moons, count: 200 }
model: { kind: deq, layer: { kind: dense, width: 8 } }
train: { optimiser: sgd, rate: 1e6, epochs: 20 }
`,
  "prices.yaml":
    "version: 1\ndata: { kind: csv, path: prices.csv, inputs: [a], target: price }\nmodel: mlp\n",
  "prices.csv": `a,price\n${Array.from({ length: 30 }, (_, i) => `${i},${i / 8}`).join("\n")}\n`,
  "csv.yaml":
    "version: 1\ndata: { kind: csv, path: nan.csv, inputs: [a, b], target: c }\nmodel: mlp\n",
  "lost.yaml":
    "version: 1\ndata: { kind: csv, path: lost.csv, inputs: [a, b], target: c }\nmodel: mlp\n",
  "nan.csv": "a,b,c\n1,2,x\n3,NaN,y\n",
};

let cwd: string;
beforeAll(() => {
  cwd = folder(files);
});

/** Arguments, exit code, what stderr must hold. */
const cases: [string, string[], number, string[]][] = [
  ["an unknown flag", ["train", "--nope"], 2, ["error[USAGE]: unknown option '--nope'"]],
  ["an unknown command", ["trian"], 2, ["error[USAGE]: unknown command 'trian'", "train"]],
  ["no command", [], 2, ["Usage: eigenflow"]],
  ["a missing argument", ["certify"], 2, ["error[USAGE]: missing required argument 'model'"]],
  ["no configuration", ["train"], 2, ["error[USAGE]: no configuration is given"]],
  ["a choice that is none", ["train", "x", "--progress", "loud"], 2, ["Allowed choices are auto"]],
  ["a missing file", ["train", "nofile.yaml"], 3, ["error[INPUT]: nofile.yaml: no such file"]],
  ["a missing table", ["train", "lost.yaml"], 3, ["error[INPUT]: lost.csv: no such file"]],
  ["a run that is none", ["train", "--resume", "."], 3, ["there is no run in this folder"]],
  [
    "a model that is none",
    ["certify", "bad.yaml"],
    4,
    ["error[INVALID]: bad.yaml: is text, not an ONNX file", "hint: wanted a model.onnx"],
  ],
  [
    "YAML that is none",
    ["train", "tab.yaml"],
    4,
    ["error[INVALID]: Tabs are not allowed", "  --> tab.yaml:3:1\n   3 | \tkind: mlp\n     | ^"],
  ],
  ["a key that stands twice", ["train", "twice.yaml"], 4, ["--> twice.yaml:3:1"]],
  ["an empty file", ["train", "empty.yaml"], 4, ['missing key "version" in the configuration']],
  [
    "an unknown key",
    ["train", "bad.yaml"],
    4,
    [
      'error[INVALID]: unknown key "widht" in model\n  --> bad.yaml:5:3\n   5 |   widht: 64\n' +
        '     |   ^^^^^ did you mean "width"?',
      'error[INVALID]: unknown key "optimizer" in train\n  --> bad.yaml:8:3',
      'did you mean "optimiser"?',
      "9 | solver: { forward: { max_iterations: 5 } }",
      '^^^^^^^^^^^^^^ did you mean "maxIterations"?',
    ],
  ],
  [
    "a wrong type",
    ["train", "bad.yaml"],
    4,
    [
      'error[INVALID]: train.epochs is "ten", wanted a whole number >= 1\n' +
        "  --> bad.yaml:7:11\n   7 |   epochs: ten\n     |           ^^^",
    ],
  ],
  ["a section too many", ["train", "mlp.yaml"], 4, ["mlp has no solver", "--> mlp.yaml:4:1"]],
  ["an unknown kind", ["train", "kind.yaml"], 4, ["--> kind.yaml:2:15", 'mean "two-moons"?']],
  [
    "a --set that is none",
    ["train", "small.yaml", "--set", "train.epochs"],
    2,
    ["error[USAGE]: --set train.epochs: wanted key=value", "hint: for example"],
  ],
  [
    "a --set of an unknown key",
    ["train", "small.yaml", "--set", "model.widht=3"],
    2,
    ['error[USAGE]: unknown key "widht" in model\n  --> --set model.widht=3', '"width"?'],
  ],
  [
    "a --set out of range",
    ["train", "small.yaml", "--set", "train.warmUp=2"],
    2,
    ["error[USAGE]: train.warmUp is 2, wanted a number >= 0 and < 1"],
  ],
  [
    "a --set into a number",
    ["train", "small.yaml", "--set", "data.count.x=2"],
    2,
    ["error[USAGE]: --set data.count.x=2: data.count is 400, not a section"],
  ],
  [
    "a seed that is none",
    ["train", "small.yaml", "--seed", "abc"],
    2,
    ['error[USAGE]: seed is "abc", wanted a whole number >= 0\n  --> --seed abc'],
  ],
  ["NaN in the data", ["train", "csv.yaml"], 4, ['nan.csv:3: column "b": NaN is not finite']],
  [
    "a run that diverges",
    ["train", "diverges.yaml"],
    5,
    ["error[NUMERIC]: training ended with non-finite: the loss at step", "hint: lower train.rate"],
  ],
  [
    "a solver that fails",
    ["train", "unconverged.yaml"],
    5,
    ["error[NUMERIC]: training ended with solver-failed: 100.0 % of the solves of epoch 1"],
  ],
  [
    "a layer that no solver follows any more, with no limit of its own",
    ["train", "limits.yaml"],
    5,
    ["of the solves of epoch", "did not converge, more than 50 %", "model.normalise"],
  ],
  [
    "numbers taken for classes",
    ["train", "prices.yaml"],
    4,
    ['prices.csv: column "price" has 30 different numbers in 30 rows', "hint: data.task: values"],
  ],
];

test.each(cases)("%s", (_, args, code, texts) => {
  const found = eigenflow(args, { cwd });
  for (const text of texts) expect(found.stderr).toContain(text);
  expect(found.stdout).toBe("");
  expect(found.code).toBe(code);
});

test("whole numbers that are met again and again are classes, however many", () => {
  const rows = Array.from({ length: 250 }, (_, i) => `${i},${i % 25}`);
  const here = folder({
    "prices.yaml": files["prices.yaml"],
    "prices.csv": `a,price\n${rows.join("\n")}\n`,
  });
  const { code, stdout } = eigenflow(["train", "prices.yaml", "--dry-run"], { cwd: here });
  expect(stdout).toContain("mlp: 1 input, 25 outputs, ");
  expect(code).toBe(0);
});

test("a diverged run keeps its last good state and is not resumed", () => {
  const here = folder({ "diverges.yaml": files["diverges.yaml"] });
  eigenflow(["train", "diverges.yaml", "-q"], { cwd: here });
  const [run] = runsOf(here);
  const record = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  expect(record.status).toBe("non-finite");
  expect(record.reason).toContain("the loss at step");
  const again = eigenflow(["train", "--resume", run], { cwd: here });
  expect(again.stderr).toContain("the run ended with non-finite");
  expect(again.code).toBe(4);
});

describe("a model", () => {
  let model: string;
  beforeAll(() => {
    expect(eigenflow(["train", "small.yaml", "-q"], { cwd }).code).toBe(0);
    model = join(runsOf(cwd).find((run) => run.includes("small"))!, "model.onnx");
  });

  test("is certified from its file", () => {
    const { code, stdout } = eigenflow(["certify", model], { cwd });
    expect(stdout).toContain("all 4 claims hold");
    expect(code).toBe(0);
  });

  test("fails once one weight is another", () => {
    const bytes = readFileSync(model);
    const certificate = JSON.parse(
      readFileSync(join(model, "..", "certificate.json"), "utf8"),
    ) as object;
    expect(certificate).toHaveProperty("claims");
    // The tensor W of the file: its name, then its 8 × 8 floats.
    const name = bytes.indexOf(Buffer.from([0x42, 0x01, 0x57])); // field 8, one letter, "W"
    expect(name).toBeGreaterThan(0);
    const raw = bytes.indexOf(Buffer.from([0x4a, 0x80, 0x02]), name - 300); // field 9, 256 bytes
    expect(Math.abs(raw - name)).toBeLessThan(300);
    const spoilt = Buffer.from(bytes);
    spoilt.writeFloatLE(spoilt.readFloatLE(raw + 3) + 2, raw + 3);
    const path = join(cwd, "spoilt.onnx");
    writeFileSync(path, spoilt);

    const { code, stdout, stderr } = eigenflow(["certify", path], { cwd });
    expect(stdout).toContain("FAILS  unique-equilibrium");
    expect(stderr).toContain("error[CERTIFICATE]:");
    expect(code).toBe(6);
    const json = eigenflow(["certify", path, "--json"], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      holds: false,
      error: { code: "CERTIFICATE" },
    });
    expect(json.code).toBe(6);
  });

  test("that is cut short is refused", () => {
    const path = join(cwd, "short.onnx");
    writeFileSync(path, readFileSync(model).subarray(0, 1000));
    expect(eigenflow(["certify", path], { cwd }).code).toBe(4);
  });

  test("without a certificate is not certified", () => {
    const here = folder({
      "mlp.yaml":
        "version: 1\ndata: { kind: two-moons, count: 100 }\nmodel: mlp\ntrain: { epochs: 1 }\n",
    });
    expect(eigenflow(["train", "mlp.yaml", "-q"], { cwd: here }).code).toBe(0);
    const { code, stderr } = eigenflow(["certify", join(runsOf(here)[0], "model.onnx")], { cwd });
    expect(stderr).toContain("carries no certificate");
    expect(code).toBe(6);
  });

  test("refuses rows of another width", () => {
    writeFileSync(join(cwd, "wide.csv"), "a,b,c\n1,2,3\n");
    const { code, stderr } = eigenflow(["predict", model, "wide.csv"], { cwd });
    expect(stderr).toContain("wide.csv: rows of 3 features, the model takes 2");
    expect(code).toBe(4);
  });

  test("reports the rows that it did not solve", () => {
    writeFileSync(join(cwd, "rows.csv"), "a,b\n0.5,0.1\n3e30,1\n");
    const { code, stdout, stderr } = eigenflow(["predict", model, "rows.csv"], { cwd });
    const [header, first, second] = stdout.split("\n");
    expect(header).toBe("row,class,p(0),p(1),status,iterations,residual");
    expect(first).toMatch(/^0,[01],.*,converged,\d+,/);
    expect(second).toContain(",non-finite,");
    expect(stderr).toContain("warning: 1 of 2 rows did not converge: 1 (non-finite)");
    expect(code).toBe(0);
  });
});

test("the built command is a program: npx starts it as it is", () => {
  const { status, stdout } = spawnSync(resolve("dist/cli/main.js"), ["--version"], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  expect(stdout.trim()).toBe(version);
});
