import { expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { correctCount, crossEntropy, meanSquaredError } from "../../src/training/losses.ts";

const [rows, classes] = [6, 4];
const numbers = mulberryMatrix(1, rows, classes).map((x) => 5 * x);
const labels = [0, 3, 1, 1, 2, 0];

const logits = input("logits", "float64", ["N", classes]);
const y = input("y", "int64", ["N"]);
const feeds = {
  logits: tensorOf(numbers, [rows, classes]),
  y: tensorOf(BigInt64Array.from(labels, BigInt), [rows]),
};

/** Softmax of a row, written out. */
const softmax = (i: number) => {
  const exps = Array.from(numbers.subarray(i * classes, (i + 1) * classes), Math.exp);
  const total = exps.reduce((sum, e) => sum + e, 0);
  return exps.map((e) => e / total);
};

test("cross-entropy and its derivative are −mean log p and (p − 1ₗ)/N", async () => {
  const loss = crossEntropy(logits, y);
  const program = await compile({ logits, y }, { loss, bar: gradient(loss, { logits }).logits });
  const found = await program.run(feeds);
  await program.release();
  const p = labels.map((_, i) => softmax(i));
  const wanted = -labels.reduce((sum, label, i) => sum + Math.log(p[i][label]), 0) / rows;
  expect(found.loss.data).toBeAllClose([wanted], { rtol: 1e-13 });
  const slopes = p.flatMap((row, i) => row.map((x, k) => (x - +(k === labels[i])) / rows));
  expect(found.bar.data).toBeAllClose(slopes, { rtol: 1e-11, atol: 1e-15 });
});

test("cross-entropy stays finite where softmax underflows", async () => {
  const program = await compile({ logits, y }, { loss: crossEntropy(logits, y) });
  const steep = tensorOf(Float64Array.of(1000, -1000, 0, 0), [1, classes]);
  const { loss } = await program.run({ logits: steep, y: tensorOf(BigInt64Array.of(1n), [1]) });
  await program.release();
  expect(loss.data).toBeAllClose([2000]);
});

test("mean squared error and the count of right answers", async () => {
  const target = input("target", "float64", ["N", classes]);
  const mse = meanSquaredError(logits, target);
  const program = await compile(
    { logits, target, y },
    { mse, bar: gradient(mse, { logits }).logits, correct: correctCount(logits, y) },
  );
  const goal = mulberryMatrix(2, rows, classes);
  const found = await program.run({ ...feeds, target: tensorOf(goal, [rows, classes]) });
  await program.release();
  const errors = Array.from(numbers, (x, i) => x - goal[i]);
  expect(found.mse.data).toBeAllClose([errors.reduce((sum, e) => sum + e * e, 0) / errors.length]);
  expect(found.bar.data).toBeAllClose(errors.map((e) => (2 * e) / errors.length));
  const right = labels.filter((label, i) => {
    const row = [...numbers.subarray(i * classes, (i + 1) * classes)];
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(Number(found.correct.data[0])).toBe(right.length);
});
