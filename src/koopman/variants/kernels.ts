import { median } from "../../data/quantiles.ts";
import { UsageError } from "../../errors.ts";
import type { Matrix } from "../../linalg/matrix.ts";

/** κ(x, y) = ⟨ψ(x), ψ(y)⟩ of features ψ that are never formed. */
export type Kernel = (x: Float64Array, y: Float64Array) => number;

/** κ = xᵀy: the state itself, without a constant. */
export const linearKernel: Kernel = (x, y) => x.reduce((sum, a, i) => sum + a * y[i], 0);

/**
 * κ = (c + xᵀy)^d: all monomials up to degree d.
 *
 * @throws UsageError  for a degree that is not whole and positive, or a negative c
 */
export function polynomialKernel(degree: number, constant = 1): Kernel {
  if (!(Number.isInteger(degree) && degree > 0))
    throw new UsageError(`polynomialKernel: degree ${degree}`, "whole and positive");
  if (!(constant >= 0 && constant < Infinity))
    throw new UsageError(`polynomialKernel: constant ${constant}`, "0 or more");
  return (x, y) => (constant + linearKernel(x, y)) ** degree;
}

/**
 * κ = exp(−‖x − y‖²/(2 w²)); see `medianDistance` for a width.
 *
 * @throws UsageError  for a width that is not positive
 */
export function gaussianKernel(width: number): Kernel {
  if (!(width > 0 && width < Infinity))
    throw new UsageError(`gaussianKernel: width ${width}`, "positive");
  return (x, y) => {
    const square = x.reduce((sum, a, i) => sum + (a - y[i]) ** 2, 0);
    return Math.exp(-square / (2 * width ** 2));
  };
}

/** The median of ‖x_i − x_j‖ over pairs of states [n × m], i < j: a usual width. */
export function medianDistance({ rows, cols, data }: Matrix): number {
  const distances: number[] = [];
  for (let i = 0; i < cols; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < rows; k++) square += (data[k * cols + i] - data[k * cols + j]) ** 2;
      distances.push(Math.sqrt(square));
    }
  }
  if (distances.length === 0)
    throw new UsageError("medianDistance of one state", "at least 2 states");
  return median(Float64Array.from(distances));
}
