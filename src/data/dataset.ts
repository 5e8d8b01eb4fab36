import { requireObject, requireThat, requireWhole } from "../errors/arguments.ts";
import { DataError, ShapeError, UsageError } from "../errors.ts";

/** What a row is to be mapped to: one of `classes` classes, or `width` numbers. */
export type Targets =
  | {
      readonly kind: "classes";
      readonly labels: BigInt64Array; // [count × positions], each from 0 to classes − 1
      readonly classes: number;
      /** Labels of a row, where it is a sequence and each of its positions has one; else 1. */
      readonly positions?: number;
    }
  | {
      readonly kind: "values";
      readonly values: Float32Array; // [count × width], row-major
      readonly width: number;
    };

/** Rows of features with targets: what every source gives and every trainer takes. */
export interface Dataset {
  readonly name: string;
  readonly features: Float32Array; // [count × width], row-major
  readonly count: number;
  readonly width: number;
  readonly targets: Targets;
}

/** Two sets with no row in common. */
export interface Split {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** @throws UsageError  for what is no dataset */
export function requireDataset(where: string, given: unknown): asserts given is Dataset {
  const wanted = "a dataset, { name, features, count, width, targets }";
  const { features, count, width } = requireObject(where, "dataset", given, wanted);
  requireThat(where, "dataset.features", features, features instanceof Float32Array, wanted);
  requireWhole(where, { "dataset.count": count, "dataset.width": width }, 0);
}

/**
 * The dataset itself, once its sizes agree, its numbers are finite and its labels name a class.
 * Rows and columns are counted from 0 in the messages.
 *
 * @throws ShapeError  when an array is not as long as the sizes say
 * @throws DataError  for no rows or columns, a NaN or infinite entry, or a label out of range
 */
export function checkDataset(dataset: Dataset): Dataset {
  const { name, features, count, width, targets } = dataset;
  if (!(count > 0 && width > 0)) {
    throw new DataError(
      `${name}: needs at least one row and one feature, got [${count}, ${width}]`,
    );
  }
  checkFinite(name, "feature", features, count, width);
  if (targets.kind === "values") {
    checkFinite(name, "target", targets.values, count, targets.width);
    return dataset;
  }
  const { labels, classes, positions = 1 } = targets;
  if (labels.length !== count * positions) {
    const each = positions === 1 ? "" : ` of ${positions} positions`;
    throw new ShapeError(`${name}: ${labels.length} labels for ${count} rows${each}`);
  }
  const bad = labels.findIndex((label) => label < 0n || label >= classes);
  if (bad >= 0) {
    const row = Math.floor(bad / positions);
    throw new DataError(`${name}: label of row ${row} is ${labels[bad]}, not 0 to ${classes - 1}`);
  }
  return dataset;
}

function checkFinite(
  name: string,
  what: string,
  entries: Float32Array,
  count: number,
  width: number,
): void {
  if (entries.length !== count * width) {
    throw new ShapeError(
      `${name}: ${entries.length} ${what} entries where [${count}, ${width}] needs ${count * width}`,
    );
  }
  const bad = entries.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    const [row, column] = [Math.floor(bad / width), bad % width];
    throw new DataError(`${name}: ${what} ${column} of row ${row} is ${entries[bad]}`);
  }
}

/**
 * The rows at `indices`, in that order, copied; an index may come more than once.
 *
 * @throws UsageError  for an index that is no row
 */
export function selectRows(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const { count, width, targets } = dataset;
  for (let k = 0; k < indices.length; k++) {
    const row = indices[k];
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new UsageError(`${dataset.name}: no row ${row}; rows run from 0 to ${count - 1}`);
    }
  }
  return {
    ...dataset,
    features: gather(dataset.features, width, indices),
    count: indices.length,
    targets:
      targets.kind === "values"
        ? { ...targets, values: gather(targets.values, targets.width, indices) }
        : { ...targets, labels: gather(targets.labels, targets.positions ?? 1, indices) },
  };
}

function gather<T extends Float32Array | BigInt64Array>(
  rows: T,
  width: number,
  indices: ArrayLike<number>,
): T {
  const out = new (rows.constructor as new (length: number) => T)(indices.length * width);
  for (let k = 0; k < indices.length; k++) {
    const [from, to] = [indices[k] * width, (indices[k] + 1) * width];
    for (let i = from; i < to; i++) out[k * width + i - from] = rows[i];
  }
  return out;
}
