import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { graphDifference } from "../../src/onnx/difference.ts";
import { readModel } from "../../src/onnx/read-model.ts";
import { folder, runsOf } from "./eigenflow.ts";
import { called } from "./in-process.ts";

/** Pictures of 4 × 4 points, brighter on the left or on the right. */
const names = Array.from({ length: 16 }, (_, k) => `p${k}`);
const pictures = Array.from({ length: 60 }, (_, i) => {
  const side = i % 2;
  return [...names.map((_, k) => Math.sin(i + k) + (k % 4 < 2 ? side : 1 - side)), `c${side}`];
});
const signals = Array.from({ length: 300 }, (_, t) => {
  const u = Math.sin(0.7 * t) + Math.sin(0.13 * t * t);
  return [u, Math.tanh(u) + 0.1 * Math.cos(t)];
});
const csv = (header: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  `${[header, ...rows].map((row) => row.join(",")).join("\n")}\n`;
const moons = "{ kind: two-moons, count: 120 }";
const experiment = (data: string, model: string) =>
  `version: 1\nthreads: 1\ndata: ${data}\nmodel: ${model}\ntrain: { epochs: 1, rate: 0.01, batch: 32 }\n`;

const images = `{ kind: csv, path: pictures.csv, inputs: [${names}], target: class }`;
const convolution = "image: [1, 4, 4], channels: [2], injection: { kernel: 3, stride: 1 }";
const trained: Readonly<Record<string, string>> = {
  lbdn: experiment(moons, "{ kind: lbdn, widths: [5, 4], lipschitz: 3 }"),
  values: experiment(
    "{ kind: cubic-sine, count: 100, testCount: 20 }",
    "{ kind: lbdn, widths: [4], activation: tanh, lipschitz: 3 }",
  ),
  "monotone-deq": experiment(moons, "{ kind: monotone-deq, width: 6 }"),
  "forward-backward": experiment(
    moons,
    "{ kind: monotone-deq, width: 4, splitting: forward-backward, alpha: 0.1, activation: tanh }",
  ),
  anderson: `${experiment(moons, "{ kind: monotone-deq, width: 4 }")}solver: { forward: { method: anderson } }\n`,
  conv: experiment(images, `{ kind: monotone-conv-deq, ${convolution} }`),
  deq: experiment(
    moons,
    "{ kind: deq, layer: { kind: dense, width: 5 }, normalise: { kind: spectral, target: 0.5 } }",
  ),
};
const ren = ["--states", "2", "--neurons", "3", "--epochs", "1"];
const identified: Readonly<Record<string, readonly string[]>> = {
  ren,
  full: [...ren, "--feedback", "full", "--lipschitz", "5"],
  linear: ["--model", "linear", "--states", "2"],
};

const cwd = folder({
  "pictures.csv": csv([...names, "class"], pictures),
  "signals.csv": csv(["u", "y"], signals),
});
const files: Record<string, string> = {};
beforeAll(async () => {
  for (const [name, text] of Object.entries(trained)) {
    const here = folder({
      "c.yaml": text.replace("pictures.csv", join(cwd, "pictures.csv")),
    });
    const { code, stderr } = await called(["train", "c.yaml", "-q"], { cwd: here });
    expect([name, code, stderr]).toEqual([name, 0, ""]);
    files[name] = join(runsOf(here)[0], "model.onnx");
  }
  for (const [name, flags] of Object.entries(identified)) {
    const args = ["identify", "signals.csv", "-u", "u", "-y", "y", "--ts", "1", ...flags];
    const { code, stderr } = await called([...args, "-o", name], { cwd });
    expect([name, code, stderr]).toEqual([name, 0, ""]);
    for (const entry of ["", "-sequence"])
      files[`${name}${entry}`] = join(cwd, name, `model${entry}.onnx`);
  }
});

const kinds = [
  ...Object.keys(trained),
  ...Object.keys(identified).flatMap((name) => [name, `${name}-sequence`]),
];

async function certified(bytes: Uint8Array) {
  writeFileSync(join(cwd, "changed.onnx"), bytes);
  const { code, stdout, stderr } = await called(["certify", "changed.onnx", "--json"], { cwd });
  const document = JSON.parse(stdout);
  expect(schemas.certify.parse(document)).toEqual(document);
  return { code, stderr, document };
}

/** Each place where an operator of the file can be put in for another of as many letters. */
function swaps(bytes: Buffer): Buffer[] {
  const others = { Add: "Sub", Sub: "Add", Mul: "Div", Div: "Mul", Relu: "Sign", Tanh: "Sign" };
  return Object.entries(others).flatMap(([from, to]) => {
    const pattern = Buffer.from([0x22, from.length, ...Buffer.from(from)]); // op_type
    const found: Buffer[] = [];
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      const changed = Buffer.from(bytes);
      changed.write(to, at + 2);
      found.push(changed);
    }
    return found;
  });
}

describe.each(kinds)("%s", (kind) => {
  test("as it was written, is built again", async () => {
    const { code, document } = await certified(readFileSync(files[kind]));
    expect(document.graph).toEqual({ basis: "rebuilt", holds: true, difference: null });
    expect([code, document.holds]).toEqual([0, true]);
    const text = (await called(["certify", files[kind]], { cwd })).stdout;
    expect(text).toContain("holds  graph: built again");
  });

  test("with one operator changed, is caught", async () => {
    const bytes = readFileSync(files[kind]);
    const changed = swaps(bytes);
    expect(changed.length).toBeGreaterThan(2);
    for (const other of changed) expect(graphDifference(other, bytes)).toMatch(/ is wanted$/);
    for (const other of [changed[0], changed.at(-1)!]) {
      const { code, document } = await certified(other);
      expect(document.graph.difference).toMatch(/node \d+ is \w+ where \w+ is wanted$/);
      expect([code, document.holds, document.graph.holds]).toEqual([6, false, false]);
      const { stdout, stderr } = await called(["certify", "changed.onnx"], { cwd });
      expect(stdout).toMatch(/^FAILS {2}graph: .*node \d+ is \w+ where \w+ is wanted$/m);
      expect(stderr).toContain("the graph is not that of the model");
    }
  });

  test("with a value renamed, is the same", async () => {
    const bytes = Buffer.from(readFileSync(files[kind]));
    const { nodes, outputs } = readModel(bytes).graph!;
    const own = outputs.map(({ name }) => name);
    const name = nodes.flatMap((node) => node.outputs).find((made) => !own.includes(made))!;
    for (const tag of [0x0a, 0x12]) {
      const pattern = Buffer.from([tag, name.length, ...Buffer.from(name)]);
      for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1))
        bytes.write("q".repeat(name.length), at + 2);
    }
    expect(bytes.equals(readFileSync(files[kind]))).toBe(false);
    const { code, document } = await certified(bytes);
    expect([code, document.graph.holds]).toEqual([0, true]);
  });
});

/** A file with other text of the same length in its metadata. */
const edited = (kind: string, from: string, to: string) => {
  const text = readFileSync(files[kind]).toString("latin1");
  expect(text).toContain(from);
  return Buffer.from(text.replaceAll(from, to), "latin1");
};

test.each([
  ["lbdn", '"activation":"relu"', '"activation":"tanh"', "is Relu where Tanh is wanted"],
  ["lbdn", '"widths":[5,4]', '"widths":[5,3]', "cannot be built"],
  ["lbdn", '"widths":[5,4]', '"widths":[5  ]', "cannot be built"],
  [
    "monotone-deq",
    '"width":6,"activation":"relu"',
    '"width":6,"activation":"tanh"',
    "the certificate speaks of activation relu, the model runs tanh",
  ],
  ["monotone-deq", '"activation":"relu"', '"activation":"tanh"', "is Relu where Tanh is wanted"],
  ["monotone-deq", '"rtol":0.0001', '"rtol":0.0002', "0.0001"],
  [
    "monotone-deq",
    '"method":"picard"',
    '"method":"newton"',
    "the certificate claims the rate of the splitting, the model runs another method",
  ],
  ["conv", '"pooling":"max"', '"pooling":"sum"', null],
  ["ren", '"activation":"tanh"', '"activation":"relu"', "is Tanh where Relu is wanted"],
])("%s with %s made %s in its metadata", async (kind, from, to, difference) => {
  const { code, document } = await certified(edited(kind, from, to));
  if (difference === null) return expect(code).toBe(4);
  expect(code).toBe(6);
  expect(document.graph.difference).toContain(difference);
});

test("what does not say how it was built is taken on trust, and said to be", async () => {
  const { code, document } = await certified(
    edited("monotone-deq", "eigenflow.model", "eigenflow.other"),
  );
  expect([code, document.holds]).toEqual([0, true]);
  expect(document.graph).toEqual({ basis: "trust", holds: null, difference: null });
  const { stdout } = await called(["certify", "changed.onnx"], { cwd });
  expect(stdout).toMatch(/^trust {2}graph: .* taken on trust$/m);
  expect(stdout).toContain("claims hold of the weights");
});

test("of a file of another version the hint says so", async () => {
  const [bytes] = swaps(edited("lbdn", '"version":"', '"version":"9'));
  writeFileSync(join(cwd, "changed.onnx"), bytes);
  const { code, stderr } = await called(["certify", "changed.onnx"], { cwd });
  expect([code, stderr]).toEqual([6, expect.stringContaining("written by eigenflow 9")]);
});
