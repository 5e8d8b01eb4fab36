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
    throw new DataError(`${path}: ${isText(bytes) ? "is text, not an ONNX file" : error.message}`, {
      hint: error.hint ?? "wanted a model.onnx, such as eigenflow train and identify leave",
      cause: error,
    });
  }
}

/** Whether a file begins as a text does: its first letters have no control character among them. */
const isText = (bytes: Uint8Array): boolean =>
  bytes.length > 0 &&
  bytes.subarray(0, 512).every((byte) => byte >= 32 || (byte >= 9 && byte <= 13));

/** The constants of a model, by their name in the file. */
export const tensorsIn = ({ initialisers }: DecodedModel): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(initialisers).map(([name, { dtype, shape, node }]): [string, Tensor] => [
      name,
      { dtype, shape: shape as readonly number[], data: node.data! },
    ]),
  );
