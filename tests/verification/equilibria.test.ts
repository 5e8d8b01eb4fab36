import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { fromRows, matrix } from "../../src/linalg/matrix.ts";
import {
  explain,
  layerJacobian,
  layerProperties,
  localBehaviour,
} from "../../src/verification/equilibria.ts";

test("the eigenvalue test of monotonicity is not the true one (erratum E5)", () => {
  const layer = layerProperties(
    fromRows([
      [0, 6],
      [0, 0],
    ]),
  );
  expect(layer.smallestRealPart).toBe(1);
  expect(layer.monotonicity).toBeCloseTo(-2, 12);
  const { conclusion, cannot } = explain(layer, null);
  expect(conclusion).toBe("nothing");
  expect(cannot).toContain("does not make I − W monotone: m = -2");
});

test("28 % of 10 × 10 matrices of N(0, 0.25²) pass the one and fail the other", () => {
  const { normal } = randomStream(1, "E5");
  const draws = 1000;
  let between = 0;
  for (let k = 0; k < draws; k++) {
    const { monotonicity, smallestRealPart } = layerProperties(
      matrix(10, 10, () => 0.25 * normal()),
    );
    expect(smallestRealPart).toBeGreaterThanOrEqual(monotonicity - 1e-12);
    if (smallestRealPart > 0 && monotonicity <= 0) between++;
  }
  // Four standard errors of a share of 0.28.
  expect(Math.abs(between / draws - 0.28)).toBeLessThan(4 * Math.sqrt((0.28 * 0.72) / draws));
});

test("the Jacobian is that of central differences", () => {
  const { normal } = randomStream(2, "J");
  const n = 5;
  const W = matrix(n, n, () => normal());
  const [c, z] = [Array.from({ length: n }, normal), Array.from({ length: n }, normal)];
  const f = (at: readonly number[]) =>
    c.map((shift, i) => Math.tanh(at.reduce((sum, x, j) => sum + W.data[i * n + j] * x, shift)));
  const J = layerJacobian(
    W,
    f(z).map((y) => 1 - y * y),
  );
  const h = 1e-6;
  const differences = matrix(n, n, (i, j) => {
    const moved = (t: number) => f(z.with(j, z[j] + t))[i];
    return (moved(h) - moved(-h)) / (2 * h);
  });
  expect(J.data).toBeAllClose(differences.data, { atol: 1e-9 });
});

/** Distance to z* = 0 of z ← tanh(Wz) after 200 steps from a start near it. */
function distance(rows: readonly (readonly number[])[], start: readonly number[]): number {
  let z = [...start];
  for (let k = 0; k < 200; k++) {
    z = rows.map((row) => Math.tanh(row.reduce((sum, w, j) => sum + w * z[j], 0)));
  }
  return Math.hypot(...z);
}

test.each([
  [
    "contracts",
    [
      [0.5, 0.2],
      [0, 0.5],
    ],
    true,
  ],
  // Not normal: ‖W‖₂ = 3 and m < 0, yet ρ = ½.
  [
    "attracting",
    [
      [0.5, 3],
      [0, 0.5],
    ],
    true,
  ],
  // A rotation by −90° times 1.5: I − W has symmetric part I.
  [
    "monotone",
    [
      [0, -1.5],
      [1.5, 0],
    ],
    false,
  ],
  [
    "repelling",
    [
      [1.5, 0],
      [0, 0.1],
    ],
    false,
  ],
] as const)(
  "%s: the conclusion is what the iteration does near z* = 0",
  (wanted, rows, arrives) => {
    const W = fromRows(rows);
    const local = localBehaviour(layerJacobian(W, [1, 1]));
    const { conclusion, can } = explain(layerProperties(W), local);
    expect(conclusion).toBe(wanted);
    expect(can.length).toBeGreaterThan(40);
    expect(local.attracting).toBe(arrives);
    const rest = distance(rows, [1e-3, 2e-3]);
    if (arrives) expect(rest).toBeLessThan(1e-20);
    else expect(rest).toBeGreaterThan(0.1);
  },
);

test("monotone counts only for a prox activation; a gain of exactly 1 proves nothing", () => {
  const rotation = layerProperties(
    fromRows([
      [0, -1.5],
      [1.5, 0],
    ]),
  );
  expect(explain(rotation, null, { prox: false }).conclusion).toBe("nothing");
  const unit = layerProperties(
    fromRows([
      [0, -1],
      [1, 0],
    ]),
  );
  expect(unit.gain).toBeCloseTo(1, 14);
  expect(explain(unit, null).conclusion).toBe("monotone");
  expect(layerProperties(fromRows([[2]]), 0.25).gainBound).toBeLessThan(0.5001);
});

test("misuse", () => {
  expect(() => layerProperties(fromRows([[1]]), 0)).toThrow("slope 0 is not positive");
  expect(() => layerProperties(fromRows([[1, 2]]))).toThrow("a square matrix is wanted");
  expect(() => layerJacobian(fromRows([[1]]), [1, 2])).toThrow("2 slopes for W of 1 × 1");
});
