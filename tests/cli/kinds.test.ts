import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { decode } from "../../src/onnx/decode.ts";
import { eigenflow, folder, runsOf } from "./eigenflow.ts";

/** Points of two classes with names, and a number that is x + 2y, beside a column of text. */
const table = [
  "note,x,y,class,value",
  ...Array.from({ length: 120 }, (_, i) => {
    const [x, y] = [Math.sin(i), Math.cos(1.7 * i)];
    return `n${i},${x},${y},${x > y ? "right, below" : "left"},${x + 2 * y}`.replace(
      "right, below",
      '"right, below"',
    );
  }),
].join("\n");

let cwd: string;
beforeAll(() => {
  cwd = folder({ "table.csv": `${table}\n` });
});

function trained(name: string, lines: string) {
  writeFileSync(join(cwd, `${name}.yaml`), `version: 1\nname: ${name}\nthreads: 1\n${lines}\n`);
  const { code, stdout, stderr } = eigenflow(["train", `${name}.yaml`, "--json", "-q"], { cwd });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test.each([
  ["yin-yang", "data: { kind: yin-yang, count: 300, testCount: 90 }", "mlp"],
  ["mnist", "data: { kind: mnist, limit: 300, testLimit: 50 }", "cnn"],
  ["moons", "data: { kind: two-moons, count: 200, split: { by: hash } }", "monotone-deq"],
  ["equilibrium", "data: { kind: two-moons, count: 200 }", "deq"],
  [
    "image",
    "data: { kind: mnist, limit: 300, testLimit: 50 }",
    "{ kind: deq, layer: convolutional }",
  ],
  ["images", "data: { kind: mnist, limit: 300, testLimit: 50 }", "{ kind: deq, layer: two-scale }"],
])("%s trains with defaults", (name, data, model) => {
  const { test: tested } = trained(name, `${data}\nmodel: ${model}\ntrain: { epochs: 2 }`);
  expect(tested.accuracy).toBeGreaterThan(0.2);
});

test.each([
  "{ optimiser: sgd, rate: 0.1, schedule: { kind: step, every: 0.5 }, epochs: 2 }",
  "{ optimiser: { kind: sgd, momentum: 0.9 }, rate: 0.01, warmUp: 0.2, epochs: 2 }",
  "{ optimiser: { kind: adamw, weightDecay: 0.1 }, rate: 2e-2, clipNorm: 1, schedule: cosine, epochs: 4 }",
])("train: %s", (train) => {
  const { test: tested } = trained(
    "moons",
    `data: { kind: two-moons, count: 400 }\nmodel: { kind: monotone-deq, width: 8, splitting: forward-backward, alpha: 0.2 }\ntrain: ${train}`,
  );
  expect(tested.accuracy).toBeGreaterThan(0.6);
});

test.each([
  "{ kind: deq, layer: residual, normalise: weight, initial: { kind: normal, deviation: 0.1 } }",
  "{ kind: deq, layer: { kind: perceptron, width: 4 }, jacobian: { gamma: 1, samples: exact } }",
  "{ kind: deq, normalise: spectral, dropout: 0.1, warmStart: true, damping: 0.9, correction: { steps: [1] } }",
])("%s learns", (model) => {
  const { test: tested } = trained(
    "moons",
    `data: { kind: two-moons, count: 400 }\nmodel: ${model}\ntrain: { rate: 1e-2, epochs: 8 }`,
  );
  expect(tested.accuracy).toBeGreaterThan(0.8);
});

test("one number for each point of a curve", () => {
  const { test: tested, model } = trained(
    "curve",
    "data: { kind: cubic-sine, count: 512 }\nmodel: { kind: deq, layer: { kind: perceptron, width: 2 } }\ntrain: { rate: 1e-2, epochs: 40 }",
  );
  expect(tested.loss).toBeLessThan(0.5);
  expect(Object.keys(decode(readFileSync(join(cwd, model))).opsets)).toEqual([""]);
});

test("classes of a table keep their names, and its other columns do not matter", () => {
  const { model, test: tested } = trained(
    "classes",
    "data: { kind: csv, path: table.csv, inputs: [x, y], target: class }\nmodel: monotone-deq\ntrain: { rate: 1e-2, epochs: 30, batch: 16 }",
  );
  expect(tested.accuracy).toBeGreaterThan(0.9);
  const { code, stdout } = eigenflow(["predict", model, "table.csv"], { cwd });
  const [header, first] = stdout.split("\n");
  expect(header).toBe('row,class,p(left),"p(right, below)",status,iterations,residual');
  expect(first).toMatch(/^0,left,/);
  expect(code).toBe(0);
  const { metadata } = decode(readFileSync(join(cwd, model)));
  expect(JSON.parse(metadata["eigenflow.model"])).toMatchObject({
    kind: "monotone-deq",
    features: ["x", "y"],
    classNames: ["left", "right, below"],
    target: "class",
  });
  // The names of the data do not keep the graph from being built again and compared.
  const certified = eigenflow(["certify", model], { cwd });
  expect(certified.stdout).toContain("all 4 claims hold");
  expect(certified.stdout).not.toContain("on trust");
  expect(JSON.parse(metadata["eigenflow.run"])).toMatchObject({ seed: 0, test: tested });
});

test.each([
  ["conv", "{ kind: monotone-conv-deq, channels: [4], pool: 2, border: 1 }"],
  ["tiers", "{ kind: monotone-conv-deq, channels: [2, 4], parametrisation: normalised, m: 0.5 }"],
])("a monotone network of convolutions is certified from its file: %s", (name, model) => {
  const data = "data: { kind: mnist, limit: 256, testLimit: 64 }";
  const { model: file, certificate } = trained(
    name,
    `${data}\nmodel: ${model}\nsolver: { forward: { rtol: 1e-3 } }\ntrain: { epochs: 1, batch: 32 }`,
  );
  expect(certificate.model).toBe("monotone-conv-deq");
  const { code, stdout } = eigenflow(["certify", file, "--json"], { cwd });
  expect(code).toBe(0);
  const { holds, checks } = JSON.parse(stdout);
  expect(holds).toBe(true);
  expect(checks.map(({ kind }: { kind: string }) => kind)).toEqual([
    "unique-equilibrium",
    "resolvent",
    "convergence",
    "lipschitz",
  ]);
  // Standard operators only: any ONNX Runtime runs it.
  expect(readFileSync(join(cwd, file)).includes("com.microsoft")).toBe(false);
});

test("values of a table are learnt and predicted", () => {
  const { model, test: tested } = trained(
    "values",
    "data: { kind: csv, path: table.csv, inputs: [x, y], target: value, task: values }\nmodel: { kind: mlp, widths: [32] }\ntrain: { rate: 1e-2, epochs: 40, batch: 16 }",
  );
  expect(tested.loss).toBeLessThan(0.1);
  const { stdout } = eigenflow(["predict", model, "table.csv"], { cwd });
  const [header, first] = stdout.split("\n");
  expect(header).toBe("row,value");
  expect(Math.abs(Number(first.split(",")[1]) - 2)).toBeLessThan(0.6); // sin 0 + 2 cos 0
});

test("the WebAssembly build trains the same model", () => {
  const lines =
    "data: { kind: two-moons, count: 200 }\nmodel: { kind: monotone-deq, width: 8 }\ntrain: { epochs: 2 }";
  const [native, wasm] = ["cpu", "wasm"].map((device) =>
    trained(device, `device: ${device}\n${lines}`),
  );
  expect(wasm.test.loss).toBeCloseTo(native.test.loss, 3);
  expect(runsOf(cwd).some((run) => run.includes("wasm-"))).toBe(true);
});
