import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import {
  add,
  gram,
  type Matrix,
  matrix,
  scale,
  shift,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import { equilibriumShift, type LayerWeights } from "../../src/verification/sensitivity.ts";

const [n, d] = [6, 3];

/** z* of a ReLU layer by forward–backward steps of m/L², without the graph. */
function equilibrium({ W, U, b }: LayerWeights, x: readonly number[], m: number): number[] {
  const step = m / spectralNorm(shift(scale(W, -1), 1)) ** 2;
  let z = Array<number>(n).fill(0);
  for (let k = 0; k < 20_000; k++) {
    const next = z.map((own, i) => {
      let total = b[i];
      for (let j = 0; j < n; j++) total += W.data[i * n + j] * z[j];
      for (let j = 0; j < d; j++) total += U.data[i * d + j] * x[j];
      return Math.max(0, (1 - step) * own + step * total);
    });
    const moved = Math.hypot(...next.map((value, i) => value - z[i]));
    z = next;
    if (moved < 1e-15) break;
  }
  return z;
}

/** W = (1 − m)I − AᵀA + B − Bᵀ */
const monotone = (A: Matrix, B: Matrix, m: number): Matrix =>
  subtract(shift(subtract(B, transpose(B)), 1 - m), gram(transpose(A)));

test.each([0.3, 1, 3])("the equilibrium never moves further than the bound, m = %d", (m) => {
  const { normal } = randomStream(4, "sensitivity", m);
  const random = (rows: number, cols: number, size = 1) =>
    matrix(rows, cols, () => size * normal());
  const ratios: number[] = [];
  for (let draw = 0; draw < 60; draw++) {
    const [A, B, U, b] = [random(n, n, 0.6), random(n, n, 0.6), random(n, d), random(n, 1)];
    const x = Array.from({ length: d }, normal);
    const size = 10 ** (-3 * (draw / 60));
    // Weights, input weights and biases change together, or one of them alone.
    const part = (i: number) => (draw % 4 === 3 || draw % 4 === i ? size : 0);
    const before = { W: monotone(A, B, m), U, b: b.data };
    const after = {
      W: monotone(add(A, random(n, n, part(0))), add(B, random(n, n, part(0))), m),
      U: add(U, random(n, d, part(1))),
      b: add(b, random(n, 1, part(2))).data,
    };
    const [z, moved] = [before, after].map((weights) => equilibrium(weights, x, m));
    const distance = Math.hypot(...moved.map((value, i) => value - z[i]));
    const bound = equilibriumShift(before, after, x);
    expect(distance).toBeLessThanOrEqual(bound);
    ratios.push(distance / bound);
  }
  // The bound is of some use: it is within a factor of 4 somewhere.
  expect(Math.max(...ratios)).toBeGreaterThan(1 / 4);
});

test("it is attained where W = 0 and b alone changes", () => {
  const zero = matrix(2, 2, () => 0);
  const U = matrix(2, 1, () => 1);
  const shifted = equilibriumShift({ W: zero, U, b: [1, 1] }, { W: zero, U, b: [1, 3] }, [1]);
  expect(shifted).toBeCloseTo(2, 9);
});

test("a layer that is not monotone is refused, and weights that do not fit", () => {
  const U = matrix(1, 1, () => 1);
  const good = { W: matrix(1, 1, () => 0), U, b: [0] };
  const bad = { ...good, W: matrix(1, 1, () => 2) };
  expect(() => equilibriumShift(good, bad, [1])).toThrow("the layer after is not monotone: m = -1");
  expect(() => equilibriumShift(good, good, [1, 2])).toThrow("x of 2");
});
