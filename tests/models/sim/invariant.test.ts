import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { constantOf, type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import { mlp } from "../../../src/models/mlp.ts";
import { type InvariantSimOptions, invariantSim } from "../../../src/models/sim/invariant.ts";
import { angleRelations, relationRank } from "../../../src/models/sim/relations.ts";
import { sim } from "../../../src/models/sim/sim.ts";
import { coreSpectrum, simSpectrum } from "../../../src/models/sim/spectrum.ts";
import { decode } from "../../../src/onnx/decode.ts";
import { solverHealth } from "../../../src/solvers/fixed-point.ts";
import { deploy, explicitTensors } from "../../../src/training/deploy.ts";
import { checkDerivative, evaluate, noise } from "../../autodiff/differences.ts";

const options: InvariantSimOptions = {
  basis: mlp([2, 8, 12], { activation: "tanh" }),
  modes: {
    ones: 1,
    rotations: [0.9, 2.1],
    decaying: [
      { rate: 0.3, angle: 1.2 },
      { rate: 2, angle: 0 },
    ],
  },
  width: 6,
  outputs: 2,
};
const model = invariantSim(options);
const parameters = model.initialise(3);
const constants = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, constantOf(t)]));
const numbers = ({ data }: Tensor) => Array.from(data, Number);
const rows = 5;
const z = input("z", "float32", [rows, 2]);
const t = input("t", "float32", [rows, 1]);
const starts = tensorOf(Float32Array.from(noise(2 * rows)), [rows, 2]);
const times = (value: number) => tensorOf(new Float32Array(rows).fill(value), [rows, 1]);

async function latentAt(time: number, which = model) {
  const c = which.latent(constants(parameters), z, t, solverHealth());
  const found = await evaluate({ z, t }, { c }, { z: starts, t: times(time) });
  const flat = numbers(found.c);
  return Array.from({ length: rows }, (_, i) => flat.slice(which.rank * i, which.rank * (i + 1)));
}

describe("latent coordinates", () => {
  test("are the first ones multiplied by the eigenvalues to the power t", async () => {
    const [c0, c] = [await latentAt(0), await latentAt(1.7)];
    const { modes } = simSpectrum(model, parameters);
    // Order: ones, real parts of rotations, imaginary ones, the same of what decays.
    const pairs = [
      [1, 3],
      [2, 4],
      [5, 7],
      [6, 8],
    ];
    c0.forEach((before, n) => {
      expect(c[n][0]).toBeCloseTo(before[0], 6);
      pairs.forEach(([re, im], k) => {
        const { modulus, angle } = modes[k + 1];
        const [size, turn] = [modulus ** 1.7, 1.7 * angle];
        const [x, y] = [before[re], before[im]];
        expect(c[n][re]).toBeCloseTo(size * (x * Math.cos(turn) - y * Math.sin(turn)), 5);
        expect(c[n][im]).toBeCloseTo(size * (x * Math.sin(turn) + y * Math.cos(turn)), 5);
      });
    });
  });

  test("keep the radii of rotations for ever, and lose what decays", async () => {
    const radius = (c: readonly number[], k: number) => Math.hypot(c[1 + k], c[3 + k]);
    const [first, late] = [await latentAt(0), await latentAt(1e5)];
    for (let n = 0; n < rows; n++) {
      for (const k of [0, 1]) expect(radius(late[n], k)).toBeCloseTo(radius(first[n], k), 5);
      expect(late[n].slice(5).map(Math.abs)).toEqual([0, 0, 0, 0]);
    }
  });

  test("on the unit circle where that is asked for, at the phase of float64 even late", async () => {
    const unit = invariantSim({ ...options, modes: { ...options.modes, unit: true } });
    const [first, late] = [await latentAt(0, unit), await latentAt(1e5, unit)];
    const omega = Number(parameters["rotation.angle"].data[0]); // as float32 has it
    const turn = (omega * 1e5) % (2 * Math.PI);
    for (let n = 0; n < rows; n++) {
      const [x, y] = [first[n][1], first[n][3]];
      expect(Math.hypot(x, y)).toBeCloseTo(1, 6);
      expect(late[n][1]).toBeCloseTo(x * Math.cos(turn) - y * Math.sin(turn), 4);
    }
  });
});

test("derivatives by angles and rates are those of differences", async () => {
  const cast = (tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      Object.entries(tensors).map(([k, v]) => [
        k,
        tensorOf(Float64Array.from(v.data, Number), v.shape),
      ]),
    );
  const all = cast(parameters);
  const names = ["rotation.angle", "decay.angle", "decay.raw", "V", "U"];
  const inputs = Object.fromEntries(
    names.map((name) => [name, input(name, "float64", all[name].shape)]),
  );
  const p = { ...constants(all), ...inputs };
  const x = constantOf(tensorOf(Float64Array.from(noise(9), Math.abs), [3, 3]));
  const y = model.apply(p, x, solverHealth());
  const feeds = Object.fromEntries(names.map((name) => [name, all[name]]));
  await checkDerivative({ inputs, feeds, outputs: [y] });
});

test("an exported file takes x and t, and gives the state at t and its limit", async () => {
  const tensors = await explicitTensors(model, parameters, null);
  const file = deploy(model, tensors, { task: "values", doc: "", metadata: {} });
  const { inputs, outputs } = decode(file);
  expect(Object.keys(inputs)).toEqual(["x", "t"]);
  expect(Object.keys(outputs)).toEqual(["prediction", "limit"]);
  const at = async (time: number) => evaluate(inputs, outputs, { x: starts, t: times(time) });
  const [early, late, same] = [await at(0.5), await at(200.5), await at(0.5)];
  expect(numbers(same.prediction)).toEqual(numbers(early.prediction));
  expect(numbers(early.limit)).not.toBeAllClose(numbers(early.prediction), { atol: 1e-3, rtol: 0 });
  expect(numbers(late.limit)).toBeAllClose(numbers(late.prediction), { atol: 1e-6, rtol: 0 });
  const x = tensorOf(Float32Array.from(starts.data as Float32Array), [rows, 2]);
  const v = input("v", "float32", [rows, 3]);
  const withTime = new Float32Array(rows * 3);
  for (let n = 0; n < rows; n++)
    withTime.set([Number(x.data[2 * n]), Number(x.data[2 * n + 1]), 0.5], 3 * n);
  const y = model.apply(constants(parameters), v, solverHealth());
  const found = await evaluate({ v }, { y }, { v: tensorOf(withTime, [rows, 3]) });
  expect(numbers(early.prediction)).toBeAllClose(numbers(found.y), { rtol: 1e-5, atol: 1e-6 });
});

describe("the spectrum", () => {
  const withAngles = (...rotations: number[]) => {
    const some = invariantSim({ ...options, modes: { rotations } });
    return simSpectrum(some, some.initialise(1));
  };

  test("says which modes survive, at the values that were set", () => {
    const { modes, dimension, limit } = simSpectrum(model, parameters);
    expect(modes.map(({ kind }) => kind)).toEqual([
      "one",
      "rotation",
      "rotation",
      "decaying",
      "decaying",
    ]);
    expect(modes.filter(({ survives }) => survives)).toHaveLength(3);
    expect(modes.map(({ rate }) => rate)).toBeAllClose([0, 0, 0, 0.3, 2], { rtol: 1e-5 });
    expect(modes.map(({ angle }) => angle)).toBeAllClose([0, 0.9, 2.1, 1.2, 0], { rtol: 1e-6 });
    expect(modes[1].rotationNumber).toBeCloseTo(0.9 / (2 * Math.PI), 6);
    // 7 · 0.9 = 3 · 2.1, but 7 is more than the largest factor that is tried.
    expect([dimension, limit]).toEqual([2, "torus of dimension 2"]);
    expect(simSpectrum(model, parameters, { largest: 7 }).dimension).toBe(1);
  });

  test.each([
    [[], "point", 0],
    [[0], "point", 0],
    [[0.7], "cycle", 1],
    [[0.7, 1.4], "cycle", 1],
    [[1, Math.SQRT2], "torus of dimension 2", 2],
    [[1, Math.SQRT2, 1 + Math.SQRT2], "torus of dimension 2", 2],
    [[1, Math.SQRT2, Math.sqrt(3)], "torus of dimension 3", 3],
  ])("of angles %s is a %s", (angles, limit, dimension) => {
    const found =
      angles.length > 0
        ? withAngles(...angles)
        : simSpectrum(
            invariantSim({ ...options, modes: { ones: 2 } }),
            invariantSim({ ...options, modes: { ones: 2 } }).initialise(1),
          );
    expect([found.limit, found.dimension]).toEqual([limit, dimension]);
  });

  test("relations are the coprime ones within the tolerance", () => {
    const found = angleRelations([1, 2, 4], { tolerance: 1e-9, largest: 2 });
    expect(found.map(({ factors }) => factors)).toEqual([
      [0, 2, -1],
      [2, -1, 0],
      [2, 1, -1],
    ]);
    expect(relationRank(found)).toBe(2);
    expect(angleRelations([1, 2.001], { tolerance: 1e-3, largest: 3 })).toHaveLength(1);
    expect(angleRelations([1, 2.01], { tolerance: 1e-3, largest: 3 })).toHaveLength(0);
  });

  test("of a core: eigenvalues of VU, all 1 for a projector", () => {
    const plain = sim({ basis: mlp([2, 4]), rank: 2, width: 3, outputs: 1 });
    const p = plain.initialise(1);
    const half = Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0);
    const V = tensorOf(Float32Array.of(1, 0, 5, 0, 0, 1, 0, 7), [2, 4]);
    const U = tensorOf(half, [4, 2]);
    const found = coreSpectrum(plain, { ...p, V, U });
    expect(found.re).toBeAllClose([1, 1]);
    expect(found.im).toBeAllClose([0, 0]);
    expect(found.defect).toBe(0);
    expect(
      coreSpectrum(plain, {
        ...p,
        V,
        U: tensorOf(
          half.map((v) => v / 2),
          [4, 2],
        ),
      }).re,
    ).toBeAllClose([0.5, 0.5]);
  });
});

test.each<[object, string]>([
  [{ modes: {} }, "none at all"],
  [{ modes: { decaying: [{ rate: 0, angle: 1 }] } }, "rate of decay of 0"],
  [{ modes: { rotations: [Number.NaN] } }, "an angle of NaN"],
  [{ modes: { ones: 13 } }, "13 latent coordinates of 12 features"],
  [{ modes: { ones: 1, rotation: [1] } }, "rotation"],
  [{ consistency: 1, outputs: 3 }, "3 outputs of 2 inputs"],
  [{ projector: -1 }, "projector -1"],
])("refuses %s", (wrong, message) => {
  expect(() => invariantSim({ ...options, ...wrong })).toThrow(UsageError);
  expect(() => invariantSim({ ...options, ...wrong })).toThrow(message);
});
