import { median } from "../../data/quantiles.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import { compile } from "../../runtime/program.ts";
import { proxOf } from "../../solvers/prox.ts";
import { forwardBackward, peacemanRachford, reflectedResolvent } from "../../solvers/splitting.ts";
import { drawLayer, type MonotoneLayer } from "./layer.ts";
import { publishedCounts } from "./published.ts";

export const tolerances = [1e-2, 1e-6] as const;
const most = 5000; // iterations after which one has failed
const width = 87;

/** Iterations to ‖z⁺ − z‖/‖z⁺‖ ≤ 1e-2 and 1e-6; null where more than half of the draws failed. */
export interface CountRow {
  readonly m: number;
  readonly method: string;
  readonly published: string; // "34/190"
  readonly ours: readonly (number | null)[]; // medians
  readonly failed: readonly number[]; // draws, of those of the study
}

type Step = (state: Float64Array) => Promise<{ state: Float64Array; z: Float64Array }>;

/**
 * Iterations of every splitting and step that the methods page has a number for, on random layers of
 * width 87, in float64, counted by the change of z from step to step, as the paper does.
 */
export async function splittingCounts(draws: number, seed: number): Promise<CountRow[]> {
  const programs = { fb: await program("fb"), pr: await program("pr") };
  const rows: CountRow[] = [];
  for (const { m, counts } of publishedCounts) {
    const layers = Array.from({ length: draws }, (_, k) => drawLayer(width, m, seed, k));
    for (const { method, splitting, alpha, published } of counts) {
      const found: (readonly number[])[] = [];
      for (const layer of layers) {
        const step = await programs[splitting].of(layer, alpha(layer));
        found.push(await countSteps(step, width));
      }
      const failed = tolerances.map((_, k) => found.filter((one) => one[k] === Infinity).length);
      const ours = tolerances.map((_, k) => {
        const middle = median(found.map((one) => one[k]));
        return Number.isFinite(middle) ? middle : null;
      });
      rows.push({ m, method, published, ours, failed });
    }
  }
  await Promise.all(Object.values(programs).map(({ release }) => release()));
  return rows;
}

/** One step of a splitting, compiled once for all weights and step sizes. */
async function program(splitting: "fb" | "pr") {
  const W = input("W", "float64", [width, width]);
  const c = input("c", "float64", [1, width]);
  const alpha = input("alpha", "float64", []);
  const state = input("state", "float64", [1, width]);
  // The resolvent is computed once for a layer, as in training.
  const resolvent = await compile({ W, alpha }, { R: reflectedResolvent(W, alpha) });
  const method =
    splitting === "fb"
      ? forwardBackward(W, alpha, proxOf("relu"))
      : peacemanRachford(W, alpha, proxOf("relu")); // W is R there
  const [next] = method.map(c)(state);
  const one = await compile({ W, c, alpha, state }, { next, z: method.read(next) });
  const of = async (layer: MonotoneLayer, size: number): Promise<Step> => {
    const weight = tensorOf(layer.W.data, [width, width]);
    const step = tensorOf(Float64Array.of(size), []);
    const feeds = splitting === "fb" ? weight : (await resolvent.run({ W: weight, alpha: step })).R;
    const shift = tensorOf(layer.c, [1, width]);
    return async (at) => {
      const found = await one.run({
        W: feeds,
        c: shift,
        alpha: step,
        state: tensorOf(at, [1, width]),
      });
      return { state: found.next.data as Float64Array, z: found.z.data as Float64Array };
    };
  };
  const release = async () => {
    await Promise.all([one.release(), resolvent.release()]);
  };
  return { of, release };
}

/** Steps until the change of z is below each tolerance; Infinity where it never is, or z overflows. */
async function countSteps(step: Step, n: number): Promise<number[]> {
  const counts = tolerances.map(() => Infinity);
  let state: Float64Array = new Float64Array(n);
  let z: Float64Array = new Float64Array(n);
  for (let k = 1; k <= most && counts.includes(Infinity); k++) {
    const next = await step(state);
    const size = Math.hypot(...next.z);
    const change = Math.hypot(...next.z.map((x, i) => x - z[i])) / size;
    if (!(size < 1e100)) break;
    for (const [i, tolerance] of tolerances.entries())
      if (counts[i] === Infinity && change <= tolerance) counts[i] = k;
    ({ state, z } = next);
  }
  return counts;
}
