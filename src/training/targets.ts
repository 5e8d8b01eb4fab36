import type { Dataset } from "../data/dataset.ts";
import { DataError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { type Tensor, tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";

export type Task = "classes" | "values";

/** Labels [rows] ([rows, positions] of sequences) or values [rows, outputs] as an input of a graph. */
export function targetsInput(
  name: string,
  task: Task,
  rows: string,
  outputs: number,
  positions = 1,
): Value {
  if (task === "values") return input(name, "float32", [rows, outputs]);
  return input(name, "int64", positions === 1 ? [rows] : [rows, positions]);
}

/** Labels of a row: more than one where it is a sequence. */
export const positionsOf = ({ targets }: Dataset): number =>
  targets.kind === "classes" ? (targets.positions ?? 1) : 1;

/** Rows from … to − 1 of the targets, without a copy. */
export function targetsOf({ targets, count }: Dataset, from = 0, to = count): Tensor {
  if (targets.kind === "classes") {
    const { labels, positions = 1 } = targets;
    const rows = labels.subarray(from * positions, to * positions);
    return tensorOf(rows, positions === 1 ? [to - from] : [to - from, positions]);
  }
  const { values, width } = targets;
  return tensorOf(values.subarray(from * width, to * width), [to - from, width]);
}

/** What the targets ask of a model. @throws DataError when its outputs are not as many */
export function taskOf(data: Dataset, outputs: number): Task {
  const { targets } = data;
  const wanted = targets.kind === "classes" ? targets.classes : targets.width;
  if (wanted !== outputs) {
    throw new DataError(`${data.name} has ${wanted} ${targets.kind}, the model ${outputs} outputs`);
  }
  return targets.kind;
}
