import type { Dataset } from "../data/dataset.ts";
import { DataError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { type Tensor, tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";

export type Task = "classes" | "values";

/** Labels [rows] or values [rows, outputs] as an input of a graph. */
export const targetsInput = (name: string, task: Task, rows: string, outputs: number): Value =>
  task === "classes" ? input(name, "int64", [rows]) : input(name, "float32", [rows, outputs]);

/** Rows from … to − 1 of the targets, without a copy. */
export function targetsOf({ targets, count }: Dataset, from = 0, to = count): Tensor {
  return targets.kind === "classes"
    ? tensorOf(targets.labels.subarray(from, to), [to - from])
    : tensorOf(targets.values.subarray(from * targets.width, to * targets.width), [
        to - from,
        targets.width,
      ]);
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
