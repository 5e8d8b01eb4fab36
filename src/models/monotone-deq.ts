import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add, div, maximum, mul, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { affine, gemm } from "../graph/ops/linear.ts";
import { filled, matrixTranspose } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { fixedPoint } from "../solvers/fixed-point.ts";
import type { SolveOptions } from "../solvers/options.ts";
import { picard } from "../solvers/picard.ts";
import { type ProxKind, proxOf } from "../solvers/prox.ts";
import {
  forwardBackward,
  identityLike,
  peacemanRachford,
  reflectedResolvent,
} from "../solvers/splitting.ts";
import { uniformFanIn } from "./initialise.ts";
import type { Model } from "./model.ts";

export type SplittingKind = "peaceman-rachford" | "forward-backward";

export interface MonotoneDeqOptions {
  readonly inputs: number;
  readonly width: number;
  readonly outputs: number;
  /** Strong monotonicity: λmin(I − (W + Wᵀ)/2) ≥ m by construction. */
  readonly m?: number;
  readonly activation?: ProxKind;
  readonly splitting?: SplittingKind;
  /** Step of the splitting. */
  readonly alpha?: number;
  readonly forward?: Partial<SolveOptions>;
  readonly backward?: Partial<SolveOptions>;
}

/**
 * Monotone operator equilibrium network, fully connected:
 *
 *   z* = σ(W z* + U x + b),  y = W_o z* + b_o,  W = (1 − m)I − AᵀA + B − Bᵀ
 *
 * so that I − W ⪰ mI and z* exists and is unique for every x and all A, B. Parameters: A, B [n, n],
 * U [n, inputs], b [n], W_o [outputs, n], b_o [outputs].
 *
 * Winston & Kolter (2020), "Monotone operator equilibrium networks", arXiv:2006.08591.
 */
export function monotoneDeq({
  inputs,
  width,
  outputs,
  m = 1,
  activation = "relu",
  splitting = "peaceman-rachford",
  alpha = 1,
  forward = {},
  backward = {},
}: MonotoneDeqOptions): Model {
  if (!(m > 0)) throw new UsageError(`monotoneDeq: m = ${m}: the monotonicity must be positive`);
  const prox = proxOf(activation);
  return {
    kind: "monotone-deq",
    inputs,
    outputs,
    initialise: (seed) => {
      const draw = (name: string, shape: readonly number[], fanIn: number) =>
        uniformFanIn(shape, fanIn, seed, name);
      return {
        A: draw("A", [width, width], width),
        B: draw("B", [width, width], width),
        U: draw("U", [width, inputs], inputs),
        b: draw("b", [width], inputs),
        W_o: draw("W_o", [outputs, width], width),
        b_o: draw("b_o", [outputs], width),
      };
    },
    explicit: ({ A, B, ...rest }) => {
      const W = monotoneWeight(A, B, m);
      return splitting === "peaceman-rachford"
        ? { W, R: reflectedResolvent(W, alpha), ...rest }
        : { W, ...rest };
    },
    apply: ({ W, R, U, b, W_o, b_o }, x, health) => {
      const method =
        splitting === "peaceman-rachford"
          ? peacemanRachford(R, alpha, prox)
          : forwardBackward(W, alpha, prox);
      const c = affine(x, U, b);
      const [state] = fixedPoint(
        method.map(c),
        [filled(0, c)],
        {
          forward: { method: picard(), options: forward },
          backward: { method: picard(), options: backward },
        },
        health,
      );
      const z = method.read(state);
      const error = sub(prox(gemm(z, W, c, { transB: true }), 1), z);
      health.equation.push(div(norm(error), maximum(norm(z), 1e-30)));
      return affine(z, W_o, b_o);
    },
  };
}

/** ‖·‖₂ of each row */
const norm = (rows: Value) => sqrt(reduceSum(square(rows), [1]));

/** W = (1 − m)I − AᵀA + B − Bᵀ [n, n] */
export function monotoneWeight(A: Values[string], B: Values[string], m: number) {
  const skew = sub(B, matrixTranspose(B));
  const shifted = m === 1 ? skew : add(skew, mul(identityLike(A), 1 - m));
  return gemm(A, A, shifted, { alpha: -1, transA: true });
}
