import { expect, test } from "vitest";
import { quantile, spread } from "../../src/data/quantiles.ts";
import { randomStream } from "../../src/data/random.ts";
import { agrees } from "../../src/reproduce/deq/agreement.ts";
import { publishedErrors, rounding } from "../../src/reproduce/deq/published.ts";
import { compare } from "../../src/reproduce/deq/solver-bench.ts";

test("what print leaves open is half a unit of its last digit", () => {
  expect(["1.0e-8", ".669", "3e-11", "34", "2.87"].map(rounding)).toBeAllClose([
    5e-10, 5e-4, 5e-12, 0.5, 5e-3,
  ]);
});

test("published bands are in order, and every row has its median inside", () => {
  for (const { median, band } of Object.values(publishedErrors).flat()) {
    if (band === undefined) continue;
    expect(Number(band[0])).toBeLessThan(Number(median));
    expect(Number(median)).toBeLessThan(Number(band[1]));
  }
});

test("samples of one population agree; of one shifted by a deviation they do not", () => {
  const { normal } = randomStream(1, "agreement");
  const sample = (shift: number) =>
    spread(Array.from({ length: 500 }, () => Math.exp(2 * (normal() + shift))));
  const printed = ({ low, middle, high }: ReturnType<typeof sample>) => ({
    median: middle.toExponential(2),
    band: [low.toExponential(2), high.toExponential(2)] as const,
  });
  let [same, shifted] = [0, 0];
  for (let k = 0; k < 100; k++) {
    if (agrees(sample(0), printed(sample(0)), [500, 500])) same++;
    if (agrees(sample(0), printed(sample(1)), [500, 500])) shifted++;
  }
  expect(same).toBe(100);
  expect(shifted).toBe(0);
});

test("print of one digit is taken for no more than it says", () => {
  const ours = { low: 0.99, middle: 1, high: 1.01 };
  expect(agrees(ours, { median: "1.4" }, [1e6, 1e6])).toBe(false);
  expect(agrees(ours, { median: "1" }, [1e6, 1e6])).toBe(true);
  expect(agrees({ ...ours, middle: 1.49 }, { median: "1" }, [1e6, 1e6])).toBe(true);
});

test.each([
  ["as printed", 20, 50, ["20", 50], "within"],
  ["two evaluations more of a method that does not scatter", 22, 50, ["20", 50], "worse"],
  ["half the evaluations", 10, 50, ["20", 50], "better"],
  ["more solved", 20, 50, ["20", 20], "better"],
  ["fewer solved, within chance", 20, 41, ["20", 45], "within"],
  ["far fewer solved", 20, 10, ["20", 45], "worse"],
] as const)("%s", (_, evaluations, converged, printed, verdict) => {
  const ours = { low: evaluations, middle: evaluations, high: evaluations };
  expect(compare(ours, converged, 50, printed)).toBe(verdict);
});

test("none solved is worse, unless none or hardly any was in print", () => {
  expect(compare(null, 0, 50, ["20", 50])).toBe("worse");
  expect(compare(null, 0, 50, ["91", 6])).toBe("within");
});

test("the middle of the scatter is its median", () => {
  expect(quantile([4, 1, 3], 0.5)).toBe(spread([4, 1, 3]).middle);
});
