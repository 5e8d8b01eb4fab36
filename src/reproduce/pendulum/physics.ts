import { randomStream } from "../../data/random.ts";
import { pendulum } from "../../data/systems/pendulum.ts";
import { euler, rk4 } from "../../data/systems/system.ts";
import { eigenvalues } from "../../linalg/eigenvalues.ts";
import { fromRows, identity, type Matrix, matrix } from "../../linalg/matrix.ts";
import { pendulumLure, simulateLure } from "../../lti/lure.ts";
import { lqr } from "../../lti/regulator.ts";
import { zeroOrderHold } from "../../lti/state-space.ts";

/** What the lecture's pendulum (m = l = 1, μ = 0.9, δ = 0.01 s) is, as numbers. */
export interface Physics {
  /** max |x − x′| over 300 steps, of the linear system plus z − sin z against Euler's method. */
  readonly lureError: number;
  /** The same with B and B_w exchanged, as printed, over the first 100 steps (1 s). */
  readonly swappedError: number;
  readonly openLoop: readonly number[];
  readonly closedLoop: readonly number[];
  readonly hangingModulus: number;
  readonly gain: readonly number[];
  readonly held: { readonly A: readonly number[]; readonly B: readonly number[] };
  /** |φ(3 s)| errors by step, of Euler's method and RK4; hanging, x₀ = [1, 0]. */
  readonly integration: readonly {
    readonly dt: number;
    readonly euler: number;
    readonly rk4: number;
  }[];
  /** Slope and sector of z − sin z. */
  readonly slope: readonly [number, number];
  readonly sector: { readonly least: number; readonly most: number; readonly at: number };
}

const dt = 0.01;
const x0 = [0.5, 0];

export function physicsOf(seed: number): Physics {
  const { linear, Bw } = pendulumLure("inverted", dt);
  const { A, B } = linear;
  const { K, closedLoop } = lqr(A, B, identity(2), identity(1));
  const g = 9.81;
  const continuous = fromRows([
    [0, 1],
    [g, -0.9],
  ]);
  const hold = zeroOrderHold(continuous, fromRows([[0], [1]]), dt);
  return {
    lureError: againstEuler(B, Bw, 300, seed),
    swappedError: againstEuler(Bw, B, 100, seed),
    openLoop: realParts(A),
    closedLoop: realParts(closedLoop),
    hangingModulus: largestModulus(pendulumLure("hanging", dt).linear.A),
    gain: [...K.data],
    held: { A: [...hold.A.data], B: [...hold.B.data] },
    integration: integrationErrors(),
    ...nonlinearity(),
  };
}

/** The two ways of simulating 3 s under the lecture's input, N(0, 0.1). */
function againstEuler(B: Matrix, Bw: Matrix, steps: number, seed: number): number {
  const random = randomStream(seed, "pendulum", "torque");
  const u = Float64Array.from({ length: steps }, () => 0.1 * random.normal());
  const lure = pendulumLure("inverted", dt);
  const both = { ...lure, linear: { ...lure.linear, B, C: identity(2), D: zeros() }, Bw };
  const { y } = simulateLure(both, u, x0);
  const { rate } = pendulum("inverted");
  let x = Float64Array.from(x0);
  let worst = 0;
  for (let t = 0; t < steps; t++) {
    for (const i of [0, 1]) worst = Math.max(worst, Math.abs(y[2 * t + i] - x[i]));
    x = Float64Array.from(euler(rate, x, u.subarray(t, t + 1), dt));
  }
  return worst;
}
const zeros = () => matrix(2, 1, () => 0);

const realParts = (A: Matrix): number[] => [...eigenvalues(A).re].sort((a, b) => b - a);
function largestModulus(A: Matrix): number {
  const { re, im } = eigenvalues(A);
  return Math.max(...Array.from(re, (x, i) => Math.hypot(x, im[i])));
}

/** Distances of the states at 3 s from those with a step of 10⁻⁴ s. */
function integrationErrors() {
  const { rate } = pendulum("hanging");
  const free = new Float64Array(1);
  const end = (method: typeof rk4, step: number) => {
    let x: Float64Array = Float64Array.of(1, 0);
    for (let k = 0; k < Math.round(3 / step); k++) x = method(rate, x, free, step);
    return x;
  };
  const exact = end(rk4, 1e-4);
  const error = (method: typeof rk4, step: number) => {
    const found = end(method, step);
    return Math.hypot(found[0] - exact[0], found[1] - exact[1]);
  };
  return [0.1, 0.05, 0.01].map((step) => ({
    dt: step,
    euler: error(euler, step),
    rk4: error(rk4, step),
  }));
}

/** Extremes of the slope 1 − cos z and of (z − sin z)/z, on a grid. */
function nonlinearity(): Pick<Physics, "slope" | "sector"> {
  const grid = Array.from({ length: 20_001 }, (_, i) => 1e-6 + (i * 40) / 20_000);
  const slopes = grid.map((z) => 1 - Math.cos(z));
  const shares = grid.map((z) => 1 - Math.sin(z) / z);
  const most = shares.reduce((a, b) => Math.max(a, b));
  return {
    slope: [Math.min(...slopes), Math.max(...slopes)],
    sector: { least: Math.min(...shares), most, at: grid[shares.indexOf(most)] },
  };
}
