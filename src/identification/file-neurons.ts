import { DataError } from "../errors.ts";
import { gemm } from "../graph/ops/linear.ts";
import { constantOf, type Tensor, tensorOf } from "../graph/tensor.ts";
import { matrix } from "../linalg/matrix.ts";
import { spectralNorm } from "../linalg/svd.ts";
import { splitNeurons } from "../models/ren/implicit.ts";
import { type NeuronsOf, triangularNeurons } from "../models/ren/recurrence.ts";
import type { StepModel } from "./step-model.ts";
import { reflected } from "./step-neurons.ts";

/** Of a full D11, what its equation is solved by: made of D11, and held against it when the file is read. */
export const resolventName = "D11.reflected";

/** Relative change, about that of rounding, at which the splitting is done; an error of 1/(1 − r) times as much may be left. */
const rtol = 3e-7;

/**
 * How a file solves w = σ(D11 w + v): by substitution, or, where D11 is full, by splitting to the tolerance of
 * single precision, after which the equation itself gives w.
 */
export function fileNeurons({ feedback, tensors, certificate }: StepModel): NeuronsOf {
  if (feedback !== "full") return triangularNeurons;
  const R = constantOf(resolventOf(tensors.D11), resolventName);
  const maxIterations = certificate === null ? 500 : stepsFor(tensors.D11, certificate.Lambda);
  const options = { rtol, maxIterations, testEvery: 4 };
  return (D11, sigma) => {
    const found = splitNeurons(R, sigma, 1, options);
    return { ...found, solve: (v) => sigma(gemm(D11, found.solve(v), v)) };
  };
}

/**
 * Steps that are sure to be enough. Each shrinks the error by r = ‖Λ½ R Λ⁻½‖₂ < 1 in the metric of Λ, in which
 * 2 prox − I does not grow it: rᵏ √cond Λ ≤ `rtol`.
 */
function stepsFor({ data, shape: [q] }: Tensor, Lambda: readonly number[]): number {
  const R = reflected(Float64Array.from(data, Number), q).data;
  const r = spectralNorm(matrix(q, q, (i, j) => R[i * q + j] * Math.sqrt(Lambda[i] / Lambda[j])));
  const condition = Math.max(...Lambda) / Math.min(...Lambda);
  const steps = Math.ceil(Math.log(rtol / Math.sqrt(condition)) / Math.log(r));
  return r < 1 ? Math.max(500, steps) : 500;
}

/** @throws DataError  where the neurons are solved by another matrix than the one that D11 makes */
export function requireResolvent(found: Tensor | undefined, D11: Tensor, source: string): void {
  const wanted = resolventOf(D11).data;
  const same =
    found?.data.length === wanted.length &&
    wanted.every((value, i) => Math.abs(Number(value) - Number(found.data[i])) <= 1e-5);
  if (same) return;
  throw new DataError(`${source}: ${resolventName} is not that of D11`, {
    hint: "one of them was changed after the file was written",
  });
}

const resolventOf = ({ data, shape }: Tensor): Tensor => {
  const R = reflected(Float64Array.from(data, Number), shape[0]);
  return tensorOf(Float32Array.from(R.data), shape);
};
