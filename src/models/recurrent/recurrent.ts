import { refuseUnknown, unknownName } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { affine } from "../../graph/ops/linear.ts";
import { full, transpose } from "../../graph/ops/movement.ts";
import { formatType } from "../../graph/shape.ts";
import { uniformFanIn } from "../initialise.ts";
import type { Parameters } from "../model.ts";
import { type CellKind, cells } from "./cells.ts";
import { project } from "./project.ts";
import type { SequenceModel } from "./sequence-model.ts";
import { advance, type Recurrence, unroll } from "./unroll.ts";

export interface RecurrentOptions {
  readonly cell: CellKind;
  readonly inputs: number;
  readonly units: number; // in each layer
  readonly outputs: number;
  readonly layers?: number;
}

/**
 * Recurrent layers, one on the other, and a linear readout of the last: y = W h + b at every time.
 * Weights, names and order of the gates are those of torch.nn.RNN, LSTM and GRU, and so are the
 * initial numbers: all uniform in ±1/√units, with both biases b_ih and b_hh.
 *
 * The input of all times is projected by one product before the scan, and read out by one after it.
 *
 * @throws UsageError  for an unknown cell or option, or a size that is no positive whole number
 */
export function recurrent(options: RecurrentOptions): SequenceModel {
  const { cell: kind, inputs, units, outputs, layers = 1 } = options;
  refuseUnknown("recurrent", options, ["cell", "inputs", "units", "outputs", "layers"]);
  if (!(kind in cells)) throw unknownName("unknown cell", kind, Object.keys(cells));
  for (const [name, size] of Object.entries({ inputs, units, outputs, layers })) {
    if (!(Number.isInteger(size) && size > 0))
      throw new UsageError(`recurrent: ${name} = ${size}`, "wanted: a positive whole number");
  }
  const cell = cells[kind];
  const all = Array.from({ length: layers }, (_, i) => `layer${i}`);
  const stateNames = (layer: string) => cell.state.map((part) => `${layer}.${part}`);
  const stateOf = (layer: string, state: Values) =>
    stateNames(layer).map((name) => {
      if (!(name in state)) {
        throw new ShapeError(`the state has {${Object.keys(state)}}, but "${name}" is wanted`);
      }
      return state[name];
    });
  const recurrence = (p: Values, layer: string): Recurrence => ({
    weight: p[`${layer}.weight_hh`],
    bias: p[`${layer}.bias_hh`],
  });
  const check = (u: Value, rank: number) => {
    if (u.shape.length === rank && u.shape[rank - 1] === inputs) return;
    const wanted = rank === 2 ? `[B, ${inputs}]` : `[B, T, ${inputs}]`;
    throw new ShapeError(`${kind}: the input is ${formatType(u)}, wanted ${wanted}`);
  };

  return {
    kind,
    inputs,
    outputs,
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      const draw = (name: string, shape: readonly number[]) => {
        parameters[name] = uniformFanIn(shape, units, seed, name);
      };
      const rows = cell.gates * units;
      all.forEach((layer, i) => {
        draw(`${layer}.weight_ih`, [rows, i === 0 ? inputs : units]);
        draw(`${layer}.weight_hh`, [rows, units]);
        draw(`${layer}.bias_ih`, [rows]);
        draw(`${layer}.bias_hh`, [rows]);
      });
      draw("readout.weight", [outputs, units]);
      draw("readout.bias", [outputs]);
      return parameters;
    },
    rest: (u) =>
      Object.fromEntries(
        all.flatMap(stateNames).map((name) => [name, full(0, [u.shape[0], units], u)]),
      ),
    step: (p, state, u) => {
      check(u, 2);
      const next: Record<string, Value> = {};
      let h = u;
      for (const layer of all) {
        const x = affine(h, p[`${layer}.weight_ih`], p[`${layer}.bias_ih`]);
        const states = advance(cell, recurrence(p, layer), x, stateOf(layer, state));
        stateNames(layer).forEach((name, i) => {
          next[name] = states[i];
        });
        h = states[0];
      }
      return { state: next, y: affine(h, p["readout.weight"], p["readout.bias"]) };
    },
    sequence: (p, state, u) => {
      check(u, 3);
      const next: Record<string, Value> = {};
      let h = transpose(u, [1, 0, 2]); // times first, as a scan has them
      for (const layer of all) {
        const x = project(h, p[`${layer}.weight_ih`], p[`${layer}.bias_ih`]);
        const run = unroll(cell, recurrence(p, layer), x, stateOf(layer, state));
        stateNames(layer).forEach((name, i) => {
          next[name] = run.state[i];
        });
        h = run.h;
      }
      return {
        state: next,
        y: transpose(project(h, p["readout.weight"], p["readout.bias"]), [1, 0, 2]),
      };
    },
  };
}
