import type { Experiment } from "../data/experiment/experiment.ts";
import { DataError } from "../errors.ts";
import { type Tensor, tensorOf } from "../graph/tensor.ts";
import { cutSequences, type Sequences } from "../training/sequence-fit.ts";

/** Five times the memory of the slowest pole, within 32 and 256 samples and what there is. */
export function lengthFor(radius: number, most: number): number {
  const memory = 5 / Math.max(1 - radius, 1e-3);
  return Math.min(most, Math.max(32, Math.min(256, Math.ceil(memory))));
}

/** Sequences of the parts to train on, each beginning in the middle of the one before. */
export function sequencesOf(
  scaled: readonly Experiment[],
  ends: readonly number[],
  length: number,
): Sequences {
  if (!(Number.isInteger(length) && length >= 8 && ends.every((end) => end >= length)))
    throw new DataError(
      `sequences of ${length} samples from parts of ${ends.join(", ")} to train on; wanted 8 or more`,
      { hint: "measure longer, or take shorter sequences" },
    );
  const parts = (of: "u" | "y") =>
    scaled.map((experiment, i) => {
      const width = of === "u" ? experiment.inputs.length : experiment.outputs.length;
      const series = Float32Array.from(experiment[of].subarray(0, ends[i] * width));
      return cutSequences(tensorOf(series, [ends[i], width]), length, Math.ceil(length / 2));
    });
  return { u: joined(parts("u")), y: joined(parts("y")) };
}

function joined(parts: readonly Tensor[]): Tensor {
  const data = Float32Array.from(parts.flatMap((part) => Array.from(part.data, Number)));
  const count = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  return tensorOf(data, [count, ...parts[0].shape.slice(1)]);
}
