import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { multisine } from "../../src/data/systems/inputs.ts";
import { UsageError } from "../../src/errors.ts";
import { chiSquaredTail, normalBound } from "../../src/identification/chi-squared.ts";
import { pValueInWords, residualTests } from "../../src/identification/residuals.ts";

test("a p that its computation cannot tell from 0 is not written as 0", () => {
  const words = [0, 3e-17, 3.45e-15, 0.0123, 1].map(pValueInWords);
  expect(words).toEqual(["p < 1e-16", "p < 1e-16", "p = 3.5e-15", "p = 0.012", "p = 1"]);
});

test("the tail of χ² has its tabled values", () => {
  for (const [x, freedom, p] of [
    [6.6348966010212145, 1, 0.01],
    [37.56623478662507, 20, 0.01],
    [31.410432844230918, 20, 0.05],
    [2.705543454095404, 1, 0.1],
    [4.605170185988092, 2, 0.1],
    [0.0001570878579097, 1, 0.99],
  ])
    expect(chiSquaredTail(x, freedom)).toBeCloseTo(p, 9);
  // two degrees: e^{−x/2}; four: (1 + x/2) e^{−x/2}
  for (const x of [0.3, 4, 30, 200]) {
    expect([chiSquaredTail(x, 2)]).toBeAllClose([Math.exp(-x / 2)], { rtol: 1e-11, atol: 0 });
    expect([chiSquaredTail(x, 4)]).toBeAllClose([(1 + x / 2) * Math.exp(-x / 2)], {
      rtol: 1e-11,
      atol: 0,
    });
  }
  expect(normalBound(0.99)).toBeCloseTo(2.5758293035489, 9);
  expect(normalBound(0.95)).toBeCloseTo(1.9599639845401, 9);
});

const draws = (count: number, seed: number) => {
  const { normal } = randomStream(seed, "residuals");
  return Float64Array.from({ length: count }, normal);
};
const run = (e: Float64Array, u: Float64Array, options = {}) =>
  residualTests([{ e, u }], ["u"], ["y"], options);
/** x_t = 0.8 x_{t−1} + e_t */
const coloured = (e: Float64Array) => {
  let x = 0;
  return e.map((v) => {
    x = 0.8 * x + v;
    return x;
  });
};

test.each([
  ["white", (seed: number) => draws(500, seed + 1e6)],
  ["coloured", (seed: number) => coloured(draws(500, seed + 1e6))],
  ["multisine", (seed: number) => multisine(500, { seed, high: 0.2 })],
] as const)("white residuals pass as often as the level says, with a %s input", (_, input) => {
  const runs = 600;
  let [white, independent, outsideOwn, outsideCross] = [0, 0, 0, 0];
  for (let seed = 0; seed < runs; seed++) {
    const tests = run(draws(500, seed), input(seed));
    white += +tests.white;
    independent += +tests.independent;
    outsideOwn += tests.whiteness[0].outside / 20;
    outsideCross += tests.crossCorrelation[0].outside / 21;
  }
  // 1 % is 6 of 600, with a standard deviation of 2.4
  expect(Math.abs(runs - white - 6)).toBeLessThanOrEqual(8);
  expect(Math.abs(runs - independent - 6)).toBeLessThanOrEqual(8);
  expect(outsideOwn / runs).toBeLessThan(0.014);
  expect(outsideOwn / runs).toBeGreaterThan(0.005);
  expect(outsideCross / runs).toBeLessThan(0.016);
  expect(outsideCross / runs).toBeGreaterThan(0.003);
});

test("coloured residuals are not white, yet independent of inputs as often as the level says", () => {
  let [white, independent] = [0, 0];
  for (let seed = 0; seed < 300; seed++) {
    const tests = run(coloured(draws(800, seed)), coloured(draws(800, seed + 1e6)));
    white += +tests.white;
    independent += +tests.independent;
  }
  expect(white).toBe(0);
  expect(independent).toBeGreaterThanOrEqual(288); // 297 expected
});

test("a delay that was missed shows at its lag, and feedback does not count", () => {
  const u = draws(600, 1);
  const e = draws(600, 2).map((v, t) => v + (t >= 7 ? 0.5 * u[t - 7] : 0));
  const [cross] = run(e, u).crossCorrelation;
  expect(cross.passed).toBe(false);
  const top = cross.values.reduce((best, r, k) => (r > cross.values[best] ? k : best), 0);
  expect(cross.lags[top]).toBe(7);
  const fed = draws(600, 3).map((v, t) => v + (t >= 3 ? 0.5 * e[t - 3] : 0));
  const back = run(draws(600, 9), fed).crossCorrelation[0];
  expect(back.passed).toBe(true);
  const real = run(
    e.map((v, t) => v - (t >= 7 ? 0.5 * u[t - 7] : 0)),
    fed,
  ).crossCorrelation[0];
  expect(real.passed).toBe(true);
  expect(Math.abs(real.values[20 - 3])).toBeGreaterThan(real.bound);
});

test("several outputs, inputs and experiments", () => {
  const parts = [1, 2].map((seed) => ({ e: draws(600, seed), u: draws(900, seed + 50) }));
  const tests = residualTests(parts, ["a", "b", "c"], ["y", "z"]);
  expect(tests.whiteness.map(({ of }) => of)).toEqual(["y", "z"]);
  expect(tests.crossCorrelation.map(({ of }) => of)).toEqual(
    ["a", "b", "c"].flatMap((u) => [`${u} → y`, `${u} → z`]),
  );
  expect(tests.whiteness[0].bound).toBeCloseTo(normalBound(0.99) / Math.sqrt(600), 12);
  expect(() => run(draws(40, 1), draws(40, 2))).toThrow(/20 lags on 40 samples; wanted 1 to 10/);
  expect(() => run(draws(90, 1), draws(90, 2), { level: 99 })).toThrow(UsageError);
});
