import { CertificateError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { affine } from "../graph/ops/linear.ts";
import { reshape } from "../graph/ops/movement.ts";
import { tensor } from "../graph/value.ts";
import { cholesky } from "../linalg/cholesky.ts";
import { identity, type Matrix, transpose } from "../linalg/matrix.ts";
import { solveUpper } from "../linalg/triangular.ts";
import type { SequenceModel } from "../models/sequence.ts";
import { type Stretched, stretch } from "./gain-search.ts";

/**
 * The largest gain found, (Σ‖Δy‖² / Σ‖Δu‖²)^½ from equal states, by gradient ascent from pairs of
 * input sequences [N, T · inputs]: what γ bounds from above. Each number is attained.
 */
export function gainOfSequences(
  model: SequenceModel,
  explicit: Values,
  x0: Value, // [N, states]
  u: Value,
  v: Value,
  options: Parameters<typeof stretch>[3] = {},
): Stretched {
  const [samples, width] = [u.shape[0], Number(u.shape[1])];
  const steps = width / model.inputs;
  const map = (rows: Value) => {
    const { y } = model.simulate(explicit, reshape(rows, [samples, steps, model.inputs]), x0);
    return reshape(y, [samples, steps * model.outputs]);
  };
  return stretch(map, u, v, options);
}

/**
 * The slowest contraction found, ‖Δx⁺‖_𝒫 / ‖Δx‖_𝒫 of one step under equal inputs u [N, inputs], by
 * gradient ascent from pairs of states given in the coordinates ξ = Lᵀx, 𝒫 = LLᵀ [N, states]: what ᾱ
 * bounds from above.
 *
 * @throws CertificateError  for a 𝒫 that is not positive definite
 */
export function contractionOfStep(
  model: SequenceModel,
  explicit: Values,
  P: Matrix,
  u: Value,
  pair: readonly [Value, Value],
  options: Parameters<typeof stretch>[3] = {},
): Stretched {
  const lower = cholesky(P);
  if (lower === null) throw new CertificateError("the metric is not positive definite");
  const upper = transpose(lower);
  const asValue = ({ rows, cols, data }: Matrix) =>
    tensor(pair[0].dtype === "float64" ? data : Float32Array.from(data), [rows, cols]);
  const [into, out] = [asValue(upper), asValue(solveUpper(upper, identity(P.rows)))];
  const map = (xi: Value) => affine(model.step(explicit, u, affine(xi, out)).x, into);
  return stretch(map, ...pair, options);
}
