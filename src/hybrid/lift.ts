import { refuseUnknown } from "../errors/suggest.ts";
import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, cos, mul, relu } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { affine } from "../graph/ops/linear.ts";
import { concat } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import { type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import {
  checkDictionary,
  type Dictionary,
  expanded,
  type Frozen,
  frozen,
  monomialColumns,
} from "./dictionary.ts";
import { regress } from "./regression.ts";

/** A layer as one linear map of observables of its input: y ≈ K ψ(x), ψ(x) = [1, z, features(z)]. */
export interface Lift {
  readonly dictionary: Dictionary;
  readonly inputs: number;
  readonly outputs: number;
  /** z = (x − mean) / scale; an input that does not vary has the scale 1. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** Random weights, drawn once and not trained. */
  readonly frozen: Frozen | null;
  readonly operator: Matrix; // K [outputs × observables]
  /** Numbers that are stored to compute it, and multiply-adds for one input. */
  readonly parameters: number;
  readonly multiplyAdds: number;
}

export interface LiftOptions {
  readonly dictionary: Dictionary;
  /** λ of `regress`: 1e-8 unless given. */
  readonly ridge?: number;
  /** Principal directions of the observables that are kept. */
  readonly rank?: number;
}

/**
 * K = argmin Σ ‖y − K ψ(x)‖² + ridge, the extended dynamic mode decomposition of one layer.
 *
 * @param X  inputs of the layer [samples × inputs]
 * @param Y  its outputs [samples × outputs]
 * @throws UsageError  for an unknown option or dictionary
 * @throws ShapeError  for other numbers of rows
 *
 * Williams, Kevrekidis & Rowley (2015), "A data-driven approximation of the Koopman operator",
 * doi:10.1007/s00332-015-9258-5, with inputs and outputs of a layer as the pairs.
 */
export function fitLift(X: Matrix, Y: Matrix, options: LiftOptions): Lift {
  refuseUnknown("fitLift", options, ["dictionary", "ridge", "rank"]);
  const { dictionary, ridge, rank } = options;
  checkDictionary(dictionary, X.cols);
  const { mean, scale } = momentsOf(X);
  const random = frozen(dictionary, X.cols);
  const observables = expanded(dictionary, random, standardised(X, mean, scale));
  const { weights, constant: shift } = regress(observables, Y, { ridge, rank });
  const cols = 1 + weights.cols;
  const operator = matrix(Y.cols, cols, (i, j) =>
    j === 0 ? shift[i] : weights.data[i * weights.cols + j - 1],
  );
  const [inputs, outputs, features] = [X.cols, Y.cols, weights.cols - X.cols];
  const drawn = random ? features * (inputs + 1) : 0;
  const products =
    dictionary.kind === "polynomial"
      ? inputs + monomialColumns(inputs, dictionary.degree).reduce((n, of) => n + of.length - 1, 0)
      : 0;
  return {
    ...{ dictionary, inputs, outputs, mean, scale, frozen: random, operator },
    parameters: outputs * cols + drawn + (dictionary.kind === "polynomial" ? 2 * inputs : 0),
    multiplyAdds: outputs * weights.cols + (random ? features * inputs : 0) + products,
  };
}

/** ψ(x) of every row without its leading 1: [samples × observables − 1], in float64. */
export function observablesOf(lift: Lift, X: Matrix): Matrix {
  requireInputs(lift, X.cols);
  const { dictionary, mean, scale } = lift;
  return expanded(dictionary, lift.frozen, standardised(X, mean, scale));
}

/** K ψ(x) of every row [samples × inputs] → [samples × outputs], in float64. */
export function lifted(lift: Lift, X: Matrix): Matrix {
  const { shift, linear } = parts(lift);
  const Y = product(observablesOf(lift, X), transpose(linear));
  for (let k = 0; k < Y.data.length; k++) Y.data[k] += shift[k % Y.cols];
  return Y;
}

/**
 * K ψ(x) as a graph: x [batch × inputs] → [batch × outputs] of its dtype. Standardisation is multiplied into
 * the weights, except where products of standardised inputs are taken.
 *
 * @throws ShapeError  for an x that is not [batch, inputs]
 */
export function liftValue(lift: Lift, x: Value): Value {
  requireInputs(lift, x.shape.length === 2 ? x.shape[1] : Number.NaN);
  const { dictionary, inputs, outputs, mean, scale, operator } = lift;
  const numbers = (data: ArrayLike<number>, shape: readonly number[]) =>
    constant(Array.from(data), x.dtype, shape);
  const inverse = scale.map((s) => 1 / s);
  if (dictionary.kind === "polynomial") {
    const z = add(
      mul(x, numbers(inverse, [inputs])),
      numbers(
        mean.map((m, j) => -m * inverse[j]),
        [inputs],
      ),
    );
    const products = monomialColumns(inputs, dictionary.degree);
    const features = [2, 3]
      .map((degree) => products.filter((of) => of.length === degree))
      .filter((of) => of.length > 0)
      .map((of) =>
        of[0]
          .map((_, factor) =>
            gather(
              z,
              constant(
                of.map((c) => c[factor]),
                "int64",
              ),
              1,
            ),
          )
          .reduce((a, b) => mul(a, b)),
      );
    const { shift, linear } = parts(lift);
    const observables = concat([z, ...features], 1);
    return affine(
      observables,
      numbers(linear.data, [outputs, linear.cols]),
      numbers(shift, [outputs]),
    );
  }
  const { shift, linear } = parts(lift);
  const direct = folded(
    matrix(outputs, inputs, (i, j) => linear.data[i * linear.cols + j]),
    shift,
    lift,
  );
  const y = affine(
    x,
    numbers(direct.weights.data, [outputs, inputs]),
    numbers(direct.bias, [outputs]),
  );
  if (dictionary.kind === "affine") return y;
  const { weights, bias } = folded(lift.frozen!.weights, lift.frozen!.bias, lift);
  const inner = affine(
    x,
    numbers(weights.data, [weights.rows, inputs]),
    numbers(bias, [weights.rows]),
  );
  const rest = matrix(
    outputs,
    weights.rows,
    (i, j) => operator.data[i * operator.cols + 1 + inputs + j],
  );
  const features = dictionary.kind === "fourier" ? cos(inner) : relu(inner);
  return add(y, affine(features, numbers(rest.data, [outputs, weights.rows])));
}

function requireInputs({ inputs }: Lift, given: unknown): void {
  if (given !== inputs)
    throw new ShapeError(`a lift of ${inputs} inputs: rows of ${inputs} numbers are wanted`);
}

/** K = [shift, linear]. */
function parts({ operator: { rows, cols, data } }: Lift): { shift: Float64Array; linear: Matrix } {
  const shift = Float64Array.from({ length: rows }, (_, i) => data[i * cols]);
  return { shift, linear: matrix(rows, cols - 1, (i, j) => data[i * cols + 1 + j]) };
}

/** W z + b as weights and bias of x. */
function folded(W: Matrix, b: Float64Array, { mean, scale }: Lift) {
  const weights = matrix(W.rows, W.cols, (i, j) => W.data[i * W.cols + j] / scale[j]);
  const bias = b.map((value, i) => {
    let sum = value;
    for (let j = 0; j < W.cols; j++) sum -= weights.data[i * W.cols + j] * mean[j];
    return sum;
  });
  return { weights, bias };
}

function momentsOf({ rows, cols, data }: Matrix): { mean: Float64Array; scale: Float64Array } {
  const [mean, squares] = [new Float64Array(cols), new Float64Array(cols)];
  for (let k = 0; k < data.length; k++) mean[k % cols] += data[k] / rows;
  for (let k = 0; k < data.length; k++) squares[k % cols] += (data[k] - mean[k % cols]) ** 2 / rows;
  const deviation = squares.map(Math.sqrt);
  const most = deviation.reduce((a, b) => Math.max(a, b), 0);
  // An input that hardly varies (a dead unit) would be blown up to noise.
  return { mean, scale: deviation.map((d) => (d > 1e-6 * most ? d : 1)) };
}

function standardised(X: Matrix, mean: Float64Array, scale: Float64Array): Matrix {
  const { cols } = X;
  return { ...X, data: X.data.map((x, k) => (x - mean[k % cols]) / scale[k % cols]) };
}
