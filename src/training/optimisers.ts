import { requireObject, shown } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, div, mul, sqrt, square, sub } from "../graph/ops/elementwise.ts";

/**
 * An optimiser: a pure elementwise update (θ, state, gradient, coefficients) → (θ, state) as a graph,
 * for parameters of any shape. `coefficients` are the numbers that change from step to step (step
 * sizes, bias corrections), computed outside the graph.
 */
export interface Optimiser {
  readonly kind: string;
  /** State of the shape of θ, all zero at the start. */
  readonly slots: readonly string[];
  /** The numbers of step t = 1, 2, … at learning rate η. */
  readonly coefficients: (t: number, rate: number) => readonly number[];
  /** One step of all parameters. */
  readonly update: (
    theta: Value,
    state: readonly Value[],
    gradient: Value,
    coefficients: readonly Value[],
  ) => { readonly theta: Value; readonly state: readonly Value[] };
  /** Parameters of fewer numbers than this are quicker updated as one vector: their copies cost less
   * than an update's operators once more. */
  readonly together: number;
  /** For an update θ + s·gradient and no state: s. The gradient can then be taken of s times the loss,
   * and its products added to θ as they are computed. */
  readonly scale?: (coefficients: readonly Value[]) => Value;
}

const within = (name: string, value: number, low: number, high: number) => {
  if (!(typeof value === "number" && value >= low && value < high))
    throw new UsageError(`${name} = ${shown(value)} is not in [${low}, ${high})`);
};

function requireOptions(where: string, options: object, known: readonly string[]): void {
  requireObject(where, "options", options, `{ ${known.join(", ")} }, or nothing`);
  refuseUnknown(where, options, known);
}
const adamNames = ["beta1", "beta2", "epsilon"];

export interface SgdOptions {
  readonly momentum?: number; // μ
}

/** v ← μv + g, θ ← θ − ηv; with μ = 0 plain gradient descent. */
export function sgd(options: SgdOptions = {}): Optimiser {
  requireOptions("sgd", options, ["momentum"]);
  const { momentum = 0 } = options;
  within("momentum", momentum, 0, 1);
  const common = { kind: "sgd", coefficients: (_: number, rate: number) => [-rate] };
  if (momentum === 0) {
    return {
      ...common,
      slots: [],
      update: (theta, state, gradient, [s]) => ({ theta: add(theta, mul(gradient, s)), state }),
      together: 0,
      scale: ([s]) => s,
    };
  }
  return {
    ...common,
    slots: ["velocity"],
    update: (theta, state, gradient, [s]) => {
      const velocity = add(mul(state[0], momentum), gradient);
      return { theta: add(theta, mul(velocity, s)), state: [velocity] };
    },
    together: 4096,
  };
}

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η m̂ / (√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and
 * v̂ = v/(1 − β₂ᵗ). Carried as M = m/(1 − β₁) and V = v/(1 − β₂), which saves two operators:
 * M ← β₁M + g, V ← β₂V + g², θ ← θ − aM/(√V + e), with e = ε√((1 − β₂ᵗ)/(1 − β₂)) and
 * a = ηe(1 − β₁)/(ε(1 − β₁ᵗ)).
 *
 * Kingma & Ba (2015), "Adam: a method for stochastic optimization", arXiv:1412.6980, Algorithm 1.
 */
export function adam(options: AdamOptions = {}): Optimiser {
  requireOptions("adam", options, adamNames);
  return adamFamily("adam", 0, options);
}

/**
 * Adam with decoupled weight decay, θ ← (1 − ηλ)θ before the step. Loshchilov & Hutter (2019),
 * "Decoupled weight decay regularization", arXiv:1711.05101.
 */
export function adamW(given: AdamWOptions = {}): Optimiser {
  requireOptions("adamW", given, [...adamNames, "weightDecay"]);
  const { weightDecay = 1e-2, ...options } = given;
  within("weightDecay", weightDecay, 0, Infinity);
  return adamFamily("adamw", weightDecay, options);
}

export interface AdamOptions {
  /** A number, or a function of the learning rate, for a momentum that goes along its schedule. */
  readonly beta1?: number | ((rate: number) => number);
  readonly beta2?: number;
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions {
  readonly weightDecay?: number; // λ
}

function adamFamily(
  kind: string,
  decay: number,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): Optimiser {
  within("beta2", beta2, 0, 1);
  within("epsilon", epsilon, 0, Infinity);
  if (typeof beta1 === "function") return adamAlong(beta1, kind, decay, { beta2, epsilon });
  within("beta1", beta1, 0, 1);
  return {
    kind,
    slots: ["first-moment-sum", "second-moment-sum"],
    coefficients: (t, rate) => {
      const correction = Math.sqrt((1 - beta2 ** t) / (1 - beta2));
      const step = (rate * correction * (1 - beta1)) / (1 - beta1 ** t);
      return [step, epsilon * correction, 1 - rate * decay];
    },
    update: (theta, [first, second], gradient, [step, floor, keep]) => {
      const m = add(mul(first, beta1), gradient);
      const v = add(mul(second, beta2), square(gradient));
      const kept = decay === 0 ? theta : mul(theta, keep);
      return { theta: sub(kept, div(mul(m, step), add(sqrt(v), floor))), state: [m, v] };
    },
    together: 16384,
  };
}

/**
 * The same with a β₁ that changes from step to step, for which m itself is carried, since a moment
 * divided by 1 − β₁ would not go over from one β₁ to the next. Bias is corrected by the β₁ of the
 * step, as torch.optim.Adam does when its betas are set between steps.
 */
function adamAlong(
  beta1: (rate: number) => number,
  kind: string,
  decay: number,
  { beta2, epsilon }: { beta2: number; epsilon: number },
): Optimiser {
  return {
    kind,
    slots: ["first-moment", "second-moment-sum"],
    coefficients: (t, rate) => {
      const beta = beta1(rate);
      within("beta1", beta, 0, 1);
      const correction = Math.sqrt((1 - beta2 ** t) / (1 - beta2));
      const step = (rate * correction) / (1 - beta ** t);
      return [step, epsilon * correction, 1 - rate * decay, beta, 1 - beta];
    },
    update: (theta, [first, second], gradient, [step, floor, keep, beta, rest]) => {
      const m = add(mul(first, beta), mul(gradient, rest));
      const v = add(mul(second, beta2), square(gradient));
      const kept = decay === 0 ? theta : mul(theta, keep);
      return { theta: sub(kept, div(mul(m, step), add(sqrt(v), floor))), state: [m, v] };
    },
    together: 16384,
  };
}
