import { randomStream } from "../../data/random.ts";
import { multiplicity, shell, sobolevWeight } from "../../signal/shells.ts";
import { onTorus, voronoiWeights } from "../../signal/torus.ts";
import {
  allPairsEstimate,
  naiveEstimate,
  type Summand,
  twoBatchEstimate,
} from "../../training/sobolev/estimates.ts";

/* What batches tell of Sobolev 2 of a noisy error, against the loss over all rows. */

export const estimateNames = ["naive", "two batches", "all pairs"] as const;
export type EstimateName = (typeof estimateNames)[number];

/** Mean of an estimate over its true value, with the standard error of that mean. */
export interface BatchEstimate {
  readonly name: EstimateName;
  readonly batch: number;
  readonly ratio: number;
  readonly error: number;
}

/** a_i = w_i e_i e^(−2πi k t_i) for each k = 0 … 9 of a smooth error with noise at irregular samples. */
function summands(count: number, seed: number) {
  const random = randomStream(seed, "batches", count);
  const points = onTorus(
    Array.from({ length: count }, () => random.uniform()),
    [[0, 1]],
  );
  const weights = voronoiWeights(points);
  const errors = points.t.map((t) => Math.sin(4 * Math.PI * t) + random.normal());
  return Array.from({ length: 10 }, (_, radius) => {
    const [k] = shell(radius, 1);
    const terms = Array.from({ length: count }, (_, i): Summand => {
      const angle = 2 * Math.PI * radius * points.t[i];
      const size = weights[i] * errors[i];
      return [size * Math.cos(angle), -size * Math.sin(angle)];
    });
    return { weight: multiplicity(k) * sobolevWeight(k, -0.5), terms };
  });
}

type Terms = ReturnType<typeof summands>;

const lossOf = (terms: Terms, estimate: (all: readonly Summand[]) => number): number =>
  terms.reduce((sum, one) => sum + one.weight * estimate(one.terms), 0);

/** The estimates for batches of several sizes, each the mean of many draws. */
export function batchEstimates(draws: number, seed: number, count = 200): BatchEstimate[] {
  const terms = summands(count, seed);
  const truth = lossOf(terms, (all) => naiveEstimate(all, count));
  const random = randomStream(seed, "batch-draws");
  const pick = (rows: Uint32Array) => (all: readonly Summand[]) => Array.from(rows, (i) => all[i]);
  return [8, 16, 32, 64, 128].flatMap((batch) => {
    const found: Record<EstimateName, number[]> = { naive: [], "two batches": [], "all pairs": [] };
    for (let draw = 0; draw < draws; draw++) {
      const one = pick(random.permutation(count).subarray(0, batch));
      // Two batches share the rows of one, so that each estimate has looked at as many.
      const half = pick(random.permutation(count).subarray(0, batch / 2));
      const other = pick(random.permutation(count).subarray(0, batch / 2));
      found.naive.push(lossOf(terms, (all) => naiveEstimate(one(all), count)));
      found["all pairs"].push(lossOf(terms, (all) => allPairsEstimate(one(all), count)));
      found["two batches"].push(
        lossOf(terms, (all) => twoBatchEstimate(half(all), other(all), count)),
      );
    }
    return estimateNames.map((name): BatchEstimate => {
      const mean = found[name].reduce((sum, v) => sum + v, 0) / draws;
      const variance = found[name].reduce((sum, v) => sum + (v - mean) ** 2, 0) / (draws - 1);
      return { name, batch, ratio: mean / truth, error: Math.sqrt(variance / draws) / truth };
    });
  });
}

/** Relative error of the mean over every batch of 3 of 8 rows (two batches: every pair of them). */
export function exactBias(seed: number): Record<EstimateName, number> {
  const count = 8;
  const terms = summands(count, seed);
  const truth = lossOf(terms, (all) => naiveEstimate(all, count));
  const batches: number[][] = [];
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++) for (let k = j + 1; k < count; k++) batches.push([i, j, k]);
  const mean = (estimates: readonly number[]) =>
    estimates.reduce((sum, v) => sum + v, 0) / estimates.length / truth - 1;
  const pick = (rows: readonly number[], all: readonly Summand[]) => rows.map((i) => all[i]);
  return {
    naive: mean(
      batches.map((rows) => lossOf(terms, (all) => naiveEstimate(pick(rows, all), count))),
    ),
    "two batches": mean(
      batches.flatMap((p) =>
        batches.map((q) =>
          lossOf(terms, (all) => twoBatchEstimate(pick(p, all), pick(q, all), count)),
        ),
      ),
    ),
    "all pairs": mean(
      batches.map((rows) => lossOf(terms, (all) => allPairsEstimate(pick(rows, all), count))),
    ),
  };
}
