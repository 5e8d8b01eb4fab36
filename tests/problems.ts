import { mulberryMatrix } from "../src/data/random.ts";
import type { Value } from "../src/graph/node.ts";
import { add, exp, mul, tanh } from "../src/graph/ops/elementwise.ts";
import { affine } from "../src/graph/ops/linear.ts";
import { constant } from "../src/graph/value.ts";

/** A map of rows [N, n] in float64 with what is known of its fixed point. */
export interface FixedPointProblem {
  readonly name: string;
  readonly n: number;
  readonly f: (z: Value) => Value;
  /** The fixed point of every row, where it is known in closed form. */
  readonly solution?: readonly number[];
  /** How plain iteration from zero ends. */
  readonly outcome: "converged" | "diverged" | "max-iterations" | "non-finite";
}

const diagonal = (factors: readonly number[], shift: readonly number[]) => (z: Value) =>
  add(mul(z, constant(factors, "float64")), constant(shift, "float64"));
const limit = (factors: readonly number[], shift: readonly number[]) =>
  factors.map((factor, i) => shift[i] / (1 - factor));

const linear = (
  name: string,
  factors: readonly number[],
  shift: readonly number[],
  outcome: FixedPointProblem["outcome"],
): FixedPointProblem => ({
  name,
  n: factors.length,
  f: diagonal(factors, shift),
  solution: limit(factors, shift),
  outcome,
});

const random = (seed: number, rows: number, columns: number, scale: number) =>
  constant(
    [...mulberryMatrix(seed, rows, columns)].map((x) => x * scale),
    "float64",
    [rows, columns],
  );

/** Maps that every method meets. */
export const problems: readonly FixedPointProblem[] = [
  linear("quick", [0.1, -0.2, 0.3], [1, 2, -3], "converged"),
  linear("slow", [0.97, 0.5], [1, 1], "converged"),
  linear("oscillating", [-0.9, 0.1], [1, 1], "converged"),
  linear("already solved", [0.5, 0.5], [0, 0], "converged"),
  linear("turning over", [-1, 0.5], [1, 1], "max-iterations"),
  linear("expansive", [3, 0.5], [1, 1], "diverged"),
  {
    name: "overflowing",
    n: 1,
    f: (z) => add(exp(mul(z, 3)), constant([1], "float64")),
    outcome: "non-finite",
  },
  {
    name: "a tanh layer",
    n: 8,
    f: (z) => tanh(affine(z, random(1, 8, 8, 0.25), random(2, 1, 8, 1))),
    outcome: "converged",
  },
];
