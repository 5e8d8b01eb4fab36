import { type RandomStream, randomStream } from "../data/random.ts";
import { spectralNorm } from "../linalg/svd.ts";
import { advance, rungeKutta, stability } from "./dynamics.ts";
import { type Eigenfunction, phiOf } from "./eigenfunctions.ts";
import { fullJacobian } from "./jacobian.ts";
import type { RecurrentNetwork } from "./network.ts";
import { simulateReduced } from "./reduced-run.ts";
import { project, type Reduction } from "./reduction.ts";
import { dot, norm, plus, transposedTimes } from "./vectors.ts";

/**
 * How exact eigenfunctions are in float64, each number relative to the terms that it is the difference
 * of, so that rounding gives about 1e-15 at any size: nothing else should be left.
 */
export interface Exactness {
  /** ‖Wᵀu‖₂/‖W‖₂. */
  readonly nullSpace: number;
  /** uᵀF(x) − λφ(x) at random states of size 1, 10 and 100; in steps φ(F(x)) − λφ(x). */
  readonly generator: number;
  /**
   * φ(x_n) − R(λ dt)ⁿ φ(x_0) of Runge–Kutta of order 4, which keeps a linear law by its own stability
   * function; in steps φ(x_n) − λⁿφ(x_0).
   */
  readonly law: number;
  /** J(x)ᵀu − λu at random states. */
  readonly jacobian: number;
}

export interface CheckOptions {
  readonly seed?: number;
  readonly states?: number; // at each size; 100 unless given
  /** Products of N² are many; so many of the eigenfunctions are looked at, at even distances. */
  readonly functions?: number; // 5 unless given
  /** The Jacobian is N²; it is looked at in so many states. */
  readonly jacobians?: number; // 3 unless given
}

const sizes = [1, 10, 100];

/** Checks 1 to 4: the largest of each over eigenfunctions and states. */
export function exactnessOf(
  network: RecurrentNetwork,
  functions: readonly Eigenfunction[],
  { seed = 0, states = 100, functions: most = 5, jacobians = 3 }: CheckOptions = {},
): Exactness {
  const { W, time } = network;
  const draw = randomStream(seed, "exactness");
  const chosen = spread(functions, most);
  const gain = spectralNorm(W);
  let [generator, law, jacobian] = [0, 0, 0];
  for (const size of sizes) {
    for (let k = 0; k < states; k++) {
      const x = randomState(draw, W.rows, size);
      const next = advance(network, x);
      const pushed = norm(next) + norm(x) + norm(network.theta);
      for (const one of chosen) {
        const image = time.kind === "discrete" ? phiOf(one, next) : dot(one.u, next);
        const gap = image - one.eigenvalue * phiOf(one, x);
        generator = Math.max(generator, Math.abs(gap) / pushed);
      }
    }
  }
  const [dt, steps] = [0.1 / Math.max(1, fastest(network)), 50];
  const start = randomState(draw, W.rows, 1);
  let x = start;
  for (let k = 0; k < steps; k++)
    x =
      time.kind === "discrete"
        ? advance(network, x)
        : rungeKutta((_, at) => advance(network, at), 0, x, dt);
  for (const one of chosen) {
    const factor =
      (time.kind === "discrete" ? one.eigenvalue : stability(one.eigenvalue * dt)) ** steps;
    const gap = phiOf(one, x) - factor * phiOf(one, start);
    law = Math.max(law, Math.abs(gap) / (norm(x) + norm(start)));
  }
  for (let k = 0; k < jacobians; k++) {
    const J = fullJacobian(network, randomState(draw, W.rows, 1));
    for (const { u, eigenvalue } of chosen)
      jacobian = Math.max(jacobian, norm(plus(transposedTimes(J, u), -eigenvalue, u)) / (1 + gain));
  }
  const nullSpace = functions.reduce((worst, one) => Math.max(worst, one.singularValue), 0) / gain;
  return { nullSpace, generator, law, jacobian };
}

const fastest = ({ time }: RecurrentNetwork) =>
  time.kind === "discrete" ? 1 : time.decay.reduce((a, b) => Math.max(a, b), 0);

export const randomState = (draw: RandomStream, N: number, size: number): Float64Array =>
  Float64Array.from({ length: N }, () => size * draw.normal());

const spread = <T>(list: readonly T[], most: number): T[] =>
  list.length <= most
    ? [...list]
    : Array.from(
        { length: most },
        (_, k) => list[Math.round((k * (list.length - 1)) / (most - 1))],
      );

/**
 * Check 5: the largest distance of the whole network's states from those of its reduction, relative to
 * the largest state, over steps of dt (the same integrator for both).
 */
export function reductionGap(
  reduction: Reduction,
  x0: Float64Array,
  steps: { readonly dt: number; readonly steps: number },
): number {
  const { network } = reduction;
  const run = simulateReduced(reduction, x0, steps);
  let [x, worst, largest] = [x0, 0, norm(x0)];
  for (let k = 1; k <= steps.steps; k++) {
    x =
      network.time.kind === "discrete"
        ? advance(network, x)
        : rungeKutta((_, at) => advance(network, at), 0, x, steps.dt);
    // Of a cell only y can be compared: the other coordinates are driven by it.
    const gap =
      network.form === "cell"
        ? norm(plus(project(reduction, x).y, -1, run.y[k]))
        : norm(plus(x, -1, run.v(k)));
    worst = Math.max(worst, gap);
    largest = Math.max(largest, norm(x));
  }
  return worst / largest;
}
