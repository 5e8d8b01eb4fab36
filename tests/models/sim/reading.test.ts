import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../../src/errors.ts";
import { constantOf, type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import { mlp } from "../../../src/models/mlp.ts";
import { atTime } from "../../../src/models/sim/at-time.ts";
import { invariantSim } from "../../../src/models/sim/invariant.ts";
import { nearProjector, readSim } from "../../../src/models/sim/reading.ts";
import { coreSpectrum, simSpectrum } from "../../../src/models/sim/spectrum.ts";
import { decode } from "../../../src/onnx/decode.ts";
import { solverHealth } from "../../../src/solvers/fixed-point.ts";
import { deploy, explicitTensors } from "../../../src/training/deploy.ts";
import { evaluate, noise } from "../../autodiff/differences.ts";

const modes = { ones: 1, rotations: [0.9], decaying: [{ rate: 0.5, angle: 0.2 }] };
const whole = invariantSim({ basis: mlp([2, 6, 8]), modes, width: 4, outputs: 3 });
const parameters = whole.initialise(2);
const constants = Object.fromEntries(
  Object.entries(parameters).map(([name, t]) => [name, constantOf(t)]),
);
const numbers = ({ data }: Tensor) => Array.from(data, Number);
const rows = 4;
const starts = tensorOf(Float32Array.from(noise(2 * rows)), [rows, 2]);

describe("at one time", () => {
  const fixed = atTime(whole, 1.25);

  test("a model takes the state alone, and answers as the whole does at that time", async () => {
    expect([fixed.inputs, fixed.outputs, fixed.ports]).toEqual([2, 3, undefined]);
    expect(fixed.initialise(2)).toEqual(parameters);
    const z = input("z", "float32", [rows, 2]);
    const t = constantOf(tensorOf(new Float32Array(rows).fill(1.25), [rows, 1]));
    const pass = solverHealth();
    const state = whole.state(constants, whole.latent(constants, z, t, pass));
    const outputs = { y: fixed.apply(constants, z, pass), state };
    const { y, state: expected } = await evaluate({ z }, outputs, { z: starts });
    expect(numbers(y)).toBeAllClose(numbers(expected), { rtol: 1e-5, atol: 1e-6 });
  });

  test("its file has one input, and the limit as a second output", async () => {
    const tensors = await explicitTensors(fixed, parameters, null);
    const { inputs, outputs, initialisers } = decode(
      deploy(fixed, tensors, { task: "values", doc: "", metadata: {} }),
    );
    expect([Object.keys(inputs), Object.keys(outputs)]).toEqual([["x"], ["prediction", "limit"]]);
    expect(Object.keys(initialisers)).toEqual(expect.arrayContaining(["V", "U", "decay.raw"]));
    const { limit } = await evaluate(inputs, outputs, { x: starts });
    // The same phase of the rotation, and e^{−rt} = 0.
    const late = 1.25 + (2 * Math.PI * 100) / Math.fround(0.9);
    const { prediction } = await evaluate(...(await exported(late)), { x: starts });
    expect(numbers(limit)).toBeAllClose(numbers(prediction), { rtol: 1e-4, atol: 1e-5 });
  });

  async function exported(t: number) {
    const model = atTime(whole, t);
    const { inputs, outputs } = decode(
      deploy(model, parameters, { task: "values", doc: "", metadata: {} }),
    );
    return [inputs, outputs] as const;
  }

  test.each([-1, Number.NaN, Infinity])("%s is no time", (t) => {
    expect(() => atTime(whole, t)).toThrow(UsageError);
  });
});

describe("a reading of tensors", () => {
  test("is the spectrum of the dynamics and of the core, with what is left counted", () => {
    const found = readSim(parameters, modes);
    expect(found).toMatchObject(simSpectrum(whole, parameters));
    expect(found.core).toEqual(coreSpectrum(whole, parameters));
    expect([found.rank, found.surviving, found.limit]).toEqual([5, 3, "cycle"]);
  });

  test("without modes is that of a limit: λ = 1 for each row of V", () => {
    const {
      modes: found,
      rank,
      surviving,
      limit,
      core,
    } = readSim({ V: parameters.V, U: parameters.U });
    expect(found.map(({ kind, modulus }) => [kind, modulus])).toEqual(Array(5).fill(["one", 1]));
    expect([rank, surviving, limit]).toEqual([5, 5, "point"]);
    expect(core.re).toHaveLength(5);
  });

  test("tells a projector from a bottleneck", () => {
    const eye = (factor: number) => tensorOf(Float32Array.of(factor, 0, 0, factor, 0, 0), [3, 2]);
    const V = tensorOf(Float32Array.of(1, 0, 4, 0, 1, 5), [2, 3]);
    expect(nearProjector(readSim({ V, U: eye(1) }))).toBe(true);
    expect(nearProjector(readSim({ V, U: eye(0.8) }))).toBe(false);
  });

  test.each<[string, object, object | undefined, string]>([
    ["no core", {}, undefined, "wanted V [k, m], U [m, k]"],
    ["U of another shape", { ...parameters, U: parameters.V }, undefined, "U [5, 8]"],
    ["a limit with angles", parameters, undefined, "0 modes with rotation.angle, which holds 1"],
    ["other modes", parameters, { ones: 2 }, "2 coordinates of modes, V has 5 rows"],
  ])("%s is refused", (_, tensors, given, message) => {
    expect(() => readSim(tensors as typeof parameters, given)).toThrow(ShapeError);
    expect(() => readSim(tensors as typeof parameters, given)).toThrow(message);
  });
});
