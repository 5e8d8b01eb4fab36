import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";
import { folder, runsOf } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const config = (data: string, model: string, epochs: number) =>
  `version: 1\nthreads: 1\ndata: ${data}\nmodel: ${model}\ntrain: { epochs: ${epochs}, rate: 0.02, batch: 32 }\n`;
const moons = "{ kind: two-moons, count: 300 }";

const cwd = folder({
  "classes.yaml": config(moons, "{ kind: lbdn, widths: [12, 8], lipschitz: 3 }", 15),
});
let model: string;
let run: string;
beforeAll(async () => {
  const { code } = await called(["train", "classes.yaml", "-q"], { cwd });
  expect(code).toBe(0);
  [run] = runsOf(cwd);
  model = join(run, "model.onnx");
});

const weightsIn = (path: string) => decode(readFileSync(path)).initialisers;

describe("a bounded network of classes", () => {
  test("leaves its certificate in the file, beside it and in the report, no more than was asked for", () => {
    const { metadata } = decode(readFileSync(model));
    const certificate = JSON.parse(readFileSync(join(run, "certificate.json"), "utf8"));
    expect(JSON.parse(metadata["eigenflow.certificate"])).toEqual(certificate);
    expect(JSON.parse(metadata["eigenflow.model"])).toMatchObject({ kind: "lbdn", lipschitz: 3 });
    // 3 between standardised inputs and logits.
    const scale = Math.min(...Array.from(weightsIn(model)["input.scale"].node.data!, Number));
    expect(certificate.bound * scale).toBeLessThan(3 * (1 + 1e-4));
    expect(certificate.bound * scale).toBeGreaterThan(3 * (1 - 1e-2));
    const page = readFileSync(join(run, "report.html"), "utf8");
    expect(page).toContain("gain ρ of layer 1");
    expect(page).toContain("outputs per unit of raw input");
  });

  test("is proven again from the file alone, above what a search attains", async () => {
    const { code, stdout } = await called(["certify", model, "--attained", "--json"], { cwd });
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(schemas.certify.parse(found)).toEqual(found);
    expect(found).toMatchObject({ holds: true, activation: "relu", sizes: [2, 12, 8, 2] });
    expect(found.attained.gain).toBeLessThanOrEqual(found.attained.bound);
    expect(found.attained.gain).toBeGreaterThan(0.3 * found.bound);
    const { stdout: text } = await called(["certify", model], { cwd });
    expect(text).toContain("lbdn, relu, 2 → 12 → 8 → 2\nholds  layer 0");
    expect(text).not.toContain("attained");
  });

  test("keeps its bound in the file as it runs", async () => {
    const { inputs, outputs } = decode(readFileSync(model));
    const program = await compile(inputs, { logits: outputs.logits }, { threads: 1 });
    const side = 40;
    const x = Float32Array.from({ length: 2 * side * side }, (_, k) => {
      const [point, axis] = [Math.floor(k / 2), k % 2];
      return 0.1 * (axis === 0 ? point % side : Math.floor(point / side)) - 2;
    });
    const { logits } = await program.run({ x: tensorOf(x, [side * side, 2]) });
    await program.release();
    const { bound } = JSON.parse(readFileSync(join(run, "certificate.json"), "utf8"));
    let steepest = 0;
    const distance = ({ data }: Pick<Tensor, "data">, a: number, b: number) =>
      Math.hypot(...[0, 1].map((i) => Number(data[2 * a + i]) - Number(data[2 * b + i])));
    for (let p = 0; p < side * side - 1; p++) {
      if ((p + 1) % side === 0) continue;
      steepest = Math.max(steepest, distance(logits, p, p + 1) / distance({ data: x }, p, p + 1));
    }
    expect(steepest).toBeLessThanOrEqual(bound * (1 + 1e-4));
    expect(steepest).toBeGreaterThan(0.2 * bound);
  });

  test.each([
    ["layer0.in", 2],
    ["layer1.out", -3],
    ["output.weight", 1.5],
  ])("with a changed number in %s is caught", async (name, factor) => {
    const changed = Buffer.from(readFileSync(model));
    const data = weightsIn(model)[name].node.data as Float32Array;
    const at = changed.indexOf(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    expect(at).toBeGreaterThan(0);
    // The largest, so that it matters.
    const which = data.reduce((best, w, i) => (Math.abs(w) > Math.abs(data[best]) ? i : best), 0);
    changed.writeFloatLE(factor * data[which], at + 4 * which);
    const path = join(cwd, "changed.onnx");
    writeFileSync(path, changed);
    const { code, stdout, stderr } = await called(["certify", path, "--attained"], { cwd });
    expect([code, stderr]).toEqual([6, expect.stringContaining("lipschitz FAILS")]);
    expect(stdout).toContain("FAILS  lipschitz");
    expect(stdout).not.toContain("attained");
    const { stdout: json } = await called(["certify", path, "--json"], { cwd });
    expect(schemas.certify.parse(JSON.parse(json))).toMatchObject({ ok: false, holds: false });
  });

  test("with another activation in its metadata is no such model", async () => {
    const path = join(cwd, "gelu.onnx");
    const bytes = readFileSync(model).toString("latin1");
    writeFileSync(
      path,
      Buffer.from(bytes.replace('"activation":"relu"', '"activation":"gelu"'), "latin1"),
    );
    const { code, stderr } = await called(["certify", path], { cwd });
    expect([code, stderr]).toEqual([4, expect.stringContaining("slope in [0, 1]")]);
  });
});

test("values are bounded too, without standardisation by the number asked for", async () => {
  const file = "values.yaml";
  const data = "{ kind: cubic-sine, count: 300, testCount: 50 }";
  const shape = "{ kind: lbdn, activation: tanh, widths: [16, 16], lipschitz: 4 }";
  writeFileSync(join(cwd, file), config(data, shape, 20));
  const { code, stdout } = await called(["train", file, "-q", "--json"], { cwd });
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(schemas.train.parse(document)).toEqual(document);
  const { model: path, certificate } = document;
  expect(certificate.bound).toBeLessThan(4 * (1 + 1e-4));
  const proven = JSON.parse(
    (await called(["certify", path, "--attained", "--json"], { cwd })).stdout,
  );
  // The function is steeper than 4 in most places, so that the bound is used.
  expect(proven.attained.gain).toBeGreaterThan(0.8 * proven.bound);
  expect(proven.attained.gain).toBeLessThanOrEqual(proven.bound);
});

test.each([
  ["{ kind: lbdn }", 'missing key "lipschitz" in model'],
  ["{ kind: lbdn, lipschitz: 0 }", "model.lipschitz is 0, wanted a number > 0"],
  ["{ kind: lbdn, lipschitz: 1, activation: gelu }", "one of relu, tanh, sigmoid, softplus"],
  ["{ kind: lbdn, gamma: 1 }", 'unknown key "gamma" in model'],
  ["{ kind: lbdn, lipschitz: 1 }\nsolver: {}", "lbdn has no solver"],
])("%s is refused", async (shape, message) => {
  writeFileSync(join(cwd, "bad.yaml"), `version: 1\ndata: ${moons}\nmodel: ${shape}\n`);
  const { code, stderr } = await called(["train", "bad.yaml"], { cwd });
  expect(code).toBe(4);
  expect(stderr).toContain(message);
});
