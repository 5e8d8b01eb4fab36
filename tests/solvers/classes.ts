import { randomStream } from "../../src/data/random.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { reshape } from "../../src/graph/ops/movement.ts";
import { scalarOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { iterate, type Method } from "../../src/solvers/iterate.ts";
import { type SolveOptions, solveOptions } from "../../src/solvers/options.ts";

/** z = tanh(Wz + x) in n dimensions, x standard normal: how W is drawn. */
export interface ProblemClass {
  readonly n: number;
  /** Standard deviation of normal entries; PyTorch's uniform ±1/√n where it is left out. */
  readonly deviation?: number;
}
/**
 * Solves draws of a class as one batch, each with its own W; the unknown in another unit when `scale`
 * is given. Evaluations, of those that converged, ascending.
 */
export async function evaluations(
  { n, deviation }: ProblemClass,
  draws: number,
  method: Method,
  options: Partial<SolveOptions>,
  scale = 1,
): Promise<number[]> {
  const weights = new Float64Array(draws * n * n);
  const shifts = new Float64Array(draws * n);
  for (let k = 0; k < draws; k++) {
    const { uniform, normal } = randomStream(1, k);
    const bound = 1 / Math.sqrt(n);
    const entry = () => (deviation ? deviation * normal() : (2 * uniform() - 1) * bound);
    for (let i = 0; i < n * n; i++) weights[k * n * n + i] = entry();
    for (let i = 0; i < n; i++) shifts[k * n + i] = normal();
  }
  const W = input("W", "float64", ["N", n, n]);
  const x = input("x", "float64", ["N", n]);
  const unit = input("unit", "float64", []);
  const f = (z: Value) => {
    const column = reshape(mul(z, 1 / scale), ["N", n, 1]);
    return [mul(tanh(add(reshape(matmul(W, column), ["N", n]), x)), unit)];
  };
  const { info } = iterate(
    method,
    f,
    [mul(x, 0)],
    solveOptions({ atol: 0, divergence: Infinity, maxIterations: 200, ...options }),
  );
  const program = await compile(
    { W, x, unit },
    { status: info.status, iterations: info.iterations },
    { threads: 1 },
  );
  const { status, iterations } = await program.run({
    W: tensorOf(weights, [draws, n, n]),
    x: tensorOf(shifts, [draws, n]),
    unit: scalarOf(scale, "float64"),
  });
  await program.release();
  return Array.from(iterations.data, Number)
    .filter((_, k) => Number(status.data[k]) === 1)
    .sort((a, b) => a - b);
}
