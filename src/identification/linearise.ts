import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { StateSpace } from "../lti/state-space.ts";
import type { Predictor } from "./predictor.ts";

/** Where a model rests under constant inputs, and what it is for small deviations from there. */
export interface Linearised {
  readonly system: StateSpace; // inputs and outputs in the units of the data
  readonly x: Float64Array; // [n]
  readonly y: Float64Array; // [l]
}

/**
 * The model linearised where it comes to rest under the inputs u [m]: Δx⁺ = A Δx + B Δu, Δy = C Δx + D Δu
 * by central differences of one step. A contracting model has one such place for every u, and goes there
 * from anywhere.
 *
 * @param scale  [m]: differences of an input are this times 1e-4; its deviation, say
 * @returns null where it does not come to rest within 100,000 samples
 */
export function linearised(
  model: Predictor,
  u: Float64Array,
  scale: Float64Array,
): Linearised | null {
  const { states: n, outputs, sampleTime: dt } = model;
  const x = restOf(model, u);
  if (x === null) return null;
  const step = (dx: number, i: number, du: number, j: number) => {
    const found = model.simulate(
      u.map((value, k) => value + (k === j ? du : 0)),
      x.map((value, k) => value + (k === i ? dx : 0)),
    );
    return { x: Float64Array.from(found.x), y: found.y };
  };
  const ofStates = Array.from(x, (value, i) => {
    const h = 1e-4 * Math.max(1, Math.abs(value));
    return { h, up: step(h, i, 0, -1), down: step(-h, i, 0, -1) };
  });
  const ofInputs = Array.from(scale, (value, j) => {
    const h = 1e-4 * value;
    return { h, up: step(0, -1, h, j), down: step(0, -1, -h, j) };
  });
  const slopes = (columns: typeof ofStates, of: "x" | "y", rows: number): Matrix =>
    matrix(rows, columns.length, (i, j) => {
      const { h, up, down } = columns[j];
      return (up[of][i] - down[of][i]) / (2 * h);
    });
  const l = outputs.length;
  return {
    system: {
      A: slopes(ofStates, "x", n),
      B: slopes(ofInputs, "x", n),
      C: slopes(ofStates, "y", l),
      D: slopes(ofInputs, "y", l),
      dt,
    },
    x,
    y: Float64Array.from(model.simulate(u, x).y),
  };
}

/** The state that constant inputs [m] lead to; null where it moves still after 100,000 samples. */
export function restOf({ simulate, states }: Predictor, held: Float64Array): Float64Array | null {
  const m = held.length;
  const many = Float64Array.from({ length: 500 * m }, (_, k) => held[k % m]);
  let at: Float64Array = new Float64Array(states);
  for (let round = 0; round < 200; round++) {
    at = Float64Array.from(simulate(many, at).x);
    const next = simulate(held, at).x;
    const moved = Math.hypot(...next.map((value, i) => value - at[i]));
    if (!Number.isFinite(moved)) return null;
    if (moved <= 1e-10 * (1 + Math.hypot(...at))) return at;
  }
  return null;
}
