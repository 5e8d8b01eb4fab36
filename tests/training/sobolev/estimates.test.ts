import { expect, test } from "vitest";
import { randomStream } from "../../../src/data/random.ts";
import {
  allPairsEstimate,
  naiveEstimate,
  type Summand,
  twoBatchEstimate,
} from "../../../src/training/sobolev/estimates.ts";

const random = randomStream(5, "summands");
const N = 6;
const a: readonly Summand[] = Array.from({ length: N }, () => [random.normal(), random.normal()]);
const sum = (index: 0 | 1) => a.reduce((total, one) => total + one[index], 0);
const truth = sum(0) ** 2 + sum(1) ** 2;

/** All batches of b rows without order; and the mean of something over a list. */
const batches = (b: number, from = 0): Summand[][] =>
  b === 0
    ? [[]]
    : a.slice(from).flatMap((x, i) => batches(b - 1, from + i + 1).map((r) => [x, ...r]));
const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length;

test.each([1, 2, 3, 5])("two independent batches of %d are unbiased", (b) => {
  const all = batches(b);
  const found = all.flatMap((p) => all.map((q) => twoBatchEstimate(p, q, N)));
  expect([mean(found)]).toBeAllClose([truth]);
});

test.each([1, 2, 3, 5])("one batch of %d is too large by its variance", (b) => {
  const found = mean(batches(b).map((p) => naiveEstimate(p, N)));
  // Of a sum scaled from b of N rows without replacement: N²/b · (N − b)/(N − 1) · var a.
  const spread = a.reduce((s, [x, y]) => s + x * x + y * y, 0) / N - truth / N ** 2;
  expect([found]).toBeAllClose([truth + ((N ** 2 / b) * (N - b) * spread) / (N - 1)]);
  expect(found).toBeGreaterThan(truth);
});

test.each([2, 3, 4, 6])("all pairs within a batch of %d are unbiased", (b) => {
  expect([mean(batches(b).map((p) => allPairsEstimate(p, N)))]).toBeAllClose([truth]);
});

test("all pairs are the corrected mean over the ways to halve the batch", () => {
  const [batch] = batches(4);
  const halves = [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ].map((first) =>
    [first, [0, 1, 2, 3].filter((i) => !first.includes(i))].map((half) =>
      half.map((i) => batch[i]),
    ),
  );
  const products = mean(halves.map(([p, q]) => twoBatchEstimate(p, q, N)));
  const alone = batch.reduce((s, [x, y]) => s + x * x + y * y, 0);
  expect([allPairsEstimate(batch, N)]).toBeAllClose([((N - 1) / N) * products + (N / 4) * alone]);
});
