import type { Tensor } from "../../src/graph/tensor.ts";
import { loadBackend } from "../../src/runtime/backend.ts";

/** What ONNX Runtime makes of a file, in its own words: dims and numbers by output. */
export async function evaluate(bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>) {
  const { ort } = await loadBackend();
  const session = await ort.InferenceSession.create(bytes);
  try {
    const given = Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
        name,
        new ort.Tensor(dtype, data, shape),
      ]),
    );
    const results = await session.run(given);
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]) => [name, { type, dims, data }]),
    );
  } finally {
    await session.release();
  }
}
