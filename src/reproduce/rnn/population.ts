import { type RandomStream, randomStream } from "../../data/random.ts";
import { exactnessOf, randomState, reductionGap } from "../../eigenfunctions/checks.ts";
import { stability } from "../../eigenfunctions/dynamics.ts";
import { eigenfunctionsOf } from "../../eigenfunctions/eigenfunctions.ts";
import { type RecurrentNetwork, recurrentNetwork } from "../../eigenfunctions/network.ts";
import { simulateReduced } from "../../eigenfunctions/reduced-run.ts";
import { project, type Reduction, reduce } from "../../eigenfunctions/reduction.ts";
import { norm, plus } from "../../eigenfunctions/vectors.ts";
import { type Matrix, matrixOf, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";

/** What the five checks say of one network. */
export interface Checked {
  readonly N: number;
  readonly r: number;
  readonly activation: string;
  /** Whether N − r exact eigenfunctions were found, no more and no fewer. */
  readonly counted: boolean;
  readonly nullSpace: number;
  readonly generator: number;
  readonly law: number;
  readonly jacobian: number;
  /** Reduced against whole network, relative. */
  readonly gap: number;
  /** The error of the integrator itself, found by halving its steps. */
  readonly integrator: number;
}

const activations = ["tanh", "relu", "logistic"] as const;

/** Entries that make a product of two factors a matrix of norm about 1. */
export const gaussian = (draw: RandomStream, rows: number, cols: number, scale = 1): Matrix =>
  matrixOf(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => (scale * draw.normal()) / Math.sqrt(rows)),
  );

/** Network `index` of the population of a seed: N to `largest`, rank to 20, gain 0.5 to 3, random θ. */
function networkAt(
  seed: number,
  index: number,
  largest: number,
): { network: RecurrentNetwork; r: number; draw: RandomStream } {
  const draw = randomStream(seed, "rnn", index);
  const N = 10 + Math.floor(draw.uniform() * (largest - 9));
  const r = 1 + Math.floor(draw.uniform() * Math.min(20, N / 2));
  const gain = 0.5 + 2.5 * draw.uniform();
  const W = product(gaussian(draw, N, r, gain), transpose(gaussian(draw, N, r)));
  const theta = randomState(draw, N, 0.5);
  const activation = activations[index % activations.length];
  return { network: recurrentNetwork(W, { theta, activation }), r, draw };
}

const steps = { dt: 0.02, steps: 100 };

/** Checks 1 to 5 on one network. */
export function checkNetwork(seed: number, index: number, largest: number): Checked {
  const { network, r, draw } = networkAt(seed, index, largest);
  const N = network.W.rows;
  const { list } = eigenfunctionsOf(network);
  const exactness = exactnessOf(network, list, { seed: index, functions: 3, jacobians: 2 });
  const reduction = reduce(network)!;
  const start = randomState(draw, N, 1);
  return {
    N,
    r,
    activation: network.activation.name,
    counted: list.length === N - r && list.every(({ exact }) => exact),
    ...exactness,
    gap: reductionGap(reduction, start, steps),
    integrator: integratorError(reduction, start),
  };
}

/**
 * The error of Runge–Kutta in the reduced network, by Richardson's rule from half the steps, and that
 * of R(−dt)ᵏ for e^{−k dt} in the other coordinates, relative to the largest state.
 */
function integratorError(reduction: Reduction, start: Float64Array): number {
  const whole = simulateReduced(reduction, start, steps);
  const half = simulateReduced(reduction, start, { dt: steps.dt / 2, steps: 2 * steps.steps });
  const outside = norm(project(reduction, start).w);
  let [worst, largest] = [0, norm(start)];
  for (let k = 1; k <= steps.steps; k++) {
    const inside = (16 / 15) * norm(plus(whole.y[k], -1, half.y[2 * k]));
    const drift = Math.abs(stability(-steps.dt) ** k - Math.exp(-k * steps.dt)) * outside;
    worst = Math.max(worst, inside + drift);
    largest = Math.max(largest, norm(whole.v(k)));
  }
  return worst / largest;
}
