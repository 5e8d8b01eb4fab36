import { randomStream } from "../../data/random.ts";
import { randomState } from "../../eigenfunctions/checks.ts";
import { simulate } from "../../eigenfunctions/dynamics.ts";
import { eigenfunctionsOf } from "../../eigenfunctions/eigenfunctions.ts";
import { type RecurrentNetwork, recurrentNetwork } from "../../eigenfunctions/network.ts";
import { type Track, trackOf } from "../../eigenfunctions/reading.ts";
import { type Matrix, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";
import { gaussian } from "./population.ts";
import { posterStart, posterW } from "./poster.ts";

/** The last singular values of a matrix replaced by these. */
function withSingular(W: Matrix, last: readonly number[]): Matrix {
  const { U, s, V } = svd(W);
  const values = s.map((sigma, j) => last[j - (s.length - last.length)] ?? sigma);
  const scaled = { ...U, data: U.data.map((x, k) => x * values[k % U.cols]) };
  return product(scaled, transpose(V));
}

export interface NearNull {
  readonly sigma: number;
  readonly measured: number;
  readonly bound: number;
  readonly track: Omit<Track, "of">;
}

/** The singular values that the poster's third is set to. */
export const sigmas = [1e-3, 1e-2, 1e-1] as const;
/** Measured before, of the same network, start and times. */
export const measuredBefore = [9.33e-4, 9.37e-3, 9.76e-2] as const;

/** The poster's matrix with σ₃ > 0: max over t ≤ 20 of |φ(t) − e^{−t}φ(0)|, against σ₃ sup |vᵀσ|. */
export function posterNearNull(): NearNull[] {
  return sigmas.map((sigma) => {
    const network = recurrentNetwork(withSingular(posterW, [sigma]));
    const [one] = eigenfunctionsOf(network, { tolerance: 0.05 }).list;
    const states = simulate(network, posterStart, { dt: 0.01, steps: 2000 });
    const track = trackOf(network, one, states, 0.01);
    return { sigma, measured: track.departure, bound: one.bound!, track };
  });
}

export interface Within {
  readonly activation: string;
  readonly sigma: number;
  /** Measured over allowed: at most 1. */
  readonly ratio: number;
}

/** Random networks of rank 5 and three near-null directions: every one against its bound. */
export function randomNearNull(seed: number, count: number): Within[] {
  return Array.from({ length: count }, (_, index) => {
    const draw = randomStream(seed, "near-null", index);
    const N = 20 + Math.floor(30 * draw.uniform());
    const activation = (["tanh", "relu", "logistic"] as const)[index % 3];
    const low = product(gaussian(draw, N, 5, 1.5), transpose(gaussian(draw, N, 5)));
    const near = [3, 1, 0.3].map((x) => x * 10 ** (-3 + 2 * draw.uniform()) * 0.01);
    const zeros = Array<number>(N - 8).fill(0);
    const W = withSingular(low, [...near, ...zeros]);
    const network: RecurrentNetwork = recurrentNetwork(W, { activation });
    const found = eigenfunctionsOf(network, { tolerance: 0.05 }).list.filter((one) => !one.exact);
    const states = simulate(network, randomState(draw, N, 1), { dt: 0.05, steps: 200 });
    return found.map((one) => {
      const { departure, allowed } = trackOf(network, one, states, 0.05);
      return { activation, sigma: one.singularValue, ratio: departure / allowed };
    });
  }).flat();
}
