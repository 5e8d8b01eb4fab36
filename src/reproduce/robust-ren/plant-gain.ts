import { randomStream } from "../../data/random.ts";
import { type PhysicalSystem, rk4 } from "../../data/systems/system.ts";

/** Δx⁺ = A Δx + B Δu, Δy = C Δx of one step, by rows. */
export interface Linearisation {
  readonly A: Float64Array; // [n × n]
  readonly B: Float64Array; // [n]
  readonly C: Float64Array; // [n]
}

/**
 * A system of one input and one output linearised at every sample of a trajectory, by central differences of
 * its step of RK4.
 *
 * @param states  [T × n] at the samples
 */
export function linearisations(
  system: PhysicalSystem,
  trajectory: {
    readonly states: Float64Array;
    readonly u: Float64Array;
    readonly sampleTime: number;
  },
): Linearisation[] {
  const { states, u, sampleTime } = trajectory;
  const n = system.states.length;
  const substeps = Math.ceil(sampleTime / system.step - 1e-9);
  const advance = (x: Float64Array, held: Float64Array) => {
    let next = x;
    for (let k = 0; k < substeps; k++) next = rk4(system.rate, next, held, sampleTime / substeps);
    return next;
  };
  const h = 1e-5;
  return Array.from(u, (value, t) => {
    const x = states.slice(t * n, (t + 1) * n);
    const held = Float64Array.of(value);
    const [A, C] = [new Float64Array(n * n), new Float64Array(n)];
    for (let j = 0; j < n; j++) {
      const moved = (by: number) => x.map((v, i) => v + (i === j ? by : 0));
      const [up, down] = [advance(moved(h), held), advance(moved(-h), held)];
      for (let i = 0; i < n; i++) A[i * n + j] = (up[i] - down[i]) / (2 * h);
      C[j] = (system.output(moved(h), held)[0] - system.output(moved(-h), held)[0]) / (2 * h);
    }
    const [up, down] = [h, -h].map((by) => advance(x, Float64Array.of(value + by)));
    return { A, B: up.map((v, i) => (v - down[i]) / (2 * h)), C };
  });
}

/**
 * max ‖Δy‖/‖Δu‖ over all differences of the input, from equal states: the 2-norm of the map that a sequence
 * of linearisations is, by the power method, which never says too much.
 */
export function trajectoryGain(steps: readonly Linearisation[], iterations = 60): number {
  const n = steps[0].B.length;
  const random = randomStream(0, "power method");
  let d = Float64Array.from(steps, () => random.normal());
  let gain = 0;
  for (let k = 0; k < iterations; k++) {
    const length = Math.hypot(...d);
    d = d.map((v) => v / length);
    const y = new Float64Array(steps.length);
    let x = new Float64Array(n);
    steps.forEach(({ A, B, C }, t) => {
      y[t] = C.reduce((sum, c, i) => sum + c * x[i], 0);
      x = x.map((_, i) => B[i] * d[t] + x.reduce((sum, v, j) => sum + A[i * n + j] * v, 0));
    });
    gain = Math.hypot(...y);
    let bar = new Float64Array(n); // cotangent of the state after the step
    for (let t = steps.length - 1; t >= 0; t--) {
      const { A, B, C } = steps[t];
      const after = bar;
      d[t] = B.reduce((sum, b, i) => sum + b * after[i], 0);
      bar = after.map(
        (_, j) => C[j] * y[t] + after.reduce((sum, v, i) => sum + A[i * n + j] * v, 0),
      );
    }
  }
  return gain;
}
