import { vjp } from "../autodiff/gradient.ts";
import { randomStream } from "../data/random.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, cast, mul, square } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { expandTo, reshape, slice, split, unsqueeze } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { elementCount } from "../graph/shape.ts";
import { constant } from "../graph/value.ts";
import type { StateMap } from "../solvers/iterate.ts";
import type { Noise } from "./model.ts";

/*
 * ‖∂f/∂z‖²_F of each sample, exactly or by Hutchinson's estimate ‖εᵀJ‖² with E[εεᵀ] = I. The ε are
 * rows of a Hadamard matrix with random signs on its columns, of which a step draws some by number:
 * their mean over all rows is ‖J‖²_F exactly, and a few small integers are all that has to be drawn.
 * The matrix of order s² is the Kronecker product of two of order s, so it is never formed.
 */

/** Numbers in the state of one sample. */
export const stateSize = (state: readonly (readonly number[])[]) =>
  state.reduce((sum, shape) => sum + elementCount(shape)!, 0);

/** The least power of two whose square is no less than the state's size. */
function sideOf(size: number): number {
  let side = 1;
  while (side * side < size) side *= 2;
  return side;
}

/** The numbers of the rows to draw for each sample: pairs [samples, 2]. */
export function signRows(state: readonly (readonly number[])[], samples: number): Noise {
  const side = sideOf(stateSize(state));
  return {
    per: "sample",
    shape: [samples, 2],
    draw: (random) => Math.floor(side * random.uniform()),
  };
}

/** ‖εᵀJ‖² [N], the mean over the drawn rows [N, samples, 2] of ε. */
export function estimatedSquaredJacobian(
  f: StateMap,
  z: readonly Value[],
  rows: Value,
  state: readonly (readonly number[])[],
): Value {
  const size = stateSize(state);
  const side = sideOf(size);
  const [{ dtype }] = z;
  const table = constant(
    Array.from({ length: side * side }, (_, k) => sign(Math.floor(k / side) & (k % side))),
    dtype,
    [side, side],
  );
  const random = randomStream(0, "column-signs");
  const columns = constant(
    Array.from({ length: size }, () => (random.uniform() < 0.5 ? -1 : 1)),
    dtype,
  );
  const fz = f(...z);
  const count = Number(rows.shape[1]);
  const at = (m: number, k: number) =>
    gather(
      table,
      gather(gather(cast(rows, "int64"), constant(m, "int64"), 1), constant(k, "int64"), 1),
    );
  const estimates = Array.from({ length: count }, (_, m) => {
    const outer = mul(unsqueeze(at(m, 0), [2]), unsqueeze(at(m, 1), [1]));
    const flat = slice(reshape(outer, [z[0].shape[0], side * side]), 1, { end: size });
    return squaredProduct(fz, z, parts(mul(flat, columns), z, state));
  });
  return mul(estimates.reduce(add), 1 / count);
}

/** Above this many entries of the state the rows of J are not taken one by one. */
const rowLimit = 32;

/** ‖J‖²_F [N], as the sum over the rows of J. @throws UsageError for a state of more than 32 numbers */
export function exactSquaredJacobian(
  f: StateMap,
  z: readonly Value[],
  state: readonly (readonly number[])[],
): Value {
  const size = stateSize(state);
  checkExact(state);
  const fz = f(...z);
  const rows = Array.from({ length: size }, (_, i) => {
    const unit = constant(
      Array.from({ length: size }, (_, j) => +(i === j)),
      z[0].dtype,
      [1, size],
    );
    const cotangents = parts(unit, z, state).map((part, k) => expandTo(part, z[k]));
    return squaredProduct(fz, z, cotangents);
  });
  return rows.reduce(add);
}

/** @throws UsageError for a state whose Jacobian is not taken row by row */
export function checkExact(state: readonly (readonly number[])[]): void {
  const size = stateSize(state);
  if (size > rowLimit) {
    throw new UsageError(
      `the exact Jacobian of a state of ${size} numbers; ${rowLimit} is the most`,
      "estimate it: samples of 1 or 2",
    );
  }
}

/** 1 for an even number of binary ones, −1 for an odd. */
const sign = (bits: number) => {
  let odd = 0;
  for (let rest = bits; rest > 0; rest = Math.floor(rest / 2)) odd ^= rest & 1;
  return odd === 1 ? -1 : 1;
};

/** Rows [N, size] cut into tensors of the state's shapes. */
function parts(flat: Value, z: readonly Value[], state: readonly (readonly number[])[]) {
  const cut = split(
    flat,
    1,
    state.map((shape) => elementCount(shape)!),
  );
  return cut.map((part, i) => reshape(part, [part.shape[0], ...z[i].shape.slice(1)]));
}

/** ‖εᵀJ‖² of each sample [N]. */
function squaredProduct(
  fz: readonly Value[],
  z: readonly Value[],
  epsilon: readonly Value[],
): Value {
  const products = vjp(fz, z, epsilon).filter((product) => product !== null);
  const sums = products.map((product) => {
    const [samples, ...shape] = product.shape;
    return reduceSum(square(reshape(product, [samples, elementCount(shape)!])), [1]);
  });
  if (sums.length === 0) throw new UsageError("the layer does not depend on its state");
  return sums.reduce(add);
}
