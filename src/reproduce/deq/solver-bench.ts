import { type Spread, spread } from "../../data/quantiles.ts";
import type { Value } from "../../graph/node.ts";
import { compile } from "../../runtime/program.ts";
import { solveOf } from "../../solvers/fixed-point.ts";
import { statusCode } from "../../solvers/options.ts";
import { type SolverChoice, solver } from "../../solvers/registry.ts";
import { agrees, standardErrors } from "./agreement.ts";
import { type Layers, layerFeeds, layerInputs, layerMap, rowOf } from "./layers.ts";
import {
  drawProblems,
  type ProblemClass,
  type PublishedCount,
  problemClasses,
  publishedProblems,
  type SolverName,
  solverNames,
  type Tolerance,
  tolerances,
} from "./solver-classes.ts";

interface Contestant {
  readonly choice: Exclude<SolverChoice, string>;
  readonly maxIterations: number;
  /** What the published count has beside the iterations of the solver. */
  readonly extra?: number;
}

/** What is counted is evaluations of f; of Newton's method, steps and the residual of its start; of auto, its
 * steps of either kind. */
const contestants: Readonly<Record<SolverName, Contestant>> = {
  Picard: { choice: { method: "picard" }, maxIterations: 1000 },
  "damped ½": { choice: { method: "picard", damping: 0.5 }, maxIterations: 1000 },
  Anderson: { choice: { method: "anderson" }, maxIterations: 300 },
  // In print it keeps its whole history; starting anew after 30 steps it needs 55 evaluations for 45.
  Broyden: { choice: { method: "broyden", window: 100 }, maxIterations: 300 },
  Newton: { choice: { method: "newton" }, maxIterations: 60, extra: 1 },
  auto: { choice: { method: "auto" }, maxIterations: 300 },
};

/** How one solver did on the problems of one class, to one tolerance. */
export interface SolverCount {
  readonly problems: string;
  readonly solver: SolverName;
  readonly tolerance: Tolerance;
  readonly count: number;
  readonly converged: number;
  /** Evaluations of those that converged; null where none did. */
  readonly evaluations: Spread | null;
  readonly published: { readonly evaluations: number; readonly converged: number } | null;
  readonly verdict: "within" | "better" | "worse" | null; // null where nothing is published
}

export interface SolverDetail {
  /** Residuals over evaluations of each problem of one class, for a figure. */
  readonly traces: readonly {
    readonly name: string;
    readonly residuals: readonly Float64Array[];
  }[];
  readonly traced: string;
  /** Evaluations to the tighter tolerance of each problem there; NaN where it did not converge. */
  readonly counts: readonly { readonly name: string; readonly iterations: Float64Array }[];
}

/** The class whose course is drawn: past ρ = 1, where acceleration matters. */
const tracedClass = problemClasses[4];

/** Every solver on every class of problems, each class one batch. */
export async function solverBench({
  problems,
  seed,
  classes = problemClasses,
}: {
  readonly problems: number;
  readonly seed: number;
  readonly classes?: readonly ProblemClass[];
}): Promise<{ readonly rows: readonly SolverCount[]; readonly detail: SolverDetail }> {
  const rows: SolverCount[] = [];
  const detail = {
    traces: [] as { name: string; residuals: Float64Array[] }[],
    traced: tracedClass.name,
    counts: [] as { name: string; iterations: Float64Array }[],
  };
  const drawn = new Map(classes.map((one) => [one, drawProblems(one, problems, seed)]));
  for (const name of solverNames) {
    for (const width of new Set(classes.map((one) => one.width))) {
      const race = await raceOf(contestants[name], width);
      for (const one of classes.filter((candidate) => candidate.width === width)) {
        const results = await race.run(drawn.get(one)!);
        for (const tolerance of tolerances) {
          rows.push(rowFor(one, name, tolerance, results[tolerance]));
        }
        if (one === tracedClass) {
          // Of auto only the first of its two phases has a trace.
          if (name !== "auto") detail.traces.push({ name, residuals: results.traces });
          detail.counts.push({ name, iterations: results["1e-8"] });
        }
      }
      await race.release();
    }
  }
  const order = (row: SolverCount) =>
    classes.findIndex(({ name }) => name === row.problems) * 100 +
    tolerances.indexOf(row.tolerance) * 10 +
    solverNames.indexOf(row.solver);
  return { rows: rows.sort((a, b) => order(a) - order(b)), detail };
}

/** Iterations to each tolerance, NaN where a problem was not solved, and the course of the second. */
async function raceOf({ choice, maxIterations, extra = 0 }: Contestant, width: number) {
  const inputs = layerInputs({ width });
  const f = layerMap(inputs);
  const solve = (rtol: number, trace: boolean) =>
    solveOf(solver({ ...choice, rtol, atol: 0, maxIterations, trace }))(f, [inputs.start]).info;
  const [loose, tight] = [solve(1e-3, false), solve(1e-8, true)];
  const outputs: Record<string, Value> = {
    looseStatus: loose.status,
    loose: loose.iterations,
    tightStatus: tight.status,
    tight: tight.iterations,
    trace: tight.trace!,
  };
  const program = await compile(inputs, outputs);
  return {
    run: async (layers: Layers) => {
      const found = await program.run(layerFeeds(layers));
      const counts = (name: "loose" | "tight") =>
        Float64Array.from(found[name].data as BigInt64Array, (n, i) =>
          Number(found[`${name}Status`].data[i]) === statusCode.converged
            ? Number(n) + extra
            : Number.NaN,
        );
      const table = found.trace.data as Float64Array; // [tests, count]
      const traces = Array.from({ length: layers.count }, (_, i) => {
        const course = Float64Array.from(
          { length: found.trace.shape[0] },
          (_, k) => rowOf(table, layers.count, k)[i],
        );
        const end = course.findIndex(Number.isNaN);
        return end < 0 ? course : course.subarray(0, Math.max(1, end));
      });
      return { "1e-3": counts("loose"), "1e-8": counts("tight"), traces };
    },
    release: () => program.release(),
  };
}

function rowFor(
  { name, published }: ProblemClass,
  solver: SolverName,
  tolerance: Tolerance,
  iterations: Float64Array,
): SolverCount {
  const solved = iterations.filter(Number.isFinite);
  const evaluations = solved.length === 0 ? null : spread(solved);
  const printed = published[tolerance]?.[solverNames.indexOf(solver)];
  return {
    problems: name,
    solver,
    tolerance,
    count: iterations.length,
    converged: solved.length,
    evaluations,
    published: printed ? { evaluations: Number(printed[0]), converged: printed[1] } : null,
    verdict: printed ? compare(evaluations, solved.length, iterations.length, printed) : null,
  };
}

/**
 * Fewer evaluations or more problems solved than printed is better; as many as other draws of the
 * same kind would give, within. One evaluation is allowed for the ways of counting the first and last.
 */
export function compare(
  ours: Spread | null,
  converged: number,
  count: number,
  [evaluations, theirs]: PublishedCount,
): "within" | "better" | "worse" {
  const [share, published] = [converged / count, theirs / publishedProblems];
  // At least one problem's worth, where the share is 0 or 1.
  const pooled = Math.min(
    1,
    Math.max(0, (converged + theirs + 1) / (count + publishedProblems + 2)),
  );
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / count + 1 / publishedProblems));
  const room = standardErrors * error;
  if (share < published - room) return "worse";
  if (ours === null) return theirs === 0 || share >= published - room ? "within" : "worse";
  const printed = (shift: number) => ({ median: String(Number(evaluations) + shift) });
  const draws = [Math.max(1, converged), Math.max(1, theirs)] as const;
  const near = [-1, 0, 1].some((shift) => agrees(ours, printed(shift), draws));
  if (near) return share > published + room ? "better" : "within";
  return ours.middle < Number(evaluations) ? "better" : "worse";
}
