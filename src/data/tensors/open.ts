import { InputError } from "../../errors.ts";
import type { TensorFile } from "./tensor-file.ts";

/** Opens a file of tensors by its content. */
export async function openTensors(path: string): Promise<TensorFile> {
  throw new InputError(`${path}: no format is read yet`);
}
