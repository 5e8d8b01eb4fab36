import { readBytes } from "../../data/files.ts";
import { DataError } from "../../errors.ts";
import { edited } from "./edit.ts";
import { withDataInside } from "./external.ts";
import { type ForeignModel, readForeign } from "./model.ts";

/**
 * The ONNX model in a file, of whatever exporter, with the data that it keeps beside it.
 *
 * @throws InputError  when the file cannot be read
 * @throws DataError  naming the file, for one that is no ONNX model or whose data are missing, cut off
 *   or outside its folder
 */
export async function openModel(path: string): Promise<ForeignModel> {
  const bytes = await readBytes(path);
  try {
    return readForeign(await withDataInside(path, bytes));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** The model with entries among its metadata, in place of those of the same keys; null takes one out. */
export const withMetadata = (
  model: ForeignModel,
  metadata: Readonly<Record<string, string | null>>,
): ForeignModel => edited(model, { metadata });

/**
 * The model with inner values given as results too, to see what passes through it. Values that are fed or
 * given already are left out.
 *
 * @throws DataError  for a value that the model does not make
 */
export function tapped(model: ForeignModel, values: readonly string[]): ForeignModel {
  const given = new Set([...model.inputs, ...model.outputs].map(({ name }) => name));
  const outputs = [...new Set(values)].filter((name) => !given.has(name));
  const odd = outputs.find((name) => !model.maker.has(name));
  if (odd !== undefined) throw new DataError(`the model makes no value "${odd}"`);
  return edited(model, { outputs });
}
