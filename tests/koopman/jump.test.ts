import { expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { proposeJumps } from "../../src/koopman/forecast/jump.ts";
import { onProviders } from "../linalg/on-providers.ts";

const size = 3000;
const parts = [0, 1, 2, 3, 4].map((seed) => mulberryMatrix(seed, size));
/** Weights on their way along three decays and a turning one. */
const at = (t: number) =>
  Float32Array.from(
    { length: size },
    (_, i) =>
      parts[0][i] +
      0.95 ** t * parts[1][i] +
      0.7 ** t * parts[2][i] +
      0.9 ** t * (Math.cos(0.4 * t) * parts[3][i] + Math.sin(0.4 * t) * parts[4][i]),
  );
const path = (count: number) => Array.from({ length: count }, (_, t) => at(t));
const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((x, i) => x - b[i]));

onProviders(() => {
  test("follows a sum of exponentials far beyond what it saw", () => {
    for (const { horizon, theta } of proposeJumps(path(31), { horizons: [0.5, 1, 2, 4] })) {
      expect([15, 30, 60, 120]).toContain(horizon);
      // Without the jump the weights are this far away, with it at the rounding of float32.
      const still = distance(at(30), at(30 + horizon));
      expect(distance(theta, at(30 + horizon))).toBeLessThan(2e-3 * still);
    }
  });
});

test("what grows is not followed, and the least horizon is one epoch", () => {
  const growing = Array.from({ length: 21 }, (_, t) =>
    Float32Array.from({ length: size }, (__, i) => 1.05 ** t * parts[1][i]),
  );
  const [found] = proposeJumps(growing, { horizons: [0.01] });
  expect(found.horizon).toBe(1);
  expect(distance(found.theta, growing[20])).toBeLessThan(
    1e-3 * distance(growing[19], growing[20]),
  );
});

test("weights that stand still give no proposal; what does not fit is refused", () => {
  expect(proposeJumps(Array(10).fill(at(0)))).toEqual([]);
  expect(() => proposeJumps(path(4))).toThrow(UsageError);
  expect(() => proposeJumps(path(9), { horizons: [0] })).toThrow(UsageError);
  expect(() => proposeJumps(path(9), { horizon: [1] } as object)).toThrow(/did you mean/);
  expect(() => proposeJumps([...path(8), new Float32Array(2)])).toThrow(ShapeError);
});
