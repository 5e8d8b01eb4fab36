import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { cast } from "../../graph/ops/elementwise.ts";
import { squeeze, transpose, unsqueeze } from "../../graph/ops/movement.ts";
import type { SolveOptions } from "../../solvers/options.ts";
import { type ProxKind, proxOf } from "../../solvers/prox.ts";
import { positiveWhole } from "../layers/layer.ts";
import type { Parameters } from "../model.ts";
import type { SequenceModel } from "../sequence.ts";
import { type Guarantee, supplyOf } from "./guarantee.ts";
import { implicitTrajectory } from "./implicit.ts";
import { randomStart } from "./parameters.ts";
import { direct, type Metric, type RenForm } from "./parametrisation.ts";
import { acyclicTrajectory } from "./recurrence.ts";

export interface RenOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly states: number;
  readonly neurons: number;
  /** Nothing but contraction, unless given. */
  readonly guarantee?: Guarantee;
  /** ᾱ in (0, 1]: ‖Δx_t‖ ≤ ᾱᵗ ‖Δx₀‖ in the metric of the certificate. */
  readonly rate?: number;
  /** "acyclic": D11 strictly lower triangular, solved by substitution. "full": by iteration. */
  readonly feedback?: "acyclic" | "full";
  readonly parametrisation?: "plain" | "polar";
  readonly activation?: ProxKind;
  /** Room of the certificate: too little of it does not outlive the cast of the weights to float32. */
  readonly epsilon?: number;
  /** Step of the splitting of a full D11, and when its solves stop. */
  readonly alpha?: number;
  readonly solve?: Partial<SolveOptions>;
  /** Parameters to start from, unless random: see `initialise.ts`. */
  readonly start?: (form: RenForm, seed: number) => Parameters;
}

const knownOptions = Object.keys({
  inputs: true,
  outputs: true,
  states: true,
  neurons: true,
  guarantee: true,
  rate: true,
  feedback: true,
  parametrisation: true,
  activation: true,
  epsilon: true,
  alpha: true,
  solve: true,
  start: true,
} satisfies Record<keyof RenOptions, true>);

export interface Ren extends SequenceModel {
  readonly form: RenForm;
  readonly activation: ProxKind;
  readonly guarantee: Guarantee;
  /** 𝒫 and Λ in float64, for the certificate of the explicit matrices. */
  readonly metric: (parameters: Values) => Metric;
}

/**
 * Recurrent equilibrium network,
 *
 *   x⁺ = A x + B1 w + B2 u + b_x,  w = σ(C1 x + D11 w + D12 u + b_v),  y = C2 x + D21 w + D22 u + b_y
 *
 * of which every value of the parameters contracts at the rate ᾱ and has the guarantee asked for, so
 * that training is unconstrained. σ has slopes in [0, 1].
 *
 * Revay, Wang & Manchester (2023), "Recurrent equilibrium networks", arXiv:2104.05942v3.
 *
 * @throws UsageError  for an option that is unknown or out of range
 */
export function ren(options: RenOptions): Ren {
  refuseUnknown("ren", options, knownOptions);
  const { inputs, outputs, states, neurons } = options;
  positiveWhole("ren", { inputs, outputs, states, neurons });
  const { guarantee = { kind: "contracting" }, rate = 1, epsilon = 1e-3, alpha = 1 } = options;
  const { feedback = "acyclic", parametrisation = "plain", activation = "tanh" } = options;
  if (!(rate > 0 && rate <= 1)) throw new UsageError(`ren: rate = ${rate} is not in (0, 1]`);
  for (const [name, number] of Object.entries({ epsilon, alpha })) {
    if (!(number > 0 && number < Infinity))
      throw new UsageError(`ren: ${name} = ${number} is not positive`);
  }
  oneOf("feedback", feedback, ["acyclic", "full"]);
  oneOf("parametrisation", parametrisation, ["plain", "polar"]);
  proxOf(activation); // refuses one that is no prox: its slopes need not be in [0, 1]
  const form: RenForm = {
    inputs,
    outputs,
    states,
    neurons,
    rate,
    supply: supplyOf(guarantee, inputs, outputs),
    feedback,
    parametrisation,
    epsilon,
  };
  const { start = randomStart, solve = {} } = options;

  const simulate = (explicit: Values, u: Value, x0: Value) => {
    const [columns, x] = [transpose(u, [1, 2, 0]), transpose(x0, [1, 0])];
    const found =
      feedback === "acyclic"
        ? acyclicTrajectory(explicit, columns, x, activation)
        : implicitTrajectory(explicit, columns, x, { activation, alpha, solve });
    return { ...found, y: transpose(found.y, [2, 0, 1]), x: transpose(found.last, [1, 0]) };
  };
  return {
    kind: "ren",
    inputs,
    outputs,
    states,
    form,
    activation,
    guarantee,
    initialise: (seed) => start(form, seed),
    explicit: (parameters) => {
      const { explicit } = direct(parameters, form);
      const { dtype } = parameters.X;
      const stored = Object.entries(explicit).map(([name, value]) => [
        name,
        dtype === "float32" ? cast(value, "float32") : value,
      ]);
      return Object.fromEntries(stored);
    },
    metric: (parameters) => direct(parameters, form).metric,
    simulate,
    step: (explicit, u, x) => {
      const found = simulate(explicit, unsqueeze(u, [1]), x);
      return { ...found, y: squeeze(found.y, [1]) };
    },
  };
}

function oneOf(name: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new UsageError(`ren: unknown ${name} "${given}"`, `known: ${known.join(", ")}`);
}
