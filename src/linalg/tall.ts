import { DataError, NumericError } from "../errors.ts";
import { leadingColumns, scaleColumns, scaleRows } from "./blocks.ts";
import { identity, type Matrix, subtract, symmetricPart, transpose } from "./matrix.ts";
import { product } from "./provider.ts";
import { qr } from "./qr.ts";
import { svd } from "./svd.ts";
import { symmetricEigen } from "./symmetric.ts";
import { tallGram } from "./tall-products.ts";
import type { TallSource } from "./tall-source.ts";

/** F W₀ = Q R of a tall F [n × m], without Q: that is F `right`, made where it is wanted. */
export interface Compression {
  readonly rows: number; // n
  readonly R: Matrix; // [k × p], upper triangular (trapezoidal for k < p)
  readonly right: Matrix; // [m × k]
  readonly rank: number; // k: directions above rounding, columns of F brought to one length
  readonly passes: number; // over the data, one that gave `gram` included
  /** ‖QᵀQ − I‖_F as the last pass measured it, before it corrected it. */
  readonly drift: number;
  /** Of the same after that correction: the rounding in forming and factoring QᵀQ. */
  readonly orthogonality: number;
}

const roundoff = 2 ** -53;

/** A Gram matrix of this condition is factored without harm: two digits are lost at most. */
const harmless = 100;

/**
 * Reduces a tall matrix [n × m] to a triangle [k × m] with the same inner products of columns, by
 * passes over blocks of rows; memory is O(m² + block). Two passes where the columns, brought to one
 * length, have a condition number below about 1e7, three beyond.
 *
 * Every pass forms the Gram matrix of Q = F W and corrects W by a factor of it: Cholesky-QR twice, but
 * with factors from the eigenvalues, lifted to the level of rounding, which exist for deficient F as
 * well (a shifted Cholesky factor would take one pass more). Directions that are rounding alone are
 * left out, since they would come out anew in every pass.
 *
 * Yamamoto, Nakatsukasa, Yanagisawa & Fukaya (2015), "Roundoff error analysis of the CholeskyQR2
 * algorithm", ETNA 44, 306–326; Stathopoulos & Wu (2002), "A block orthogonalization procedure with
 * constant synchronization requirements", SIAM J. Sci. Comput. 23, 2165–2182.
 *
 * @param start  W₀ [m × p], the identity when left out: F W₀ is compressed instead of F
 * @param gram  (F W₀)ᵀ F W₀ where it is known: a pass less
 * @throws DataError  for entries that are not finite or whose squares overflow, or nothing but zeros
 */
export async function compressTall(
  source: TallSource,
  start: Matrix | null = null,
  gram: Matrix | null = null,
): Promise<Compression> {
  const { rows } = source;
  const m = start?.cols ?? source.cols;
  let G = gram ?? (await tallGram(source, start));
  const lengths = columnLengths(G);
  const D = inverse(lengths);
  const origin = start ?? identity(m);
  let right = origin;
  let R = identity(m);
  for (let passes = 1; ; passes++) {
    const drift = distanceFromIdentity(G);
    const sizes = diagonal(G).map(Math.sqrt);
    const C = inverse(sizes);
    const { values, vectors } = symmetricEigen(symmetricPart(scaleRows(scaleColumns(G, C), C)));
    const largest = values[values.length - 1];
    const lifted = values.map((value) => Math.sqrt(Math.max(value, m * roundoff * largest)));
    right = scaleColumns(product(scaleColumns(right, C), vectors), inverse(lifted));
    R = product(scaleColumns(scaleRows(transpose(vectors), lifted), sizes), R);
    const condition = largest / Math.max(values[0], roundoff * largest);
    if (condition <= harmless) {
      const { Q: turn, R: triangle } = qr(R);
      return {
        rows,
        R: triangle,
        right: product(right, turn),
        rank: triangle.rows,
        passes,
        drift,
        orthogonality: m * roundoff * condition,
      };
    }
    if (passes === 5)
      throw new NumericError(
        `a tall matrix of ${rows} × ${m} could not be made orthonormal: ‖QᵀQ − I‖ is ${drift}`,
      );
    if (passes > 1) {
      // F D = (F W)(R D) and the svd of R D: what is too small there is rounding.
      const { s, V } = svd(scaleColumns(R, D));
      const rank = s.reduce((count, x) => count + Number(x > 8 * m * roundoff * s[0]), 0);
      const axes = leadingColumns(V, rank);
      const kept = s.slice(0, rank);
      right = product(origin, scaleRows(scaleColumns(axes, inverse(kept)), D));
      R = scaleColumns(scaleRows(transpose(axes), kept), lengths);
    }
    G = await tallGram(source, right);
  }
}

function columnLengths(G: Matrix): Float64Array {
  const bad = diagonal(G).findIndex((square) => !Number.isFinite(square));
  if (bad >= 0)
    throw new DataError(`snapshot ${bad} has entries that are not finite, or above 1e150`);
  const lengths = diagonal(G).map(Math.sqrt);
  if (lengths.every((length) => length === 0)) throw new DataError("the snapshots are all zero");
  return lengths;
}

const diagonal = ({ rows, data }: Matrix) =>
  Float64Array.from({ length: rows }, (_, i) => Math.max(0, data[i * (rows + 1)]));

const inverse = (values: Float64Array) => values.map((value) => (value === 0 ? 0 : 1 / value));

const distanceFromIdentity = (G: Matrix) => Math.hypot(...subtract(G, identity(G.rows)).data);
