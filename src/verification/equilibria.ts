import { ShapeError, UsageError } from "../errors.ts";
import { spectralNormBound } from "../linalg/bounds.ts";
import { type ComplexNumbers, eigenvalues } from "../linalg/eigenvalues.ts";
import { type Matrix, matrix, requireSquare, scale, shift } from "../linalg/matrix.ts";
import { monotonicity } from "./measures.ts";

/** What the weights of a layer z ← σ(Wz + Ux + b) say before any equilibrium is known. */
export interface LayerProperties {
  /** ‖W‖₂ · max σ′, computed and proven at most. Below 1 the layer contracts. */
  readonly gain: number;
  readonly gainBound: number;
  /** m = λmin(I − (W + Wᵀ)/2), computed and proven at least. Above 0, I − W is monotone. */
  readonly monotonicity: number;
  readonly monotonicityBound: number;
  /**
   * min Re λ(I − W), which the literature shows at times as if it were m. It is never below m, and
   * can be 1 where m is −2: nothing follows from it.
   */
  readonly smallestRealPart: number;
}

/** How the layer iteration behaves near one equilibrium. */
export interface LocalBehaviour {
  readonly eigenvalues: ComplexNumbers; // of J(z*)
  readonly radius: number; // ρ(J(z*))
  /** ρ < 1: the iteration converges from everywhere near z*. Above 1 it leaves z* from almost everywhere. */
  readonly attracting: boolean;
}

/**
 * @param W  [n × n]
 * @param slope  the largest σ′: 1 for tanh and ReLU, ¼ for the sigmoid
 * @throws ShapeError, DataError  for W that is not square and finite
 */
export function layerProperties(W: Matrix, slope = 1): LayerProperties {
  if (!(slope > 0 && slope < Infinity)) {
    throw new UsageError(`layerProperties: slope ${slope} is not positive`);
  }
  requireSquare(W);
  const norm = spectralNormBound(W);
  const m = monotonicity(W);
  return {
    gain: norm.value * slope,
    gainBound: (norm.value + norm.margin) * slope * (1 + 2 ** -50),
    monotonicity: m.value,
    monotonicityBound: m.value - m.margin,
    smallestRealPart: Math.min(...eigenvalues(shift(scale(W, -1), 1)).re),
  };
}

/**
 * J(z*) = diag(σ′) W, the Jacobian of z ↦ σ(Wz + Ux + b) at an equilibrium.
 *
 * @param slopes  σ′(Wz* + Ux + b) [n]; of tanh that is 1 − z*²
 */
export function layerJacobian(W: Matrix, slopes: ArrayLike<number>): Matrix {
  if (slopes.length !== W.rows) {
    throw new ShapeError(`${slopes.length} slopes for W of ${W.rows} × ${W.cols}`);
  }
  return matrix(W.rows, W.cols, (i, j) => slopes[i] * W.data[i * W.cols + j]);
}

/**
 * How a map z ↦ f(z) behaves near an equilibrium: ρ(J) < 1 attracts.
 *
 * @param J  the Jacobian at the equilibrium [n × n]
 */
export function localBehaviour(J: Matrix): LocalBehaviour {
  const found = eigenvalues(J);
  const radius = Math.hypot(found.re[0], found.im[0]);
  return { eigenvalues: found, radius, attracting: radius < 1 };
}

/** What may be concluded of a layer, from the strongest statement to the weakest. */
export type Conclusion = "contracts" | "monotone" | "attracting" | "repelling" | "nothing";

export interface Explanation {
  readonly conclusion: Conclusion;
  /** What can be said. */
  readonly can: string;
  /** What cannot, although it may look so. */
  readonly cannot: string;
}

/**
 * The conclusion in words, from the weights and from the equilibrium where one was found.
 *
 * @param prox  whether σ is the prox of a convex function (ReLU, tanh, sigmoid, softplus; not GELU)
 */
export function explain(
  { gain, gainBound, monotonicity: m, monotonicityBound, smallestRealPart }: LayerProperties,
  local: LocalBehaviour | null,
  { prox = true } = {},
): Explanation {
  const looksMonotone =
    smallestRealPart > 0 && !(m > 0)
      ? ` min Re λ(I − W) = ${brief(smallestRealPart)} > 0 does not make I − W monotone: m = ${brief(m)}.`
      : "";
  if (gainBound < 1) {
    return {
      conclusion: "contracts",
      can: `‖W‖₂ · max σ′ = ${brief(gain)} < 1, proven: for every input there is one equilibrium, and the layer iteration converges to it from every start.`,
      cannot: "Nothing is missing for these weights; other weights need a new look.",
    };
  }
  if (prox && monotonicityBound > 0) {
    const nearby =
      local === null
        ? ""
        : ` At z*, ρ(J) = ${brief(local.radius)}: the plain iteration ${local.attracting ? "is attracted from nearby" : "is repelled"}.`;
    return {
      conclusion: "monotone",
      can: `m = λmin(I − (W + Wᵀ)/2) = ${brief(m)} > 0, proven: for every input there is one equilibrium, and a splitting method finds it.`,
      cannot: `That the plain layer iteration finds it: ‖W‖₂ · max σ′ = ${brief(gain)} is not below 1.${nearby}`,
    };
  }
  if (local === null) {
    return {
      conclusion: "nothing",
      can: "No equilibrium was found. Where σ is bounded one exists (Brouwer); the search did not find it.",
      cannot: `Existence otherwise, uniqueness, convergence: ‖W‖₂ · max σ′ = ${brief(gain)} ≥ 1 and m = ${brief(m)} ≤ 0.${looksMonotone}`,
    };
  }
  if (local.attracting) {
    return {
      conclusion: "attracting",
      can: `ρ(J(z*)) = ${brief(local.radius)} < 1: the layer iteration converges to this equilibrium from everywhere near it, for this input.`,
      cannot: `That it converges from the start used, that z* is the only equilibrium, or anything of other inputs: ‖W‖₂ · max σ′ = ${brief(gain)} ≥ 1 and m = ${brief(m)} ≤ 0.${looksMonotone}`,
    };
  }
  return {
    conclusion: "repelling",
    can: `The equilibrium exists, the iteration does not find it: ρ(J(z*)) = ${brief(local.radius)} > 1, so the layer iteration leaves z* from almost every start near it. Newton and Broyden do not depend on ρ.`,
    cannot: `That z* is the only equilibrium, or that the iteration settles nowhere: it may settle at another.${looksMonotone}`,
  };
}

const brief = (x: number) => String(Number(x.toPrecision(3)));
