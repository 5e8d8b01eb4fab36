import { randomStream } from "../../data/random.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { scan, type Values } from "../../graph/ops/control.ts";
import { add, cast } from "../../graph/ops/elementwise.ts";
import { affine, gemm } from "../../graph/ops/linear.ts";
import { reshape, slice, transpose, unsqueeze } from "../../graph/ops/movement.ts";
import { formatType } from "../../graph/shape.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { integrate, type OdeOptions } from "../../solvers/ode/integrate.ts";
import { inAll, type OdeInfo } from "../../solvers/ode/options.ts";
import { type ProxKind, proxOf } from "../../solvers/prox.ts";
import { positiveWhole } from "../layers/layer.ts";
import type { Integrated } from "../neural-ode.ts";
import type { SequenceModel } from "../sequence.ts";
import { type ContinuousForm, continuousDirect, continuousShapes } from "./continuous.ts";
import { activationOf, forwardSubstitution } from "./neurons.ts";
import type { Metric } from "./parametrisation.ts";

export interface ContinuousRenOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly states: number;
  readonly neurons: number;
  /** α ≥ 0, per unit of time: V̇ ≤ −αV for the difference of two trajectories. 0 unless given. */
  readonly decay?: number;
  readonly activation?: ProxKind;
  /** Room of the certificate: too little of it does not outlive the cast of the weights to float32. */
  readonly epsilon?: number;
  /** Time between two inputs, in the unit that `decay` is per. */
  readonly dt: number;
  /** How each interval is integrated; dopri5 with its own step control unless given. */
  readonly integration?: OdeOptions;
}

const knownOptions = Object.keys({
  inputs: true,
  outputs: true,
  states: true,
  neurons: true,
  decay: true,
  activation: true,
  epsilon: true,
  dt: true,
  integration: true,
} satisfies Record<keyof ContinuousRenOptions, true>);

export interface ContinuousRen extends SequenceModel {
  readonly form: ContinuousForm;
  readonly activation: ProxKind;
  /** P and Λ in float64, for the certificate of the explicit matrices. */
  readonly metric: (parameters: Values) => Metric;
  /** ẋ [N, states] at the states x under the inputs u [N, inputs]. */
  readonly rate: (explicit: Values, x: Value, u: Value) => Value;
  readonly simulate: (explicit: Values, u: Value, x0: Value) => Integrated;
  readonly step: (explicit: Values, u: Value, x: Value) => Integrated;
}

/**
 * Recurrent equilibrium network in continuous time, its input held between samples,
 *
 *   ẋ = A x + B1 w + B2 u + b_x,  w = σ(C1 x + D11 w + D12 u + b_v),  y = C2 x + D21 w + D22 u + b_y
 *
 * of which every value of the parameters contracts: V̇ ≤ −αV, V = ΔxᵀPΔx, for σ with slopes in [0, 1].
 * y[k] is of the state before u[k] acts. The guarantee is of the flow: what integrates it with steps
 * that are too long need not have it.
 *
 * Martinelli et al. (2023), "Unconstrained parametrization of dissipative and contracting neural
 * ordinary differential equations", arXiv:2304.02976.
 *
 * @throws UsageError  for an option that is unknown or out of range
 */
export function continuousRen(options: ContinuousRenOptions): ContinuousRen {
  refuseUnknown("continuousRen", options, knownOptions);
  const { inputs, outputs, states, neurons, dt, integration = {} } = options;
  const { decay = 0, activation = "tanh", epsilon = 1e-3 } = options;
  positiveWhole("continuousRen", { inputs, outputs, states, neurons });
  for (const [name, number] of Object.entries({ dt, epsilon })) {
    if (!(number > 0 && number < Infinity))
      throw new UsageError(`continuousRen: ${name} = ${number} is not positive`);
  }
  if (!(decay >= 0 && decay < Infinity))
    throw new UsageError(`continuousRen: decay = ${decay}`, "wanted: a number from 0");
  proxOf(activation); // refuses one that is no prox: its slopes need not be in [0, 1]
  const form: ContinuousForm = { inputs, outputs, states, neurons, decay, epsilon };
  const sigma = activationOf(activation);

  /** w [q, N], by columns: products with rows of x and u need no transposition so. */
  const neuronsAt = (e: Values, x: Value, u: Value) => {
    const given = gemm(e.D12, u, unsqueeze(e.b_v, [1]), { transB: true });
    const v = gemm(e.C1, x, given, { transB: true });
    return forwardSubstitution(e.D11, v, (t) => sigma(t, 1));
  };
  const linear = (x: Value, w: Value, u: Value, [X, W, U, b]: readonly Value[]) =>
    gemm(w, W, add(affine(x, X, b), affine(u, U)), { transA: true, transB: true });
  const rate = (e: Values, x: Value, u: Value) =>
    linear(x, neuronsAt(e, x, u), u, [e.A, e.B1, e.B2, e.b_x]);
  const outputAt = (e: Values, x: Value, u: Value) =>
    linear(x, neuronsAt(e, x, u), u, [e.C2, e.D21, e.D22, e.b_y]);
  const flow = (e: Values, x: Value, u: Value): { x: Value; info: OdeInfo } => {
    const { y, info } = integrate((_, now) => rate(e, now, u), x, [0, dt], integration);
    return { x: reshape(slice(y, 0, { start: 1 }), x.shape), info };
  };
  const check = (u: Value, x: Value, rank: number) => {
    const fits = u.shape.length === rank && u.shape[rank - 1] === inputs;
    if (fits && x.shape.length === 2 && x.shape[1] === states) return;
    const wanted = rank === 2 ? `[N, ${inputs}]` : `[N, T, ${inputs}]`;
    throw new ShapeError(
      `continuousRen: the input is ${formatType(u)} and the state ${formatType(x)}, wanted ${wanted} and [N, ${states}]`,
    );
  };
  return {
    kind: "continuous-ren",
    inputs,
    outputs,
    states,
    form,
    activation,
    initialise: (seed) => continuousStart(form, seed),
    explicit: (parameters) => {
      const { explicit } = continuousDirect(parameters, form);
      const { dtype } = parameters.X;
      return Object.fromEntries(
        Object.entries(explicit).map(([name, value]) => [
          name,
          dtype === "float32" ? cast(value, "float32") : value,
        ]),
      );
    },
    metric: (parameters) => continuousDirect(parameters, form).metric,
    rate,
    step: (e, u, x) => {
      check(u, x, 2);
      return { y: outputAt(e, x, u), ...flow(e, x, u) };
    },
    simulate: (e, u, x0) => {
      check(u, x0, 3);
      const run = scan({ x: x0 }, { u: transpose(u, [1, 0, 2]) }, ({ x }, row) => {
        const { x: next, info } = flow(e, x, row.u);
        return { state: { x: next }, outputs: { y: outputAt(e, x, row.u), ...info } };
      });
      const { y, ...info } = run.outputs;
      return { y: transpose(y, [1, 0, 2]), x: run.state.x, info: inAll(info) };
    },
  };
}

/**
 * A random start: XXᵀ and P of size 1, so that ẋ = −½(H + αP + …)x is of the size of one unit of time;
 * inputs and outputs by their fan-in, no feed-through. float32.
 */
function continuousStart(form: ContinuousForm, seed: number) {
  const { states: n } = form;
  const draw = (name: string, shape: readonly number[]) => {
    const random = randomStream(seed, "initialise", name);
    const count = shape.reduce((product, size) => product * size, 1);
    const entry = (k: number): number => {
      if (name === "root") return k % (n + 1) === 0 ? Math.SQRT2 : 0;
      if (name === "D22" || name.startsWith("b_")) return 0;
      return random.normal() / Math.sqrt(shape[1]);
    };
    return tensorOf(
      Float32Array.from({ length: count }, (_, k) => entry(k)),
      shape,
    );
  };
  return Object.fromEntries(
    Object.entries(continuousShapes(form)).map(([name, shape]) => [name, draw(name, shape)]),
  );
}
