import { UsageError } from "../../errors.ts";
import { type Agreement, agreement } from "./agreement.ts";
import { type LayerDetail, type LayerTable, layerTable } from "./layer-table.ts";
import {
  type MonotoneGap,
  type MonotonePoints,
  type MonotoneTable,
  monotoneGap,
  monotoneTable,
} from "./monotone-table.ts";
import { publishedAttraction } from "./published.ts";
import { type ScaleRow, scaleTable } from "./scaling.ts";
import { type SolverCount, type SolverDetail, solverBench } from "./solver-bench.ts";

export interface DeqOptions {
  /** Layers drawn for each initialisation. */
  readonly draws?: number;
  /** Problems drawn for each class of the solvers' table. */
  readonly problems?: number;
  readonly seed?: number;
  /** Told what is being computed. */
  readonly progress?: (part: string) => void;
}

/** A published result and whether it came out again. */
export interface Claim {
  readonly name: string;
  readonly published: string;
  readonly statement: string;
  readonly verdict: Agreement;
}

/** The numbers of the lecture on equilibrium models, computed again. Plain data. */
export interface DeqReproduction {
  readonly settings: { readonly draws: number; readonly problems: number; readonly seed: number };
  readonly layers: readonly LayerTable[];
  readonly monotone: readonly MonotoneTable[];
  readonly gap: MonotoneGap;
  readonly solvers: readonly SolverCount[];
  readonly scaling: readonly ScaleRow[];
  readonly claims: readonly Claim[];
  /** What the numbers say, in words. */
  readonly sentences: readonly string[];
}

/** What the figures are drawn from, beside the tables. */
export interface DeqDetail {
  readonly layers: readonly LayerDetail[];
  readonly monotone: readonly MonotonePoints[];
  readonly solvers: SolverDetail;
}

/** Fewer do not give a band from 5 to 95 %. */
const leastDraws = 20;

/**
 * Repeats the equilibrium-model experiments of the lecture by D. Frank (2023) in float64: a layer
 * applied L times against its equilibrium, at torch's initialisation and at N(0, 1); what the lecture
 * calls monotonicity beside monotonicity; and the solvers on six classes of problems.
 *
 * @throws UsageError  for counts that are no whole numbers, or too small
 */
export async function reproduceDeq({
  draws = 500,
  problems = 50,
  seed = 2023,
  progress = () => {},
}: DeqOptions = {}): Promise<{ readonly result: DeqReproduction; readonly detail: DeqDetail }> {
  for (const [name, count] of Object.entries({ draws, problems })) {
    if (!(Number.isInteger(count) && count >= leastDraws)) {
      throw new UsageError(
        `${name} = ${count}: a whole number of at least ${leastDraws} is wanted`,
      );
    }
  }
  const layers: LayerTable[] = [];
  const details: LayerDetail[] = [];
  const monotone: MonotoneTable[] = [];
  const points: MonotonePoints[] = [];
  for (const initialisation of ["default", "normal"] as const) {
    progress(`layers and equilibria, ${initialisation} initialisation, ${draws} draws`);
    const { table, detail } = await layerTable(initialisation, { draws, seed });
    layers.push(table);
    details.push(detail);
    const look = monotoneTable(initialisation, detail);
    monotone.push(look.table);
    points.push(look.points);
  }
  progress("monotonicity and its look-alike");
  const { gap, points: between } = monotoneGap(4 * draws, seed);
  progress(`solvers on six classes of ${problems} problems`);
  const bench = await solverBench({ problems, seed });
  const scaling = await scaleTable("anderson", { problems, seed });

  const measured = { layers, monotone, gap, solvers: bench.rows, scaling };
  return {
    result: {
      settings: { draws, problems, seed },
      ...measured,
      claims: claimsOf(measured),
      sentences: sentencesOf(measured),
    },
    detail: { layers: details, monotone: [between, ...points], solvers: bench.detail },
  };
}

type Measured = Pick<DeqReproduction, "layers" | "monotone" | "gap" | "solvers" | "scaling">;

function claimsOf({ layers, monotone, gap, solvers, scaling }: Measured): Claim[] {
  const all = (list: readonly { readonly verdict: unknown }[], bad: string): Agreement =>
    list.some(({ verdict }) => verdict === bad) ? "outside" : "within";
  const claims = layers.flatMap(({ initialisation, rows, fromZero, draws, attractionVerdict }) => {
    const agreeing = rows.filter(({ verdict }) => verdict === "within").length;
    return [
      {
        name: `‖z^L − z*‖ after L layers, ${initialisation} init`,
        published: `medians and bands of ${rows.length} rows`,
        statement: `agree with print in ${agreeing} of ${rows.length} rows`,
        verdict: all(rows, "outside"),
      },
      {
        name: `equilibria found from z = 0 that attract the iteration, ${initialisation} init`,
        published: String(publishedAttraction[initialisation]),
        statement: `${fromZero.attracting} of ${fromZero.found} (${draws} draws)`,
        verdict: attractionVerdict,
      },
    ];
  });
  const compared = solvers.filter(({ verdict }) => verdict !== null);
  const worse = compared.filter(({ verdict }) => verdict === "worse").length;
  return [
    ...claims,
    ...monotone.map(({ initialisation, lecture: [low, high], verdict }) => ({
      name: `min Re λ(I − W), ${initialisation} init`,
      published: `${low} to ${high}`,
      statement: verdict === "within" ? "the range of our draws" : "not the range of our draws",
      verdict,
    })),
    {
      name: "10 × 10 matrices of N(0, 0.25²) that pass the eigenvalue test and are not monotone",
      published: percent(gap.published),
      statement: percent(gap.share),
      verdict: gap.verdict,
    },
    {
      name: "evaluations of the solvers",
      published: `${compared.length} counts`,
      statement: `${compared.length - worse} are as printed or better`,
      verdict: all(compared, "worse"),
    },
    {
      name: "evaluations of Anderson mixing in other units of the unknown",
      published: "30.5 at every scale",
      statement: `${scaling.map(({ median }) => median).join(", ")} at scales ${scaling.map(({ scale }) => scale).join(", ")}`,
      verdict: agreement(scaleFree(scaling)),
    },
  ];
}

/** The same work at every scale: up to one evaluation and one problem, since rounding differs. */
const scaleFree = (rows: readonly ScaleRow[]): boolean =>
  (["median", "converged"] as const).every((key) => {
    const numbers = rows.map((row) => row[key]);
    return Math.max(...numbers) - Math.min(...numbers) <= 1;
  });

function sentencesOf({ layers, monotone, solvers }: Measured): string[] {
  const [plain, normal] = layers;
  const best = (tolerance: string) => {
    const last = solvers.filter(
      (row) => row.tolerance === tolerance && row.problems === solvers.at(-1)?.problems,
    );
    return last.map(({ solver, converged }) => `${solver} ${converged}`).join(", ");
  };
  const count = solvers[0]?.count;
  return [
    `Default init: ${plain.fromZero.attracting} of ${plain.fromZero.found} equilibria found attract the layer iteration (ρ(J(z*)) about ${plain.radius.middle.toFixed(2)}), so depth approaches the equilibrium.`,
    `N(0, 1) init: the equilibrium exists, the iteration does not find it. tanh is bounded, so an equilibrium exists for every draw (Brouwer); ${normal.fromZero.found + normal.fromElsewhere.found} of ${normal.draws} were found, ${normal.fromZero.found} of them from z = 0, of which ${normal.fromZero.attracting} attract the iteration (ρ(J(z*)) about ${normal.radius.middle.toFixed(1)}).`,
    `The iteration settles in ${normal.settled} of these ${normal.draws} draws, ${normal.settledAtThis} times at the equilibrium found from z = 0 and else at another; of the ${normal.fromElsewhere.found} equilibria found only from other starts ${normal.fromElsewhere.attracting} attract. The lecture does not say so.`,
    `Converged to 1e-8 on N(0, 1) weights, of ${count}: ${best("1e-8")}.`,
    `Default init: min Re λ(I − W) > 0 in ${monotone[0].looksMonotone} of ${monotone[0].draws} draws, and monotone are ${monotone[0].isMonotone}; N(0, 1): ${monotone[1].looksMonotone} and ${monotone[1].isMonotone}.`,
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
