import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { type Ends, endsNames } from "../../src/signal/basis.ts";
import { type DenoiseOptions, denoise } from "../../src/signal/denoise.ts";
import { seriesOf } from "../../src/signal/series.ts";

const two = 2 * Math.PI;
const rmse = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (v, i) => v - b[i])) / Math.sqrt(a.length);

/** Samples of f with noise; every third missing where irregular. */
function noisy(
  f: (x: number) => number,
  { count = 300, noise = 0.3, seed = 1, irregular = true, to = 1 } = {},
) {
  const random = randomStream(seed, "denoise");
  const x = Array.from({ length: count }, (_, i) => (to * i) / count).filter(
    () => !irregular || random.uniform() < 0.75,
  );
  return { x, truth: x.map(f), y: x.map((v) => f(v) + noise * random.normal()) };
}
const periodic = (x: number) => Math.sin(two * 3 * x) + 0.5 * Math.cos(two * 5 * x);
const ramp = (x: number) => 3 * x + Math.sin(two * 2 * x);
const bent = (x: number) => Math.cos(Math.PI * 3 * x) + 2 * Math.cos(Math.PI * x);

describe("denoise", () => {
  test.each([
    ["periodic", periodic, 5],
    ["line", ramp, 2],
    ["even", bent, 3],
  ] as const)("finds %s ends, K and the noise of a signal made so", (ends, f, K) => {
    const found = [1, 2, 3, 4, 5].map((seed) => {
      const { x, y, truth } = noisy(f, { seed });
      return { ...denoise(seriesOf(x, y)), truth, N: x.length };
    });
    expect(found.filter((one) => one.ends === ends).length).toBeGreaterThanOrEqual(4);
    for (const { cutoff, noise, fitted, truth } of found) {
      expect(cutoff).toBeGreaterThanOrEqual(K);
      expect(Math.abs(noise / 0.3 - 1)).toBeLessThan(0.15);
      expect(rmse(fitted, truth)).toBeLessThan(0.1);
    }
    // C_p takes too many now and then, never by much in the middle of five.
    const cutoffs = found.map(({ cutoff }) => cutoff).sort((a, b) => a - b);
    expect(cutoffs[2]).toBeLessThanOrEqual(K + 2);
  });

  test("the risk is on average the mean squared error that the truth tells", () => {
    const errors = Array.from({ length: 40 }, (_, seed) => {
      const { x, y, truth } = noisy(ramp, { seed, count: 120 });
      const { fitted, risk } = denoise(seriesOf(x, y), { cutoff: 3, ends: "periodic" });
      return { risk, truth: rmse(fitted, truth) ** 2 };
    });
    const mean = (of: "risk" | "truth") => errors.reduce((sum, e) => sum + e[of], 0) / 40;
    expect(Math.abs(mean("risk") / mean("truth") - 1)).toBeLessThan(0.15);
  });

  test("leaving one out is what leaving each out gives", () => {
    const { x, y } = noisy(ramp, { count: 30 });
    const options = { cutoff: 2, ends: "even" } as const;
    const whole = denoise(seriesOf(x, y), options);
    const inner = x.slice(1, -1).map((_, k) => k + 1); // the ends set the interval
    const left = inner.map((i) => {
      const rest = (all: readonly number[]) => all.filter((_, j) => j !== i);
      return y[i] - denoise(seriesOf(rest(x), rest(y)), options).at(x[i]);
    });
    const residuals = inner.map((i) => {
      const leverage = (whole.standardErrors[i] / whole.noise) ** 2;
      return (y[i] - whole.fitted[i]) / (1 - leverage);
    });
    expect(left).toBeAllClose(residuals, { rtol: 1e-8 });
    const ends = [0, x.length - 1].map((i) => {
      const leverage = (whole.standardErrors[i] / whole.noise) ** 2;
      return (y[i] - whole.fitted[i]) / (1 - leverage);
    });
    const sum = [...residuals, ...ends].reduce((s, r) => s + r * r, 0);
    expect([whole.leaveOneOut]).toBeAllClose([sum / x.length]);
  });

  test.each(endsNames)(
    "a signal of %s ends without noise comes back, also between samples",
    (ends) => {
      const f = { periodic, line: ramp, even: bent }[ends];
      const { x, y } = noisy(f, { noise: 0, irregular: ends !== "line" && ends !== "periodic" });
      const even = ends === "even" ? x.map((v) => v / x.at(-1)!) : x;
      const values = ends === "even" ? even.map(f) : y;
      const found = denoise(seriesOf(even, values), { ends, cutoff: 6 });
      expect(found.fitted).toBeAllClose(values, { atol: 1e-10 });
      expect([found.at(0.51234)]).toBeAllClose([f(0.51234)], { atol: 1e-10 });
    },
  );

  test("the order of the samples does not matter, and is told", () => {
    const { x, y } = noisy(periodic);
    const order = randomStream(1, "order").permutation(x.length);
    const shuffled = seriesOf(
      Array.from(order, (i) => x[i]),
      Array.from(order, (i) => y[i]),
    );
    expect(shuffled.notes).toEqual(["the samples were sorted by x"]);
    expect(denoise(shuffled).fitted).toEqual(denoise(seriesOf(x, y)).fitted);
  });

  test("samples that share their x are all used", () => {
    const { x, y } = noisy(periodic, { count: 100, irregular: false });
    const doubled = seriesOf([...x, ...x], [...y, ...y.map((v) => -v)]);
    expect(doubled.notes[1]).toBe("100 samples share their x with an earlier one: all are used");
    const { fitted } = denoise(doubled, { cutoff: 6 });
    expect(Math.max(...fitted.map(Math.abs))).toBeLessThan(1e-12);
  });

  test("units do not matter", () => {
    const { x, y } = noisy(bent);
    const plain = denoise(seriesOf(x, y));
    const other = denoise(
      seriesOf(
        x.map((v) => 1e6 + 1e3 * v),
        y.map((v) => 1e-5 * v),
      ),
    );
    expect([other.ends, other.cutoff]).toEqual([plain.ends, plain.cutoff]);
    expect(other.fitted.map((v) => 1e5 * v)).toBeAllClose(plain.fitted, { rtol: 1e-7, atol: 1e-8 });
  });

  test("what bounds K is named", () => {
    const { x, y } = noisy(periodic, { count: 40, irregular: false });
    expect(denoise(seriesOf(x, y), { ends: "periodic" }).limit).toEqual({
      cutoff: 9,
      by: "samples",
    });
    expect(denoise(seriesOf(x, y), { ends: "periodic", most: 7 }).limit.by).toBe("most");
    const apart = x.map((v) => (v > 0.5 ? v + 0.3 : v));
    expect(denoise(seriesOf(apart, y), { ends: "even" }).limit.by).toBe("gap");
  });
});

const { x, y } = noisy(periodic, { count: 40, irregular: false });
test.each<[string, readonly number[], readonly number[], DenoiseOptions, unknown, string]>([
  ["too few samples", x.slice(0, 7), y.slice(0, 7), {}, DataError, "7 samples: at least 8"],
  ["NaN", x, y.with(3, NaN), {}, DataError, "sample 3: y is NaN"],
  ["an infinite x", x.with(2, Infinity), y, {}, DataError, "sample 2: x is Infinity"],
  ["a constant", x, y.map(() => 2), {}, DataError, "every sample is 2"],
  ["one place", x.map(() => 1), y, {}, DataError, "1 different x"],
  ["lengths", x, y.slice(1), {}, ShapeError, "40 positions of 39 values"],
  [
    "a gap beyond 1/(2K)",
    x.map((v) => (v > 0.5 ? v + 0.3 : v)),
    y,
    { cutoff: 8, ends: "periodic" },
    DataError,
    "the gap allows K ≤ 2, 8 is asked for",
  ],
  [
    "a gap that allows nothing",
    x.map((v) => (v > 0.5 ? v + 9 : v)),
    y,
    { ends: "periodic" },
    DataError,
    "allows K ≤ 0",
  ],
  ["too large a K", x, y, { cutoff: 15, ends: "periodic" }, DataError, "31 functions"],
  ["ends", x, y, { ends: "odd" as Ends }, UsageError, 'unknown ends "odd"'],
  ["a slip", x, y, { cutof: 3 } as DenoiseOptions, UsageError, 'did you mean "cutoff"'],
  ["half a K", x, y, { cutoff: 1.5 }, UsageError, "cutoff = 1.5"],
])("%s is refused", (_, xs, ys, options, kind, message) => {
  const run = () => denoise(seriesOf(xs, ys), options);
  expect(run).toThrow(kind as typeof Error);
  expect(run).toThrow(message);
});
