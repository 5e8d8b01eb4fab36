import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { tensorsIn } from "../../src/cli/input/model-file.ts";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { Model, Parameters } from "../../src/models/model.ts";
import { fourierWeights } from "../../src/models/sim/fourier.ts";
import { invariantSim } from "../../src/models/sim/invariant.ts";
import { sim } from "../../src/models/sim/sim.ts";
import { coreSpectrum, simSpectrum } from "../../src/models/sim/spectrum.ts";
import { decode } from "../../src/onnx/decode.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { evaluate } from "../autodiff/differences.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const moons = "{ kind: two-moons, count: 400, standardise: none }";
const small = "basis: { kind: perceptron, widths: [24, 16] }, observables: 12, width: 10";
const cwd = folder();

/** The result of a run of this model. */
async function trained(name: string, data: string, model: string, train: string) {
  const lines = [`name: ${name}`, `data: ${data}`, `model: ${model}`, `train: ${train}`];
  writeFileSync(join(cwd, `${name}.yaml`), ["version: 1", "threads: 1", ...lines, ""].join("\n"));
  const { code, stdout, stderr } = await called(["train", `${name}.yaml`, "-q", "--json"], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  const result = JSON.parse(stdout);
  expect(schemas.train.parse(result)).toEqual(result);
  const file = join(cwd, result.model);
  const decoded = decode(readFileSync(file));
  return { result, file, run: join(cwd, result.run), decoded, tensors: tensorsIn(decoded) };
}
type Trained = Awaited<ReturnType<typeof trained>>;

const numbers = ({ data }: Tensor) => Array.from(data, Number);

/** What a model of the library answers with these tensors. */
async function answers(model: Model, tensors: Parameters, x: Tensor) {
  const constants = Object.entries(tensors).map(([name, t]) => [name, constantOf(t)]);
  const rows = input("x", "float32", [...x.shape]);
  const y = model.apply(Object.fromEntries(constants), rows, solverHealth());
  return numbers((await evaluate({ x: rows }, { y }, { x })).y);
}

async function inspectedWhole(file: string) {
  const { code, stdout } = await called(["inspect", file, "--json"], { cwd });
  expect(code).toBe(0);
  const found = JSON.parse(stdout);
  expect(schemas.inspect.parse(found)).toEqual(found);
  return found;
}
const inspected = async (file: string) => (await inspectedWhole(file)).spectrum;

const points = Array.from({ length: 40 }, (_, i) => [2 * Math.sin(i), Math.cos(1.7 * i)]);
const x = tensorOf(Float32Array.from(points.flat()), [points.length, 2]);

describe("in the limit", () => {
  let found: Trained;
  const shape = { basis: mlp([2, 24, 16, 12]), rank: 5, width: 10, outputs: 2 };
  beforeAll(async () => {
    const model = `{ kind: sim, ${small}, rank: 5, projector: 0.1 }`;
    found = await trained("limit", moons, model, "{ epochs: 30, rate: 0.01, batch: 32 }");
  });

  test("it learns, and its penalty makes UV a projector", async () => {
    expect(found.result.test.accuracy).toBeGreaterThan(0.95);
    expect(found.result.spectrum.core.defect).toBeLessThan(0.05);
    const model = `{ kind: sim, ${small}, rank: 5 }`;
    const free = await trained("free", moons, model, "{ epochs: 30, rate: 0.01, batch: 32 }");
    expect(free.result.spectrum.core.defect).toBeGreaterThan(1);
    const { stdout } = await called(["inspect", free.file], { cwd });
    expect(stdout).toContain("no projector: see model.projector");
  });

  test("predict answers as the library does with the tensors of the file", async () => {
    const rows = points.map((point) => point.join(",")).join("\n");
    writeFileSync(join(cwd, "points.csv"), `x,y\n${rows}\n`);
    const args = ["predict", found.file, "points.csv", "--json"];
    const { predictions } = JSON.parse((await called(args, { cwd })).stdout);
    const logits = await answers(sim(shape), found.tensors, x);
    const share = points.map((_, i) => 1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1])));
    const ours = predictions.map((row: { numbers: number[] }) => row.numbers[1]);
    expect(ours).toBeAllClose(share, { atol: 1e-5, rtol: 0 });
    expect(predictions[0]).not.toHaveProperty("limit"); // it is the prediction
  });

  test("inspect reads the spectrum off the tensors, as the metadata name it", async () => {
    const spectrum = await inspected(found.file);
    const { time, ...reading } = spectrum;
    expect(time).toBe("limit");
    expect(reading).toEqual(JSON.parse(found.decoded.metadata["eigenflow.spectrum"]));
    expect(reading).toEqual(found.result.spectrum);
    expect(spectrum).toMatchObject({ rank: 5, surviving: 5, dimension: 0, limit: "point" });
    expect(spectrum.core).toEqual(coreSpectrum(sim(shape), found.tensors));
    // Two numbers of VU by hand: its trace, and how far it is from I.
    const [V, U] = [numbers(found.tensors.V), numbers(found.tensors.U)];
    const VU = (i: number, j: number) =>
      Array.from({ length: 12 }, (_, k) => V[12 * i + k] * U[5 * k + j]).reduce((a, b) => a + b);
    const indices = [0, 1, 2, 3, 4];
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b);
    expect(sum(spectrum.core.re)).toBeCloseTo(sum(indices.map((i) => VU(i, i))), 9);
    const squares = indices.flatMap((i) => indices.map((j) => (VU(i, j) - +(i === j)) ** 2));
    expect(spectrum.core.defect).toBeCloseTo(Math.sqrt(sum(squares)), 9);
    const { stdout } = await called(["inspect", found.file], { cwd });
    expect(stdout).toContain("read out in the limit; the limit of one start is a point");
    expect(stdout).toContain("5 of 5 coordinates are left; dimension of the invariant set: 0");
  });

  test("the report shows it, in words too", () => {
    const page = readFileSync(join(found.run, "report.html"), "utf8");
    expect(page).toContain("The spectrum");
    expect(page).toContain('id="figure-sim-spectrum"');
    expect(page).toContain("Stable invariant models via Koopman spectra");
    expect(page).toContain(
      "5 latent coordinates, of which 5 are left in the limit, all with λ = 1",
    );
  });

  test("where its core is replaced, the rest is still inspected, and no spectrum is kept", async () => {
    const file = await inspectedWhole(found.file);
    const core = file.layers.find(({ outputs }: { outputs: number }) => outputs === 5).name;
    for (const name of [core, "inverse1"]) {
      const args = ["replace", found.file, "--layers", name, "--data", "points.csv"];
      const { code } = await called([...args, "--observables", "affine", "-o", "hybrid.onnx"], {
        cwd,
      });
      expect(code).toBe(0);
      const hybrid = join(cwd, "hybrid.onnx");
      expect(decode(readFileSync(hybrid)).metadata).not.toHaveProperty("eigenflow.spectrum");
      // Behind the core the dynamics are as they were.
      expect("spectrum" in (await inspectedWhole(hybrid))).toBe(name !== core);
    }
  });

  test("metadata that are none are refused", async () => {
    const changed = join(cwd, "changed.onnx");
    const bytes = readFileSync(found.file).toString("latin1");
    writeFileSync(changed, bytes.replace('"time":"limit"', '"time":"never"'), "latin1");
    const { code, stderr } = await called(["inspect", changed], { cwd });
    expect([code, stderr]).toEqual([4, expect.stringContaining("metadata is malformed")]);
  });
});

describe("at a time", () => {
  const modes = { ones: 2, rotations: [], decaying: [{ rate: 0.7, angle: 0.4 }], unit: false };
  const shape = { basis: mlp([2, 24, 16, 12]), modes, width: 10, outputs: 2 };
  const state = "modes: { ones: 2, decaying: [{ rate: 0.7, angle: 0.4 }] }";
  let found: Trained;
  beforeAll(async () => {
    const model = `{ kind: sim, ${small}, time: 1.5, ${state}, projector: 0.1 }`;
    found = await trained("timed", moons, model, "{ epochs: 30, rate: 0.01, batch: 32 }");
  });

  test("the file answers at that time, and its limit is what a long time gives", async () => {
    expect(found.result.test.accuracy).toBeGreaterThan(0.95);
    const { inputs, outputs } = found.decoded;
    expect(Object.keys(inputs)).toEqual(["x"]);
    const { logits, limit } = outputs;
    const given = await evaluate(inputs, { logits, limit }, { x });
    const at = (t: number) =>
      answers(
        invariantSim(shape),
        found.tensors,
        tensorOf(Float32Array.from(points.flatMap((point) => [...point, t])), [points.length, 3]),
      );
    const close = { atol: 1e-5, rtol: 1e-5 };
    expect(numbers(given.logits)).toBeAllClose(await at(1.5), close);
    expect(numbers(given.limit)).toBeAllClose(await at(1e3), close);
    const apart = numbers(given.limit).map((y, i) => Math.abs(y - numbers(given.logits)[i]));
    expect(Math.max(...apart)).toBeGreaterThan(1e-2);
  });

  test("predict prints probabilities at that time and in the limit", async () => {
    writeFileSync(join(cwd, "still.csv"), `x,y\n${points.map((p) => p.join(",")).join("\n")}\n`);
    const args = ["predict", found.file, "still.csv"];
    const { stdout } = await called([...args, "--json"], { cwd });
    const { predictions } = schemas.predict.parse(JSON.parse(stdout)) as {
      predictions: { numbers: number[]; limit: number[] }[];
    };
    const { logits, limit } = await evaluate(found.decoded.inputs, found.decoded.outputs, { x });
    const second = (of: Tensor) =>
      points.map((_, i) => 1 / (1 + Math.exp(Number(of.data[2 * i]) - Number(of.data[2 * i + 1]))));
    const close = { atol: 1e-5, rtol: 0 };
    expect(predictions.map(({ numbers }) => numbers[1])).toBeAllClose(second(logits), close);
    expect(predictions.map((row) => row.limit[1])).toBeAllClose(second(limit), close);
    const [header] = (await called(args, { cwd })).stdout.split("\n");
    expect(header).toMatch(/^row,class,p\(\S+\),p\(\S+\),limit\(p\(\S+\)\),limit\(p\(\S+\)\)$/);
  });

  test("inspect's spectrum is simSpectrum of the tensors", async () => {
    const spectrum = await inspected(found.file);
    expect(spectrum).toMatchObject(simSpectrum({ modes }, found.tensors));
    expect(spectrum).toMatchObject({ time: 1.5, rank: 4, surviving: 2, dimension: 0 });
    const [, , decaying] = spectrum.modes;
    const raw = Number(found.tensors["decay.raw"].data[0]);
    expect(decaying.modulus).toBeCloseTo(1 / (1 + Math.exp(raw)), 9); // e^{−softplus(s)}
    expect(decaying.survives).toBe(false);
    const { stdout } = await called(["inspect", found.file], { cwd });
    expect(stdout).toContain("read out at t = 1.5; the limit of one start is a point");
    expect(stdout).toMatch(/pair, decaying .* gone in the limit/);
    expect(stdout).toContain("2 of 4 coordinates are left");
    expect(stdout).toContain("--layers inverse2 --data"); // not the one on the way to the limit
  });

  test("metadata of another spectrum are refused", async () => {
    const changed = join(cwd, "other.onnx");
    const bytes = readFileSync(found.file).toString("latin1");
    writeFileSync(changed, bytes.replace('"ones":2', '"ones":3'), "latin1");
    const { code, stderr } = await called(["inspect", changed], { cwd });
    expect([code, stderr]).toEqual([4, expect.stringContaining("5 coordinates of modes, V has 4")]);
  });
});

/** A flow onto the unit circle, turning by 0.8 per unit of time: x of the state at t, of starts (x, y). */
function flow(rows: number, phase: number, time: (i: number) => number): string {
  const at = (r: number, angle: number, t: number) => {
    const radius = 1 / Math.sqrt(1 + (1 / r ** 2 - 1) * Math.exp(-2 * t));
    return [radius * Math.cos(angle + 0.8 * t), radius * Math.sin(angle + 0.8 * t)];
  };
  const lines = Array.from({ length: rows }, (_, i) => {
    const [r, angle] = [0.5 + ((i * 0.618) % 1), i * 2.4 + phase];
    return [time(i), ...at(r, angle, 0), at(r, angle, time(i))[0]].join(",");
  });
  return `t,x,y,later\n${lines.join("\n")}\n`;
}

describe("at the time in a column", () => {
  let found: Trained;
  beforeAll(async () => {
    writeFileSync(
      join(cwd, "flow.csv"),
      flow(1000, 0, (i) => (i * 0.7548) % 8),
    );
    const data = "{ kind: csv, path: flow.csv, inputs: [t, x, y], target: later, task: values }";
    const basis = "basis: { kind: perceptron, widths: [32], activation: tanh }, observables: 16";
    const modes = "modes: { rotations: [0.9], decaying: [{ rate: 1 }], unit: true }";
    const model = `{ kind: sim, ${basis}, time: { column: t }, ${modes}, projector: 0.01 }`;
    const train = "{ epochs: 40, rate: 0.01, schedule: cosine, batch: 32 }";
    found = await trained("flow", data, model, train);
  });

  test("the angle of the flow is found, in the unit of the column", async () => {
    const spectrum = await inspected(found.file);
    expect(spectrum).toMatchObject({ limit: "cycle", dimension: 1, time: { column: "t" } });
    expect(Math.abs(spectrum.modes[0].angle - 0.8)).toBeLessThan(0.01);
    expect(spectrum.modes.map(({ survives }: { survives: boolean }) => survives)).toEqual([
      true,
      false,
    ]);
    const page = readFileSync(join(found.run, "report.html"), "utf8");
    expect(page).toMatch(/a pair of modulus 1 at the angles ± 0\.(79|8)/);
  });

  test("predict takes the time from its column, beyond those of training too", async () => {
    writeFileSync(
      join(cwd, "later.csv"),
      flow(60, 1, (i) => 12 + (i % 9)),
    );
    const args = ["predict", found.file, "later.csv", "--json"];
    const { predictions } = JSON.parse((await called(args, { cwd })).stdout);
    const truth = readFileSync(join(cwd, "later.csv"), "utf8").trim().split("\n").slice(1);
    const errors = truth.map((line, i) =>
      Math.abs(Number(line.split(",")[3]) - predictions[i].numbers[0]),
    );
    expect(Math.max(...errors)).toBeLessThan(0.2);
    // So late the start is forgotten: the limit turns at the same phase.
    for (const { numbers, limit } of predictions)
      expect(limit).toBeAllClose(numbers, { atol: 1e-3 });
    const { stdout } = await called(["predict", found.file, "later.csv"], { cwd });
    expect(stdout.split("\n")[0]).toBe("row,later,limit(later)");
  });

  test("the limit in the file is the state of a late time", async () => {
    const { inputs, outputs } = found.decoded;
    expect(Object.keys(inputs)).toEqual(["x", "t"]);
    const at = async (t: number) =>
      evaluate(inputs, outputs, {
        x,
        t: tensorOf(new Float32Array(points.length).fill(t), [points.length, 1]),
      });
    const [early, late] = [await at(0.5), await at(200.5)];
    const close = { atol: 1e-6, rtol: 0 };
    expect(numbers(late.limit)).toBeAllClose(numbers(late.prediction), close);
    expect(numbers(early.limit)).not.toBeAllClose(numbers(early.prediction), { atol: 1e-2 });
  });
});

test("two tiers: the features of the second stay as they were drawn", async () => {
  const fourier = { count: 20, bandwidth: 5 };
  const model = `{ kind: sim, ${small}, fourier: { count: 20, bandwidth: 5 } }`;
  const train =
    "{ epochs: 30, rate: 0.01, batch: 32, schedule: { kind: one-cycle, tail: 2 }, optimiser: { kind: adam, beta1: one-cycle } }";
  const { result, tensors } = await trained("tiers", moons, model, train);
  expect(result.test.accuracy).toBeGreaterThan(0.95);
  expect(result.spectrum.rank).toBe(10);
  expect(tensors["fourier.weight"]).toEqual(fourierWeights(fourier, 12, 0));
});

test("images have a basis of convolutions, whose normalisation is folded into the file", async () => {
  // Stripes of 4 × 4 pixels, across or down, under noise.
  const names = Array.from({ length: 16 }, (_, k) => `p${k}`);
  const lines = Array.from({ length: 160 }, (_, i) => {
    const stripe = (k: number) => (i % 2 === 0 ? Math.floor(k / 4) : k % 4) % 2;
    const pixels = names.map((_, k) => stripe(k) + 0.3 * Math.sin(17 * i + k * k));
    return [...pixels, ["across", "down"][i % 2]].join(",");
  });
  writeFileSync(join(cwd, "stripes.csv"), `${[...names, "class"]}\n${lines.join("\n")}\n`);
  const basis = "basis: { kind: convolutional, image: [1, 4, 4], channels: 4 }";
  const { result, file } = await trained(
    "stripes",
    `{ kind: csv, path: stripes.csv, inputs: [${names}], target: class }`,
    `{ kind: sim, ${basis}, observables: 10 }`,
    "{ epochs: 10, rate: 0.01, batch: 16 }",
  );
  expect(result.test.accuracy).toBeGreaterThan(0.9);
  expect((await inspected(file)).rank).toBe(5);
  const args = ["predict", file, "stripes.csv", "--json"];
  const { predictions } = JSON.parse((await called(args, { cwd })).stdout);
  const right = predictions.filter(
    (row: { class: string }, i: number) => row.class === ["across", "down"][i % 2],
  );
  expect(right.length).toBeGreaterThan(0.9 * 160);
});

const time = "modes: { ones: 1 }";
test.each([
  ["{ kind: sim, time: 0 }", "model.time is 0, wanted"],
  ["{ kind: sim, time: soon }", 'model.time is "soon", wanted "limit" or a number > 0'],
  ["{ kind: sim, time: 2 }", "wants model.modes"],
  [`{ kind: sim, ${time} }`, "in the limit only λ = 1 is left"],
  [`{ kind: sim, ${time}, time: 2, rank: 3 }`, "model.rank: with model.modes it is their number"],
  ["{ kind: sim, time: 2, modes: { unit: true } }", "none at all"],
  ["{ kind: sim, time: 2, modes: { rotation: [1] } }", 'did you mean "rotations"?'],
  ["{ kind: sim, time: 2, modes: { decaying: [{ rate: 0 }] } }", "wanted a number > 0"],
  ["{ kind: sim, time: 2, modes: { ones: 51 } }", "51 coordinates of 50 observables"],
  ["{ kind: sim, rank: 51 }", "51 coordinates of 50 observables"],
  ["{ kind: sim, fourier: { count: 7 } }", "7 is odd"],
  ["{ kind: sim, projector: -1 }", "model.projector is -1, wanted a number >= 0"],
  ["{ kind: sim, widths: [8] }", 'unknown key "widths" in model'],
  ["{ kind: sim, basis: { kind: percepton } }", 'did you mean "perceptron"?'],
  ["{ kind: sim, basis: convolutional }", "set model.basis.image to [channels, height, width]"],
  [`{ kind: sim, ${time}, time: { column: t } }`, '"t" is to be one of data.inputs of kind csv'],
  ["{ kind: sim }\nsolver: {}", "sim has no solver"],
])("%s is refused", async (shape, message) => {
  writeFileSync(join(cwd, "bad.yaml"), `version: 1\ndata: ${moons}\nmodel: ${shape}\n`);
  const { code, stderr } = await called(["train", "bad.yaml", "--dry-run"], { cwd });
  expect(code).toBe(4);
  expect(stderr).toContain(message);
});

test("the document of inspect is published with the spectrum in it", async () => {
  const { stdout } = await called(["schema", "inspect"], { cwd });
  expect(stdout).toContain('"spectrum"');
  expect(stdout).toContain("whether it is there in the limit");
});
