import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { randomStream } from "../../src/data/random.ts";
import { CertificateError, DataError, UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, square, sub } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { transpose } from "../../src/graph/ops/movement.ts";
import { reduceMean } from "../../src/graph/ops/reduction.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { matrix, matrixOf } from "../../src/linalg/matrix.ts";
import { cayley } from "../../src/models/cayley.ts";
import { lbdn, type MonotoneActivation, monotoneActivations } from "../../src/models/lbdn.ts";
import type { Model, Parameters } from "../../src/models/model.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { explicitTensors } from "../../src/training/deploy.ts";
import { stretch } from "../../src/verification/gain-search.ts";
import { certifyGain, parseGainCertificate, recheckGain } from "../../src/verification/lbdn.ts";
import { gainGuess, gainMargin } from "../../src/verification/sandwich-gain.ts";
import { checkDerivative, evaluate, noise } from "../autodiff/differences.ts";
import { adam } from "./adam.ts";

const inputsOf = (feeds: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
const numbers = (t: Tensor) => Array.from(t.data, Number);

/** Parameters far from where they start: X, Y, d and biases drawn with these deviations. */
function drawn(model: Model, seed: number, spread: number, depth: number): Parameters {
  return Object.fromEntries(
    Object.entries(model.initialise(seed)).map(([name, tensor]) => {
      const random = randomStream(seed, "test", name);
      const deviation = name.endsWith(".d") ? depth : spread;
      const next = Float32Array.from(numbers(tensor), () => random.normal() * deviation);
      return [name, tensorOf(next, tensor.shape)];
    }),
  );
}

/** The largest stretch found by ascent from some random pairs, in float64 of the given tensors. */
async function observedGain(model: Model, tensors: Parameters, steps = 80): Promise<number> {
  const weights = Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, constantOf(castTensor(t, "float64"))]),
  );
  const pairs = (seed: number, scale: number) => {
    const list = noise(24 * model.inputs, seed).map((x) => x * scale);
    return constant(list, "float64", [24, model.inputs]);
  };
  const x = pairs(1, 2);
  const map = (rows: Value) => model.apply(weights, rows, solverHealth());
  const { gain } = stretch(map, x, add(x, pairs(2, 0.1)), { steps });
  return Math.max(...numbers((await evaluate({}, { gain }, {})).gain));
}

test("the Cayley transform gives orthonormal rows [A B], whatever X and Y", async () => {
  const [n, p] = [3, 5];
  for (const scale of [0.1, 1, 30]) {
    const random = (count: number, seed: number) => noise(count, seed).map((x) => x * scale);
    const { At, Bt } = cayley(
      constant(random(n * n, 1), "float64", [n, n]),
      constant(random(p * n, 2), "float64", [p, n]),
    );
    const sum = add(matmul(transpose(At), At), matmul(transpose(Bt), Bt));
    const found = await evaluate({}, { sum }, {});
    expect(numbers(found.sum)).toBeAllClose([1, 0, 0, 0, 1, 0, 0, 0, 1], { atol: 1e-11 });
  }
});

test.each(Object.keys(monotoneActivations) as MonotoneActivation[])(
  "gradients through %s are those of central differences",
  async (activation) => {
    const model = lbdn({ inputs: 2, outputs: 2, hidden: [3, 2], gamma: 3, activation });
    const feeds = {
      ...Object.fromEntries(
        Object.entries(drawn(model, 2, 0.7, 0.3)).map(([k, v]) => [k, castTensor(v, "float64")]),
      ),
      x: tensorOf(Float64Array.from(noise(6, 5)), [3, 2]),
    };
    const inputs = inputsOf(feeds);
    const y = model.apply(model.explicit(inputs), inputs.x, solverHealth());
    await checkDerivative({ inputs, feeds, outputs: [y] });
  },
);

describe("the bound", () => {
  test("is proven within 1e-5 of γ for random networks of all shapes and scales", async () => {
    const shapes = [[], [4], [8, 3], [3, 8, 5]];
    let count = 0;
    for (const [i, hidden] of shapes.entries()) {
      for (const [k, spread] of [0.1, 0.6, 3].entries()) {
        const gamma = [0.3, 1, 10, 300][(i + k) % 4];
        const model = lbdn({ inputs: 3, outputs: 2, hidden, gamma });
        const parameters = drawn(model, 10 * i + k, spread, 1.5);
        const tensors = await explicitTensors(model, parameters, null);
        const certificate = certifyGain(tensors);
        expect(certificate.bound).toBeLessThanOrEqual(gamma * (1 + 1e-5 * (hidden.length + 2)));
        expect(recheckGain(certificate, tensors).holds).toBe(true);
        if (k === 1) {
          expect(await observedGain(model, tensors)).toBeLessThanOrEqual(certificate.bound);
        }
        count++;
      }
    }
    expect(count).toBe(12);
  });

  test("is nearly attained by a network fitted to something steeper", async () => {
    const gamma = 2;
    const model = lbdn({ inputs: 1, outputs: 1, hidden: [8, 8], gamma, activation: "relu" });
    const parameters = model.initialise(1);
    const inputs = inputsOf(parameters);
    // A ramp of slope 6 between −0.5 and 0.5.
    const xs = Array.from({ length: 41 }, (_, i) => (i - 20) / 10);
    const ys = xs.map((x) => Math.max(-3, Math.min(3, 6 * x)));
    const x = constant(xs, "float32", [41, 1]);
    const prediction = model.apply(model.explicit(inputs), x, solverHealth());
    const loss = reduceMean(square(sub(prediction, constant(ys, "float32", [41, 1]))));
    const slopes = Object.entries(gradient(loss, inputs));
    const program = await compile(
      inputs,
      { loss, ...Object.fromEntries(slopes.map(([k, v]) => [`bar.${k}`, v])) },
      { threads: 1 },
    );
    const fitted = await adam(program.run, parameters, 400);
    await program.release();
    expect(fitted.loss).toBeLessThan(0.4 * fitted.first);
    const tensors = await explicitTensors(model, fitted.parameters, null);
    const certificate = certifyGain(tensors);
    const observed = await observedGain(model, tensors, 200);
    expect(certificate.bound).toBeLessThan(gamma * (1 + 5e-5));
    expect(observed).toBeLessThanOrEqual(certificate.bound);
    expect(observed).toBeGreaterThan(0.99 * gamma);
  });

  test("divides by the smallest deviation of standardised inputs", async () => {
    const model = lbdn({ inputs: 2, outputs: 1, hidden: [3], gamma: 5 });
    const tensors = await explicitTensors(model, model.initialise(1), {
      mean: Float32Array.of(0, 0),
      scale: Float32Array.of(2, 0.25),
    });
    const { bound } = certifyGain(tensors);
    expect(bound).toBeGreaterThan(15);
    expect(bound).toBeLessThanOrEqual(20 * (1 + 1e-4));
  });
});

describe("a certificate", () => {
  const model = lbdn({ inputs: 3, outputs: 2, hidden: [6, 4], gamma: 4 });
  const made = async () => {
    const tensors = await explicitTensors(model, drawn(model, 5, 0.6, 0.5), null);
    return { tensors, certificate: certifyGain(tensors) };
  };
  const changed = (tensors: Readonly<Record<string, Tensor>>, name: string, by: number) => {
    const next = Float32Array.from(numbers(tensors[name]), (x, i) => (i === 1 ? x * (1 + by) : x));
    return { ...tensors, [name]: tensorOf(next, tensors[name].shape) };
  };

  test("survives JSON, and is proven again from weights alone", async () => {
    const { tensors, certificate } = await made();
    const read = parseGainCertificate(JSON.parse(JSON.stringify(certificate)));
    expect(read).toEqual(certificate);
    const { "layer0.multipliers": _, "layer1.multipliers": __, ...file } = tensors;
    const check = recheckGain(read, file);
    expect(check.holds).toBe(true);
    expect(check.margins.every((margin) => margin >= 0)).toBe(true);
  });

  test.each([
    ["layer0.in", 0.5],
    ["layer1.out", 0.5],
    ["output.weight", 2],
  ])("does not survive a change of one entry of %s", async (name, by) => {
    const { tensors, certificate } = await made();
    const check = recheckGain(certificate, changed(tensors, name, by));
    expect(check.holds).toBe(false);
    expect(check.sentence).toMatch(/FAILS/);
  });

  test("does not survive a smaller claim, or other multipliers", async () => {
    const { tensors, certificate } = await made();
    const { layers, bound } = certificate;
    expect(recheckGain({ ...certificate, bound: bound * 0.9999 }, tensors).holds).toBe(false);
    const lower = layers.map((layer) => ({ ...layer, gain: layer.gain * 0.999 }));
    expect(recheckGain({ ...certificate, layers: lower }, tensors).holds).toBe(false);
    const flat = layers.map((layer) => ({ ...layer, multipliers: layer.multipliers.map(() => 1) }));
    expect(recheckGain({ ...certificate, layers: flat }, tensors).holds).toBe(false);
  });

  test("is not proven of a network that adds what is no number", async () => {
    const { tensors, certificate } = await made();
    for (const name of ["layer1.bias", "output.bias"]) {
      expect(recheckGain(certificate, changed(tensors, name, 1)).holds).toBe(true);
      expect(() => recheckGain(certificate, changed(tensors, name, NaN))).toThrow(`"${name}"`);
    }
    const mean = tensorOf(Float32Array.of(NaN, 0, 0), [3]);
    expect(() => certifyGain({ ...tensors, "input.mean": mean })).toThrow(DataError);
  });

  test("claims more than γ where Ψ stands on the wrong side", async () => {
    const { tensors } = await made();
    const psi = numbers(tensors["layer0.multipliers"]).map(Math.sqrt);
    const { shape } = tensors["layer0.in"];
    const wrong = Float32Array.from(
      numbers(tensors["layer0.in"]),
      (x, i) => x * psi[Math.floor(i / shape[1])] ** 2,
    );
    const { bound } = certifyGain({ ...tensors, "layer0.in": tensorOf(wrong, shape) });
    expect(bound).toBeGreaterThan(4.1);
  });

  test("of multipliers that are no such thing, and JSON that is none, is an error", async () => {
    const { tensors, certificate } = await made();
    expect(() => certifyGain(changed(tensors, "layer0.multipliers", -2))).toThrow(CertificateError);
    expect(() => certifyGain(changed(tensors, "layer0.in", NaN))).toThrow(DataError);
    expect(() => parseGainCertificate({ ...certificate, bound: "4" })).toThrow(/bound/);
    expect(() => parseGainCertificate({ ...certificate, extra: 1 })).toThrow(DataError);
    expect(() => recheckGain({ ...certificate, layers: [] }, tensors)).toThrow(DataError);
  });
});

test("of one unit the proven gain is |s t|, which is known by hand", () => {
  const one = (x: number) => matrixOf(1, 1, Float64Array.of(x));
  for (const [t, s] of [
    [1, 1],
    [3, 0.5],
    [-0.2, 7],
  ]) {
    const weights = { T: one(t), S: one(s) };
    const exact = Math.abs(s * t);
    // λ = s² makes 2λ − s² − λ²t²/ρ² vanish at ρ = |s t|.
    const guess = gainGuess(weights, Float64Array.of(s * s))!;
    expect([guess.rho]).toBeAllClose([exact], { rtol: 1e-6 });
    expect(gainMargin(weights, guess.lambda, exact * (1 + 1e-4))).toBeGreaterThan(0);
    expect(gainMargin(weights, Float64Array.of(s * s), exact * (1 - 1e-6))).toBeLessThan(0);
  }
  expect(gainMargin({ T: matrix(1, 1, () => 1), S: one(1) }, Float64Array.of(-1), 2)).toBe(
    -Infinity,
  );
});

test("what does not fit is refused", () => {
  const options = { inputs: 2, outputs: 1, hidden: [3], gamma: 1 };
  expect(() => lbdn({ ...options, gamma: 0 })).toThrow(UsageError);
  expect(() => lbdn({ ...options, hidden: [0] })).toThrow(UsageError);
  expect(() => lbdn({ ...options, activation: "gelu" as never })).toThrow(/slope in \[0, 1\]/);
  expect(() => lbdn({ ...options, gama: 2 } as never)).toThrow(/did you mean "gamma"/);
});
