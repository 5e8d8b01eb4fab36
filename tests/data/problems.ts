import type { Dataset } from "../../src/data/dataset.ts";

/** Rows of numbers as a dataset, with labels 0 and 1 in turn. */
export function datasetOf(rows: readonly (readonly number[])[], name = "rows"): Dataset {
  return {
    name,
    features: Float32Array.from(rows.flat()),
    count: rows.length,
    width: rows[0]?.length ?? 0,
    targets: {
      kind: "classes",
      labels: BigInt64Array.from(rows, (_, i) => BigInt(i % 2)),
      classes: 2,
    },
  };
}

/** The rows of a dataset, features only. */
export const rowsOf = ({ features, count, width }: Dataset): number[][] =>
  Array.from({ length: count }, (_, i) => [...features.subarray(i * width, (i + 1) * width)]);
