import { ShapeError } from "../../errors.ts";
import type { Parameters } from "../model.ts";
import { checkModes, latentSize, type Modes } from "./modes.ts";
import { type CoreSpectrum, coreSpectrum, type SimSpectrum, simSpectrum } from "./spectrum.ts";

/** What the tensors of a stable invariant model say of the dynamics that it stands for. */
export interface SimReading extends SimSpectrum {
  /** k, the number of latent coordinates; a pair of conjugate eigenvalues has two. */
  readonly rank: number;
  /** How many of them are left in the limit. */
  readonly surviving: number;
  readonly core: CoreSpectrum;
}

/**
 * Whether UV is nearly a projector, ‖VU − I‖ ≤ ‖I‖/10. Where it is not, the model is a network with a
 * bottleneck, and that its output is a limit is only how it was meant.
 */
export const nearProjector = ({ rank, core }: SimReading): boolean =>
  core.defect <= 0.1 * Math.sqrt(rank);

/**
 * The spectrum of a stable invariant model from its tensors alone, as they are in a file: that of the
 * dynamics, and that of VU, which is I where UV is a projector. Without modes it is a model of the limit,
 * where only λ = 1 is left: one for each row of V.
 *
 * @throws ShapeError  for tensors that are not those of such a model
 */
export function readSim(tensors: Parameters, modes?: Modes): SimReading {
  const [rank = 0, features] = tensors.V?.shape ?? [];
  const [rows, columns] = tensors.U?.shape ?? [];
  if (!(rank > 0 && rows === features && columns === rank))
    throw new ShapeError(
      `V [${rank}, ${features}] and U [${rows}, ${columns}]: wanted V [k, m], U [m, k]`,
    );
  const checked = checkModes(modes ?? { ones: rank });
  if (latentSize(checked) !== rank)
    throw new ShapeError(`${latentSize(checked)} coordinates of modes, V has ${rank} rows`);
  const counts = { "rotation.angle": checked.rotations, "decay.raw": checked.decaying };
  for (const [name, { length }] of Object.entries(counts)) {
    const found = tensors[name]?.data.length ?? 0;
    if (found !== length)
      throw new ShapeError(`${length} modes with ${name}, which holds ${found}`);
  }
  return {
    ...simSpectrum({ modes: checked }, tensors),
    rank,
    surviving: rank - 2 * checked.decaying.length,
    core: coreSpectrum({ rank }, tensors),
  };
}
