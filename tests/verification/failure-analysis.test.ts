import { expect, test } from "vitest";
import { fromRows } from "../../src/linalg/matrix.ts";
import { examineLayer } from "../../src/verification/failure-analysis.ts";

// z ← tanh(1.5 z) has three equilibria: 0 repels, ±z* with z* = tanh(1.5 z*) attract.
const W = fromRows([[1.5]]);
let away = 1;
for (let k = 0; k < 200; k++) away = Math.tanh(1.5 * away);

test("one equilibrium that repels decides", () => {
  const report = examineLayer(W, [1, 1 - away ** 2, 1 - away ** 2]);
  expect(report.attracting).toBe(2);
  expect(report.radius).toBeAllClose([1.5 * (1 - away ** 2), 1.5]);
  expect(report.conclusion).toBe("repelling");
  expect(report.can).toContain("the iteration does not find it");
});

test("where all attract, uniqueness is still not claimed: here there are three", () => {
  const report = examineLayer(W, [1 - away ** 2]);
  expect(report.conclusion).toBe("attracting");
  expect(report.cannot).toContain("the only equilibrium");
  expect(report.layer.monotonicity).toBeCloseTo(-0.5, 12);
});

test("a sigmoid layer contracts with four times the weights of a tanh layer", () => {
  expect(examineLayer(W, [0.2], { slope: 0.25 }).conclusion).toBe("contracts");
});

test("misuse", () => {
  expect(() => examineLayer(W, [])).toThrow("0 slopes for equilibria of 1 units");
  expect(() =>
    examineLayer(
      fromRows([
        [1, 0],
        [0, 1],
      ]),
      [1, 1, 1],
    ),
  ).toThrow("3 slopes");
});
