import { randomStream } from "../../data/random.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import { columnNorms, columns, scaleColumns } from "../../linalg/blocks.ts";
import { type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { qr } from "../../linalg/qr.ts";
import { svd } from "../../linalg/svd.ts";
import {
  type DmdOptions,
  dmdDefaults,
  dmdOptions,
  requireSnapshots,
  spectrumOfTrajectory,
} from "../dmd/dmd.ts";
import { ritzOf } from "../dmd/ritz.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { rank } from "../dmd/truncation.ts";

export interface RandomisedOptions
  extends Pick<DmdOptions, "scaling" | "weighting" | "route" | "dt"> {
  /** Random directions beyond the number of modes. */
  readonly oversampling: number;
  /** Passes F Fᵀ over the random directions: more where singular values fall slowly. */
  readonly powerIterations: number;
  readonly seed: number;
}

const { scaling, weighting, route, dt } = dmdDefaults;
export const randomisedDefaults: RandomisedOptions = {
  scaling,
  weighting,
  route,
  dt,
  oversampling: 10,
  powerIterations: 2,
  seed: 0,
};

/**
 * DMD of rank r in the range of random combinations of the snapshots, Q = orth((F Fᵀ)^q F Ω): products
 * with F take the place of its decomposition, O(n M (r + p)). Residuals are those of the full data, so what
 * the random directions miss shows in them. For data that do not fit in memory see `dmdTall`.
 *
 * Erichson, Mathelin, Kutz & Brunton (2019), "Randomized dynamic mode decomposition", SIAM J. Appl. Dyn.
 * Syst. 18, 1867–1891.
 *
 * @param snapshots  [n × M]
 * @param modes  r
 * @throws DataError, UsageError  as `dmd`
 */
export function randomisedDmd(
  snapshots: Matrix,
  modes: number,
  options: Partial<RandomisedOptions> = {},
): Spectrum {
  refuseUnknown("randomisedDmd", options, Object.keys(randomisedDefaults));
  const { oversampling, powerIterations, seed, ...rest } = { ...randomisedDefaults, ...options };
  const chosen = dmdOptions("randomisedDmd", rest);
  for (const [name, count] of Object.entries({ oversampling, powerIterations })) {
    if (!(Number.isInteger(count) && count >= 0))
      throw new UsageError(`randomisedDmd: ${name} ${count}`, "a whole number");
  }
  const rule = rank(modes);
  requireSnapshots(snapshots);
  const { rows: n, cols: M } = snapshots;
  const { normal } = randomStream(seed, "directions");
  const Omega = matrix(M, Math.min(n, M, modes + oversampling), normal);
  let { Q } = qr(product(snapshots, Omega));
  const transposed = transpose(snapshots);
  for (let i = 0; i < powerIterations; i++) {
    // A factor in between: the powers alone would leave the largest direction only.
    ({ Q } = qr(product(snapshots, qr(product(transposed, Q)).Q)));
  }
  const [X, Y] = [columns(snapshots, 0, M - 1), columns(snapshots, 1, M)];
  const factors = columnNorms(X).map((length) =>
    chosen.scaling === "none" ? 1 : length > 0 ? 1 / length : 0,
  );
  const { U, s, V } = svd(scaleColumns(product(transpose(Q), X), factors));
  const k = Math.max(1, rule(s, n, M - 1));
  const image = scaleColumns(
    product(scaleColumns(Y, factors), columns(V, 0, k)),
    s.slice(0, k).map((value) => 1 / value),
  );
  const pairs = ritzOf(product(Q, columns(U, 0, k)), image, s);
  return spectrumOfTrajectory(pairs, snapshots, chosen, trivial(k, n));
}

const trivial = (k: number, n: number) =>
  k === n
    ? ["the rank kept is the dimension of the state: residuals vanish for whatever data"]
    : [];
