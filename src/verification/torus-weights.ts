import { DataError, ShapeError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { gamma, unitRoundoff } from "../linalg/bounds.ts";
import { frobeniusNorm, gram, type Matrix, shift, transpose } from "../linalg/matrix.ts";
import type { Convolution } from "./certificate.ts";
import { inputScaleOf, requiredNumbers } from "./weights.ts";

/**
 * What a network of circular convolutions computes with: W and R are QᵀŴQ and QᵀR̂Q with blocks Ŵ, R̂
 * and a basis Q that float32 leaves orthonormal but for a defect.
 */
export interface TorusWeights {
  readonly W: readonly Matrix[];
  readonly R: readonly Matrix[]; // of the same sizes
  /** ‖QᵀQ − I‖₂ is at most this, proven. */
  readonly defect: number;
  readonly U: Matrix; // [n × C·k²], the kernels
  readonly W_o: Matrix;
  readonly inputScale: Float64Array | null;
}

/**
 * @throws DataError  for a tensor that is missing, not float32, NaN or infinite, a scale of 0, or a
 *   Q that is no basis
 * @throws ShapeError  for shapes that do not fit together
 */
export function torusWeightsOf(
  tensors: Readonly<Record<string, Tensor>>,
  { planes, side, kernel }: Convolution,
): TorusWeights {
  const read = (name: string, axes: readonly string[], known: Readonly<Record<string, number>>) =>
    requiredNumbers(tensors, name, axes, known);
  const W = read("W", ["F", "2M", "2M"], {});
  const [pairs, width] = W.shape;
  const R = read("R", ["F", "2M", "2M"], { F: pairs, "2M": width });
  const Q = basisOf(tensors, pairs);
  const U = read("U", ["n", "taps"], { taps: planes * kernel * kernel });
  const W_o = read("W_o", ["k", "features"], {});

  const { rows, cols, data } = Q;
  const used = Array.from({ length: rows }, (_, row) =>
    data.subarray(row * cols, (row + 1) * cols).some((x) => x !== 0),
  );
  if (used.filter(Boolean).length !== cols) {
    throw new DataError(`tensor "Q": ${cols} places want as many vectors: it is no basis`);
  }
  // Rows of zeros pair with nothing: what the blocks hold there takes no part in the product.
  const half = width / 2;
  const keptOf = (f: number) =>
    Array.from({ length: width }, (_, at) => at).filter((at) => used[2 * f + +(at >= half)]);
  const blocks = (stack: Float64Array) =>
    Array.from({ length: pairs }, (_, f) => {
      const kept = keptOf(f);
      const block = stack.subarray(f * width * width, (f + 1) * width * width);
      const entries = kept.flatMap((i) => kept.map((j) => block[i * width + j]));
      return { rows: kept.length, cols: kept.length, data: Float64Array.from(entries) };
    }).filter((block) => block.rows > 0);
  const vectors = {
    rows: cols,
    cols,
    data: Float64Array.from(
      used.flatMap((is, row) => (is ? [...data.subarray(row * cols, (row + 1) * cols)] : [])),
    ),
  };
  return {
    W: blocks(W.data),
    R: blocks(R.data),
    defect: defectOf(vectors, Q.rounding),
    U: { rows: U.shape[0], cols: U.shape[1], data: U.data },
    W_o: { rows: W_o.shape[0], cols: W_o.shape[1], data: W_o.data },
    inputScale: inputScaleOf(tensors, planes * side * side),
  };
}

/** Q, or T (Q ⊗ I), and a bound of the rounding made in multiplying it out, ‖·‖_F. */
function basisOf(
  tensors: Readonly<Record<string, Tensor>>,
  pairs: number,
): Matrix & { readonly rounding: number } {
  if (!("T" in tensors)) {
    const { shape, data } = requiredNumbers(tensors, "Q", ["2F", "P"], { "2F": 2 * pairs });
    return { rows: shape[0], cols: shape[1], data, rounding: 0 };
  }
  const T = requiredNumbers(tensors, "T", ["G", "2q", "2q"], {});
  const [groups, size] = T.shape;
  const phases = size / 2;
  if (groups * phases !== pairs)
    throw new ShapeError(`tensor "T" is [${T.shape}]: not for ${pairs} pairs of vectors`);
  const Q = requiredNumbers(tensors, "Q", ["2G", "P/q"], { "2G": 2 * groups });
  const squares = Q.shape[1];
  const cols = squares * phases;
  const out = new Float64Array(2 * pairs * cols);
  let squaresOfTerms = 0;
  for (let row = 0; row < 2 * pairs; row++) {
    const f = Math.floor(row / size);
    for (let place = 0; place < cols; place++) {
      const [square, phase] = [Math.floor(place / phases), place % phases];
      for (const j of [0, 1]) {
        const term =
          T.data[row * size + j * phases + phase] * Q.data[(2 * f + j) * squares + square];
        out[row * cols + place] += term;
        squaresOfTerms += term * term;
      }
    }
  }
  return {
    rows: 2 * pairs,
    cols,
    data: out,
    rounding: 8 * unitRoundoff * Math.sqrt(squaresOfTerms),
  };
}

/** A proven bound of ‖QᵀQ − I‖₂ by its Frobenius norm. */
function defectOf(Q: Matrix, rounding: number): number {
  const size = frobeniusNorm(Q);
  const found = frobeniusNorm(shift(gram(transpose(Q)), -1));
  const margin = 2 * gamma(Q.rows + 4) * (size * size + Math.sqrt(Q.cols)) + 4 * size * rounding;
  return (found + margin) * (1 + 8 * unitRoundoff);
}
