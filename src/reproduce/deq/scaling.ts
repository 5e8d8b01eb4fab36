import { spread } from "../../data/quantiles.ts";
import { div, mul } from "../../graph/ops/elementwise.ts";
import { compile } from "../../runtime/program.ts";
import { solveOf } from "../../solvers/fixed-point.ts";
import type { StateMap } from "../../solvers/iterate.ts";
import { statusCode } from "../../solvers/options.ts";
import { solver } from "../../solvers/registry.ts";
import { layerFeeds, layerInputs, layerMap } from "./layers.ts";
import { drawProblems, problemClasses } from "./solver-classes.ts";

/** Median evaluations where the unknown is measured in another unit, y = s z. */
export interface ScaleRow {
  readonly scale: number;
  readonly median: number; // NaN where no problem was solved
  readonly converged: number;
}

const scales = [1e-3, 1e-2, 1, 1e2, 1e3] as const;

/**
 * y = s f(y/s) by one method, f of the class n = 87, ρ ≈ 0.94, to 1e-8. The answer is s z*, and the work
 * should not depend on s; with a ridge that is absolute, as in the packages, Anderson's does.
 */
export async function scaleTable(
  method: string,
  { problems, seed }: { readonly problems: number; readonly seed: number },
): Promise<readonly ScaleRow[]> {
  const layers = drawProblems(problemClasses[2], problems, seed);
  const rows: ScaleRow[] = [];
  for (const scale of scales) {
    const inputs = layerInputs(layers);
    const f = layerMap(inputs);
    const scaled: StateMap = (y) => f(div(y, scale)).map((value) => mul(value, scale));
    const solve = solveOf(solver({ method, rtol: 1e-8, atol: 0, maxIterations: 300 }));
    const { status, iterations } = solve(scaled, [inputs.start]).info;
    const program = await compile(inputs, { status, iterations });
    const found = await program.run(layerFeeds(layers));
    await program.release();
    const solved = Array.from(found.iterations.data as BigInt64Array, Number).filter(
      (_, i) => Number(found.status.data[i]) === statusCode.converged,
    );
    const median = solved.length === 0 ? Number.NaN : spread(solved).middle;
    rows.push({ scale, median, converged: solved.length });
  }
  return rows;
}
