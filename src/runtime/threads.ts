import type { Node, Value } from "../graph/node.ts";
import type { Shape } from "../graph/shape.ts";
import { topologicalOrder } from "../graph/value.ts";

/** Up to this many multiply-adds a product is quicker on one thread (measured, design.md section 2). */
const worthThreads = 64 ** 3;

/** Multiply-adds of the largest product in a graph and its bodies; named sizes from `sizes`. */
export function largestProduct(
  outputs: readonly Value[],
  sizes: Readonly<Record<string, number>>,
): number {
  const size = (shape: Shape) =>
    shape.reduce<number>((n, dim) => n * (typeof dim === "number" ? dim : (sizes[dim] ?? 1)), 1);
  const work = (node: Node): number => {
    const [, b] = node.inputs;
    switch (node.op) {
      case "MatMul":
        return size(node.outputs[0].shape) * size([b!.shape.at(-2)!]);
      case "Gemm":
        return size(node.outputs[0].shape) * size([b!.shape[node.attributes.transB ? 1 : 0]]);
      case "Conv":
      case "ConvTranspose":
        return size(node.outputs[0].shape) * size(b!.shape.slice(1));
      default:
        return Math.max(0, ...node.bodies.map((body) => largestProduct(body.results, sizes)));
    }
  };
  return topologicalOrder(outputs).reduce((most, node) => Math.max(most, work(node)), 0);
}

/** Threads for a program: one where products are small, all cores above. */
export const threadsFor = (
  outputs: readonly Value[],
  sizes: Readonly<Record<string, number>>,
  cores: number,
): number => (largestProduct(outputs, sizes) <= worthThreads ? 1 : cores);

/** Cores of this machine: of the browser, or of the process where there is none. */
export const availableCores = (): number =>
  (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ??
  process.getBuiltinModule("node:os").availableParallelism();
