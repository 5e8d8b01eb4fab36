import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { cast, div, equal, exp, mul, neg, sub } from "../graph/ops/elementwise.ts";
import { oneHot } from "../graph/ops/indexing.ts";
import { argMax, logSoftmax, reducedCount, reduceMean, reduceSum } from "../graph/ops/reduction.ts";
import type { Tensor } from "../graph/tensor.ts";
import { customVjp } from "../graph/value.ts";

/** What training makes small in place of cross-entropy or the mean squared error. */
export interface Loss {
  readonly kind: string;
  /** float32 numbers [N, …] of each training row, such as what is to be known of its position. */
  readonly rows: Readonly<Record<string, Tensor>>;
  /** Rows that a batch must have. */
  readonly least: number;
  /** A scalar of predictions [B, outputs] and targets. */
  readonly of: (prediction: Value, target: Value, batch: LossBatch) => Value;
}

/** The batch that a loss is taken of. */
export interface LossBatch {
  readonly rows: Values; // [B, …], those of the batch
  readonly size: Value; // B as a float32 scalar
  /** Whether it is the whole training set. */
  readonly whole: boolean;
  /** Predictions [B, outputs] of the heads on hidden layers. */
  readonly auxiliary: readonly Value[];
}

/** @throws UsageError  for a loss that does not go with what else is asked of `fit`, or its data */
export function requireLoss(
  { loss, accelerate, batch }: { loss?: Loss; accelerate?: object; batch: number },
  count: number,
): void {
  if (loss === undefined) return;
  if (accelerate) throw new UsageError("accelerate judges jumps by the usual loss, not by another");
  requireRows(loss, count, batch);
}

/** @throws UsageError  for a loss of other rows than these, or a batch with fewer than it needs */
export function requireRows({ kind, rows, least }: Loss, count: number, batch: number): void {
  const odd = Object.values(rows).find(({ shape }) => shape[0] !== count);
  if (odd) throw new UsageError(`${kind} is of ${odd.shape[0]} rows, the training set of ${count}`);
  const smallest = batch >= count ? count : count % batch || batch;
  if (smallest < least)
    throw new UsageError(
      `${kind} needs batches of ${least} rows, and one is of ${smallest}`,
      `of ${count} rows a batch of ${batch} leaves that many: take another, or all of them`,
    );
}

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
