import { refuseUnknown } from "../errors/suggest.ts";
import { ShapeError, UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { scan, type Values } from "../graph/ops/control.ts";
import { affine } from "../graph/ops/linear.ts";
import { concat, reshape, slice, transpose } from "../graph/ops/movement.ts";
import { formatType } from "../graph/shape.ts";
import { solverHealth } from "../solvers/fixed-point.ts";
import { integrate, type OdeOptions } from "../solvers/ode/integrate.ts";
import { inAll, type OdeInfo } from "../solvers/ode/options.ts";
import { uniformFanIn } from "./initialise.ts";
import { type Activation, mlp } from "./mlp.ts";
import type { Parameters } from "./model.ts";
import { project } from "./recurrent/project.ts";
import type { SequenceModel, Simulation } from "./sequence.ts";

export interface NeuralOdeOptions {
  readonly inputs: number;
  readonly states: number;
  readonly outputs: number;
  /** Units of the layers of f between its arguments and ẋ. */
  readonly hidden: readonly number[];
  readonly activation?: Activation;
  /** Time between two inputs, in the unit that f is per. */
  readonly dt: number;
  /** How each interval is integrated; dopri5 with its own step control unless given. */
  readonly integration?: OdeOptions;
}

/** What a neural ODE gives besides: evaluations of f, and the worst status over the times. */
export interface Integrated extends Simulation {
  readonly info: OdeInfo;
}
export interface NeuralOde extends SequenceModel {
  readonly simulate: (explicit: Values, u: Value, x0: Value) => Integrated;
  readonly step: (explicit: Values, u: Value, x: Value) => Integrated;
}

/**
 * ẋ = f(x, u) with f a perceptron and u held between samples, y = C x + b: at time k the output is
 * that of the state before u[k] acts, which is y[k] of a sampled system without feedthrough.
 *
 * Chen, Rubanova, Bettencourt & Duvenaud (2018), "Neural ordinary differential equations",
 * arXiv:1806.07366.
 *
 * @throws UsageError  for sizes or a time that are not positive, or an unknown option
 */
export function neuralOde(options: NeuralOdeOptions): NeuralOde {
  const { inputs, states, outputs, hidden, activation = "tanh", dt, integration = {} } = options;
  const known = ["inputs", "states", "outputs", "hidden", "activation", "dt", "integration"];
  refuseUnknown("neuralOde", options, known);
  for (const [name, size] of Object.entries({ inputs, states, outputs })) {
    if (!(Number.isInteger(size) && size > 0))
      throw new UsageError(`neuralOde: ${name} = ${size}`, "wanted: a positive whole number");
  }
  if (!(dt > 0 && dt < Infinity))
    throw new UsageError(`neuralOde: dt = ${dt}`, "wanted: the positive time between two inputs");
  const net = mlp([states + inputs, ...hidden, states], { activation });
  const field = (p: Values) =>
    Object.fromEntries(
      Object.entries(p)
        .filter(([name]) => name.startsWith("field."))
        .map(([name, value]) => [name.slice("field.".length), value]),
    );
  const flow = (p: Values, x: Value, u: Value) => {
    const rate = (_: Value, now: Value) => net.apply(field(p), concat([now, u], 1), solverHealth());
    const { y, info } = integrate(rate, x, [0, dt], integration);
    return { x: reshape(slice(y, 0, { start: 1 }), x.shape), info };
  };
  const check = (u: Value, x: Value, rank: number) => {
    if (u.shape.length !== rank || u.shape[rank - 1] !== inputs) {
      const wanted = rank === 2 ? `[B, ${inputs}]` : `[B, T, ${inputs}]`;
      throw new ShapeError(`neuralOde: the input is ${formatType(u)}, wanted ${wanted}`);
    }
    if (x.shape.length !== 2 || x.shape[1] !== states)
      throw new ShapeError(`neuralOde: the state is ${formatType(x)}, wanted [B, ${states}]`);
  };

  return {
    kind: "neural-ode",
    inputs,
    outputs,
    states,
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      for (const [name, tensor] of Object.entries(net.initialise(seed)))
        parameters[`field.${name}`] = tensor;
      const draw = (name: string, shape: readonly number[]) => {
        parameters[name] = uniformFanIn(shape, states, seed, name);
      };
      draw("readout.weight", [outputs, states]);
      draw("readout.bias", [outputs]);
      return parameters;
    },
    explicit: (parameters) => parameters,
    step: (p, u, x) => {
      check(u, x, 2);
      const y = affine(x, p["readout.weight"], p["readout.bias"]);
      return { y, ...flow(p, x, u) };
    },
    simulate: (p, u, x0) => {
      check(u, x0, 3);
      const run = scan({ x: x0 }, { u: transpose(u, [1, 0, 2]) }, ({ x }, row) => {
        const { x: next, info } = flow(p, x, row.u);
        return { state: { x: next }, outputs: { before: x, ...info } };
      });
      const { before, ...info } = run.outputs;
      const y = project(before, p["readout.weight"], p["readout.bias"]);
      return { y: transpose(y, [1, 0, 2]), x: run.state.x, info: inAll(info) };
    },
  };
}
