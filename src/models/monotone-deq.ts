import { requireNumber, requireObject, requireOneOf, requireWhole } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import {
  add,
  div,
  maximum,
  mul,
  type Operand,
  sqrt,
  square,
  sub,
} from "../graph/ops/elementwise.ts";
import { affine, gemm } from "../graph/ops/linear.ts";
import { filled, matrixTranspose } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import { adaptiveForwardBackward } from "../solvers/adaptive-forward-backward.ts";
import { fixedPoint } from "../solvers/fixed-point.ts";
import { type SolveOptions, solveOptions } from "../solvers/options.ts";
import { type ProxKind, proxOf } from "../solvers/prox.ts";
import { type SolverChoice, solver } from "../solvers/registry.ts";
import {
  douglasRachford,
  forwardBackward,
  identityLike,
  peacemanRachford,
  reflectedResolvent,
} from "../solvers/splitting.ts";
import { stepSize } from "../solvers/step-size.ts";
import { uniformFanIn } from "./initialise.ts";
import type { Model } from "./model.ts";
import {
  initialSizes,
  type Parametrisation,
  requireParametrisation,
  sizedGram,
  sizedSkew,
} from "./monotone-parameters.ts";

/** The splittings that certificates speak of. */
export type SplittingKind = "peaceman-rachford" | "forward-backward";
export type MonotoneSplitting = SplittingKind | "douglas-rachford" | "adaptive-forward-backward";

export interface MonotoneDeqOptions {
  readonly inputs: number;
  readonly width: number;
  readonly outputs: number;
  /** Strong monotonicity: λmin(I − (W + Wᵀ)/2) ≥ m by construction. */
  readonly m?: number;
  /** Whether the sizes of A and B are learned apart from their directions. */
  readonly parametrisation?: Parametrisation;
  readonly activation?: ProxKind;
  readonly splitting?: MonotoneSplitting;
  /** Step of the splitting, or "auto": by m and ‖I − W‖₂ after each weight update. */
  readonly alpha?: number | "auto";
  /** How z, or the state of the splitting, is solved for; the adaptive splitting takes options alone. */
  readonly forward?: SolverChoice;
  /** The linear system of the derivative. */
  readonly backward?: SolverChoice;
}

const knownOptions = Object.keys({
  inputs: true,
  width: true,
  outputs: true,
  m: true,
  parametrisation: true,
  activation: true,
  splitting: true,
  alpha: true,
  forward: true,
  backward: true,
} satisfies Record<keyof MonotoneDeqOptions, true>);
const splittings: readonly MonotoneSplitting[] = [
  "peaceman-rachford",
  "forward-backward",
  "douglas-rachford",
  "adaptive-forward-backward",
];

/**
 * Monotone operator equilibrium network, fully connected:
 *
 *   z* = σ(W z* + U x + b),  y = W_o z* + b_o,  W = (1 − m)I − AᵀA + B − Bᵀ
 *
 * so that I − W ⪰ mI and z* exists and is unique for every x and all A, B. Parameters: A, B [n, n],
 * U [n, inputs], b [n], W_o [outputs, n], b_o [outputs]; and with the parametrisation "normalised" the
 * sizes of A and B, see `monotone-parameters.ts`.
 *
 * Winston & Kolter (2020), "Monotone operator equilibrium networks", arXiv:2006.08591.
 */
export function monotoneDeq(given: MonotoneDeqOptions): Model {
  requireObject("monotoneDeq", "options", given, "{ inputs, width, outputs }");
  refuseUnknown("monotoneDeq", given, knownOptions);
  return build(given);
}

function build({
  inputs,
  width,
  outputs,
  m = 1,
  parametrisation = "plain",
  activation = "relu",
  splitting = "peaceman-rachford",
  alpha = splitting === "adaptive-forward-backward" ? "auto" : 1,
  forward = {},
  // Tested is z = σ(Wz + c) itself there, which need not be a contraction.
  backward = splitting === "adaptive-forward-backward" ? "auto" : {},
}: MonotoneDeqOptions): Model {
  requireWhole("monotoneDeq", { inputs, width, outputs });
  if (!(typeof m === "number" && m > 0))
    throw new UsageError(`monotoneDeq: m = ${m}: the monotonicity must be positive`);
  requireParametrisation(parametrisation);
  requireOneOf("monotoneDeq", "splitting", splitting, splittings);
  if (alpha !== "auto") requireNumber("monotoneDeq", "alpha", alpha, { above: 0 });
  const prox = proxOf(activation);
  const adaptive = splitting === "adaptive-forward-backward";
  const options = adaptive ? searchOptions(forward) : {};
  const solvers = {
    forward: solver(adaptive ? {} : forward),
    backward: solver(backward, "linear"),
  };
  const resolves = splitting === "peaceman-rachford" || splitting === "douglas-rachford";
  return {
    kind: "monotone-deq",
    inputs,
    outputs,
    hidden: [width],
    // Other splittings a configuration cannot ask for, nor do certificates speak of them.
    ...((splitting === "peaceman-rachford" || splitting === "forward-backward") && {
      settings: {
        model: { kind: "monotone-deq", width, activation, m, splitting, alpha, parametrisation },
        solver: {
          method: "picard",
          ...(typeof forward === "string" ? { method: forward } : forward),
        },
      },
    }),
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
        ...initialSizes(parametrisation, { gram: ["A"], skew: ["B"] }),
      };
    },
    explicit: (parameters) => {
      const { U, b, W_o, b_o } = parameters;
      const W = monotoneWeight(sizedGram(parameters, "A"), sizedSkew(parameters, "B"), m);
      const kind = adaptive ? "forward-backward" : splitting;
      const step = alpha === "auto" ? stepSize(kind, W, m) : alpha;
      return {
        W,
        ...(resolves && { R: reflectedResolvent(W, step) }),
        ...(typeof step !== "number" && { alpha: step }),
        U,
        b,
        W_o,
        b_o,
      };
    },
    apply: ({ W, R, alpha: found, U, b, W_o, b_o }, x, health) => {
      const step = alpha === "auto" ? found : alpha;
      const c = affine(x, U, b);
      const method = {
        "peaceman-rachford": () => peacemanRachford(R, step, prox),
        "douglas-rachford": () => douglasRachford(R, step, prox),
        "forward-backward": () => forwardBackward(W, step, prox),
        "adaptive-forward-backward": () => forwardBackward(W, 1, prox),
      }[splitting]();
      const search = () => adaptiveForwardBackward(W, c, scalarOf(step, c), prox);
      const [state] = fixedPoint(
        method.map(c),
        [filled(0, c)],
        adaptive ? { ...solvers, forward: { method: search(), options } } : solvers,
        health,
      );
      const z = method.read(state);
      const error = sub(prox(gemm(z, W, c, { transB: true }), 1), z);
      health.equation.push(div(norm(error), maximum(norm(z), 1e-30)));
      health.hidden?.push(z);
      return affine(z, W_o, b_o);
    },
  };
}

/** The options of the adaptive splitting's own iteration. @throws UsageError for one by name */
function searchOptions(forward: SolverChoice): Partial<SolveOptions> {
  if (typeof forward === "string" || "method" in forward)
    throw new UsageError(
      "monotoneDeq: the adaptive splitting is a method of its own, give options only",
    );
  return solveOptions(forward as Partial<SolveOptions>);
}

const scalarOf = (number: Operand, { dtype }: Value) =>
  typeof number === "number" ? constant(number, dtype) : number;

/** ‖·‖₂ of each row */
const norm = (rows: Value) => sqrt(reduceSum(square(rows), [1]));

/** W = (1 − m)I − AᵀA + B − Bᵀ [n, n] */
export function monotoneWeight(A: Values[string], B: Values[string], m: number) {
  const skew = sub(B, matrixTranspose(B));
  const shifted = m === 1 ? skew : add(skew, mul(identityLike(A), 1 - m));
  return gemm(A, A, shifted, { alpha: -1, transA: true });
}
