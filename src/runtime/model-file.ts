import { InternalError, NumericError } from "../errors.ts";
import { type Device, loadBackend, type OrtTensor } from "./backend.ts";
import { acquireSession } from "./session.ts";
import { availableCores } from "./threads.ts";

/** Numbers or texts as ONNX Runtime holds them, of any type that it knows. */
export interface AnyTensor {
  readonly type: string; // "float32", "float16", "int64", "string", …
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string>;
}

/** A model as somebody exported it, ready to run. */
export interface ModelProgram {
  /**
   * @param wanted  names of the results to give: of those that are tensors only
   * @throws NumericError  with what ONNX Runtime says where it cannot run
   */
  run(
    feeds: Readonly<Record<string, AnyTensor>>,
    wanted: readonly string[],
  ): Promise<Readonly<Record<string, AnyTensor>>>;
  /** Gives back the session; a later `run` throws. */
  release(): Promise<void>;
}

/**
 * Opens the bytes of an ONNX model as they are, without reading them into a graph.
 *
 * @throws NumericError  with what ONNX Runtime says, for a model that it refuses
 */
export async function openProgram(
  model: Uint8Array,
  {
    device = "cpu",
    threads = availableCores(),
  }: { readonly device?: Device; readonly threads?: number } = {},
): Promise<ModelProgram> {
  const { ort } = await loadBackend(device);
  const shared = await acquireSession(ort, model, { device, threads });
  let released = false;
  return {
    async run(feeds, wanted) {
      if (released) throw new InternalError("a released program was run");
      const given: Record<string, OrtTensor> = {};
      for (const [name, { type, data, dims }] of Object.entries(feeds)) {
        given[name] = new ort.Tensor(type, data, dims);
      }
      try {
        return (await shared.session.run(given, wanted)) as Record<string, AnyTensor>;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new NumericError(`ONNX Runtime could not run the model: ${reason}`);
      }
    },
    async release() {
      if (released) return;
      released = true;
      await shared.release();
    },
  };
}
