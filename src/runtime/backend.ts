import { MissingRuntimeError } from "../errors.ts";

/** ONNX Runtime as we use it: what `onnxruntime-node` and `onnxruntime-web` have in common. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}
export interface OrtSession {
  run(
    feeds: Record<string, OrtTensor>,
    fetches?: readonly string[],
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
export interface Ort {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Record<string, unknown>): Promise<OrtSession>;
  };
  readonly env: {
    logLevel?: string;
    wasm?: { numThreads?: number };
    versions?: { common?: string };
  };
}

/** Where a program runs: the native library in Node, or the WebAssembly build. */
export type Device = "cpu" | "wasm";

export interface Backend {
  readonly device: Device;
  readonly ort: Ort;
}

const packages: Readonly<Record<Device, string>> = {
  cpu: "onnxruntime-node",
  wasm: "onnxruntime-web",
};
const loaded = new Map<Device, Promise<Backend>>();

/** The native library in Node, WebAssembly where there is none. */
export const defaultDevice: Device = globalThis.process?.versions?.node ? "cpu" : "wasm";

/** @throws MissingRuntimeError with the line that installs it */
export function loadBackend(device: Device = defaultDevice): Promise<Backend> {
  const known = loaded.get(device);
  if (known) return known;
  const loading = importBackend(device);
  loaded.set(device, loading);
  return loading;
}

async function importBackend(device: Device): Promise<Backend> {
  let module: { default?: Ort } & Partial<Ort>;
  try {
    // By name, so that a bundler for browsers finds it; the native one it must not look for.
    module = await (device === "wasm"
      ? import("onnxruntime-web/wasm")
      : import(/* @vite-ignore */ packages[device]));
  } catch (cause) {
    throw new MissingRuntimeError(packages[device], cause);
  }
  return { device, ort: (module.InferenceSession ? module : module.default) as Ort };
}
