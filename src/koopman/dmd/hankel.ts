import { UsageError } from "../../errors.ts";
import { columnNorms, columns } from "../../linalg/blocks.ts";
import { type Matrix, subtract } from "../../linalg/matrix.ts";
import { innerProduct, product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";
import { tallQr } from "../../linalg/tall-qr.ts";
import {
  type DmdOptions,
  dmdOptions,
  fitOf,
  pairsOf,
  pairsOfFew,
  requireSnapshots,
} from "./dmd.ts";
import { type Spectrum, spectrumOf } from "./spectrum.ts";
import type { Truncation } from "./truncation.ts";

export interface HankelOptions extends Omit<DmdOptions, "compression"> {
  /** First reduces the state by an SVD under this rule: HODMD. */
  readonly reduction: Truncation | null;
}

/**
 * d snapshots in a row stacked, [n·d × M−d+1]: column t is [f_t; f_{t+1}; …; f_{t+d−1}].
 *
 * @throws UsageError for d that is not whole, below 1 or above the number of snapshots
 */
export function delayEmbed(snapshots: Matrix, delays: number): Matrix {
  const { rows, cols: M, data } = snapshots;
  if (!(Number.isInteger(delays) && delays >= 1 && delays <= M))
    throw new UsageError(
      `${delays} delays of ${M} snapshots`,
      `a whole number from 1 to ${M}; about half of them is usual`,
    );
  const cols = M - delays + 1;
  const out = new Float64Array(delays * rows * cols);
  for (let d = 0; d < delays; d++) {
    for (let i = 0; i < rows; i++) {
      out.set(data.subarray(i * M + d, i * M + d + cols), (d * rows + i) * cols);
    }
  }
  return { rows: delays * rows, cols, data: out };
}

/**
 * DMD of delayed snapshots. A sum of r exponentials is recovered from a single channel with d ≥ r
 * and M − d ≥ r; for residuals that mean something take n·d ≥ 2r. Modes are those of the state itself:
 * the first block of the delayed ones, brought to length 1.
 *
 * Arbabi & Mezić (2017), SIAM J. Appl. Dyn. Syst. 16, 2096; with a reduction: Le Clainche & Vega
 * (2017), "Higher order dynamic mode decomposition", SIAM J. Appl. Dyn. Syst. 16, 882.
 *
 * @param snapshots  [n × M]
 * @throws DataError, UsageError  as `dmd` and `delayEmbed`; also where d leaves fewer than 2 columns
 */
export function hankelDmd(
  snapshots: Matrix,
  delays: number,
  options: Partial<HankelOptions> = {},
): Spectrum {
  const { reduction = null, ...rest } = options;
  const chosen = dmdOptions("hankelDmd", rest);
  requireSnapshots(snapshots);
  const { rows: n, cols: M } = snapshots;
  const { Q, inner } = reduced(snapshots, reduction);
  const H = delayEmbed(inner, delays);
  if (H.cols < 2)
    throw new UsageError(
      `${delays} delays of ${M} snapshots leave ${H.cols} column`,
      "at least 2 are needed; about half as many delays as snapshots is usual",
    );
  const height = delays * (reduction === null ? n : inner.rows);
  const few = pairsOfFew(H, chosen, height);
  const { pairs, basis, warnings } = few
    ? { ...few, warnings: [] as string[] }
    : fullPairs(H, chosen, height);
  const k = basis.cols;
  const first = { rows: inner.rows, cols: k, data: basis.data.slice(0, inner.rows * k) };
  if (Q !== null && reduction !== null) {
    const lost = columnNorms(subtract(snapshots, product(Q, inner)));
    const share = Math.hypot(...lost) / Math.hypot(...columnNorms(snapshots));
    if (share > 1e-3)
      warnings.push(
        `the reduction from ${n} to ${Q.cols} states loses ${share.toPrecision(2)} of them`,
      );
  }
  return spectrumOf(pairs, {
    ...fitOf(H, basis, chosen, few?.norms),
    observe: Q === null ? first : product(Q, first),
    snapshots: M,
    warnings,
  });
}

function fullPairs(H: Matrix, options: DmdOptions, height: number) {
  const found = pairsOf(columns(H, 0, H.cols - 1), columns(H, 1, H.cols), options, height);
  return { ...found, basis: found.pairs.basis };
}

/**
 * The state in its leading singular directions, and the way back; without a rule in the basis of the
 * snapshots where it is the smaller one, which changes nothing but the time.
 */
function reduced(snapshots: Matrix, rule: Truncation | null): { Q: Matrix | null; inner: Matrix } {
  if (rule === null) {
    if (snapshots.rows <= snapshots.cols) return { Q: null, inner: snapshots };
    const { Q, R } = tallQr(snapshots);
    return { Q, inner: R };
  }
  const { U, s } = svd(snapshots);
  const r = Math.max(1, rule(s, snapshots.rows, snapshots.cols));
  const Q = columns(U, 0, r);
  return { Q, inner: innerProduct(Q, snapshots) };
}
