import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { affine } from "../../graph/ops/linear.ts";
import type { Initial } from "../initialise.ts";
import type { Model, Pass } from "../model.ts";
import { checkFourier, type FourierFeatures } from "./fourier.ts";
import { frameOf } from "./frame.ts";
import { projectorPenalty, readout } from "./parts.ts";

export interface SimOptions {
  /** The first tier: a model whose outputs [N, d] (or [N, T, d]) are features. */
  readonly basis: Model;
  /** The second tier, drawn once and frozen; without it the basis is all of φ. */
  readonly fourier?: FourierFeatures;
  /** k, half of the number of features unless given. */
  readonly rank?: number;
  /** r, width of the inverse basis. */
  readonly width: number;
  readonly outputs: number;
  /** Of V, U and the weights of the inverse basis and the head. */
  readonly initial?: Initial;
  /** γ of γ‖VU − I‖²_F, added to the loss: UV becomes a projector. */
  readonly projector?: number;
}

const known = ["basis", "fourier", "rank", "width", "outputs", "initial", "projector"];

/** A stable invariant model, and its parts as graphs over its explicit tensors. */
export interface Sim extends Model {
  readonly features: number; // m
  readonly rank: number; // k
  /** φ(x): inputs [N, inputs] → [N, m] (or [N, T, m]). */
  readonly lift: (explicit: Values, x: Value, pass: Pass) => Value;
  /** U V p of features p [..., m]. */
  readonly core: (explicit: Values, p: Value) => Value;
}

/**
 * Stable invariant model: the limit t → ∞ of weight-tied dynamics, written down by its spectrum
 * instead of iterated. Lifted to features φ the dynamics is linear; what has modulus below 1 is gone
 * in the limit, and what is left is a map of low rank:
 *
 *   y = W_out g(U V φ(x)) + b_out,  V [k, m], U [m, k]
 *
 * One pass without a solver. φ is a basis (single-tier), or random Fourier features of one (two-tier).
 * Nothing but `projector` ties U to V: without it the model is a network with a bottleneck.
 *
 * Konishi & Kawahara (2023), "Stable invariant models via Koopman spectra", arXiv:2207.07475.
 *
 * @throws UsageError
 */
export function sim(options: SimOptions): Sim {
  refuseUnknown("sim", options, known);
  const { basis, fourier, width, outputs, projector = 0 } = options;
  if (fourier) checkFourier(fourier);
  const features = fourier?.count ?? basis.outputs;
  const { rank = Math.floor(features / 2) } = options;
  for (const [name, n] of Object.entries({ rank, width, outputs })) {
    if (!(Number.isInteger(n) && n > 0))
      throw new UsageError(`sim: ${name} = ${n} is no positive whole number`);
  }
  if (rank > features)
    throw new UsageError(`sim: rank ${rank} of ${features} features`, "take a smaller one");
  if (!(projector >= 0 && Number.isFinite(projector)))
    throw new UsageError(`sim: projector ${projector} is no weight of a penalty`);
  const { lift, parts } = frameOf({ ...options, features, rank });
  const core = (p: Values, value: Value) => affine(affine(value, p.V), p.U);
  return {
    kind: "sim",
    inputs: basis.inputs,
    outputs,
    features,
    rank,
    ...parts,
    lift,
    core,
    apply: (p, x, pass) => {
      if (pass.supplies && projector > 0)
        pass.supplies.penalties.push(projectorPenalty(p, projector));
      return readout(p, core(p, lift(p, x, pass)));
    },
  };
}
