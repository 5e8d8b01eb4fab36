import type { Dataset } from "../data/dataset.ts";
import { cast, mul } from "../graph/ops/elementwise.ts";
import { reducedCount } from "../graph/ops/reduction.ts";
import { tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import type { Model } from "../models/model.ts";
import { type CompileOptions, compile, type Program } from "../runtime/program.ts";
import { solverHealth } from "../solvers/fixed-point.ts";
import type { Metrics } from "./events.ts";
import { type Layout, unpack } from "./flat.ts";
import { correctCount, crossEntropy, meanSquaredError } from "./losses.ts";
import { solverOutputs, summarise } from "./solver-sums.ts";
import { targetsInput, targetsOf } from "./targets.ts";

/** Measures a model on a data set it did not train on. */
export interface Evaluator {
  readonly measure: (theta: Float32Array, data: Dataset) => Promise<Metrics>;
  readonly release: () => Promise<void>;
}

/** Rows (positions of sequences) in one call: enough to keep the cores busy, few enough to stay in memory. */
const mostAtOnce = 2048;

export async function evaluator(
  model: Model,
  layout: Layout,
  task: "classes" | "values",
  options: CompileOptions,
  positions = 1,
): Promise<Evaluator> {
  const rowsPerCall = Math.max(16, Math.floor(mostAtOnce / positions));
  const theta = input("theta", "float32", [layout.size]);
  const x = input("x", "float32", ["N", model.inputs]);
  const y = targetsInput("y", task, "N", model.outputs, positions);
  const health = solverHealth();
  const prediction = model.apply(model.explicit(unpack(layout, theta)), x, health);
  const loss = task === "classes" ? crossEntropy(prediction, y) : meanSquaredError(prediction, y);
  const program: Program<
    { theta: typeof x; x: typeof x; y: typeof x },
    Record<string, typeof x>
  > = await compile(
    { theta, x, y },
    {
      loss: mul(loss, cast(reducedCount(prediction, [0]), "float32")),
      ...(task === "classes" && { correct: correctCount(prediction, y, positions) }),
      ...solverOutputs("forward", health.forward),
    },
    { ...options, sizes: { N: rowsPerCall } },
  );
  return {
    measure: async (numbers, data) => {
      const totals = { samples: 0, loss: 0, correct: 0, iterations: 0, most: 0, failed: 0 };
      for (let from = 0; from < data.count; from += rowsPerCall) {
        const to = Math.min(from + rowsPerCall, data.count);
        const rows = data.features.subarray(from * data.width, to * data.width);
        const found = await program.run({
          theta: tensorOf(numbers, [layout.size]),
          x: tensorOf(rows, [to - from, data.width]),
          y: targetsOf(data, from, to),
        });
        const number = (name: string) => Number(found[name]?.data[0] ?? 0);
        totals.samples += to - from;
        totals.loss += number("loss");
        totals.correct += number("correct");
        totals.iterations += number("forwardIterations");
        totals.most = Math.max(totals.most, number("forwardMost"));
        totals.failed += number("forwardFailed");
      }
      return {
        loss: totals.loss / totals.samples,
        ...(task === "classes" && { accuracy: totals.correct / totals.samples }),
        ...(health.forward.length > 0 && { forward: summarise(totals, totals.samples) }),
      };
    },
    release: () => program.release(),
  };
}
