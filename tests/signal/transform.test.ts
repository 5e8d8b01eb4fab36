import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { ball, multiplicity, shell, shellRadius, sobolevWeight } from "../../src/signal/shells.ts";
import { largestGap, onTorus, periodOf, voronoiWeights } from "../../src/signal/torus.ts";
import { fourierTransform, type Transform, transformNames } from "../../src/signal/transform.ts";

const line = (t: readonly number[]) => onTorus(t, [[0, 1]]);
const frequencies = (K: number) => ball(K, 1);

/** E e as pairs. */
const coefficients = ({ re, im }: Transform, e: readonly number[]) =>
  Array.from({ length: re.rows }, (_, f) =>
    [re, im].map(({ data }) => e.reduce((sum, x, i) => sum + x * data[f * e.length + i], 0)),
  );

describe("shells", () => {
  test.each([1, 2, 3] as const)("in %d dimensions hold one of k and −k, and all of them", (D) => {
    for (let radius = 0; radius <= 5; radius++) {
      const half = shell(radius, D);
      const whole = half.flatMap((k) => (multiplicity(k) === 1 ? [k] : [k, k.map((x) => -x)]));
      expect(new Set(whole.map((k) => `${k.map((x) => x + 0)}`)).size).toBe(whole.length);
      // Points of ℤᴰ with ‖k‖₁ = r: 2, 4r, 4r² + 2 for r > 0.
      const count = [2, 4 * radius, 4 * radius ** 2 + 2][D - 1];
      expect(whole).toHaveLength(radius === 0 ? 1 : count);
      for (const k of half) expect(k.reduce((s, x) => s + Math.abs(x), 0)).toBe(radius);
    }
  });

  test("s(ℓ) is linear, exponential or given", () => {
    expect([0, 1, 4].map((l) => shellRadius("linear", l))).toEqual([0, 1, 4]);
    expect([0, 1, 4].map((l) => shellRadius("exponential", l))).toEqual([1, 2, 16]);
    expect(shellRadius([0, 3, 7], 2)).toBe(7);
    expect(() => shellRadius([0, 3], 2)).toThrow(UsageError);
    expect(() => shellRadius([0.5], 0)).toThrow("s(0) is 0.5");
  });

  test("the weight at s = −1/2 is 1/√(1 + (2π‖k‖)²)", () => {
    expect([sobolevWeight([3, 4], -0.5)]).toBeAllClose([1 / Math.hypot(1, 10 * Math.PI)]);
    expect(sobolevWeight([3, 4], 0)).toBe(1);
  });
});

describe("samples on the torus", () => {
  const positions = fc.uniqueArray(fc.double({ min: 0, max: 0.999, noNaN: true }), {
    minLength: 2,
    maxLength: 30,
  });

  test("Voronoi weights are not negative and add up to 1, whatever the order", () => {
    fc.assert(
      fc.property(positions, (t) => {
        const weights = voronoiWeights(line(t));
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
        expect([weights.reduce((sum, w) => sum + w, 0)]).toBeAllClose([1]);
        const back = voronoiWeights(line(t.toReversed()));
        expect(back.toReversed()).toBeAllClose(weights);
      }),
    );
  });

  test("a period ends one mean step after the last sample; gaps go round", () => {
    expect(periodOf([0, 1, 2, 3], 1)).toEqual([[0, 4]]);
    expect(periodOf([0, 5, 1, 5, 0, 6, 1, 6], 2)).toEqual([
      [0, 2],
      [5, 7],
    ]);
    expect(() => periodOf([1, 1], 1)).toThrow(DataError);
    expect(largestGap(line([0.2, 0.3, 0.9]))).toEqual({ gap: expect.closeTo(0.6), at: 0.3 });
    expect(largestGap(line([0.4, 0.5])).at).toBe(0.5);
    expect(() => onTorus([0, 2], [[0, 2]])).toThrow("sample 1 is 2, outside [0, 2)");
    expect(() =>
      voronoiWeights(
        onTorus(
          [0, 0],
          [
            [0, 1],
            [0, 1],
          ],
        ),
      ),
    ).toThrow(ShapeError);
  });
});

describe("Fourier coefficients", () => {
  const K = 6;
  const random = randomStream(3, "transform");
  const irregular = Array.from({ length: 60 }, () => random.uniform());
  const a = Array.from({ length: K + 1 }, () => [random.normal(), random.normal()]);
  const polynomial = (t: number) =>
    a.reduce((sum, [c, s], k) => {
      const w = 2 * Math.PI * k * t;
      return sum + c * Math.cos(w) + s * Math.sin(w);
    }, 0);
  const wanted = a.map(([c, s], k) => (k === 0 ? [c, 0] : [c / 2, -s / 2]));

  test.each(transformNames)("%s is exact for a polynomial on a regular grid", (name) => {
    const grid = Array.from({ length: 16 }, (_, i) => i / 16);
    const found = coefficients(
      fourierTransform(line(grid), frequencies(K), name),
      grid.map(polynomial),
    );
    expect(found.flat()).toBeAllClose(wanted.flat(), { atol: 1e-12 });
  });

  test("least squares are exact on irregular samples; Voronoi beats Monte Carlo there", () => {
    const values = irregular.map(polynomial);
    const error = (name: (typeof transformNames)[number]) => {
      const points = line(irregular);
      const found = coefficients(fourierTransform(points, frequencies(K), name), values);
      return Math.hypot(...found.flat().map((x, i) => x - wanted.flat()[i]));
    };
    expect(error("least-squares")).toBeLessThan(1e-9);
    expect(error("voronoi")).toBeLessThan(error("monte-carlo") / 2);
  });

  test.each([2, 3])(
    "least squares are exact in %d dimensions, for a part of the shells too",
    (D) => {
      const points = onTorus(
        Array.from({ length: 120 * D }, () => random.uniform()),
        Array<[number, number]>(D).fill([0, 1]),
      );
      const all = ball(2, D);
      const truth = all.map(() => random.normal());
      const values = Array.from({ length: points.count }, (_, i) =>
        all.reduce((sum, k, f) => {
          const phase = 2 * Math.PI * k.reduce((s, x, d) => s + x * points.t[i * D + d], 0);
          return sum + truth[f] * Math.cos(phase + f);
        }, 0),
      );
      const some = shell(2, D);
      const found = coefficients(fourierTransform(points, some), values);
      const from = all.length - some.length;
      const expected = some.map((_, j) => {
        const f = from + j;
        return [(truth[f] / 2) * Math.cos(f), (truth[f] / 2) * Math.sin(f)];
      });
      expect(found.flat()).toBeAllClose(expected.flat(), { rtol: 1e-7, atol: 1e-9 });
    },
  );

  test("refuses gaps beyond 1/(2K) and too few samples", () => {
    const gappy = line(irregular.filter((t) => t < 0.3 || t > 0.5));
    expect(() => fourierTransform(gappy, frequencies(K), "least-squares")).toThrow(
      "more than 1/(2K) = 0.0833",
    );
    expect(() => fourierTransform(line([0.1, 0.5]), frequencies(2), "least-squares")).toThrow(
      "2 samples do not tell the 5 coefficients",
    );
    const double = onTorus(
      [0.1, 0.1, 0.4, 0.4, 0.7, 0.7, 0.9, 0.9, 0.2, 0.2],
      [
        [0, 1],
        [0, 1],
      ],
    );
    expect(() => fourierTransform(double, ball(1, 2))).toThrow(DataError);
  });
});
