import { DataError, ShapeError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { SplittingKind } from "../models/monotone-deq.ts";

/** What a monotone equilibrium network computes with, by name in its file: float32, widened. */
export interface Weights {
  readonly W: Matrix; // [n × n]
  readonly R: Matrix | null; // [n × n], only where the iteration multiplies with it
  readonly U: Matrix; // [n × d]
  readonly W_o: Matrix; // [k × n]
  readonly inputScale: Float64Array | null; // [d]
}

/**
 * The weights that claims are about, checked once. Tensors of other names do not matter to them.
 *
 * @throws DataError  for one that is missing, not float32, NaN or infinite, or a scale of 0
 * @throws ShapeError  for shapes that do not fit together
 */
export function weightsOf(
  tensors: Readonly<Record<string, Tensor>>,
  splitting: SplittingKind,
): Weights {
  const W = required(tensors, "W", ["n", "n"], {});
  const sizes = { n: W.rows };
  const R = splitting === "peaceman-rachford" ? required(tensors, "R", ["n", "n"], sizes) : null;
  if (R === null && "R" in tensors) {
    throw new DataError('tensor "R" is there, which forward-backward does not use');
  }
  const U = required(tensors, "U", ["n", "d"], sizes);
  const W_o = required(tensors, "W_o", ["k", "n"], sizes);
  return { W, R, U, W_o, inputScale: inputScaleOf(tensors, U.cols) };
}

/** What networks only add, by its name in their files: `b`, `b_o`, `b0`, `b_x`, `layer0.bias`, `input.mean`. */
const added = /^b(\d+|_[a-z])?$|\.(bias|mean)$/;

/**
 * What is only added drops out of the differences that claims are about, if it is a number: one NaN
 * makes every answer NaN. (Constants of a file's graph, which are in its tensors too, may be infinite.)
 *
 * @throws DataError  naming such a tensor with an entry that is NaN or infinite
 */
export function requireAdded(tensors: Readonly<Record<string, Tensor>>): void {
  for (const [name, tensor] of Object.entries(tensors))
    if (added.test(name)) finiteNumbers(name, tensor);
}

/** The deviations that inputs are divided by [d], where the file has them. */
export function inputScaleOf(
  tensors: Readonly<Record<string, Tensor>>,
  d: number,
): Float64Array | null {
  if (!("input.scale" in tensors)) return null;
  const { data } = required(tensors, "input.scale", ["d"], { d });
  const zero = data.indexOf(0);
  if (zero >= 0) throw new DataError(`tensor "input.scale": entry ${zero} is 0`);
  return data;
}

/** A tensor as a matrix; a vector as one row. Sizes that are not known yet are bound by the tensor. */
function required(
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  wanted: readonly string[],
  known: Readonly<Record<string, number>>,
): Matrix {
  const { shape, data } = requiredNumbers(tensors, name, wanted, known);
  const [rows, cols] = shape.length === 1 ? [1, shape[0]] : shape;
  return { rows, cols, data };
}

/**
 * The numbers of a float32 tensor, widened.
 *
 * @throws DataError  for one that is missing, not float32, NaN or infinite
 * @throws ShapeError  for another rank, or a size that is not the known one
 */
export function requiredNumbers(
  tensors: Readonly<Record<string, Tensor>>,
  name: string,
  wanted: readonly string[],
  known: Readonly<Record<string, number>>,
): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const tensor = tensors[name];
  if (tensor === undefined) throw new DataError(`tensor "${name}" is missing`);
  const { dtype, shape } = tensor;
  if (dtype !== "float32") {
    throw new DataError(`tensor "${name}" is ${dtype}: claims are about weights in float32`);
  }
  const sizes: Record<string, number> = { ...known };
  const fits =
    shape.length === wanted.length &&
    wanted.every((axis, i) => {
      sizes[axis] ??= shape[i];
      return sizes[axis] === shape[i] && shape[i] > 0;
    });
  if (!fits) {
    const axes = wanted.map((axis) => (axis in known ? `${axis} = ${known[axis]}` : axis));
    throw new ShapeError(`tensor "${name}" is ${formatShape(shape)}, not [${axes.join(", ")}]`);
  }
  return { shape, data: finiteNumbers(name, tensor) };
}

function finiteNumbers(name: string, { shape, data }: Tensor): Float64Array {
  const numbers = Float64Array.from(data, Number);
  const at = numbers.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return numbers;
  const cols = shape.at(-1) ?? 1;
  const place = shape.length < 2 ? at : `(${Math.floor(at / cols)}, ${at % cols})`;
  throw new DataError(`tensor "${name}": entry ${place} is ${numbers[at]}`);
}
