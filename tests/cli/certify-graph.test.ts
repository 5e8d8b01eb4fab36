import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { folder } from "./eigenflow.ts";
import {
  catchesOtherOperators,
  certified,
  passesRenamed,
  passesUnchanged,
  swaps,
} from "./graph-changes.ts";
import { called } from "./in-process.ts";

/** Pictures of 4 × 4 points, brighter on the left or on the right. */
const points = Array.from({ length: 16 }, (_, k) => `p${k}`);
const pictures = Array.from({ length: 40 }, (_, i) => {
  const side = i % 2;
  return [...points.map((_, k) => Math.sin(i + k) + (k % 4 < 2 ? side : 1 - side)), `c${side}`];
});
const table = [[...points, "class"], ...pictures].map((row) => row.join(",")).join("\n");
const images = `{ kind: csv, path: pictures.csv, inputs: [${points}], target: class }`;
const moons = "{ kind: two-moons, count: 60 }";
const trained: Readonly<Record<string, readonly [data: string, model: string, more?: string]>> = {
  lbdn: [moons, "{ kind: lbdn, widths: [5, 4], lipschitz: 3 }"],
  "monotone-deq": [moons, "{ kind: monotone-deq, width: 6 }"],
  "forward-backward": [
    moons,
    "{ kind: monotone-deq, width: 4, splitting: forward-backward, alpha: 0.1, activation: tanh }",
  ],
  anderson: [
    moons,
    "{ kind: monotone-deq, width: 4 }",
    "solver: { forward: { method: anderson } }",
  ],
  conv: [
    images,
    "{ kind: monotone-conv-deq, image: [1, 4, 4], channels: [2], injection: { kernel: 3, stride: 1 } }",
  ],
  deq: [
    moons,
    "{ kind: deq, layer: { kind: dense, width: 5 }, normalise: { kind: spectral, target: 0.5 } }",
  ],
};

const cwd = folder({ "pictures.csv": `${table}\n` });
const files: Record<string, string> = {};
async function train(kind: string): Promise<void> {
  const [data, model, more = ""] = trained[kind];
  const lines = [`data: ${data}`, `model: ${model}`, "train: { epochs: 1, batch: 32 }", more];
  writeFileSync(join(cwd, `${kind}.yaml`), ["version: 1", "threads: 1", ...lines, ""].join("\n"));
  const { code, stdout } = await called(["train", `${kind}.yaml`, "-q", "--json"], { cwd });
  expect([kind, code]).toEqual([kind, 0]);
  files[kind] = join(cwd, JSON.parse(stdout).model);
}

describe.each(Object.keys(trained))("%s", (kind) => {
  beforeAll(() => train(kind), 60_000);
  test("as it was written, is built again", () => passesUnchanged(files[kind]));
  test("with one operator changed, is caught", () => catchesOtherOperators(files[kind]));
  test("with a value renamed, is the same", () => passesRenamed(files[kind]));
});

/** A file with other text of the same length in its metadata. */
function edited(kind: string, from: string, to: string): Buffer {
  const text = readFileSync(files[kind]).toString("latin1");
  expect(text).toContain(from);
  return Buffer.from(text.replaceAll(from, to), "latin1");
}

test.each([
  ["lbdn", '"activation":"relu"', '"activation":"tanh"', "is Relu where Tanh is wanted"],
  ["lbdn", '"widths":[5,4]', '"widths":[5,3]', "cannot be built from the file's metadata"],
  ["lbdn", '"widths":[5,4]', '"widths":[5  ]', "cannot be built from the file's metadata"],
  [
    "monotone-deq",
    '"width":6,"activation":"relu"',
    '"width":6,"activation":"tanh"',
    "the certificate speaks of activation relu, the model runs tanh",
  ],
  ["monotone-deq", '"activation":"relu"', '"activation":"tanh"', /^node \d+ .* is wanted$/],
  ["monotone-deq", '"rtol":0.0001', '"rtol":0.0002', /, body, node \d+ \(Mul\): .* 3.99\d+e-8 is/],
  [
    "monotone-deq",
    '"method":"picard"',
    '"method":"newton"',
    "the certificate claims the rate of the splitting, the model runs another method",
  ],
])("%s with %s made %s in its metadata", async (kind, from, to, difference) => {
  const { code, document } = await certified(edited(kind, from, to));
  expect(code).toBe(6);
  expect(document.graph.difference).toMatch(difference);
});

test("what does not say how it was built is taken on trust, and said to be", async () => {
  const bytes = edited("monotone-deq", "eigenflow.model", "eigenflow.other");
  const { code, document, text } = await certified(bytes);
  expect([code, document.holds]).toEqual([0, true]);
  expect(document.graph).toEqual({ basis: "trust", holds: null, difference: null });
  expect(text).toMatch(/^trust {2}graph: .* taken on trust$/m);
  expect(text).toContain("claims hold of the weights");
});

test("of a file of another version the hint says so", async () => {
  const { code, stderr } = await certified(swaps(edited("lbdn", "0.1.0", "9.1.0"))[0]);
  expect([code, stderr]).toEqual([6, expect.stringContaining("written by eigenflow 9.1.0")]);
});
