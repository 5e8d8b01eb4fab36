import { complexColumn, complexNumbers, complexZeros, setColumn } from "../../linalg/complex.ts";
import { type Eigen, eigen } from "../../linalg/eigenvalues.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { type Matrix, matrix, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { assignment } from "../compare/assignment.ts";
import { type DmdOptions, dmdOptions, requireSnapshots, spectrumOfTrajectory } from "../dmd/dmd.ts";
import { pairsAt, ritz } from "../dmd/ritz.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { rank } from "../dmd/truncation.ts";
import { trajectoryPairs } from "../snapshots/trajectory-pairs.ts";

/**
 * DMD forwards and backwards in time. Noise shrinks the eigenvalues of the map S_f from X to Y and, in
 * the same coordinates, those of the map S_b from Y to X: in S = (S_f S_b⁻¹)^½ the two cancel. The
 * square root is taken eigenvalue by eigenvalue, the one of the two nearest to an eigenvalue of S_f.
 *
 * For modes that last: backwards in time a mode that decays grows out of the noise, and with it the error.
 * Those that lose 99 % within the data are warned of.
 *
 * Dawson, Hemati, Williams & Rowley (2016), "Characterizing and correcting for the effect of sensor
 * noise in the dynamic mode decomposition", Exp. Fluids 57, 42.
 *
 * @param snapshots  [n × M]
 * @param modes  r, the rank of the data without noise, below the number of pairs
 * @throws DataError, UsageError  as `dmd`
 */
export function forwardBackwardDmd(
  snapshots: Matrix,
  modes: number,
  options: Partial<Pick<DmdOptions, "weighting" | "route" | "dt">> = {},
): Spectrum {
  const chosen = dmdOptions("forwardBackwardDmd", options);
  requireSnapshots(snapshots);
  const { F, X, Y, lift } = trajectoryPairs(snapshots, modes);
  const n = snapshots.rows;
  const { basis, image, singularValues, operator: forward } = ritz(X, Y, rank(modes), "none", n);
  const inner = (A: Matrix) => transpose(product(transpose(basis), A));
  // S_b Ỹ ≈ X̃, solved as Ỹᵀ S_bᵀ ≈ X̃ᵀ; then M S_b = S_f as S_bᵀ Mᵀ = S_fᵀ.
  const { X: backward } = leastSquares(inner(Y), inner(X));
  const { X: square } = leastSquares(backward, transpose(forward));
  const warnings: string[] = [];
  const pairs = pairsAt(basis, image, singularValues, () =>
    rooted(eigen(transpose(square)), eigen(forward)),
  );
  const { re, im } = pairs.values;
  const lost = re.filter((x, j) => Math.hypot(x, im[j]) ** X.cols < 1e-2).length;
  if (lost > 0)
    warnings.push(
      `${lost} of ${re.length} modes lose 99 % within the data: backwards in time they are mostly ` +
        "noise; totalLeastSquaresDmd or optimisedDmd suit them better",
    );
  return spectrumOfTrajectory(pairs, F, chosen, warnings, lift);
}

/**
 * For each mode of the forward map the square root that lies nearest to it under the best assignment,
 * with the eigenvector of the square. Squares of a pair near ±i coincide at a negative number and may
 * come out real: then the pair takes the mean of its two roots, and keeps its vectors, those of the
 * square being arbitrary.
 */
function rooted(square: Eigen, forward: Eigen): Eigen {
  const r = square.values.re.length;
  const { re: x, im: y } = forward.values;
  const roots = Array.from(square.values.re, (re, j) => {
    const size = Math.sqrt(Math.hypot(re, square.values.im[j]));
    const turn = Math.atan2(square.values.im[j], re) / 2;
    return [size * Math.cos(turn), size * Math.sin(turn)] as const;
  });
  const signed = (i: number, j: number) => {
    const [a, b] = roots[j];
    return a * x[i] + b * y[i] >= 0 ? ([a, b] as const) : ([-a, -b] as const);
  };
  const partner = assignment(
    matrix(r, r, (i, j) => Math.hypot(signed(i, j)[0] - x[i], signed(i, j)[1] - y[i])),
  );
  const out: Eigen = { values: complexNumbers(r), vectors: complexZeros(r, r) };
  for (let i = 0; i < r; i++) {
    const j = partner[i];
    const [a, b] = signed(i, j);
    const alike = (y[i] === 0) === (square.values.im[j] === 0) && (y[i] !== 0 || roots[j][1] === 0);
    const vector = alike ? complexColumn(square.vectors, j) : complexColumn(forward.vectors, i);
    setColumn(out.vectors, i, vector);
    if (y[i] === 0) {
      out.values.re[i] = Math.sign(a || x[i]) * Math.hypot(a, b);
      continue;
    }
    const [c, d] = signed(i + 1, partner[i + 1]);
    out.values.re[i] = out.values.re[i + 1] = (a + c) / 2;
    out.values.im[i] = (b - d) / 2;
    out.values.im[i + 1] = -out.values.im[i];
    const conjugate = { re: vector.re, im: vector.im.map((v) => -v) };
    setColumn(out.vectors, i + 1, conjugate);
    i++;
  }
  return out;
}
