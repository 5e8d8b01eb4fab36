import type { RecurrentNetwork } from "./network.ts";
import { plus, times } from "./vectors.ts";

/** What is added to W σ(x), or stands beside W h inside σ: θ + B s. */
const shiftOf = ({ theta, B }: RecurrentNetwork, s: ArrayLike<number> | null): Float64Array =>
  B === null || s === null ? theta : plus(theta, 1, times(B, s));

/** ẋ of a network in continuous time; x′ of one in steps. */
export function advance(
  network: RecurrentNetwork,
  x: Float64Array,
  s: ArrayLike<number> | null = null,
): Float64Array {
  const { W, activation, form, time } = network;
  const shift = shiftOf(network, s);
  const pushed =
    form === "cell"
      ? plus(times(W, x), 1, shift).map(activation.value)
      : plus(times(W, x.map(activation.value)), 1, shift);
  if (time.kind === "discrete") {
    const { leak } = time;
    return pushed.map((push, i) => (1 - leak) * x[i] + leak * push);
  }
  return pushed.map((push, i) => push - time.decay[i] * x[i]);
}

/** A field t, x ↦ ẋ. */
export type Field = (t: number, x: Float64Array) => Float64Array;

/** One step of the classical Runge–Kutta method of order 4. */
export function rungeKutta(f: Field, t: number, x: Float64Array, dt: number): Float64Array {
  const k1 = f(t, x);
  const k2 = f(t + dt / 2, plus(x, dt / 2, k1));
  const k3 = f(t + dt / 2, plus(x, dt / 2, k2));
  const k4 = f(t + dt, plus(x, dt, k3));
  return x.map((value, i) => value + (dt / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
}

/** R(z) = 1 + z + z²/2 + z³/6 + z⁴/24: what that method multiplies ẋ = λx by in a step, z = λ dt. */
export const stability = (z: number): number => 1 + z * (1 + (z / 2) * (1 + (z / 3) * (1 + z / 4)));

/** Lengths of steps of a simulation. */
export interface Steps {
  readonly dt: number; // without meaning for a network in steps
  readonly steps: number;
}

/** The states x_0 … x_steps, [steps + 1] of [N]: Runge–Kutta of order 4, or the map itself. */
export function simulate(
  network: RecurrentNetwork,
  x0: Float64Array,
  { dt, steps }: Steps,
): Float64Array[] {
  const field: Field = (_, x) => advance(network, x);
  const states = [x0];
  for (let k = 0; k < steps; k++) {
    const x = states[k];
    states.push(network.time.kind === "discrete" ? field(0, x) : rungeKutta(field, k * dt, x, dt));
  }
  return states;
}
