import { requireThat } from "../errors/arguments.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { cond } from "../graph/ops/control.ts";
import { add, cast, equal, greater, mul, where } from "../graph/ops/elementwise.ts";
import { reshape } from "../graph/ops/movement.ts";
import { reduceMean } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import type { StateMap } from "../solvers/iterate.ts";
import { statusCode } from "../solvers/options.ts";
import {
  checkExact,
  estimatedSquaredJacobian,
  exactSquaredJacobian,
  signRows,
  stateSize,
} from "./jacobian.ts";
import type { EquilibriumLayer } from "./layers/layer.ts";
import type { Noise, Pass, Supplies, Wants } from "./model.ts";

/** What a deep equilibrium model does while it is trained, and at no other time. */
export interface DeqTraining {
  /**
   * Adds γ/(M d) Σₘ ‖εₘᵀ J(z*)‖², the mean over samples, d being the size of the state; in a share
   * of the steps, drawn at random. With `samples` "exact" it is γ‖J‖²_F/d itself: of a dense layer
   * in closed form, of any other row by row. Bai, Koltun & Kolter (2021), "Stabilizing equilibrium
   * models by Jacobian regularization", arXiv:2106.14342.
   */
  readonly jacobian?: JacobianPenalty;
  /**
   * Each entry of f(z) is dropped with this probability and else divided by what is left, by one
   * mask for all iterations of a solve and its derivative: z* is exact for the masked layer. Of an
   * image whole channels are dropped.
   */
  readonly dropout?: number;
  /**
   * Adds Σₖ decayⁿ⁻ᵏ⁻¹ of the loss of what is read from some iterates of z ← τ f(z) + (1 − τ) z, k
   * counting them from 0 and the equilibrium being the last of n. Differentiated through the steps.
   * Geng & Kolter (2023), "TorchDEQ", arXiv:2310.18605.
   */
  readonly correction?: Correction;
  /**
   * Solves start from the equilibrium that the same row had one epoch before, or from zero where that
   * solve did not converge. Worth it where iterations are dear: checkpoints then hold the state of
   * every training row, which outweighs 5.2 → 3.4 iterations of 128 units on MNIST (measured). Where
   * a layer has several equilibria, which one is found comes to depend on the past.
   */
  readonly warmStart?: boolean;
}

export interface JacobianPenalty {
  readonly gamma: number;
  /** Share of the steps that it is added in. */
  readonly probability?: number;
  /** M, or "exact". */
  readonly samples?: number | "exact";
}

export interface Correction {
  /** After how many steps from the start of the solve, ascending. */
  readonly steps: readonly number[];
  readonly decay?: number;
}

/** A solve that has just been built, and how to read an output from a state. */
interface Solved {
  readonly f: StateMap;
  readonly start: readonly Value[];
  readonly z: readonly Value[];
  readonly output: (z: readonly Value[]) => Value;
  readonly closedForm: () => Value | undefined;
}

interface Plan {
  readonly wants: Wants;
  /** f as it is trained: with its mask. */
  readonly map: (f: StateMap, supplies?: Supplies) => StateMap;
  readonly start: (cold: readonly Value[], supplies?: Supplies) => readonly Value[];
  /** Penalties, corrections and what is remembered. */
  readonly leave: (solved: Solved, pass: Pass, supplies: Supplies) => void;
}

/** @throws UsageError for options out of range */
export function deqTraining(
  layer: EquilibriumLayer,
  {
    jacobian,
    dropout = 0,
    correction,
    warmStart = false,
    damping = 1,
  }: DeqTraining & { damping?: number },
): Plan {
  const { state } = layer;
  if (!(typeof dropout === "number" && dropout >= 0 && dropout < 1))
    throw new UsageError(`deq: dropout ${dropout} is not in [0, 1)`);
  if (jacobian)
    checkJacobian(jacobian, state, dropout === 0 && layer.squaredJacobian !== undefined);
  if (correction) checkCorrection(correction);
  const penalised = jacobian !== undefined && jacobian.gamma > 0;
  const { probability = 1, samples = 1 } = jacobian ?? {};
  const coin: Noise = {
    per: "step",
    shape: [],
    draw: (random) => +(random.uniform() < probability),
  };
  const noise: Record<string, Noise> = {
    ...(penalised && samples !== "exact" && { "jacobian.rows": signRows(state, samples) }),
    ...(penalised && probability < 1 && { "jacobian.coin": coin }),
    ...(dropout > 0 && numbered("dropout", state, (shape) => maskNoise(shape, dropout))),
  };
  const remembered = warmStart ? numbered("state", state, (shape) => shape) : {};

  return {
    wants: {
      ...(Object.keys(noise).length > 0 && { noise }),
      ...(warmStart && { remembered }),
    },
    map: (f, supplies) =>
      supplies && dropout > 0
        ? (...z) =>
            f(...z).map((value, i) => mul(value, cast(supplies.noise[`dropout${i}`], value.dtype)))
        : f,
    start: (cold, supplies) =>
      supplies && warmStart ? state.map((_, i) => supplies.remembered[`state${i}`]) : cold,
    leave: ({ f, start, z, output, closedForm }, pass, supplies) => {
      if (penalised) {
        const penalty = () => {
          const squared =
            samples === "exact"
              ? (dropout === 0 && closedForm()) || exactSquaredJacobian(f, z, state)
              : estimatedSquaredJacobian(f, z, supplies.noise["jacobian.rows"], state);
          return mul(reduceMean(squared), jacobian.gamma / stateSize(state));
        };
        supplies.penalties.push(
          probability === 1 ? penalty() : sometimes(supplies.noise["jacobian.coin"], penalty),
        );
      }
      if (correction) {
        const { steps, decay = 0.8 } = correction;
        let iterate = start;
        let done = 0;
        for (const [k, step] of steps.entries()) {
          for (; done < step; done++) iterate = damped(f, iterate, damping);
          const weight = decay ** (steps.length - k);
          supplies.corrections.push({ prediction: output(iterate), weight });
        }
      }
      if (warmStart) remember(z, pass, supplies);
    },
  };
}

/** The penalty where the coin shows 1, else 0 and no work. */
const sometimes = (coin: Value, penalty: () => Value) =>
  cond(
    greater(coin, 0.5),
    () => ({ penalty: penalty() }),
    () => ({ penalty: constant(0, coin.dtype) }),
  ).penalty;

const damped = (f: StateMap, z: readonly Value[], damping: number) =>
  damping === 1
    ? f(...z)
    : f(...z).map((value, i) => add(mul(value, damping), mul(z[i], 1 - damping)));

/** A solve that did not converge is forgotten: the row starts from zero the next time. */
function remember(z: readonly Value[], pass: Pass, supplies: Supplies) {
  const { status } = pass.forward[pass.forward.length - 1];
  const converged = equal(status, constant(statusCode.converged, "int64"));
  z.forEach((value, i) => {
    const column = reshape(converged, [value.shape[0], ...value.shape.slice(1).map(() => 1)]);
    supplies.next.remembered[`state${i}`] = where(column, value, 0);
  });
}

/** Entries are 0 or 1/(1 − p); an image's channel is dropped as a whole. */
const maskNoise = (shape: readonly number[], p: number): Noise => ({
  per: "sample",
  shape: shape.length === 1 ? shape : [shape[0], ...shape.slice(1).map(() => 1)],
  draw: (random) => (random.uniform() < p ? 0 : 1 / (1 - p)),
});

const numbered = <T>(
  prefix: string,
  state: EquilibriumLayer["state"],
  of: (shape: readonly number[]) => T,
): Record<string, T> => Object.fromEntries(state.map((shape, i) => [prefix + i, of(shape)]));

function checkJacobian(
  { gamma, probability = 1, samples = 1 }: JacobianPenalty,
  state: EquilibriumLayer["state"],
  hasClosedForm: boolean,
) {
  if (!(gamma >= 0 && Number.isFinite(gamma)))
    throw new UsageError(`deq: jacobian.gamma ${gamma} is negative or not finite`);
  if (!(probability > 0 && probability <= 1))
    throw new UsageError(`deq: jacobian.probability ${probability} is not in (0, 1]`);
  if (samples === "exact") {
    if (!hasClosedForm) checkExact(state);
  } else if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new UsageError(`deq: jacobian.samples ${samples} is no positive whole number`);
  }
}

function checkCorrection({ steps, decay = 0.8 }: Correction) {
  requireThat("deq", "correction.steps", steps, Array.isArray(steps), "numbers of steps");
  const ascending = steps.every(
    (step, i) => Number.isInteger(step) && step > (i === 0 ? 0 : steps[i - 1]),
  );
  if (steps.length === 0 || !ascending)
    throw new UsageError(`deq: correction.steps [${steps}] do not ascend from 1 on`);
  if (!(decay > 0 && decay <= 1))
    throw new UsageError(`deq: correction.decay ${decay} is not in (0, 1]`);
}
