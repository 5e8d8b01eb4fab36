import type { Value } from "../graph/node.ts";
import { cast, div, equal, exp, mul, neg, sub } from "../graph/ops/elementwise.ts";
import { oneHot } from "../graph/ops/indexing.ts";
import { argMax, logSoftmax, reducedCount, reduceMean, reduceSum } from "../graph/ops/reduction.ts";
import { customVjp } from "../graph/value.ts";

/**
 * Mean cross-entropy −(1/N) Σᵢ log softmax(logitsᵢ)[labelᵢ] of logits [N, K] and int64 labels [N], or
 * −(1/N) Σᵢₖ pᵢₖ log softmax(logitsᵢ)ₖ for probabilities p [N, K], whose rows add up to 1. Of
 * sequences, logits [N, T, K] and labels [N, T], the mean is over their positions. Its derivative is
 * written as (softmax − p)/N, four operators instead of nine.
 *
 * @param count  N (times T) as a scalar of the logits' dtype, where the caller has it (outside a loop, say)
 */
export function crossEntropy(
  logits: Value,
  labels: Value,
  count: Value = reducedCount(
    logits,
    logits.shape.slice(1).map((_, i) => i),
  ),
): Value {
  const { shape, dtype } = logits;
  const target =
    labels.dtype === "int64"
      ? oneHot(labels, Number(shape.at(-1)), dtype as "float32" | "float64")
      : labels;
  const value = div(reduceSum(mul(target, logSoftmax(logits))), neg(count));
  return customVjp([value], [logits, target, count], ([, x, t, n], _, [ybar]) => [
    null,
    mul(sub(exp(logSoftmax(x)), t), div(ybar!, n)),
    null,
    null,
  ])[0];
}

/** Mean of (prediction − target)² over all entries. */
export const meanSquaredError = (prediction: Value, target: Value): Value => {
  const error = sub(prediction, target);
  return reduceMean(mul(error, error));
};

/**
 * How many rows of logits [N, K] have their largest entry at the label [N]; int64. Of sequences,
 * logits [N, T, K] and labels [N, T], each counts by its share of right positions; float32.
 */
export const correctCount = (logits: Value, labels: Value, positions = 1): Value => {
  const right = equal(argMax(logits, logits.shape.length - 1), labels);
  return positions === 1
    ? reduceSum(cast(right, "int64"))
    : div(reduceSum(cast(right, "float32")), positions);
};
