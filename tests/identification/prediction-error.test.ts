import { expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { radii } from "../../src/identification/model.ts";
import { predictionError } from "../../src/identification/prediction-error.ts";
import { blocksOf, linearise, moved, residualsOf } from "../../src/identification/sensitivity.ts";
import { subspace } from "../../src/identification/subspace.ts";
import { fromRows, type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { stateSpace } from "../../src/lti/state-space.ts";
import { distance, experimentWith, impulse, randomSystem } from "./systems.ts";

const shaken = (M: Matrix, seed: number, size: number): Matrix => {
  const noise = mulberryMatrix(seed, M.rows, M.cols);
  return { ...M, data: M.data.map((v, k) => v + size * noise[k]) };
};

test("sensitivities agree with central differences", () => {
  const [n, m, l] = [3, 2, 2];
  const system = {
    ...randomSystem(4, n, m, l, 0.7),
    D: fromRows([
      [1, 0],
      [0.5, 2],
    ]),
  };
  const K = shaken(
    matrix(n, l, () => 0),
    8,
    0.2,
  );
  const experiment = experimentWith(system, 25, 5, { output: 0.5 });
  const start = Float64Array.of(0.3, -0.2, 0.5);
  const at = { ...system, K, starts: [start, start] };
  const blocks = blocksOf(n, m, l, "prediction", true);
  const weights = Float64Array.of(1, 3);
  const { normal, right } = linearise(at, blocks, experiment, 1, 2, weights);
  const size = blocks.reduce((sum, block) => sum + block.size, 0) + 2 * n;
  const residual = (k: number, h: number) => {
    const step = new Float64Array(size);
    step[k] = h;
    const there = moved(at, blocks, step);
    return residualsOf(there, experiment, there.starts[1]).map((e, i) => e * weights[i % l]);
  };
  const e = residual(0, 0);
  const J = Array.from({ length: size }, (_, k) => {
    const [a, b] = [residual(k, 1e-5), residual(k, -1e-5)];
    return a.map((v, i) => -(v - b[i]) / 2e-5);
  });
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const scale = Math.max(...normal.data);
  expect(normal.data).toBeAllClose(
    J.flatMap((a) => J.map((b) => dot(a, b))),
    {
      atol: 1e-7 * scale,
      rtol: 1e-6,
    },
  );
  expect(right.data).toBeAllClose(
    J.map((a) => dot(a, e)),
    { atol: 1e-7 * scale, rtol: 1e-6 },
  );
});

test.each(["prediction", "simulation"] as const)(
  "recovers a system from clean data and a start that is off, by the error of %s",
  (focus) => {
    for (const [n, m, l] of [
      [2, 1, 1],
      [4, 2, 2],
    ]) {
      const system = randomSystem(31, n, m, l, 0.8);
      const data = [experimentWith(system, 150, 1), experimentWith(system, 100, 2)];
      const { model } = subspace(data, { order: n });
      const off = {
        ...model,
        system: {
          ...model.system,
          A: shaken(model.system.A, 3, 0.05),
          B: shaken(model.system.B, 4, 0.1),
        },
      };
      expect(distance(impulse(off.system), impulse(system))).toBeGreaterThan(0.02);
      const { model: found, costs, status } = predictionError(data, off, { focus });
      expect(status).toBe("converged");
      expect(costs.every((cost, k) => k === 0 || cost < costs[k - 1])).toBe(true);
      expect(distance(impulse(found.system), impulse(system))).toBeLessThan(1e-8);
    }
  },
);

test("is better than the start under noise, and nearly as good as theory allows", () => {
  const system = stateSpace(
    [
      [0.8, 0.4],
      [-0.4, 0.8],
    ],
    [[1], [0.5]],
    [[1, 0]],
    undefined,
    1,
  );
  const K = fromRows([[0.5], [0.2]]);
  const errors = [1, 2, 3, 4, 5, 6].map((seed) => {
    const data = [experimentWith(system, 1500, seed, { K, innovation: 1 })];
    const { model: start } = subspace(data, { order: 2 });
    const { model, costs, status } = predictionError(data, start);
    expect(status).toBe("converged");
    // The cost is in units of the outputs' root mean square: back to those of e, whose variance is 1.
    const square = data[0].y.reduce((sum, y) => sum + y * y, 0) / data[0].count;
    expect(Math.abs((costs.at(-1) ?? 0) * square - 1)).toBeLessThan(0.12); // 3 σ of a mean square
    expect(radii(model).predictor).toBeLessThan(1);
    const whole = (s: typeof system, k: Matrix) => [...impulse(s), ...impulse({ ...s, B: k })];
    return [start, model].map((found) => distance(whole(found.system, found.K), whole(system, K)));
  });
  const rms = (i: number) => Math.hypot(...errors.map((run) => run[i]));
  expect(rms(1)).toBeLessThan(rms(0));
});

test("keeps the model stable on request", () => {
  // a slow drift, which a free fit would follow with an unstable pole
  const system = randomSystem(40, 2, 1, 1, 1.02);
  const data = [experimentWith(system, 120, 3, { output: 0.1 })];
  const start = subspace(data, { order: 2, stable: true }).model;
  const { model } = predictionError(data, start, { focus: "simulation", stable: true });
  expect(radii(model).poles).toBeLessThan(1);
  const within = subspace(data, { order: 2, stable: true, radius: 0.98 }).model;
  const options = { focus: "simulation", stable: true, radius: 0.98 } as const;
  expect(radii(predictionError(data, within, options).model).poles).toBeLessThan(0.98);
});

test("refuses what cannot be fitted", () => {
  const system = randomSystem(2, 2, 1, 1);
  const data = [experimentWith(system, 100, 1)];
  const { model } = subspace(data, { order: 2 });
  const unstable = {
    ...model,
    K: matrix(2, 1, () => 0),
    system: {
      ...model.system,
      A: fromRows([
        [1.2, 0],
        [0, 0.1],
      ]),
    },
  };
  expect(() => predictionError(data, unstable)).toThrow(UsageError);
  expect(() => predictionError([experimentWith(randomSystem(2, 2, 2, 1), 100, 1)], model)).toThrow(
    /start has 1 inputs and 1 outputs, the data have 2/,
  );
  const large = subspace([experimentWith(randomSystem(2, 5, 1, 1), 300, 1)], { order: 5 }).model;
  expect(() => predictionError([experimentWith(system, 20, 1)], large)).toThrow(DataError);
  expect(() => predictionError([experimentWith(system, 20, 1)], large)).toThrow(
    /^too few samples: .* order \d+$/,
  );
  expect(() => predictionError(data, model, { focs: "x" } as object)).toThrow(
    /did you mean "focus"/,
  );
  expect(() => predictionError(data, model, { focus: "fit" as "simulation" })).toThrow(UsageError);
});
