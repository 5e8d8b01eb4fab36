import { ShapeError } from "../errors.ts";
import { type Matrix, requireFinite, requireSquare } from "../linalg/matrix.ts";
import { singularValues, svd } from "../linalg/svd.ts";
import { type Coordinate, checkCoordinate, type Hypothesis } from "./coordinate.ts";
import { nearNull, roundingShare } from "./null-space.ts";
import { dot, times } from "./vectors.ts";

/** A network ẋ_i = (−ζ_i(x_i) + Σ W_ij h_j(x))/ζ_i′(x_i), or with −c_i in place of −ζ_i. */
export interface FamilySystem {
  readonly W: Matrix; // [N × N]
  readonly zeta: readonly Coordinate[]; // [N]
  /** Any functions of the whole state. */
  readonly h: (x: Float64Array) => Float64Array; // [N]
  /** Of the second family. */
  readonly c?: Float64Array; // [N]
  /** Where the states are, unit by unit: an open interval in which ζ′ ≠ 0. */
  readonly domain: readonly (readonly [number, number])[];
}

/** One eigenfunction: φ = uᵀζ(x) of the first family, exp(uᵀζ(x)) of the second. */
export interface FamilyFunction {
  readonly u: Float64Array;
  readonly eigenvalue: number;
}

export interface Family {
  readonly kind: 1 | 2;
  readonly functions: readonly FamilyFunction[];
  /** Of each unit. */
  readonly hypotheses: readonly Hypothesis[];
  readonly rank: number;
  readonly singularValues: Float64Array;
  /** Of the second family, a basis of the u with uᵀc = 0: exp(uᵀζ) does not change. */
  readonly constants: readonly Float64Array[];
}

/** ẋ. */
export function familyRate({ W, zeta, h, c }: FamilySystem, x: Float64Array): Float64Array {
  const push = times(W, h(x));
  return push.map(
    (p, i) => (p - (c === undefined ? zeta[i].value(x[i]) : c[i])) / zeta[i].slope(x[i]),
  );
}

/**
 * The eigenfunctions of both families of the theorem, for u with Wᵀu = 0:
 *
 * 1. ẋ_i = (−ζ_i + Σ W_ij h_j)/ζ_i′ has φ = uᵀζ(x), λ = −1: φ̇ = Σ u_i ζ_i′ ẋ_i = −uᵀζ + (Wᵀu)ᵀh.
 * 2. ẋ_i = (−c_i + Σ W_ij h_j)/ζ_i′ has φ = exp(uᵀζ(x)), λ = −uᵀc. With ζ = log it is Lotka and
 *    Volterra's ẋ_i = x_i(−c_i + (Wh)_i), φ = Π x_i^{u_i}.
 *
 * ζ_i is continuously differentiable with ζ_i′ ≠ 0 on the domain, which is checked; h is any function.
 *
 * Claveau, Thibeault, Allard & Desrosiers, "Analytical Koopman approach to recurrent neural networks".
 *
 * @throws ShapeError  for a W that is not square, or lists of other lengths
 * @throws UsageError, DataError  where a hypothesis fails, as `checkCoordinate`
 */
export function familyOf(system: FamilySystem): Family {
  const { W, zeta, c, domain } = system;
  requireSquare(W);
  requireFinite(W);
  const N = W.rows;
  for (const [what, length] of [
    ["coordinates", zeta.length],
    ["domains", domain.length],
    ["rates c", c?.length ?? N],
  ] as const)
    if (length !== N) throw new ShapeError(`${length} ${what} for ${N} units`);
  const known = new Map<string, Hypothesis>();
  const hypotheses = zeta.map((one, i) => {
    const key = `${one.name} ${domain[i]}`;
    const found = (one.proven && known.get(key)) ?? checkCoordinate(one, domain[i]);
    known.set(key, found);
    return found;
  });
  const values = singularValues(W);
  const { rank, directions } = nearNull(W, roundingShare(N) * values[0]);
  const vectors = directions.map(({ u }) => u);
  return {
    kind: c === undefined ? 1 : 2,
    functions: vectors.map((u) => ({ u, eigenvalue: c === undefined ? -1 : -dot(u, c) })),
    hypotheses,
    rank,
    singularValues: values,
    constants: c === undefined ? [] : orthogonalTo(vectors, c),
  };
}

/** A basis of the combinations of orthonormal vectors that are orthogonal to c. */
function orthogonalTo(vectors: readonly Float64Array[], c: Float64Array): Float64Array[] {
  const k = vectors.length;
  if (k === 0) return [];
  const along = vectors.map((u) => dot(u, c));
  if (along.every((value) => Math.abs(value) <= k * Number.EPSILON * Math.hypot(...c)))
    return [...vectors];
  // Left directions of the k × k matrix with that one column: the first is along, the rest across.
  const data = new Float64Array(k * k);
  along.forEach((value, i) => {
    data[i * k] = value;
  });
  const { U } = svd({ rows: k, cols: k, data });
  return Array.from({ length: k - 1 }, (_, j) => {
    const u = new Float64Array(c.length);
    vectors.forEach((vector, i) => {
      const factor = U.data[i * k + j + 1];
      for (let n = 0; n < u.length; n++) u[n] += factor * vector[n];
    });
    return u;
  });
}

/** φ at a state: uᵀζ(x), or exp(uᵀζ(x)) of the second family. */
export function familyValue(
  { zeta, c }: FamilySystem,
  u: ArrayLike<number>,
  x: ArrayLike<number>,
): number {
  const sum = zeta.reduce(
    (total, { value }, i) => (u[i] === 0 ? total : total + u[i] * value(x[i])),
    0,
  );
  return c === undefined ? sum : Math.exp(sum);
}
