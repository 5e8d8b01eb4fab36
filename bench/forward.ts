import type { Value } from "../src/graph/node.ts";
import type { Values } from "../src/graph/ops/control.ts";
import { div, sqrt, sub } from "../src/graph/ops/elementwise.ts";
import { reduceMax, reduceSumSquare } from "../src/graph/ops/reduction.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import { input } from "../src/graph/value.ts";
import type { Parameters } from "../src/models/model.ts";
import { compile } from "../src/runtime/program.ts";
import { type SolverHealth, solverHealth } from "../src/solvers/fixed-point.ts";
import { type Options, report } from "./measure.ts";

/** What is timed, and the equilibrium with its image under the layer, of which only the error is told. */
export interface ForwardGraph {
  readonly result: Value;
  readonly z: Value;
  readonly image: Value;
  /** Norms over "batch" all, or over each "sample", of which the worst counts. */
  readonly error: "batch" | "sample";
}

/**
 * Times a forward solve: one call of the runtime from JavaScript. The parameters are fed, as the
 * peers' are: nothing is computed from them beforehand.
 */
export async function forwardCase(
  options: Options,
  name: string,
  parameters: Parameters,
  x: Tensor,
  graph: (parameters: Values, x: Value, health: SolverHealth) => ForwardGraph,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (!name.includes(options.only)) return;
  const asInput = ([key, { dtype, shape }]: [string, Tensor]) => [key, input(key, dtype, shape)];
  const given = Object.fromEntries(Object.entries(parameters).map(asInput));
  const features = input("x", "float32", x.shape);
  const health = solverHealth();
  const { result, z, image, error } = graph(given, features, health);
  const inputs = { ...given, x: features };
  const iterations = reduceMax(health.forward[0].iterations);
  const failed = health.forward[0].status;
  const feeds = { ...parameters, x };

  const axes = error === "sample" ? [1] : undefined;
  const norm = (value: Value) => sqrt(reduceSumSquare(value, axes));
  const relative = reduceMax(div(norm(sub(image, z)), norm(z)));
  const check = await compile(inputs, { relative }, { threads: options.threads });
  const found = await check.run(feeds);
  await check.release();

  const program = await compile(
    inputs,
    { result, iterations, failed },
    { threads: options.threads },
  );
  const once = await program.run(feeds);
  await report(options, name, () => program.run(feeds), {
    iterations: Number(once.iterations.data[0]),
    unconverged: Array.from(once.failed.data as BigInt64Array).filter((code) => code !== 1n).length,
    error: Number(found.relative.data[0]),
    ...extra,
    threads: program.threads,
  });
  await program.release();
}
