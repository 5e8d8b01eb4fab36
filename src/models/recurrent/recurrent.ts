import { refuseUnknown, unknownName } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { affine } from "../../graph/ops/linear.ts";
import { concat, split, transpose } from "../../graph/ops/movement.ts";
import { formatType } from "../../graph/shape.ts";
import { uniformFanIn } from "../initialise.ts";
import type { Parameters } from "../model.ts";
import type { SequenceModel } from "../sequence.ts";
import { type CellKind, cells } from "./cells.ts";
import { project } from "./project.ts";
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
 * The state is h of each layer (for LSTM h and c), layer after layer: [B, layers · units] or twice that.
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
  const count = cell.state.length;
  const states = layers * count * units;
  /** The states of each layer, h first: x [B, states] holds them side by side. */
  const cut = (x: Value) => {
    if (x.shape.length !== 2 || x.shape[1] !== states)
      throw new ShapeError(`${kind}: the state is ${formatType(x)}, wanted [B, ${states}]`);
    const parts = split(x, 1, Array<number>(layers * count).fill(units));
    return all.map((_, i) => parts.slice(count * i, count * (i + 1)));
  };
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
    states,
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
    explicit: (parameters) => parameters,
    step: (p, u, x) => {
      check(u, 2);
      const before = cut(x);
      const after: Value[] = [];
      let h = u;
      all.forEach((layer, i) => {
        const given = affine(h, p[`${layer}.weight_ih`], p[`${layer}.bias_ih`]);
        const next = advance(cell, recurrence(p, layer), given, before[i]);
        after.push(...next);
        h = next[0];
      });
      return { y: affine(h, p["readout.weight"], p["readout.bias"]), x: concat(after, 1) };
    },
    simulate: (p, u, x0) => {
      check(u, 3);
      const before = cut(x0);
      const after: Value[] = [];
      let h = transpose(u, [1, 0, 2]); // times first, as a scan has them
      all.forEach((layer, i) => {
        const given = project(h, p[`${layer}.weight_ih`], p[`${layer}.bias_ih`]);
        const run = unroll(cell, recurrence(p, layer), given, before[i]);
        after.push(...run.state);
        h = run.h;
      });
      const y = project(h, p["readout.weight"], p["readout.bias"]);
      return { y: transpose(y, [1, 0, 2]), x: concat(after, 1) };
    },
  };
}
