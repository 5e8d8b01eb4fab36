import { requireObject, requireOneOf, requireThat, requireWhole } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, div, maximum, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { full, reshape } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { elementCount } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fixedPoint, type Solver } from "../solvers/fixed-point.ts";
import type { StateMap } from "../solvers/iterate.ts";
import { type SolverChoice, solverOf } from "../solvers/registry.ts";
import { type DeqTraining, deqTraining } from "./deq-training.ts";
import { constantStart, type Initial, initialOf, uniformFanIn } from "./initialise.ts";
import { bias, type Layer, type ParameterSpec, weight } from "./layers/layer.ts";
import type { Model, Parameters, Wants } from "./model.ts";
import {
  checkNormalisation,
  firstDirection,
  normalisationParameters,
  normalised,
  type WeightNormalisation,
} from "./weight-normalisation.ts";

export interface DeqOptions extends DeqTraining {
  readonly inputs: number;
  readonly outputs: number;
  readonly layer: Layer;
  /** "affine": y = W_o z* + b_o. "none": y = z*, of which there must be as many. */
  readonly head?: "affine" | "none";
  /** Start of the weights that act on the state. All others are uniform by their fan-in. */
  readonly initial?: Initial;
  readonly normalise?: WeightNormalisation;
  /** τ of z ← τ f(z) + (1 − τ) z, forward and backward, instead of "auto" where no method is named. */
  readonly damping?: number;
  /** How z* is solved for: by name, by options alone (then "auto"), or a solver of one's own. */
  readonly forward?: SolverChoice | Solver;
  /** The linear system of the derivative. */
  readonly backward?: SolverChoice | Solver;
}

const knownOptions = Object.keys({
  inputs: true,
  outputs: true,
  layer: true,
  head: true,
  initial: true,
  normalise: true,
  damping: true,
  forward: true,
  backward: true,
  jacobian: true,
  dropout: true,
  correction: true,
  warmStart: true,
} satisfies Record<keyof DeqOptions, true>);

const wantedOf = { jacobian: "{ gamma, … }", correction: "{ steps, … }" };

/**
 * Deep equilibrium model: the state is a fixed point of a layer, the output is read from it,
 *
 *   z* = f(z*; x),  y = W_o z* + b_o
 *
 * differentiated at z* alone. Whether z* exists, and whether the solver finds it, depends on the
 * weights: statuses say so, and the options of `DeqTraining` keep it so while training.
 *
 * Bai, Kolter & Koltun (2019), "Deep equilibrium models", arXiv:1909.01377.
 *
 * @throws UsageError for options that contradict one another or the layer
 */
export function deq(options: DeqOptions): Model {
  requireObject("deq", "options", options, "{ inputs, outputs, layer }");
  refuseUnknown("deq", options, knownOptions);
  if (typeof options.layer !== "function") {
    throw new UsageError("deq: layer is no layer", "take dense({ width }), or one of your own");
  }
  const { inputs, outputs, head = "affine", damping = 1, normalise = { kind: "none" } } = options;
  const { initial = { kind: "uniform-fan-in" } } = options;
  requireWhole("deq", { inputs, outputs });
  requireOneOf("deq", "head", head, ["affine", "none"]);
  for (const [name, given] of Object.entries({ initial, normalise }))
    requireObject("deq", name, given, "{ kind, … }");
  for (const name of ["jacobian", "correction"] as const)
    if (options[name] !== undefined) requireObject("deq", name, options[name], wantedOf[name]);
  const { warmStart = false } = options;
  requireThat("deq", "warmStart", warmStart, typeof warmStart === "boolean", "true or false");
  const layer = options.layer(inputs);
  const usual = damping === 1 ? { method: "auto" } : { method: "picard", damping };
  const solvers = {
    forward: solverOf(options.forward ?? {}, "fixed-point", usual),
    backward: solverOf(options.backward ?? {}, "linear", usual),
  };
  const draw = initialOf(initial);
  checkNormalisation(normalise);
  const training = deqTraining(layer, options);
  if (head === "none" && layer.features !== outputs) {
    throw new UsageError(
      `deq: ${layer.features} features of the state, but ${outputs} outputs and no head`,
    );
  }
  const own: Readonly<Record<string, ParameterSpec>> =
    head === "none"
      ? {}
      : { W_o: weight([outputs, layer.features]), b_o: bias(outputs, layer.features) };
  const specs = Object.entries({ ...layer.parameters, ...own });
  const recurrent = specs.filter(([, spec]) => spec.recurrent).map(([name]) => name);
  const carried = (seed: number): Parameters =>
    Object.fromEntries(
      recurrent.map((name) => [name, firstDirection(layer.parameters[name].shape, seed, name)]),
    );
  const wants: Wants = {
    ...training.wants,
    ...(normalise.kind === "spectral" && normalise.power !== "converged" && { carried }),
  };

  return {
    kind: "deq",
    inputs,
    outputs,
    hidden: [layer.features],
    initialise: (seed) => {
      const drawn = Object.fromEntries(
        specs.map(([name, { shape, start, recurrent }]): [string, Tensor] => {
          if ("value" in start) return [name, constantStart(shape, start.value)];
          return [name, (recurrent ? draw : uniformFanIn)(shape, start.fanIn, seed, name)];
        }),
      );
      const weights: Parameters = Object.fromEntries(recurrent.map((name) => [name, drawn[name]]));
      return { ...drawn, ...normalisationParameters(normalise, weights) };
    },
    explicit: (parameters, supplies) => normalised(normalise, recurrent, parameters, supplies),
    apply: (p, x, pass) => {
      const injected = layer.inject(p, x);
      const f = training.map((...z) => layer.apply(p, z, injected), pass.supplies);
      const cold = layer.state.map((shape) => full(0, [x.shape[0], ...shape], x));
      const start = training.start(cold, pass.supplies);
      const z = fixedPoint(f, start, solvers, pass);
      pass.equation.push(relativeResidual(f, z));
      pass.hidden?.push(layer.read(z));
      const output = (state: readonly Value[]) => {
        const features = layer.read(state);
        return head === "none" ? features : affine(features, p.W_o, p.b_o);
      };
      const closedForm = () => layer.squaredJacobian?.(p, z, injected);
      if (pass.supplies) training.leave({ f, start, z, output, closedForm }, pass, pass.supplies);
      return output(z);
    },
    ...(Object.keys(wants).length > 0 && { wants }),
  };
}

/** ‖f(z) − z‖₂/‖z‖₂ of each sample [N] over all tensors of the state. */
function relativeResidual(f: StateMap, z: readonly Value[]): Value {
  const fz = f(...z);
  const error = normOf(fz.map((value, i) => sub(value, z[i])));
  return div(error, maximum(normOf(z), 1e-30));
}

const normOf = (state: readonly Value[]) =>
  sqrt(
    state
      .map((value) => {
        const [samples, ...shape] = value.shape;
        return reduceSum(square(reshape(value, [samples, elementCount(shape)!])), [1]);
      })
      .reduce(add),
  );
