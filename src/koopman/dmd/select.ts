import { UsageError } from "../../errors.ts";
import { pickComplexColumns } from "../../linalg/blocks.ts";
import type { ComplexNumbers } from "../../linalg/complex.ts";
import { fitAmplitudes, type Route } from "./amplitudes.ts";
import { importanceOf, misfit, type Spectrum } from "./spectrum.ts";

/** Which modes are kept, as a test of each. Pairs are kept or dropped together by `select`. */
export type Selection = (spectrum: Spectrum) => (mode: number) => boolean;

/** Refined residual up to a limit. @throws UsageError for a limit that is not positive */
export function residualBelow(limit: number): Selection {
  if (!(limit > 0)) throw new UsageError(`residualBelow(${limit}): a limit is positive`);
  return ({ refined }) =>
    (j) =>
      refined.residuals[j] <= limit;
}

/** The best share by residual. @throws UsageError for a share outside (0, 1] */
export function bestShare(share: number): Selection {
  if (!(share > 0 && share <= 1)) throw new UsageError(`bestShare(${share}): in (0, 1]`);
  return (spectrum) => best(Math.ceil(share * spectrum.residuals.length - 1e-9))(spectrum);
}

/** The n of least residual. @throws UsageError for n < 1 */
export function best(n: number): Selection {
  if (!(Number.isInteger(n) && n > 0)) throw new UsageError(`best(${n}): at least 1, and whole`);
  return ({ refined: { residuals } }) => {
    const limit = residuals.toSorted()[Math.min(n, residuals.length) - 1];
    return (j) => residuals[j] <= limit;
  };
}

/** Importance of at least a share of the greatest, by the rule named. @throws UsageError as above */
export function important(share: number, rule: keyof Spectrum["importance"] = "window"): Selection {
  if (!(share >= 0 && share <= 1)) throw new UsageError(`important(${share}): in [0, 1]`);
  return ({ importance }) => {
    const limit = share * importance[rule].reduce((most, x) => Math.max(most, x), 0);
    return (j) => importance[rule][j] >= limit;
  };
}

/** What every rule keeps. */
export const both =
  (...rules: readonly Selection[]): Selection =>
  (spectrum) => {
    const tests = rules.map((rule) => rule(spectrum));
    return (j) => tests.every((test) => test(j));
  };

/**
 * The spectrum of the modes that a rule keeps, least refined residual first, with amplitudes fitted
 * anew to those alone.
 *
 * @throws UsageError  where the rule keeps none
 */
export function select(spectrum: Spectrum, rule: Selection, route: Route = "auto"): Spectrum {
  const { eigenvalues, residuals, refined, reduced } = spectrum;
  const test = rule(spectrum);
  const kept = Array.from(residuals, (_, j) => j)
    // A pair is judged by its first member.
    .filter((j) => test(eigenvalues.im[j] < 0 ? j - 1 : j))
    .sort((i, j) => refined.residuals[i] - refined.residuals[j] || i - j);
  if (kept.length === 0)
    throw new UsageError(
      `the selection keeps none of ${residuals.length} modes`,
      `refined residuals reach from ${Math.min(...refined.residuals)} to ${Math.max(...refined.residuals)}`,
    );
  const values = pick(eigenvalues, kept);
  const vectors = pickComplexColumns(reduced.vectors, kept);
  const lengths = Float64Array.from(kept, (j) => reduced.lengths[j]);
  const alpha = fitAmplitudes({ ...reduced, values, vectors }, route);
  const amplitudes = {
    re: alpha.re.map((x, j) => x * lengths[j]),
    im: alpha.im.map((y, j) => y * lengths[j]),
  };
  const inner = { ...reduced, vectors, lengths };
  return {
    ...spectrum,
    eigenvalues: values,
    modes: pickComplexColumns(spectrum.modes, kept),
    amplitudes,
    residuals: Float64Array.from(kept, (j) => residuals[j]),
    refined: {
      eigenvalues: pick(refined.eigenvalues, kept),
      modes: pickComplexColumns(refined.modes, kept),
      residuals: Float64Array.from(kept, (j) => refined.residuals[j]),
    },
    importance: importanceOf(values, amplitudes, spectrum.snapshots),
    reconstructionError: misfit(inner, values, alpha, spectrum.condition),
    reduced: inner,
  };
}

/** Modes by importance, greatest first; a pair stands once, by its first member. */
export function ranked(
  { importance, eigenvalues }: Spectrum,
  rule: keyof Spectrum["importance"] = "window",
): number[] {
  return Array.from(importance[rule], (_, j) => j)
    .filter((j) => eigenvalues.im[j] >= 0)
    .sort((i, j) => importance[rule][j] - importance[rule][i]);
}

const pick = ({ re, im }: ComplexNumbers, indices: readonly number[]): ComplexNumbers => ({
  re: Float64Array.from(indices, (j) => re[j]),
  im: Float64Array.from(indices, (j) => im[j]),
});
