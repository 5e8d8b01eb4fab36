import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import { columns } from "../../linalg/blocks.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { hankelDmd } from "../dmd/hankel.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { capped, numericalRank, rank, type Truncation } from "../dmd/truncation.ts";
import { hausdorff, type PermutationTest, permutationTest, spectralDistance } from "./distance.ts";

export interface CompareOptions {
  /** At most so many eigenvalues of each. */
  readonly modes: number;
  /** Snapshots stacked, of A and of B; null: half of a series of one number a step, else as many as
   * make 4 rows for every mode. */
  readonly delays: readonly [number, number] | null;
  /** Which directions of each count, up to `modes`. */
  readonly truncation: Truncation;
  readonly permutations: number;
  readonly seed: number;
  /** A p-value up to this calls the dynamics different. */
  readonly significance: number;
}

export const compareDefaults: CompareOptions = {
  modes: 10,
  delays: null,
  truncation: numericalRank(1e-8),
  permutations: 999,
  seed: 0,
  significance: 0.05,
};

export interface Comparison extends PermutationTest {
  readonly spectra: readonly [Spectrum, Spectrum];
  readonly hausdorff: number;
  /** Distance of each from itself: of the spectra of its first and its second half. Null: too short. */
  readonly within: readonly [number | null, number | null];
  readonly different: boolean;
  /** Whether there are eigenvalues enough for the test to reach `significance` at all. */
  readonly conclusive: boolean;
  readonly sentence: string;
  readonly cannotSay: readonly string[];
}

/**
 * Whether two runs could be one dynamics in other coordinates. Conjugate systems have the same Koopman
 * eigenvalues, so spectra that differ tell them apart; the reverse does not hold. Each trajectory, of
 * weights (take their `increments`) or of a loss, is delayed and decomposed (unscaled), and the
 * spectra are compared by `permutationTest`. Where the truncation keeps more of one than of the other,
 * an eigenvalue more costs its modulus.
 *
 * Redman et al. (2024), "Identifying equivalent training dynamics", NeurIPS, arXiv:2302.09160.
 *
 * @param A  snapshots as columns [n × M]
 * @param B  [n' × M'], a state of any size
 * @throws DataError, UsageError  as `hankelDmd`; UsageError for an unknown option or one out of range
 */
export function compareDynamics(
  A: Matrix,
  B: Matrix,
  options: Partial<CompareOptions> = {},
): Comparison {
  refuseUnknown("compareDynamics", options, Object.keys(compareDefaults));
  const chosen = { ...compareDefaults, ...options };
  const { modes, significance, permutations, seed } = chosen;
  if (!(Number.isInteger(modes) && modes > 0))
    throw new UsageError(`compareDynamics: modes ${modes}`, "whole and positive");
  if (!(significance > 0 && significance < 1))
    throw new UsageError(`compareDynamics: significance ${significance}`, "between 0 and 1");
  const delays = chosen.delays ?? [usualDelays(A, modes), usualDelays(B, modes)];
  const rule = capped(chosen.truncation, modes);
  const first = decompose(A, delays[0], rule);
  const second = decompose(B, delays[1], rule);
  const [a, b] = [first.eigenvalues, second.eigenvalues];
  const test = permutationTest(a, b, { permutations, seed });
  const within = [
    fromItself(A, delays[0], a.re.length),
    fromItself(B, delays[1], b.re.length),
  ] as const;
  const different = test.pValue <= significance;
  const conclusive = 2 / test.arrangements <= significance;
  return {
    ...test,
    spectra: [first, second],
    hausdorff: hausdorff(a, b).symmetric,
    within,
    different,
    conclusive,
    sentence: sentenceOf(test, within, different, conclusive),
    cannotSay: limits(conclusive, [first, second], significance),
  };
}

const decompose = (F: Matrix, delays: number, truncation: Truncation) =>
  hankelDmd(F, delays, { truncation, scaling: "none" });

function usualDelays({ rows, cols }: Matrix, modes: number): number {
  const half = Math.max(1, Math.floor(cols / 2));
  return rows === 1 ? half : Math.min(half, Math.ceil((4 * modes) / rows));
}

function fromItself(F: Matrix, delays: number, count: number): number | null {
  const half = F.cols >> 1;
  const d = Math.min(delays, half >> 1);
  if (Math.min(half - d, d * F.rows) < count) return null;
  try {
    const [a, b] = [columns(F, 0, half), columns(F, F.cols - half, F.cols)].map(
      (part) => decompose(part, d, rank(count)).eigenvalues,
    );
    return spectralDistance(a, b).distance;
  } catch (error) {
    // A half of zeros: there is nothing to measure by.
    if (error instanceof DataError) return null;
    throw error;
  }
}

function sentenceOf(
  { distance, pValue }: PermutationTest,
  within: Comparison["within"],
  different: boolean,
  conclusive: boolean,
): string {
  if (distance === 0) return "The two have the same eigenvalues.";
  const spread = within.filter((d) => d !== null);
  const least =
    spread.length === 0
      ? ""
      : `; between the halves of one run it is ${spread.map((d) => d.toPrecision(2)).join(" and ")}`;
  return (
    `The eigenvalues of the two lie ${distance.toPrecision(2)} apart on average ` +
    `(p = ${pValue.toPrecision(2)}${least}): ` +
    (different
      ? "the dynamics differ."
      : conclusive
        ? "no sign, by this test, that the dynamics are not one in other coordinates."
        : "too few eigenvalues for a test to tell whether the dynamics differ.")
  );
}

function limits(
  conclusive: boolean,
  spectra: Comparison["spectra"],
  significance: number,
): string[] {
  const out = [
    "that the dynamics are equivalent: equal eigenvalues are necessary for it, not sufficient",
    "whether a shift smaller than the gaps between the eigenvalues is real: exchanges do not see it; " +
      "compare the distance with that between repeated runs",
  ];
  if (!conclusive)
    out.push(`anything at a level of ${significance}: too few modes for so small a p-value`);
  const [k, l] = spectra.map(({ eigenvalues }) => eigenvalues.re.length);
  if (k !== l)
    out.push(
      `whether the ${Math.abs(k - l)} that the ${k > l ? "first" : "second"} has more are real or a ` +
        "matter of the truncation",
    );
  spectra.forEach(({ refined }, i) => {
    const worst = Math.max(...refined.residuals);
    if (worst > 0.1)
      out.push(
        `how sure the eigenvalues of the ${i === 0 ? "first" : "second"} are: residuals go up to ` +
          worst.toPrecision(2),
      );
  });
  return out;
}
