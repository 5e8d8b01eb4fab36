import { ShapeError, UsageError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { eigenvalues } from "../../linalg/eigenvalues.ts";
import { frobeniusNorm, type Matrix, matrixOf, multiply } from "../../linalg/matrix.ts";
import type { Parameters } from "../model.ts";
import type { InvariantSim } from "./invariant.ts";
import { angleRelations, type Relation, relationRank } from "./relations.ts";
import type { Sim } from "./sim.ts";

/** One eigenvalue of the dynamics in latent coordinates; of a pair the one with the angle as it stands. */
export interface SimMode {
  readonly kind: "one" | "rotation" | "decaying";
  /** λ = modulus · e^{i angle} of one unit of time. */
  readonly modulus: number;
  readonly angle: number;
  /** r of a modulus e^{−r}. */
  readonly rate: number;
  /** Turns per unit of time, ω/2π. */
  readonly rotationNumber: number;
  /** Whether it is there in the limit. */
  readonly survives: boolean;
}

export interface SimSpectrum {
  readonly modes: readonly SimMode[];
  /** Dimension of the invariant set of one start: the number of rationally independent angles. */
  readonly dimension: number;
  /** "point", "cycle" or "torus of dimension q". */
  readonly limit: string;
  /** Whole numbers k with |k · ω| within the tolerance, by which angles do not count as independent. */
  readonly relations: readonly Relation[];
  readonly tolerance: number;
}

export interface SpectrumOptions {
  /** How exactly an angle is known, in radians per unit of time. */
  readonly tolerance?: number;
  /** Largest whole number in a relation. */
  readonly largest?: number;
}

/**
 * The spectrum that a model's parameters stand for, exactly: λ = 1, e^{iω} and e^{−r + iω}, which of
 * them survive, and what the limit is. The orbit's closure is a torus of as many dimensions as there
 * are angles independent over the rationals. Whether numbers that were learned are so is no question
 * of mathematics: angles count as dependent where whole numbers k, none above `largest`, have
 * |k · ω| ≤ tolerance ‖k‖₁, that is, where angles changed by the tolerance could be dependent. A wide tolerance finds relations by chance: of three angles there are
 * 1,100 tuples to try, and at 1e-3 one in a thousand passes.
 *
 * Time is continuous here. At whole steps only, an angle that is a rational part of 2π has a finite
 * orbit, on the same torus.
 *
 * @throws UsageError  for a tolerance or bound that is not positive
 */
export function simSpectrum(
  model: Pick<InvariantSim, "modes">,
  parameters: Parameters,
  { tolerance = 1e-4, largest = 6 }: SpectrumOptions = {},
): SimSpectrum {
  if (!(tolerance > 0 && Number.isInteger(largest) && largest > 0))
    throw new UsageError(`spectrum: tolerance ${tolerance}, largest ${largest}`);
  const numbers = (name: string) => Array.from(parameters[name]?.data ?? [], Number);
  const angles = numbers("rotation.angle");
  const rates = numbers("decay.raw").map(
    (s) => Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))),
  );
  const mode = (kind: SimMode["kind"], angle: number, rate: number): SimMode => ({
    kind,
    modulus: Math.exp(-rate),
    angle,
    rate,
    rotationNumber: angle / (2 * Math.PI),
    survives: kind !== "decaying",
  });
  const modes = [
    ...Array.from({ length: model.modes.ones }, () => mode("one", 0, 0)),
    ...angles.map((angle) => mode("rotation", angle, 0)),
    ...numbers("decay.angle").map((angle, i) => mode("decaying", angle, rates[i])),
  ];
  const relations = angleRelations(angles, { tolerance, largest });
  const dimension = angles.length - relationRank(relations);
  const limit =
    dimension === 0 ? "point" : dimension === 1 ? "cycle" : `torus of dimension ${dimension}`;
  return { modes, dimension, limit, relations, tolerance };
}

/** How far the core of a stable invariant model is from the projector that its theory asks for. */
export interface CoreSpectrum {
  /** Eigenvalues of VU [k × k], which are those of UV that are not 0 by its rank. */
  readonly re: readonly number[];
  readonly im: readonly number[];
  /** ‖VU − I‖_F: 0 where UV is a projector of rank k, all eigenvalues then being 1. */
  readonly defect: number;
}

/** Eigenvalues of the core U V of a model without an explicit spectrum. */
export function coreSpectrum(model: Pick<Sim, "rank">, parameters: Parameters): CoreSpectrum {
  const VU = multiply(asMatrix(parameters.V), asMatrix(parameters.U));
  const { re, im } = eigenvalues(VU);
  const defect = Float64Array.from(VU.data);
  for (let i = 0; i < model.rank; i++) defect[i * (model.rank + 1)] -= 1;
  return {
    re: Array.from(re),
    im: Array.from(im),
    defect: frobeniusNorm(matrixOf(model.rank, model.rank, defect)),
  };
}

function asMatrix({ data, shape }: Tensor): Matrix {
  if (shape.length !== 2) throw new ShapeError(`a matrix is wanted, not [${shape}]`);
  return matrixOf(shape[0], shape[1], Float64Array.from(data, Number));
}
