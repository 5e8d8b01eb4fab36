import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { mul, square, sub } from "../../graph/ops/elementwise.ts";
import { affine } from "../../graph/ops/linear.ts";
import { split } from "../../graph/ops/movement.ts";
import { reduceMean } from "../../graph/ops/reduction.ts";
import type { Initial } from "../initialise.ts";
import type { Model, Pass } from "../model.ts";
import { checkFourier, type FourierFeatures } from "./fourier.ts";
import { frameOf } from "./frame.ts";
import {
  advanced,
  checkModes,
  inTheLimit,
  joined,
  latentOf,
  latentSize,
  type Modes,
  modeParameters,
} from "./modes.ts";
import { projectorPenalty, readout } from "./parts.ts";

export interface InvariantSimOptions {
  /** Of the state: [N, n] → [N, d]. */
  readonly basis: Model;
  readonly fourier?: FourierFeatures;
  /** The spectrum: how many modes of each kind, and where training starts from. */
  readonly modes: Modes;
  /** r, width of the inverse basis. */
  readonly width: number;
  /** Numbers of the state that is read out. */
  readonly outputs: number;
  readonly initial?: Initial;
  /** γ of γ‖VU − I‖²_F. */
  readonly projector?: number;
  /**
   * γ of γ mean(Vφ(z_t) − ΛᵗVφ(z₀))², where the model's own z_t is lifted again: going on from z_t is
   * then the same as coming from z₀. Wants as many outputs as the basis has inputs.
   */
  readonly consistency?: number;
}

const known = [
  "basis",
  "fourier",
  "modes",
  "width",
  "outputs",
  "initial",
  "projector",
  "consistency",
];

/** A stable invariant model with its spectrum in the open. */
export interface InvariantSim extends Model {
  readonly modes: Required<Modes>;
  readonly rank: number; // k
  /** Latent coordinates Λᵗ V φ(z₀) [N, k] at times t [N, 1]. */
  readonly latent: (explicit: Values, start: Value, t: Value, pass: Pass) => Value;
  /** The state that these coordinates stand for [N, outputs]. */
  readonly state: (explicit: Values, latent: Value) => Value;
}

/**
 * Stable invariant model with an explicit spectrum: the state at any time t, of a flow whose limit is
 * a point, a cycle or a torus,
 *
 *   z_t = W_out g(U Λᵗ V φ(z₀)) + b_out,  Λ = diag(1 …, e^{iω} …, e^{−r + iω} …)
 *
 * as one pass of features [z₀, t]. ω and r > 0 are learned. Orbits cannot grow: moduli are at most 1
 * by construction. The limit at phase t is the same without the decaying modes; an exported file has
 * it as a second output, and t as an input of its own.
 *
 * After Konishi & Kawahara (2023), arXiv:2207.07475, whose model is the limit of a point; the spectrum,
 * time and consistency are not in the paper.
 *
 * @throws UsageError
 */
export function invariantSim(options: InvariantSimOptions): InvariantSim {
  refuseUnknown("invariantSim", options, known);
  const { basis, fourier, width, outputs, projector = 0, consistency = 0 } = options;
  if (fourier) checkFourier(fourier);
  const modes = checkModes(options.modes);
  const features = fourier?.count ?? basis.outputs;
  const rank = latentSize(modes);
  for (const [name, n] of Object.entries({ width, outputs })) {
    if (!(Number.isInteger(n) && n > 0))
      throw new UsageError(`invariantSim: ${name} = ${n} is no positive whole number`);
  }
  if (rank > features)
    throw new UsageError(`invariantSim: ${rank} latent coordinates of ${features} features`);
  for (const [name, weight] of Object.entries({ projector, consistency })) {
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new UsageError(`invariantSim: ${name} ${weight} is no weight of a penalty`);
  }
  if (consistency > 0 && outputs !== basis.inputs) {
    throw new UsageError(
      `invariantSim: consistency with ${outputs} outputs of ${basis.inputs} inputs`,
      "only whole states can be lifted again",
    );
  }
  const { lift, parts } = frameOf({ ...options, features, rank });
  const lifted = (p: Values, z: Value, pass: Pass) => affine(lift(p, z, pass), p.V);
  const at = (p: Values, z: Value, t: Value, pass: Pass) =>
    advanced(p, latentOf(modes, lifted(p, z, pass)), t);
  const state = (p: Values, latent: Value) => readout(p, affine(latent, p.U));
  return {
    kind: "invariant-sim",
    inputs: basis.inputs + 1,
    outputs,
    modes,
    rank,
    ...parts,
    initialise: (seed) => ({ ...parts.initialise(seed), ...modeParameters(modes) }),
    latent: (p, z, t, pass) => joined(at(p, z, t, pass)),
    state,
    apply: (p, x, pass) => {
      const [z0, t] = split(x, 1, [basis.inputs, 1]);
      const latent = at(p, z0, t, pass);
      const c = joined(latent);
      const z = state(p, c);
      const { supplies, also } = pass;
      if (also) also.limit = state(p, joined(inTheLimit(latent)));
      if (supplies && projector > 0) supplies.penalties.push(projectorPenalty(p, projector));
      if (supplies && consistency > 0) {
        const again = joined(latentOf(modes, lifted(p, z, pass)));
        supplies.penalties.push(mul(reduceMean(square(sub(again, c))), consistency));
      }
      return z;
    },
    ports: [
      ["x", basis.inputs],
      ["t", 1],
    ],
  };
}
