import { DataError } from "../errors.ts";
import { gemm } from "../graph/ops/linear.ts";
import { constantOf, type Tensor, tensorOf } from "../graph/tensor.ts";
import { splitNeurons } from "../models/ren/implicit.ts";
import { type NeuronsOf, triangularNeurons } from "../models/ren/recurrence.ts";
import type { StepModel } from "./step-model.ts";
import { reflected } from "./step-neurons.ts";

/** Of a full D11, what its equation is solved by: made of D11, and held against it when the file is read. */
export const resolventName = "D11.reflected";

/**
 * How a file solves w = σ(D11 w + v): by substitution, or, where D11 is full, by splitting to the tolerance of
 * single precision, after which the equation itself gives w.
 */
export function fileNeurons({ feedback, tensors }: StepModel): NeuronsOf {
  if (feedback !== "full") return triangularNeurons;
  const R = constantOf(resolventOf(tensors.D11), resolventName);
  const options = { rtol: 3e-7, maxIterations: 500, testEvery: 4 };
  return (D11, sigma) => {
    const found = splitNeurons(R, sigma, 1, options);
    return { ...found, solve: (v) => sigma(gemm(D11, found.solve(v), v)) };
  };
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
