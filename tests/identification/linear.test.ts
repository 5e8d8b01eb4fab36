import { expect, test } from "vitest";
import { type Experiment, experimentOf } from "../../src/data/experiment/experiment.ts";
import { randomStream } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { arx } from "../../src/identification/arx.ts";
import { radii } from "../../src/identification/model.ts";
import { stabilise } from "../../src/identification/stabilise.ts";
import { excites, subspace } from "../../src/identification/subspace.ts";
import { eigenvalues, spectralRadius } from "../../src/linalg/eigenvalues.ts";
import { fromRows } from "../../src/linalg/matrix.ts";
import { isStable, poles, stateSpace } from "../../src/lti/state-space.ts";
import { distance, experimentWith, impulse, randomSystem } from "./systems.ts";

const sorted = (values: Float64Array) => [...values].sort((a, b) => a - b);
const sizes: [number, number, number][] = [
  [1, 1, 1],
  [2, 1, 1],
  [4, 1, 1],
  [3, 2, 1],
  [4, 1, 2],
  [6, 2, 3],
];

test.each(sizes)(
  "subspace recovers %i states, %i inputs, %i outputs from clean data",
  (n, m, l) => {
    for (const seed of [10, 20, 30]) {
      const system = randomSystem(seed, n, m, l);
      const data = [experimentWith(system, 300, seed), experimentWith(system, 200, seed + 1)];
      const { model, order, singularValues } = subspace(data);
      expect(order).toBe(n);
      expect(singularValues[n] / singularValues[0]).toBeLessThan(1e-9);
      expect(distance(impulse(model.system), impulse(system))).toBeLessThan(1e-8);
      for (const part of ["re", "im"] as const)
        expect(sorted(poles(model.system)[part])).toBeAllClose(sorted(poles(system)[part]), {
          atol: 1e-8,
        });
    }
  },
);

test("finds direct feedthrough where it is allowed, and units do not matter", () => {
  const plain = randomSystem(5, 3, 1, 1);
  const system = { ...plain, D: fromRows([[2]]) };
  const data = experimentWith(system, 300, 1);
  const { model } = subspace([data], { direct: true });
  expect(distance(impulse(model.system), impulse(system))).toBeLessThan(1e-8);
  const large = { ...data, u: data.u.map((u) => u * 1e-6), y: data.y.map((y) => y * 1e5) };
  const scaled = subspace([large], { direct: true }).model.system;
  expect(
    distance(
      impulse(scaled),
      impulse(system).map((h) => h * 1e11),
    ),
  ).toBeLessThan(1e-8);
});

test("recovers an unstable system, and gives a stable one on request", () => {
  const system = randomSystem(40, 3, 1, 1, 1.03);
  const data = experimentWith(system, 200, 3);
  const { model } = subspace([data], { order: 3 });
  expect(distance(impulse(model.system), impulse(system))).toBeLessThan(1e-7);
  expect(model.warnings.join()).toMatch(/unstable: its largest pole has radius 1.03/);
  const tamed = subspace([data], { order: 3, stable: true }).model;
  expect(radii(tamed).poles).toBeLessThan(1);
});

test("stabilising reflects poles, and leaves stable matrices alone", () => {
  const A = fromRows([
    [0, 2, 1],
    [-2, 0, 1],
    [0, 0, 0.5],
  ]);
  const out = stabilise(A);
  const { re, im } = eigenvalues(out);
  expect(sorted(im)).toBeAllClose([-0.5, 0, 0.5], { atol: 1e-12 });
  expect(sorted(re)).toBeAllClose([0, 0, 0.5], { atol: 1e-12 });
  expect(spectralRadius(out)).toBeCloseTo(0.5, 12);
  expect(stabilise(out)).toBe(out);
});

test("the error falls with the data as 1/√N, the order is found under noise", () => {
  const system = randomSystem(71, 3, 1, 1, 0.85);
  const errors = [500, 8000].map((count) => {
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => {
      const data = experimentWith(system, count, seed, { output: 0.3 });
      return distance(impulse(subspace([data], { order: 3 }).model.system), impulse(system));
    });
    return Math.hypot(...runs) / Math.sqrt(runs.length);
  });
  expect(errors[1]).toBeLessThan(0.05);
  const ratio = errors[0] / errors[1];
  expect(ratio).toBeGreaterThan(2); // 4 where it is exactly 1/√N
  const found = [1, 2, 3, 4, 5].map(
    (seed) => subspace([experimentWith(system, 3000, seed, { output: 0.1 })]).order,
  );
  expect(found.filter((order) => order === 3).length).toBeGreaterThanOrEqual(4);
});

test("estimates the noise model of an innovation form", () => {
  const system = stateSpace(
    [
      [0.8, 0.2],
      [0, 0.6],
    ],
    [[1], [0.5]],
    [[1, 0]],
    undefined,
    1,
  );
  const K = fromRows([[0.5], [0.2]]);
  const runs = [1, 2, 3, 4].map((seed) => {
    const data = experimentWith(system, 6000, seed, { K, innovation: 1 });
    const { model } = subspace([data], { order: 2 });
    expect(radii(model).predictor).toBeLessThan(1);
    return impulse({ ...model.system, B: model.K }, 8);
  });
  const mean = runs[0].map((_, k) => runs.reduce((sum, run) => sum + run[k], 0) / runs.length);
  expect(distance(mean, impulse({ ...system, B: K }, 8))).toBeLessThan(0.12);
});

/** y_t = 1.5 y_{t−1} − 0.7 y_{t−2} + u_{t−1} + 0.5 u_{t−2} + σ e_t: the example of Ljung's book. */
function ljung(count: number, seed: number, deviation: number, delay = 1): Experiment {
  const { normal } = randomStream(seed, "ljung");
  const u = Float64Array.from({ length: count }, () => Math.sign(normal()));
  const y = new Float64Array(count);
  const at = (x: Float64Array, t: number) => (t < 0 ? 0 : x[t]);
  for (let t = 0; t < count; t++)
    y[t] =
      1.5 * at(y, t - 1) -
      0.7 * at(y, t - 2) +
      at(u, t - delay) +
      0.5 * at(u, t - delay - 1) +
      deviation * normal();
  return experimentOf({ name: "ljung", sampleTime: 1, inputs: ["u"], outputs: ["y"], u, y });
}

test.each([0, 1, 3])("ARX recovers coefficients of clean data with delay %i", (delay) => {
  const { model, outputCoefficients, inputCoefficients, residuals } = arx(
    [ljung(200, 1, 0, delay), ljung(100, 2, 0, delay)],
    { outputLags: 2, inputLags: 2, delay },
  );
  expect(outputCoefficients.map(({ data }) => data[0])).toBeAllClose([-1.5, 0.7], { atol: 1e-10 });
  expect(inputCoefficients.map(({ data }) => data[0])).toBeAllClose([1, 0.5], { atol: 1e-10 });
  expect(Math.max(...residuals.flatMap((e) => [...e.map(Math.abs)]))).toBeLessThan(1e-10);
  const h = [1, 2];
  for (let k = 2; k < 10; k++) h.push(1.5 * h[k - 1] - 0.7 * h[k - 2]);
  expect(impulse(model.system, 10 + delay).slice(delay)).toBeAllClose(h, { atol: 1e-9 });
  // e enters as y_{t} = 1.5 y_{t−1} − 0.7 y_{t−2} + e_t
  const noise = [1, 1.5, 1.5 * 1.5 - 0.7];
  expect(impulse({ ...model.system, B: model.K }, 4).slice(1)).toBeAllClose(
    [noise[1], noise[2], 1.5 * noise[2] - 0.7 * noise[1]],
    { atol: 1e-9 },
  );
  expect(radii(model).predictor).toBeLessThan(1e-3); // the predictor has a finite memory
});

test("ARX has several inputs and outputs", () => {
  const system = randomSystem(3, 2, 2, 2, 0.8); // with l = n outputs, one lag says it all
  const data = experimentWith(system, 300, 4);
  const { model } = arx([data], { outputLags: 1, inputLags: 1 });
  expect(distance(impulse(model.system), impulse(system))).toBeLessThan(1e-9);
});

test("ARX is consistent under white equation noise, with the errors that theory gives", () => {
  const runs = Array.from({ length: 40 }, (_, seed) => {
    const fit = arx([ljung(1000, seed, 0.5)], { outputLags: 2, inputLags: 2 });
    return [...fit.outputCoefficients, ...fit.inputCoefficients].map(({ data }) => data[0]);
  });
  [-1.5, 0.7, 1, 0.5].forEach((truth, k) => {
    const mean = runs.reduce((sum, run) => sum + run[k], 0) / runs.length;
    const deviation = Math.sqrt(
      runs.reduce((sum, run) => sum + (run[k] - mean) ** 2, 0) / (runs.length - 1),
    );
    expect(Math.abs(mean - truth)).toBeLessThan((4 * deviation) / Math.sqrt(runs.length));
    expect(deviation).toBeLessThan(0.03);
  });
});

test("ARX gives a stable model on request", () => {
  const growing = experimentWith(randomSystem(40, 2, 1, 1, 1.05), 60, 3);
  const options = { outputLags: 2, inputLags: 2 };
  const free = arx([growing], options).model;
  expect(isStable(free.system)).toBe(false);
  expect(free.warnings[0]).toMatch(/unstable/);
  const tamed = arx([growing], { ...options, stable: true }).model;
  expect(isStable(tamed.system)).toBe(true);
  expect(tamed.warnings[0]).toMatch(/moved inside/);
});

const flat = (u: (t: number) => number): Experiment => {
  const data = experimentWith(randomSystem(1, 2, 1, 1), 100, 1);
  return { ...data, u: Float64Array.from({ length: 100 }, (_, t) => u(t)) };
};

test("excitation is counted in frequencies", () => {
  const sine = flat((t) => Math.sin(t));
  expect([2, 3].map((k) => excites([sine], k))).toEqual([true, false]);
  expect(excites([flat(() => 1)], 1)).toBe(true);
  expect(excites([flat(() => 1)], 2)).toBe(false);
});

test.each<[string, new (...args: never[]) => Error, RegExp, () => unknown]>([
  ["a constant input", DataError, /do not excite.*/, () => subspace([flat(() => 1)])],
  [
    "a constant input",
    DataError,
    /do not excite/,
    () => arx([flat(() => 1)], { outputLags: 1, inputLags: 2 }),
  ],
  [
    "a sine for order 4",
    DataError,
    /enough for order 4/,
    () => subspace([flat((t) => Math.sin(t))], { order: 4 }),
  ],
  [
    "too few samples",
    DataError,
    /too few samples for order 8/,
    () => subspace([experimentWith(randomSystem(1, 2, 1, 1), 25, 1)], { order: 8 }),
  ],
  [
    "too few equations",
    DataError,
    /8 equations for 10/,
    () => arx([experimentWith(randomSystem(1, 2, 1, 1), 13, 1)], { outputLags: 5, inputLags: 5 }),
  ],
  [
    "half an order",
    UsageError,
    /order of 1.5/,
    () => subspace([flat((t) => t % 3)], { order: 1.5 }),
  ],
  [
    "a slip",
    UsageError,
    /did you mean "order"/,
    () => subspace([flat((t) => t % 3)], { ordr: 2 } as object),
  ],
  [
    "no lags of the input",
    UsageError,
    /inputLags is 0/,
    () => arx([flat((t) => t % 3)], { outputLags: 1, inputLags: 0 }),
  ],
  ["nothing", UsageError, /no experiment/, () => subspace([])],
])("refuses %s, and says why", (_, kind, message, act) => {
  expect(act).toThrow(kind);
  expect(act).toThrow(message);
});

test("a step from the first sample on is refused, since it is constant", () => {
  expect(() => subspace([flat((t) => +(t >= 0))], { order: 2 })).toThrow(/do not excite/);
});
