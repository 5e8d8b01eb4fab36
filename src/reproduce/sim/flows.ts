import type { Dataset } from "../../data/dataset.ts";
import { type RandomStream, randomStream } from "../../data/random.ts";

/** A flow ż = f(z) whose limit is known. */
export interface Flow {
  readonly name: string;
  readonly limit: string;
  readonly size: number; // n
  readonly field: (z: readonly number[]) => number[];
  /** A start away from the limit. */
  readonly start: (random: RandomStream) => number[];
  /** Angles per unit of time, exactly or to the digits given, and the rate of the slowest decay. */
  readonly angles: readonly number[];
  readonly rate: number;
}

/** Between the numbers low and high. */
const between = (random: RandomStream, low: number, high: number) =>
  low + (high - low) * random.uniform();
const ring = (random: RandomStream, low: number, high: number): [number, number] => {
  const [r, a] = [between(random, low, high), 2 * Math.PI * random.uniform()];
  return [r * Math.cos(a), r * Math.sin(a)];
};

/** Van der Pol's oscillator, μ = 1: period 6.66328686, Floquet exponent −1.05937 (by integration). */
const vanDerPol: Flow = {
  name: "van der Pol",
  limit: "cycle",
  size: 2,
  field: ([x, v]) => [v, (1 - x * x) * v - x],
  start: (random) => ring(random, 0.5, 3),
  angles: [(2 * Math.PI) / 6.66328686],
  rate: 1.05937,
};

/** Two Stuart–Landau oscillators ż = (1 + iω)z − |z|²z, ω = 1 and √2, seen in coordinates that mix them. */
const twoOscillators: Flow = {
  name: "two oscillators",
  limit: "torus of dimension 2",
  size: 4,
  field: (mixed) => {
    const z = mix(mixed);
    const part = (x: number, y: number, omega: number) => {
      const growth = 1 - x * x - y * y;
      return [growth * x - omega * y, growth * y + omega * x];
    };
    return mix([...part(z[0], z[1], 1), ...part(z[2], z[3], Math.SQRT2)]);
  },
  start: (random) => mix([...ring(random, 0.4, 1.6), ...ring(random, 0.4, 1.6)]),
  angles: [1, Math.SQRT2],
  rate: 2,
};

/** A Hadamard matrix over 2: its own inverse. */
const mix = ([a, b, c, d]: readonly number[]): number[] => [
  (a + b + c + d) / 2,
  (a - b + c - d) / 2,
  (a + b - c - d) / 2,
  (a - b - c + d) / 2,
];

/** A pendulum with friction: eigenvalues −0.3 ± i√0.91 where it hangs. */
const pendulum: Flow = {
  name: "pendulum with friction",
  limit: "point",
  size: 2,
  field: ([x, v]) => [v, -Math.sin(x) - 0.6 * v],
  start: (random) => ring(random, 0.5, 2),
  angles: [Math.sqrt(0.91)],
  rate: 0.3,
};

export const flows = { pendulum, vanDerPol, twoOscillators } as const;

/** States at times 0, dt, …, steps·dt from a start, by the classical Runge–Kutta method with steps of 1/100. */
export function orbit({ field }: Flow, start: readonly number[], dt: number, steps: number) {
  const inner = Math.max(1, Math.round(dt / 0.01));
  const h = dt / inner;
  const states: number[][] = [[...start]];
  let z = [...start];
  const moved = (k: readonly number[], by: number) => z.map((v, i) => v + by * k[i]);
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < inner; i++) {
      const k1 = field(z);
      const k2 = field(moved(k1, h / 2));
      const k3 = field(moved(k2, h / 2));
      const k4 = field(moved(k3, h));
      z = z.map((v, j) => v + (h / 6) * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]));
    }
    states.push([...z]);
  }
  return states;
}

/** Orbits from random starts. */
export const orbits = (flow: Flow, count: number, dt: number, steps: number, seed: number) =>
  Array.from({ length: count }, (_, i) =>
    orbit(flow, flow.start(randomStream(seed, "orbit", flow.name, i)), dt, steps),
  );

/** Rows [z_a, t] → z_{a + t} of orbits: pairs of times a and a + t drawn at random. */
export function pairsOf(
  paths: readonly (readonly (readonly number[])[])[],
  dt: number,
  { count, longest, seed }: { count: number; longest: number; seed: number },
): Dataset {
  const n = paths[0][0].length;
  const features = new Float32Array(count * (n + 1));
  const values = new Float32Array(count * n);
  const random = randomStream(seed, "pairs");
  const upTo = (m: number) => Math.floor((m + 1) * random.uniform());
  for (let row = 0; row < count; row++) {
    const path = paths[Math.floor(paths.length * random.uniform())];
    const span = upTo(Math.min(longest, path.length - 1));
    const from = upTo(path.length - 1 - span);
    features.set([...path[from], span * dt], row * (n + 1));
    values.set(path[from + span], row * n);
  }
  return {
    name: "orbits",
    features,
    count,
    width: n + 1,
    targets: { kind: "values", values, width: n },
  };
}
