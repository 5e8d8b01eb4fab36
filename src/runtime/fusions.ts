import type { Value } from "../graph/node.ts";
import { topologicalOrder } from "../graph/value.ts";

/**
 * Fusions of ONNX Runtime that float64 does not survive: the first rounds a constant factor of a
 * product to a float32 attribute, the second writes x·sigmoid(αx) as an operator with float32
 * kernels only.
 */
const harmful = ["MatMulScaleFusion", "QuickGeluFusion"];
const fused = new Set(["MatMul", "Sigmoid"]);

/** The fusions to leave out for a graph: none where all its products and sigmoids are in float32. */
export const fusionsToDisable = (outputs: readonly Value[]): readonly string[] =>
  hasFloat64(outputs) ? harmful : [];

const hasFloat64 = (outputs: readonly Value[]): boolean =>
  topologicalOrder(outputs).some(
    ({ op, outputs: [{ dtype }], bodies }) =>
      (fused.has(op) && dtype === "float64") || bodies.some(({ results }) => hasFloat64(results)),
  );
