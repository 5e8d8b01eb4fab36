import { extname } from "node:path";
import { columnOf, isTextColumn, parseCsv, parseTable } from "../../data/csv.ts";
import { type Dataset, selectRows, type Targets } from "../../data/dataset.ts";
import { parseDelimited } from "../../data/delimited.ts";
import { readText } from "../../data/files.ts";
import { mnist } from "../../data/mnist.ts";
import { readNpy } from "../../data/npy.ts";
import { randomStream } from "../../data/random.ts";
import { splitBySeed } from "../../data/split.ts";
import { twoMoons } from "../../data/two-moons.ts";
import { yinYang, yinYangBinary } from "../../data/yin-yang.ts";
import { DataError, UsageError } from "../../errors.ts";

/** Rows to put through a model; without targets the original model is what counts. */
export interface Rows extends Omit<Dataset, "targets"> {
  readonly targets: Targets | null;
  /** What the classes are called, in the order of their numbers. */
  readonly classNames: readonly string[] | null;
}

/** Rows that an operator is fitted to and rows that it is judged on, none in common. */
export interface Samples {
  readonly fit: Rows;
  readonly test: Rows;
}

export interface SampleFlags {
  readonly data: string;
  readonly labels?: string;
  readonly test?: string;
}

/** The share of the data that is judged on where no other are given. */
const held = 0.2;

/** More rows than this add nothing to a fit but time. */
const mostRows = 20_000;

/**
 * The data of --data, --labels and --test.
 *
 * @param values  whether the model gives values and not classes: then one target column holds numbers;
 *   several always do
 * @throws UsageError, InputError, DataError  for what is not there or does not fit
 */
export async function readSamples(
  { data, labels, test }: SampleFlags,
  values: boolean,
  seed: number,
): Promise<Samples> {
  const named = namedSets[data];
  if (named !== undefined) {
    if (labels !== undefined || test !== undefined) {
      throw new UsageError(`${data} has labels and test rows of its own: no --labels, no --test`);
    }
    return bounded(await named(), seed);
  }
  const all = await readRows(data, labels, values, null);
  if (test !== undefined) {
    if (labels !== undefined && extname(data) === ".npy") {
      throw new UsageError("--test with .npy data", "leave it out: a fifth of --data is held back");
    }
    const judged = await readRows(test, labels, values, all.classNames);
    if (judged.width !== all.width) {
      throw new DataError(`${test}: ${judged.width} features, ${data} has ${all.width}`);
    }
    return bounded({ fit: all, test: judged }, seed);
  }
  return bounded(splitRows(all, 1 - held, seed), seed);
}

/** Two parts of some rows. @throws DataError  where one would be empty */
export function splitRows(rows: Rows, share: number, seed: number): Samples {
  const { train, test } = splitBySeed(asDataset(rows), share, seed);
  return { fit: likewise(train, rows), test: likewise(test, rows) };
}

const namedSets: Readonly<Record<string, () => Promise<Samples>>> = {
  mnist: async () => {
    const { train, test } = await mnist();
    return { fit: rowsOf(train), test: rowsOf(test) };
  },
  "yin-yang": async () => ({ fit: rowsOf(yinYang(5000, 42)), test: rowsOf(yinYang(1000, 40)) }),
  "yin-yang-binary": async () => ({
    fit: rowsOf(yinYangBinary(5000, 42)),
    test: rowsOf(yinYangBinary(1000, 40)),
  }),
  "two-moons": async () => ({ fit: rowsOf(twoMoons(2000, 0)), test: rowsOf(twoMoons(1000, 1)) }),
};

const rowsOf = (dataset: Dataset): Rows => ({ ...dataset, classNames: null });

function bounded({ fit, test }: Samples, seed: number): Samples {
  if (fit.count <= mostRows) return { fit, test };
  const order = randomStream(seed, "replace", "rows").permutation(fit.count).subarray(0, mostRows);
  return { fit: likewise(selectRows(asDataset(fit), order), fit), test };
}

/** Rows as a dataset, so that what selects rows of one selects rows of the other. */
const asDataset = (rows: Rows): Dataset => ({
  ...rows,
  targets: rows.targets ?? { kind: "values", values: new Float32Array(rows.count), width: 1 },
});
const likewise = (dataset: Dataset, { targets, classNames }: Rows): Rows => ({
  ...dataset,
  targets: targets === null ? null : dataset.targets,
  classNames,
});

async function readRows(
  path: string,
  labels: string | undefined,
  values: boolean,
  classNames: readonly string[] | null,
): Promise<Rows> {
  const kind = extname(path).toLowerCase();
  if (kind === ".npy") return readArrays(path, labels, values);
  if (kind !== ".csv") {
    const sets = Object.keys(namedSets).join(", ");
    throw new UsageError(`--data ${path}: wanted a .csv, an .npy or one of ${sets}`);
  }
  const text = await readText(path);
  const targets = labels?.split(",").map((name) => name.trim()) ?? [];
  const table = parseDelimited(text, path);
  const { columns } = table;
  for (const name of targets) columnOf(columns, name, path);
  const inputs = columns.filter((name) => !targets.includes(name));
  const names = inputs.find((name) => isTextColumn(table, name, path));
  if (names !== undefined) {
    throw new DataError(`${path}: column "${names}" holds text, and every input is a number`, {
      hint:
        targets.length === 0
          ? `--labels ${names} names it as the target`
          : `leave the column out, or name it as the target: --labels ${names}`,
    });
  }
  const { rows, count } = parseTable(text, path, inputs);
  const base = { name: path, count, width: inputs.length, features: Float32Array.from(rows) };
  if (targets.length === 0) return { ...base, targets: null, classNames: null };
  if (targets.length > 1 || values) {
    const numbers = Float32Array.from(parseTable(text, path, targets).rows);
    const { length: width } = targets;
    return { ...base, targets: { kind: "values", values: numbers, width }, classNames: null };
  }
  const known = classNames === null ? {} : { classNames };
  const found = parseCsv(text, path, { inputs, target: targets[0], task: "classes", ...known });
  return { ...base, targets: found.dataset.targets, classNames: found.classNames };
}

async function readArrays(
  path: string,
  labels: string | undefined,
  values: boolean,
): Promise<Rows> {
  const { shape, data } = await readNpy(path);
  if (shape.length < 2 || shape[0] === 0) {
    throw new DataError(`${path}: an array of [${shape}], wanted [rows, features]`);
  }
  const [count] = shape;
  const base = {
    name: path,
    count,
    width: data.length / count,
    features: Float32Array.from(data as ArrayLike<number>, Number),
    classNames: null,
  };
  const bad = base.features.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw new DataError(`${path}: row ${Math.floor(bad / base.width)} is not finite`);
  if (labels === undefined) return { ...base, targets: null };
  const given = await readNpy(labels);
  const numbers = Array.from(given.data as ArrayLike<number>, Number);
  const width = numbers.length / count;
  if (given.shape[0] !== count || !numbers.every(Number.isFinite)) {
    throw new DataError(`${labels}: [${given.shape}] targets for ${count} rows, all finite`);
  }
  if (values || width > 1) {
    return { ...base, targets: { kind: "values", values: Float32Array.from(numbers), width } };
  }
  const odd = numbers.find((label) => !(Number.isInteger(label) && label >= 0));
  if (odd !== undefined) throw new DataError(`${labels}: class ${odd}, wanted 0, 1, 2, …`);
  const classes = numbers.reduce((most, label) => Math.max(most, label), 0) + 1;
  return {
    ...base,
    targets: { kind: "classes", labels: BigInt64Array.from(numbers, BigInt), classes },
  };
}
