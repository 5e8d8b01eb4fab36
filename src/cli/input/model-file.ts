import { readBytes } from "../../data/files.ts";
import { DataError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type DecodedModel, decode } from "../../onnx/decode.ts";

/** The model in an ONNX file. @throws InputError, DataError  naming the file */
export const readModelFile = async (path: string): Promise<DecodedModel> =>
  modelIn(await readBytes(path), path);

/** The model in the bytes of a file. @throws DataError  naming the file */
export function modelIn(bytes: Uint8Array, path: string): DecodedModel {
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${path}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** The constants of a model, by their name in the file. */
export const tensorsIn = ({ initialisers }: DecodedModel): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(initialisers).map(([name, { dtype, shape, node }]): [string, Tensor] => [
      name,
      { dtype, shape: shape as readonly number[], data: node.data! },
    ]),
  );
