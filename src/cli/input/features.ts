import { extname } from "node:path";
import { parseTable } from "../../data/csv.ts";
import { readBytes, readText } from "../../data/files.ts";
import { parseIdx } from "../../data/idx.ts";
import { parseNpy } from "../../data/npy.ts";
import { DataError } from "../../errors.ts";

/** Rows of numbers [count × width] from a file. */
export interface Features {
  readonly count: number;
  readonly width: number;
  readonly data: Float32Array;
}

/**
 * The features in a CSV file with a header, an .npy array or a file of IDX images, told apart by
 * their first bytes. The first axis counts the rows; all others are the features of a row.
 *
 * @param names  columns to take from a CSV file; else all of them
 * @throws InputError, DataError  for a file that is missing or malformed, or of another width
 */
export async function readFeatures(
  path: string,
  width: number,
  names: readonly string[] | null,
): Promise<Features> {
  const found = await readArray(path, names);
  if (found.width !== width) {
    throw new DataError(`${path}: rows of ${found.width} features, the model takes ${width}`);
  }
  const bad = found.data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    const [row, column] = [Math.floor(bad / width), bad % width];
    throw new DataError(`${path}: row ${row}, feature ${column} is ${found.data[bad]}`);
  }
  return found;
}

async function readArray(path: string, names: readonly string[] | null): Promise<Features> {
  if (extname(path).toLowerCase() === ".csv") return fromCsv(await readText(path), path, names);
  const bytes = await readBytes(path);
  const npy = bytes[0] === 0x93;
  const { shape, data } = npy ? parseNpy(bytes, path) : parseIdx(bytes, path);
  if (shape.length < 2) {
    const rows = shape.length === 0 ? "a single number" : "one number a row";
    throw new DataError(`${path}: holds ${rows}, wanted [rows, features]`);
  }
  const numbers = Float32Array.from(data as ArrayLike<number | bigint>, Number);
  return { count: shape[0], width: numbers.length / shape[0], data: numbers };
}

/** All columns, or those of the names; a label beside them is then no matter. */
function fromCsv(text: string, path: string, names: readonly string[] | null): Features {
  const { columns, count, rows } = parseTable(text, path, names ?? undefined);
  return { count, width: columns.length, data: Float32Array.from(rows) };
}
