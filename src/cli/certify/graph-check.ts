import { CertificateError, EigenflowError } from "../../errors.ts";
import { graphDifference } from "../../onnx/difference.ts";
import { version } from "../output/version.ts";

/** Whether the nodes of a file compute the model that a certificate speaks of. */
export interface GraphCheck {
  /**
   * "rebuilt": the graph was built again from the file's metadata and weights, and held against the file.
   * "trust": the file does not say how it was built, so that nothing was.
   */
  readonly basis: "rebuilt" | "trust";
  readonly holds: boolean | null; // null where it is taken on trust
  readonly difference: string | null; // the first, where there is one
}

/** Taken on trust: there is nothing to build the graph from. */
export const onTrust: GraphCheck = { basis: "trust", holds: null, difference: null };

/**
 * @param build  the file as this version writes it; what it throws is a difference
 * @param free  initialisers that are held against the others elsewhere
 */
export function graphCheck(
  bytes: Uint8Array,
  build: () => Uint8Array,
  free: readonly string[] = [],
): GraphCheck {
  const difference = found();
  return { basis: "rebuilt", holds: difference === null, difference };

  function found(): string | null {
    try {
      return graphDifference(bytes, build(), free);
    } catch (error) {
      if (!(error instanceof EigenflowError)) throw error;
      return `it cannot be built from the file's metadata and weights: ${error.message}`;
    }
  }
}

export function graphLine({ holds, difference }: GraphCheck): string {
  if (holds === null)
    return "trust  graph: the file does not say how it was built, so that its nodes are taken on trust";
  return holds
    ? "holds  graph: built again from the file's metadata and weights, it has the same nodes and constants"
    : `FAILS  graph: ${difference}`;
}

/** The failure of a graph that is not as wanted. @param metadata  of the file, for the version that wrote it */
export function graphFailure(
  { difference }: GraphCheck,
  metadata: Readonly<Record<string, string>>,
): CertificateError {
  const written = writtenBy(metadata["eigenflow.run"]);
  return new CertificateError(
    `the graph is not that of the model: ${difference}`,
    written === null || written === version
      ? "take the file as eigenflow wrote it: what is proven of the weights says nothing of these nodes"
      : `the file was written by eigenflow ${written}, this is ${version}, which may build it otherwise: certify it with that version`,
  );
}

function writtenBy(run: string | undefined): string | null {
  try {
    const { version } = JSON.parse(run ?? "{}");
    return typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
