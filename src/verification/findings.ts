import type { Bounded } from "../linalg/bounds.ts";
import { largestEntry, type Matrix } from "../linalg/matrix.ts";
import {
  type Convergence,
  inequalities,
  type Lipschitz,
  type Resolvent,
  type UniqueEquilibrium,
} from "./certificate.ts";
import {
  float32Roundoff,
  forwardRate,
  monotonicity,
  outerGain,
  type Relation,
  reflectedRate,
  resolventRelation,
} from "./measures.ts";
import type { Weights } from "./weights.ts";

/** One inequality as the weights have it now. */
export interface Finding<Inequality extends string = string> {
  readonly inequality: Inequality;
  readonly tensors: readonly string[];
  readonly measured: number;
  readonly roundingMargin: number;
  /** What is proven: measured less the margin for m, measured and the margin for the others. */
  readonly proven: number;
  /**
   * How far `proven` can move when one weight moves to a neighbouring float32. A claim leaves this
   * room, so that it stands after such a change, and on a machine whose eigenvalues differ in their
   * last digits.
   */
  readonly room: number;
}

/** The distance between neighbouring float32, relative to the larger. */
export const float32Step = 2 * float32Roundoff;

/** The same for the entries of a matrix, which stands beside the identity. */
export const stepOf = (A: Matrix): number => float32Step * Math.max(1, largestEntry(A));

export function uniqueEquilibrium({ W }: Weights): Finding<UniqueEquilibrium["inequality"]> {
  const found = monotonicity(W);
  return {
    inequality: inequalities.monotone,
    tensors: ["W"],
    ...atLeast(found),
    room: stepOf(W),
  };
}

/** Convergence of the iteration in one step, or of R alone where R is what it multiplies with. */
export function convergence({ W, R }: Weights, alpha: number): Finding<Convergence["inequality"]> {
  return R === null
    ? {
        inequality: inequalities.forward,
        tensors: ["W"],
        ...atMost(forwardRate(W, alpha)),
        room: alpha * stepOf(W),
      }
    : {
        inequality: inequalities.reflected,
        tensors: ["R"],
        ...atMost(reflectedRate(R)),
        room: stepOf(R),
      };
}

/** The finding, and how well R is W's resolvent at all, against the rounding of float32. */
export function resolvent(
  W: Matrix,
  R: Matrix,
  alpha: number,
): Finding<Resolvent["inequality"]> & Pick<Relation, "residual" | "tolerance"> {
  const { distance, residual, tolerance, sensitivity } = resolventRelation(W, R, alpha);
  return {
    inequality: inequalities.resolvent,
    tensors: ["W", "R"],
    ...atMost(distance),
    room: stepOf(W) + sensitivity * stepOf(R),
    residual,
    tolerance,
  };
}

/** @param m  monotonicity of what runs; no finite bound where it is not positive */
export function lipschitz(
  weights: Weights,
  m: { measured: number; proven: number },
): Finding<Lipschitz["inequality"]> {
  const gain = outerGain(weights);
  const over = (number: number, m: number) => (m > 0 ? number / m : Infinity);
  const measured = over(gain.value, m.measured);
  const proven = over((gain.value + gain.margin) * (1 + 2 ** -50), m.proven);
  const scale = weights.inputScale ? ["input.scale"] : [];
  return {
    inequality: weights.R ? inequalities.lipschitzOfRunning : inequalities.lipschitz,
    tensors: [...(weights.R ? ["W", "R"] : ["W"]), "U", "W_o", ...scale],
    measured,
    roundingMargin: proven === Infinity ? 0 : proven - measured,
    proven,
    room: 2 * float32Step * proven,
  };
}

export const atLeast = ({ value, margin }: Bounded) => ({
  measured: value,
  roundingMargin: margin,
  proven: value - margin,
});

export const atMost = ({ value, margin }: Bounded) => ({
  measured: value,
  roundingMargin: margin,
  proven: value + margin,
});
