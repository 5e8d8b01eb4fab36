import { columns } from "../../linalg/blocks.ts";
import { type Matrix, matrixOf, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";
import {
  type DmdOptions,
  dmdOptions,
  pairsOf,
  requireSnapshots,
  spectrumOfTrajectory,
} from "../dmd/dmd.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { rank } from "../dmd/truncation.ts";
import { trajectoryPairs } from "../snapshots/trajectory-pairs.ts";

/**
 * DMD with noise allowed for in X as well as in Y: both are projected on the leading r right singular
 * vectors of [X; Y] first. Plain DMD sees noise in X as decay: it pulls |λ| inwards.
 *
 * Hemati, Rowley, Deem & Cattafesta (2017), "De-biasing the dynamic mode decomposition for applied
 * Koopman spectral analysis", Theor. Comput. Fluid Dyn. 31, 349–368.
 *
 * @param modes  r, the rank of the data without noise, below the number of pairs
 * @throws DataError, UsageError  as `dmd`
 */
export function totalLeastSquaresDmd(
  snapshots: Matrix,
  modes: number,
  options: Partial<Pick<DmdOptions, "weighting" | "route" | "dt">> = {},
): Spectrum {
  const chosen = dmdOptions("totalLeastSquaresDmd", options);
  requireSnapshots(snapshots);
  const { F, X, Y, lift } = trajectoryPairs(snapshots, modes);
  const n = snapshots.rows;
  const both = new Float64Array(2 * X.data.length);
  both.set(X.data);
  both.set(Y.data, X.data.length);
  const V = columns(svd(matrixOf(2 * X.rows, X.cols, both)).V, 0, Math.min(modes, 2 * X.rows));
  const project = (A: Matrix) => product(product(A, V), transpose(V));
  const { pairs, warnings } = pairsOf(
    project(X),
    project(Y),
    { truncation: rank(modes), scaling: "none" },
    n,
  );
  return spectrumOfTrajectory(pairs, F, chosen, warnings, lift);
}
