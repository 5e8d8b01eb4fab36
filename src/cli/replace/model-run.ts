import { half } from "../../data/npy.ts";
import { DataError } from "../../errors.ts";
import { type Matrix, matrixOf } from "../../linalg/matrix.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { tapped } from "../../onnx/foreign/open.ts";
import { type AnyTensor, openProgram } from "../../runtime/model-file.ts";
import type { Rows } from "./replacement-data.ts";

/** Rows in one call, where the model leaves it open. */
const rowsPerCall = 1024;

/** What a model makes of each row: numbers, or texts where it gives labels. */
export interface Made {
  readonly width: number;
  readonly entries: readonly (number | string)[]; // [rows × width]
}

/** How rows of features become the one input of a model. */
interface Feeding {
  readonly name: string;
  readonly type: "float32" | "float64";
  readonly batch: number | null; // null: any
  readonly shape: readonly number[]; // of one row
}

/** @throws DataError  for a model of several inputs, or one that takes something else than rows of floats */
function feedingOf({ inputs }: ForeignModel, rows: Rows): Feeding {
  const names = inputs.map(({ name }) => name).join(", ");
  if (inputs.length !== 1) throw new DataError(`the model has ${inputs.length} inputs: ${names}`);
  const [{ name, code, dims }] = inputs;
  if (code !== 1 && code !== 11) {
    throw new DataError(`input "${name}" takes no float32 or float64: this is not supported`);
  }
  const [batch, ...rest] = dims ?? ["", BigInt(rows.width)];
  const open = rest.filter((dim) => typeof dim === "string").length;
  const fixed = rest.reduce<number>((n, dim) => n * (typeof dim === "bigint" ? Number(dim) : 1), 1);
  const left = rows.width / fixed;
  if (open > 1 || !Number.isInteger(left) || (open === 0 && left !== 1)) {
    throw new DataError(
      `${rows.name}: rows of ${rows.width} features, input "${name}" takes [${(dims ?? []).map((d) => d || "?").join(", ")}]`,
    );
  }
  return {
    name,
    type: code === 1 ? "float32" : "float64",
    batch: typeof batch === "bigint" ? Number(batch) : null,
    shape: rest.map((dim) => (typeof dim === "bigint" ? Number(dim) : left)),
  };
}

/** Values of a model, those within it too, for each row. @throws DataError, NumericError */
export async function valuesOf(
  model: ForeignModel,
  rows: Rows,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, Made>> {
  const { name, type, batch, shape } = feedingOf(model, rows);
  const inner = wanted.filter((value) => value !== name);
  const found = new Map<string, { width: number; entries: (number | string)[] }>();
  const program = await openProgram(tapped(model, inner).bytes);
  try {
    const step = batch ?? rowsPerCall;
    for (let from = 0; from < rows.count; from += step) {
      const given = Math.min(step, rows.count - from);
      // A model of a fixed batch gets the rows that are left and zeros.
      const size = batch ?? given;
      const data = new (type === "float32" ? Float32Array : Float64Array)(size * rows.width);
      data.set(rows.features.subarray(from * rows.width, (from + given) * rows.width));
      const results = await program.run({ [name]: { type, dims: [size, ...shape], data } }, inner);
      for (const value of inner) collect(found, value, results[value], size, given);
    }
  } finally {
    await program.release();
  }
  if (wanted.includes(name)) {
    found.set(name, { width: rows.width, entries: Array.from(rows.features) });
  }
  return found;
}

function collect(
  found: Map<string, { width: number; entries: (number | string)[] }>,
  name: string,
  { type, dims, data }: AnyTensor,
  size: number,
  given: number,
): void {
  if (dims.length === 0 || dims[0] !== size) {
    throw new DataError(`value "${name}" is [${dims}] for ${size} rows: not one for each row`);
  }
  const width = data.length / size;
  const known = found.get(name) ?? { width, entries: [] };
  found.set(name, known);
  const bits = type === "float16" && data instanceof Uint16Array;
  for (let k = 0; k < given * width; k++) {
    const entry = data[k];
    known.entries.push(
      typeof entry === "string" ? entry : bits ? half(Number(entry)) : Number(entry),
    );
  }
}

/** @throws DataError  for values that are no numbers, or not finite */
export const matrixOfMade = ({ width, entries }: Made): Matrix =>
  matrixOf(entries.length / width, width, Float64Array.from(entries as readonly number[]));
