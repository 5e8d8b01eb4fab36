import type { Value } from "../graph/node.ts";
import { add, mul, sub } from "../graph/ops/elementwise.ts";
import { gemm, inverse, matmul } from "../graph/ops/linear.ts";
import { concat, matrixTranspose, reshape } from "../graph/ops/movement.ts";
import { apply, constant } from "../graph/value.ts";
import type { Prox } from "./prox.ts";
import { reflection, requirePositiveStep, type Splitting } from "./splitting.ts";

/**
 * Operators on states [P·M, N] of M numbers in each of P cells, samples last, that are block
 * diagonal in an orthonormal basis of the cells: x ↦ Qᵀ D Q x with blocks D [F, 2M, 2M]. With samples
 * last nothing is transposed: Q x is one product, or two, and D x one product of a batch of F.
 *
 * Q itself for T = null; else Q = T (Q₁ ⊗ I) over squares of q cells, T block by block.
 */
export interface Basis {
  readonly Q: Value; // [2F, P], or Q₁ [2F/q, P/q]
  readonly T: Value | null; // [F/q, 2q, 2q]
  readonly width: number; // M
}

/** Qᵀ D Q x (+ shift) for x [P·M, N] */
export function applyBlocks(
  { Q, T, width }: Basis,
  blocks: Value,
  x: Value,
  shift: Value | null = null,
): Value {
  const samples = x.shape[1];
  const [rows, squares] = Q.shape as [number, number];
  const wide = (value: Value) => reshape(value, [squares, -1]);
  const within = (transform: Value, value: Value) => {
    const [frequencies, size] = transform.shape as [number, number];
    return matmul(transform, reshape(value, [frequencies, size, -1]));
  };
  const coordinates = gemm(Q, wide(x));
  const pairs = reshape(T ? within(T, coordinates) : coordinates, [
    Number(blocks.shape[0]),
    2 * width,
    samples,
  ]);
  const product = matmul(blocks, pairs);
  const back = reshape(T ? within(matrixTranspose(T), product) : product, [rows, -1]);
  const y = gemm(Q, back, shift && wide(shift), { transA: true });
  return reshape(y, [x.shape[0], samples]);
}

/**
 * Peaceman–Rachford for z = prox_g¹(Wz + c), as `peacemanRachford`, with W and R block diagonal and
 * states [P·M, N].
 *
 * @param reflected  blocks of R = 2(I + α(I − W))⁻¹ − I [F, 2M, 2M]
 * @param mask  [P·M, 1], 0 where z is held at 0 and 1 elsewhere: the prox with {z = 0} there as one
 *   more convex constraint, so that all that holds of the splitting still does
 */
export function blockPeacemanRachford(
  basis: Basis,
  reflected: Value,
  { alpha, prox, mask = null }: { alpha: number; prox: Prox; mask?: Value | null },
): Splitting {
  requirePositiveStep(alpha);
  const read = (u: Value) => (mask === null ? prox(u, alpha) : mul(prox(u, alpha), mask));
  const twice = mask && mul(mask, 2);
  const reflect = (u: Value) =>
    twice === null ? reflection(u, alpha, prox) : sub(mul(prox(u, alpha), twice), u);
  return {
    // α(R + I)c with its R joined to the other: one sum a step, and two products less a solve.
    map: (c) => {
      const step = mul(c, alpha);
      return (u) => [applyBlocks(basis, reflected, add(reflect(u), step), step)];
    },
    read,
  };
}

/**
 * W as blocks of tiers: lower block bidiagonal, `diagonal[i]` [F, 2Mᵢ, 2Mᵢ] and `lower[i]`
 * [F, 2Mᵢ₊₁, 2Mᵢ] from tier i to tier i + 1.
 */
export interface Bidiagonal {
  readonly diagonal: readonly Value[];
  readonly lower: readonly Value[];
}

/**
 * R = 2(I + α(I − W))⁻¹ − I by blocks, V = (I + α(I − W))⁻¹ by substitution: Vᵢᵢ inverts tier i's own
 * block, Vⱼᵢ = α Vⱼⱼ Wⱼ,ⱼ₋₁ Vⱼ₋₁,ᵢ. Entry [j][i] is null above the diagonal.
 */
export function reflectedTiers(
  { diagonal, lower }: Bidiagonal,
  alpha: number,
): readonly (readonly (Value | null)[])[] {
  requirePositiveStep(alpha);
  const own = diagonal.map((W) => inverse(sub(mul(blockUnit(W), 1 + alpha), mul(W, alpha))));
  const rows: (Value | null)[][] = [];
  own.forEach((V, j) => {
    const above = rows[j - 1];
    const step = j > 0 ? matmul(V, mul(lower[j - 1], row(alpha, lower[j - 1]))) : null;
    rows.push(
      own.map((_, i) => {
        if (i > j) return null;
        return i === j ? V : matmul(step!, above[i]!);
      }),
    );
  });
  return rows.map((row, j) =>
    row.map((V, i) => V && (i === j ? sub(mul(V, 2), blockUnit(V)) : mul(V, 2))),
  );
}

/** Blocks of tiers [2Mⱼ, 2Mᵢ] as blocks [F, 2M, 2M] of all: both rows of a pair, tier by tier. */
export function joinTiers(rows: readonly (readonly (Value | null)[])[]): Value {
  if (rows.length === 1) return rows[0][0]!;
  const own = rows.map((row, j) => row[j]!);
  const frequencies = Number(own[0].shape[0]);
  const widths = own.map(({ shape }) => Number(shape[1]) / 2);
  const total = widths.reduce((sum, m) => sum + m, 0);
  const joined = concat(
    rows.map((row, j) =>
      concat(
        row.map((block, i) =>
          block === null
            ? zeros([frequencies, 2, widths[j], 2, widths[i]], own[0])
            : reshape(block, [frequencies, 2, widths[j], 2, widths[i]]),
        ),
        4,
      ),
    ),
    2,
  );
  return reshape(joined, [frequencies, 2 * total, 2 * total]);
}

const zeros = (shape: readonly number[], { dtype }: Value): Value =>
  apply("Expand", [constant(0, dtype), constant(shape, "int64")]);

/**
 * A number as the row that broadcasts over blocks: ONNX Runtime joins a product by a scalar with the
 * matrix product beside it, and rounds the scalar to single precision there.
 */
const row = (number: number, { shape, dtype }: Value): Value =>
  constant(Array<number>(Number(shape.at(-1))).fill(number), dtype);

/** The identity of the type of one block [F, n, n], as [n, n]. */
export function blockUnit({ shape, dtype }: Value): Value {
  const n = Number(shape.at(-1));
  return constant(
    Array.from({ length: n * n }, (_, k) => +(k % (n + 1) === 0)),
    dtype,
    [n, n],
  );
}
