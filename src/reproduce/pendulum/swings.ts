import { randomStream } from "../../data/random.ts";
import { pendulum } from "../../data/systems/pendulum.ts";
import { type PhysicalSystem, simulateStates } from "../../data/systems/system.ts";
import { tensorOf } from "../../graph/tensor.ts";
import type { Sequences } from "../../training/sequence-fit.ts";

/**
 * The pendulum of Martinelli et al. (2023), l = 0.5 m, β = 1.5, g = 9.81: α̈ = −(g/l) sin α − d α̇. The
 * text has l α̈ + β α̇ + g sin α = 0, so d = β/l = 3; the published code does not divide: d = β = 1.5.
 */
export const dampings = { code: 1.5, text: 3 } as const;
export type DampingName = keyof typeof dampings;
const swingLength = 0.5;

const swingPendulum = (damping: DampingName): PhysicalSystem => ({
  ...pendulum("hanging", {
    mass: 1,
    length: swingLength,
    friction: dampings[damping] * swingLength ** 2,
  }),
  step: 0.01, // an error of 1e-7 over 8 s
});

export interface SwingPlan {
  readonly damping: DampingName;
  /** Standard deviation of the noise on angle and speed; in the paper 0.1, in its code 0.05. */
  readonly noise: number;
  readonly train: number; // trajectories
  readonly validation: number;
  readonly test: number;
  readonly dt: number; // s
  readonly trainSamples: number;
  readonly testSamples: number;
  /** The share of the samples that is seen while training; the first one always is. */
  readonly seen: number;
}

/** Angle and speed over time: what is true and what is measured of it, [count, T, 2]. */
export interface Swings {
  readonly truth: Float32Array;
  readonly measured: Float32Array;
  readonly count: number;
  readonly samples: number;
}

/** Free swings from angles uniform in ±π/2 and speeds N(0, (π/180)²), as in the published code. */
export function swings(
  { damping, noise, dt }: SwingPlan,
  what: string,
  count: number,
  samples: number,
  seed: number,
): Swings {
  const system = swingPendulum(damping);
  const starts = randomStream(seed, "pendulum", what, "starts");
  const errors = randomStream(seed, "pendulum", what, "noise");
  const truth = new Float32Array(count * samples * 2);
  const u = new Float64Array(samples);
  for (let i = 0; i < count; i++) {
    const angle = Math.PI * (starts.uniform() - 0.5);
    const x0 = [angle, (Math.PI / 180) * starts.normal()];
    truth.set(simulateStates(system, { u, sampleTime: dt, x0 }), i * samples * 2);
  }
  return { truth, measured: truth.map((x) => x + noise * errors.normal()), count, samples };
}

/**
 * Swings as sequences for `measuredStart`: nothing drives them, they start from what was `given` at the
 * first sample, and targets count where they were seen.
 */
export function swingSequences(
  { count, samples, measured }: Swings,
  given: Float32Array = measured,
  seen: (trajectory: number, sample: number) => boolean = () => true,
): Sequences {
  const u = new Float32Array(count * samples * 4);
  const y = new Float32Array(count * samples * 2);
  for (let i = 0; i < count; i++) {
    u.set(given.subarray(i * samples * 2, i * samples * 2 + 2), i * samples * 4 + 1);
    for (let t = 0; t < samples; t++) {
      const k = i * samples + t;
      if (!seen(i, t)) continue;
      u[k * 4 + 3] = 1;
      y.set(measured.subarray(2 * k, 2 * k + 2), 2 * k);
    }
  }
  return { u: tensorOf(u, [count, samples, 4]), y: tensorOf(y, [count, samples, 2]) };
}

/** Which samples are seen: each but the first with this probability, anew for each trajectory. */
export function irregular(share: number, count: number, samples: number, seed: number) {
  const random = randomStream(seed, "pendulum", "sampling");
  const draws = Float64Array.from({ length: count * samples }, () => random.uniform());
  return (i: number, t: number) => t === 0 || draws[i * samples + t] < share;
}

/** Mean square error of the true equations over these swings, started from what was measured. */
export function physicsLoss(
  { damping, dt }: SwingPlan,
  { truth, measured, count, samples }: Swings,
) {
  const u = new Float64Array(samples);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const from = i * samples * 2;
    const x0 = measured.subarray(from, from + 2);
    const found = simulateStates(swingPendulum(damping), { u, sampleTime: dt, x0 });
    found.forEach((x, k) => {
      sum += (x - truth[from + k]) ** 2;
    });
  }
  return sum / truth.length;
}
