import { randomStream } from "../data/random.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { div, maximum, minimum, mul, sqrt, square } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { reshape, transpose } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { elementCount } from "../graph/shape.ts";
import { type Tensor, tensorOf } from "../graph/tensor.ts";
import { constant, customVjp } from "../graph/value.ts";
import type { Parameters, Supplies } from "./model.ts";

/** How the weights that act on a state are kept small. */
export type WeightNormalisation =
  | { readonly kind: "none" }
  /** W = g V/‖V‖, row by row, with a learned g for each row. */
  | { readonly kind: "weight" }
  | {
      /** W = s V/‖V‖₂ with the spectral norm of V as a matrix [rows, the rest]. */
      readonly kind: "spectral";
      /** s, the spectral norm that W is given. */
      readonly target?: number;
      /** "shrink" leaves a V below the target as it is; "learned" makes s a parameter that starts there. */
      readonly scale?: "fixed" | "shrink" | "learned";
      /**
       * "carried": one step of the power method for each step of training, from the vector of the
       * step before. "converged": 4096 of them, by squaring, as evaluation and export always do.
       */
      readonly power?: "carried" | "converged";
    };

/** Names of what normalisation adds to the parameters of a weight. */
const gainOf = (name: string) => `${name}.gain`;
const scaleOf = (name: string) => `${name}.scale`;

/** @throws UsageError */
export function checkNormalisation(normalise: WeightNormalisation): void {
  if (normalise.kind !== "spectral") return;
  const { target = 1 } = normalise;
  if (!(target > 0 && Number.isFinite(target)))
    throw new UsageError(`spectral normalisation: target ${target} is not positive`);
}

/** The parameters that come with the weights: gains that change nothing at first, or scales. */
export function normalisationParameters(
  normalise: WeightNormalisation,
  weights: Parameters,
): Parameters {
  const added: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(weights)) {
    if (normalise.kind === "weight") {
      const columns = data.length / shape[0];
      const gain = Float32Array.from({ length: shape[0] }, (_, row) =>
        Math.hypot(...Array.from(data.slice(row * columns, (row + 1) * columns), Number)),
      );
      added[gainOf(name)] = tensorOf(gain, [shape[0]]);
    } else if (normalise.kind === "spectral" && normalise.scale === "learned") {
      added[scaleOf(name)] = tensorOf(Float32Array.of(normalise.target ?? 1), [1]);
    }
  }
  return added;
}

/** The vector that the power method of a weight begins with. */
export function firstDirection(shape: readonly number[], seed: number, name: string): Tensor {
  const random = randomStream(seed, "power-method", name);
  return tensorOf(Float32Array.from({ length: shape[0] }, random.normal), [1, shape[0]]);
}

/**
 * The parameters with the named weights normalised, and without what normalisation added. The
 * spectral norm is differentiated as uᵀVv with u and v held, which is exact once they have converged.
 *
 * Miyato et al. (2018), "Spectral normalization", arXiv:1802.05957; Salimans & Kingma (2016),
 * "Weight normalization", arXiv:1602.07868.
 */
export function normalised(
  normalise: WeightNormalisation,
  weights: readonly string[],
  parameters: Values,
  supplies?: Supplies,
): Values {
  if (normalise.kind === "none") return parameters;
  const result: Record<string, Value> = { ...parameters };
  for (const name of weights) {
    const V = result[name];
    const rows = Number(V.shape[0]);
    const matrix = reshape(V, [rows, elementCount(V.shape)! / rows]);
    const column = (v: Value) => reshape(v, [rows, ...V.shape.slice(1).map(() => 1)]);
    if (normalise.kind === "weight") {
      const norms = maximum(sqrt(reduceSum(square(matrix), [1])), tiny);
      result[name] = mul(V, column(div(result[gainOf(name)], norms)));
      delete result[gainOf(name)];
      continue;
    }
    const { target = 1, scale = "fixed", power = "carried" } = normalise;
    const carried = power === "carried" ? supplies?.carried[name] : undefined;
    const u = carried ?? dominant(matrix, name);
    const v = unit(matmul(u, matrix));
    const next = unit(matmul(v, transpose(matrix)));
    if (supplies && carried) supplies.next.carried[name] = next;
    const norm = spectralNormAlong(matrix, held(next), held(v));
    const factor = div(scale === "learned" ? reshape(result[scaleOf(name)], []) : target, norm);
    result[name] = mul(V, scale === "shrink" ? minimum(factor, 1) : factor);
    delete result[scaleOf(name)];
  }
  return result;
}

const tiny = 1e-30;

/** uᵀVv for rows u [1, m] and v [1, n], at least tiny: a scalar. */
const spectralNormAlong = (V: Value, u: Value, v: Value) =>
  maximum(reshape(matmul(matmul(u, V), transpose(v)), []), tiny);

const unit = (row: Value) => div(row, maximum(sqrt(reduceSum(square(row))), tiny));

/** The same number without a derivative. */
const held = (value: Value) => customVjp([value], [], () => [null])[0];

/**
 * A row [1, m] along V's largest left singular vector: (V Vᵀ)⁴⁰⁹⁶ applied to a vector, by twelve
 * squarings of the smaller Gram matrix. The norm along it is short of ‖V‖₂ by a factor of at most
 * about 1 − ln(m)/16384 whatever the other singular values.
 */
function dominant(V: Value, name: string): Value {
  const [m, n] = V.shape.map(Number);
  const size = Math.min(m, n);
  let gram = m <= n ? matmul(V, transpose(V)) : matmul(transpose(V), V);
  for (let k = 0; k < 12; k++) {
    gram = div(gram, maximum(sqrt(reduceSum(square(gram))), tiny));
    gram = matmul(gram, gram);
  }
  const random = randomStream(0, "power-method", name);
  const start = constant(Array.from({ length: size }, random.normal), V.dtype, [1, size]);
  const found = unit(matmul(start, gram));
  return held(m <= n ? found : unit(matmul(found, transpose(V))));
}
