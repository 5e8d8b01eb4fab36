import { type Experiment, experimentOf } from "../../data/experiment/experiment.ts";
import { randomStream } from "../../data/random.ts";
import { type PendulumParameters, pendulum } from "../../data/systems/pendulum.ts";
import { simulateStates } from "../../data/systems/system.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { identifiedPredictor, identifyLinear } from "../../identification/identify.ts";
import type { Sequences } from "../../training/sequence-fit.ts";

/** The actuated pendulum of statesim (D. Frank, RenForSysId), hanging; noise of 0.03 rad on the angle. */
const drivenPendulum: Required<PendulumParameters> = {
  mass: 0.15,
  length: 0.5,
  friction: 0.5,
  gravity: 9.81,
};
export const drivenNoise = 0.03;
export const drivenStep = 0.1; // s
export const drivenSamples = 100; // 10 s
/**
 * A Gaussian random field of length 0.2 s, as there, but of deviation 0.45 N m for 1: that one throws the
 * pendulum over the top, where no contracting model can follow.
 */
export const torque = { length: 0.2, deviation: 0.45 } as const;

export interface DrivenData extends Sequences {
  readonly experiments: readonly Experiment[];
  readonly truth: Float32Array; // [count × samples]
  readonly largestAngle: number; // rad
}

/** Experiments of 10 s from rest. */
export function drivenData(what: string, count: number, seed: number): DrivenData {
  const system = { ...pendulum("hanging", drivenPendulum), step: 0.02 };
  const n = drivenSamples;
  const truth = new Float32Array(count * n);
  const inputs = new Float32Array(count * n);
  const measured = new Float32Array(count * n);
  const experiments = Array.from({ length: count }, (_, i) => {
    const u = randomField(seed, what, i);
    const noise = randomStream(seed, "pendulum", "driven", what, i, "noise");
    const states = simulateStates(system, { u, sampleTime: drivenStep });
    const angle = Float64Array.from({ length: n }, (_, t) => states[2 * t]);
    const y = angle.map((x) => x + drivenNoise * noise.normal());
    truth.set(angle, i * n);
    inputs.set(u, i * n);
    measured.set(y, i * n);
    return experimentOf({
      name: `${what} ${i}`,
      sampleTime: drivenStep,
      inputs: ["torque"],
      outputs: ["angle"],
      u,
      y,
    });
  });
  const shape = [count, n, 1];
  return {
    experiments,
    truth,
    u: tensorOf(inputs, shape),
    y: tensorOf(measured, shape),
    largestAngle: truth.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
  };
}

/** White noise smoothed by exp(−t²/ℓ²), which leaves a covariance of σ² exp(−τ²/(2ℓ²)). */
function randomField(seed: number, what: string, index: number): Float64Array {
  const random = randomStream(seed, "pendulum", "driven", what, index, "torque");
  const { length, deviation } = torque;
  const reach = Math.ceil((3 * length) / drivenStep);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((((k - reach) * drivenStep) / length) ** 2)),
  );
  const norm = Math.hypot(...kernel);
  const white = Float64Array.from({ length: drivenSamples + 2 * reach }, random.normal);
  return Float64Array.from({ length: drivenSamples }, (_, t) => {
    const sum = kernel.reduce((total, weight, k) => total + weight * white[t + k], 0);
    return (deviation * sum) / norm;
  });
}

/** The linear model of the experiments, of the order they ask for, and what it says of others. */
export function linearOf(experiments: readonly Experiment[], test: readonly Experiment[]) {
  const began = performance.now();
  const found = identifyLinear(experiments, { maxOrder: 4, refine: "simulation" });
  const seconds = (performance.now() - began) / 1000;
  const predictor = identifiedPredictor(found);
  const rest = new Float64Array(predictor.states);
  const outputs = Float32Array.from(
    test.flatMap(({ u }) => Array.from(predictor.simulate(u, rest).y)),
  );
  const { A, B, C } = found.model.system;
  const parameters = A.data.length + B.data.length + C.data.length;
  return { outputs, seconds, parameters, states: predictor.states };
}
