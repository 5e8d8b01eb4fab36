import { refuseUnknown } from "../../errors/suggest.ts";
import { NumericError, ShapeError, UsageError } from "../../errors.ts";
import { type Experiment, experimentOf } from "../experiment/experiment.ts";
import { randomStream } from "../random.ts";

/** A system in continuous time, ẋ = rate(x, u), y = output(x, u). */
export interface PhysicalSystem {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly states: readonly string[];
  /** ẋ */
  readonly rate: (x: Float64Array, u: Float64Array) => Float64Array;
  /** y */
  readonly output: (x: Float64Array, u: Float64Array) => Float64Array;
  readonly rest: Float64Array; // the state to start from when none is given
  readonly step: number; // s; a step of RK4 at which its error is far below any sensor's noise
}

/**
 * One step of the classical Runge–Kutta method, the input held constant: an error of O(step⁵), and so
 * of O(step⁴) over a fixed time.
 */
export function rk4(
  rate: PhysicalSystem["rate"],
  x: Float64Array,
  u: Float64Array,
  step: number,
): Float64Array {
  const from = (k: Float64Array, share: number) => x.map((v, i) => v + share * step * k[i]);
  const k1 = rate(x, u);
  const k2 = rate(from(k1, 0.5), u);
  const k3 = rate(from(k2, 0.5), u);
  const k4 = rate(from(k3, 1), u);
  return x.map((v, i) => v + (step / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
}

/** One step of forward Euler: x + step · rate(x, u). */
export const euler = (
  rate: PhysicalSystem["rate"],
  x: Float64Array,
  u: Float64Array,
  step: number,
): Float64Array => {
  const k = rate(x, u);
  return x.map((v, i) => v + step * k[i]);
};

export interface SimulationOptions {
  readonly u: Float64Array; // [count × inputs], held constant between samples
  readonly sampleTime: number; // s
  readonly x0?: ArrayLike<number>;
  /** Standard deviation of white noise on the outputs: one for all, or one each. */
  readonly noise?: number | readonly number[];
  readonly seed?: number;
}

/**
 * States [count × states] at the samples, by RK4 with as many equal steps between them as the system
 * needs.
 *
 * @throws ShapeError  for an input or a start of another size
 * @throws NumericError  where a state leaves the finite numbers
 */
export function simulateStates(
  system: PhysicalSystem,
  { u, sampleTime, x0 = system.rest }: SimulationOptions,
): Float64Array {
  const [n, m] = [system.states.length, system.inputs.length];
  if (x0.length !== n || u.length % m !== 0)
    throw new ShapeError(
      `${system.name}: ${x0.length} initial states and ${u.length} input values; ` +
        `wanted ${n} (${system.states.join(", ")}) and a multiple of ${m}`,
    );
  if (!(sampleTime > 0)) throw new UsageError(`${system.name}: sample time ${sampleTime}`);
  const substeps = Math.ceil(sampleTime / system.step - 1e-9);
  const count = u.length / m;
  const states = new Float64Array(count * n);
  let x: Float64Array = Float64Array.from(x0);
  for (let t = 0; t < count; t++) {
    if (!x.every(Number.isFinite))
      throw new NumericError(
        `${system.name}: the state is ${x.join(", ")} after ${t} samples`,
        "start nearer to rest, or drive it less",
      );
    states.set(x, t * n);
    const held = u.subarray(t * m, (t + 1) * m);
    for (let k = 0; k < substeps; k++) x = rk4(system.rate, x, held, sampleTime / substeps);
  }
  return states;
}

/**
 * An experiment with the system: y_k = output(x_k, u_k) + noise, the noise from a stream of the seed.
 *
 * @throws as `simulateStates` and `experimentOf`
 */
export function simulateSystem(system: PhysicalSystem, options: SimulationOptions): Experiment {
  refuseUnknown("simulateSystem", options, ["u", "sampleTime", "x0", "noise", "seed"]);
  const { u, sampleTime, noise = 0, seed = 0 } = options;
  const [n, m, l] = [system.states.length, system.inputs.length, system.outputs.length];
  const states = simulateStates(system, options);
  const deviations = typeof noise === "number" ? system.outputs.map(() => noise) : noise;
  if (deviations.length !== l || !deviations.every((d) => d >= 0 && Number.isFinite(d)))
    throw new UsageError(
      `${system.name}: noise ${deviations.join(", ")}; wanted ${l} deviations, none negative`,
    );
  const random = randomStream(seed, system.name, "noise");
  const count = u.length / m;
  const y = new Float64Array(count * l);
  for (let t = 0; t < count; t++) {
    const x = states.subarray(t * n, (t + 1) * n);
    const clean = system.output(x, u.subarray(t * m, (t + 1) * m));
    // drawn also for a deviation of 0, so that the same seed gives the same noise at any level
    for (let j = 0; j < l; j++) y[t * l + j] = clean[j] + deviations[j] * random.normal();
  }
  const { name, inputs, outputs } = system;
  return experimentOf({ name, sampleTime, inputs, outputs, u, y });
}
