import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { div, exp, mul, sqrt } from "../graph/ops/elementwise.ts";
import { reduceSumSquare } from "../graph/ops/reduction.ts";
import { tensorOf } from "../graph/tensor.ts";
import type { Parameters } from "./model.ts";

/**
 * How A and B make W = (1 − m)I − AᵀA + B − Bᵀ: as they are, or with their size learned apart from
 * their direction, AᵀA → g·AᵀA/‖A‖_F² and B → h·B/‖B‖_F. Of g its logarithm is learned: a negative g
 * would void the guarantee. Winston & Kolter (2020), arXiv:2006.08591, section 3.4.
 */
export const parametrisations = ["plain", "normalised"] as const;
export type Parametrisation = (typeof parametrisations)[number];

/** @throws UsageError  for a name that is none */
export function requireParametrisation(name: string): void {
  if (!(parametrisations as readonly string[]).includes(name)) {
    throw new UsageError(
      `unknown parametrisation "${name}"`,
      `known: ${parametrisations.join(", ")}`,
    );
  }
}

/** What the sizes of A (`log g` = 0) and B (`h` = 1) start from, under the matrices' names. */
export const initialSizes = (
  parametrisation: Parametrisation,
  { gram, skew }: { readonly gram: readonly string[]; readonly skew: readonly string[] },
): Parameters =>
  parametrisation === "plain"
    ? {}
    : Object.fromEntries([
        ...gram.map((name) => [`${name}.logSize`, tensorOf(Float32Array.of(0), [1])]),
        ...skew.map((name) => [`${name}.size`, tensorOf(Float32Array.of(1), [1])]),
      ]);

/** √g · A/‖A‖_F, whose Gram matrix is g·AᵀA/‖A‖_F²; or A, where no size is learned. Any shape. */
export const sizedGram = (parameters: Values, name: string): Value => {
  const logSize = parameters[`${name}.logSize`];
  const A = parameters[name];
  return logSize === undefined ? A : mul(A, div(exp(mul(logSize, 0.5)), norm(A)));
};

/** h · B/‖B‖_F, or B. Any shape. */
export const sizedSkew = (parameters: Values, name: string): Value => {
  const size = parameters[`${name}.size`];
  const B = parameters[name];
  return size === undefined ? B : mul(B, div(size, norm(B)));
};

/** ‖·‖_F */
const norm = (x: Value): Value => sqrt(reduceSumSquare(x));
