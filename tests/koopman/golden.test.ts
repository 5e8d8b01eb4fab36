import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type DmdOptions, dmd, dmdOfPairs } from "../../src/koopman/dmd/dmd.ts";
import type { Scaling } from "../../src/koopman/dmd/ritz.ts";
import type { Spectrum } from "../../src/koopman/dmd/spectrum.ts";
import { numericalRank } from "../../src/koopman/dmd/truncation.ts";
import { equal, relative } from "../../src/koopman/dmd/weighting.ts";
import { type ComplexNumbers, moduli } from "../../src/linalg/complex.ts";
import { fromRows } from "../../src/linalg/matrix.ts";
import { onProviders } from "../linalg/on-providers.ts";

interface Amplitudes {
  readonly abs: number[];
  readonly relReconstructionError: number;
}
interface Expected {
  readonly rank: number;
  readonly singularValues: number[];
  readonly eigenvalues: [number, number][];
  readonly residuals: number[];
  readonly refinedResiduals: number[];
  readonly refinedRayleighQuotients: [number, number][];
  readonly condModes: number;
  readonly amplitudesLeastSquares?: Amplitudes;
  readonly amplitudesWeightedLeastSquares?: Amplitudes;
  readonly firstSnapshotContributionsLS?: [number, number][][];
}
interface Golden {
  readonly snapshots?: { values: number[][] };
  readonly X?: { values: number[][] };
  readonly Y?: { values: number[][] };
  readonly generator: { trueEigenvalues: [number, number][] };
  readonly options: { rankTolerance: number };
  readonly scaled: Expected;
  readonly unscaled: Expected;
  readonly tolerances: {
    eigenvalueAbs: number;
    residualAbs: number;
    refinedResidualAbs: number;
    amplitudeRel?: number;
    reconstructionAbs?: number;
  };
}

const golden = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../golden/dmd/${name}.json`, import.meta.url), "utf8"));

/** For each expected number the index of the nearest found one; each may be taken once. */
function assign({ re, im }: ComplexNumbers, expected: readonly [number, number][]): number[] {
  expect(re.length).toBe(expected.length);
  const free = new Set(re.keys());
  return expected.map(([x, y]) => {
    const gap = (j: number) => Math.hypot(re[j] - x, im[j] - y);
    const nearest = [...free].reduce((a, b) => (gap(b) < gap(a) ? b : a));
    free.delete(nearest);
    return nearest;
  });
}

const variants = [
  ["scaled", "unit"],
  ["unscaled", "none"],
] as const;

onProviders(() => {
  describe.each(["linear_oscillators", "decaying_growing", "hankel_loss"])("%s", (name) => {
    const { snapshots, options, tolerances, ...file } = golden(name);
    const F = fromRows(snapshots!.values);
    const run = (scaling: Scaling, more: Partial<DmdOptions> = {}) =>
      dmd(F, { truncation: numericalRank(options.rankTolerance), scaling, ...more });

    test.each(variants)("%s: values and residuals, compressed or not", (variant, scaling) => {
      const expected = file[variant];
      for (const compression of ["qr", "none"] as const) {
        checkPairs(run(scaling, { compression }), expected, tolerances);
      }
    });

    test.each(variants)("%s: amplitudes by both routes and weights", (variant, scaling) => {
      const expected = file[variant];
      for (const route of ["normal", "orthogonal", "auto"] as const) {
        for (const [weighting, wanted] of [
          [equal, expected.amplitudesLeastSquares!],
          [relative, expected.amplitudesWeightedLeastSquares!],
        ] as const) {
          const spectrum = run(scaling, { route, weighting });
          const order = assign(spectrum.eigenvalues, expected.eigenvalues);
          const found = moduli(spectrum.amplitudes);
          expect(order.map((j) => found[j])).toBeAllClose(wanted.abs, {
            rtol: tolerances.amplitudeRel,
          });
          const error = spectrum.reconstructionError - wanted.relReconstructionError;
          expect(Math.abs(error)).toBeLessThan(tolerances.reconstructionAbs!);
        }
      }
    });

    test.each(variants)("%s: contributions to the first snapshot", (variant, scaling) => {
      const expected = file[variant];
      const { modes, amplitudes, eigenvalues } = run(scaling);
      const order = assign(eigenvalues, expected.eigenvalues);
      const scale = Math.max(...expected.firstSnapshotContributionsLS!.flat(2).map(Math.abs));
      const atol = tolerances.amplitudeRel! * scale;
      expected.firstSnapshotContributionsLS!.forEach((contribution, place) => {
        const j = order[place];
        const [a, b] = [amplitudes.re[j], amplitudes.im[j]];
        contribution.forEach(([x, y], i) => {
          const k = i * modes.re.cols + j;
          const [p, q] = [modes.re.data[k], modes.im.data[k]];
          expect([p * a - q * b, p * b + q * a]).toBeAllClose([x, y], { atol });
        });
      });
    });

    test.each(variants)("%s: the true eigenvalues of the generator", (_, scaling) => {
      const truth = file.generator.trueEigenvalues;
      const { eigenvalues } = run(scaling);
      const order = assign(eigenvalues, truth);
      expect(order.map((j) => eigenvalues.re[j])).toBeAllClose(
        truth.map(([x]) => x),
        { atol: 1e-10 },
      );
      expect(order.map((j) => eigenvalues.im[j])).toBeAllClose(
        truth.map(([, y]) => y),
        { atol: 1e-10 },
      );
    });
  });

  test.each(variants)("badly_scaled, %s", (variant, scaling) => {
    const { X, Y, options, tolerances, ...file } = golden("badly_scaled");
    const [before, after] = [fromRows(X!.values), fromRows(Y!.values)];
    const found = dmdOfPairs(before, after, {
      truncation: numericalRank(options.rankTolerance),
      scaling,
    });
    checkPairs({ ...found, eigenvalues: found.values }, file[variant], tolerances);
    if (scaling === "unit") {
      // All six, from columns of 1e8 to 1e-8.
      const truth = file.generator.trueEigenvalues;
      const order = assign(found.values, truth);
      expect(order.map((j) => found.values.re[j])).toBeAllClose(
        truth.map(([x]) => x),
        { rtol: 1e-12, atol: 1e-12 },
      );
      expect(order.map((j) => found.values.im[j])).toBeAllClose(
        truth.map(([, y]) => y),
        { rtol: 1e-12, atol: 1e-12 },
      );
    }
  });
});

function checkPairs(
  found: Pick<Spectrum, "eigenvalues" | "residuals" | "singularValues" | "condition"> & {
    refined: { residuals: Float64Array } & (
      | { eigenvalues: ComplexNumbers }
      | { values: ComplexNumbers }
    );
  },
  expected: Expected,
  tolerances: Golden["tolerances"],
) {
  const order = assign(found.eigenvalues, expected.eigenvalues);
  const atol = tolerances.eigenvalueAbs;
  const quotients = "values" in found.refined ? found.refined.values : found.refined.eigenvalues;
  for (const [values, wanted] of [
    [found.eigenvalues, expected.eigenvalues],
    [quotients, expected.refinedRayleighQuotients],
  ] as const) {
    expect(order.map((j) => values.re[j])).toBeAllClose(
      wanted.map(([x]) => x),
      { rtol: 0, atol },
    );
    expect(order.map((j) => values.im[j])).toBeAllClose(
      wanted.map(([, y]) => y),
      { rtol: 0, atol },
    );
  }
  for (const [residuals, wanted, limit] of [
    [found.residuals, expected.residuals, tolerances.residualAbs],
    [found.refined.residuals, expected.refinedResiduals, tolerances.refinedResidualAbs],
  ] as const) {
    expect(order.map((j) => residuals[j])).toBeAllClose(wanted, { rtol: 0, atol: limit });
    // What 60 digits call zero must be at the level of rounding here.
    order.forEach((j, i) => {
      if (wanted[i] < 1e-14) expect(residuals[j]).toBeLessThan(1e-12);
    });
  }
  expect(found.singularValues.slice(0, expected.rank)).toBeAllClose(
    expected.singularValues.slice(0, expected.rank),
    { rtol: 1e-9 },
  );
  expect(found.condition).toBeCloseTo(expected.condModes, 6);
}
