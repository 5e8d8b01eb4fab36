import { type Spread, spread } from "../../data/quantiles.ts";
import { loop } from "../../graph/ops/control.ts";
import { sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { input } from "../../graph/value.ts";
import { compile } from "../../runtime/program.ts";
import { iterate } from "../../solvers/iterate.ts";
import { solveOptions, statusCode } from "../../solvers/options.ts";
import { picard } from "../../solvers/picard.ts";
import { layerJacobian, localBehaviour } from "../../verification/equilibria.ts";
import { type Agreement, agreement, agrees } from "./agreement.ts";
import { type Equilibria, findEquilibria } from "./equilibria.ts";
import {
  type Initialisation,
  type Layers,
  layerFeeds,
  layerInputs,
  layerMap,
  lectureLayers,
  rowOf,
  weightOf,
} from "./layers.ts";
import { publishedDraws, publishedErrors } from "./published.ts";

export const depth = 40;

/** ‖z^L − z*‖ after L layers, beside what is published. */
export interface LayerRow extends Spread {
  readonly layers: number;
  readonly published: { readonly median: number; readonly low?: number; readonly high?: number };
  readonly verdict: Agreement;
  /** The lecture's draw, and whether it lies in our 5–95 % band. */
  readonly lecture: readonly number[];
  readonly lectureInBand: boolean;
}

/** One initialisation of the lecture's layer over many draws. */
export interface LayerTable {
  readonly initialisation: Initialisation;
  readonly draws: number;
  /** Equilibria found from z = 0, which the rows are about, and from other starts where that failed. */
  readonly fromZero: Found;
  readonly fromElsewhere: Found;
  /** ρ(J(z*)) of those from z = 0. */
  readonly radius: Spread;
  /** Draws in which the layer iteration from z = 0 converges at all within 2000 layers, and where to. */
  readonly settled: number;
  readonly settledAtThis: number;
  readonly rows: readonly LayerRow[];
  readonly attractionVerdict: Agreement;
}
export interface Found {
  readonly found: number;
  /** How many attract the layer iteration: ρ(J(z*)) < 1. */
  readonly attracting: number;
}

/** What figures need and tables do not. */
export interface LayerDetail {
  readonly errors: readonly Float64Array[]; // [depth + 1] of one error per draw found from z = 0
  readonly eigenvalues: { readonly re: number[]; readonly im: number[] }; // of J(z*), all draws
  readonly layers: Layers;
  readonly equilibria: Equilibria;
}

export async function layerTable(
  initialisation: Initialisation,
  { draws, seed }: { readonly draws: number; readonly seed: number },
): Promise<{ readonly table: LayerTable; readonly detail: LayerDetail }> {
  const layers = lectureLayers(initialisation, draws, seed);
  const equilibria = await findEquilibria(layers, seed);
  const run = await iterations(layers, equilibria.z);
  const zero = [...equilibria.attempt.keys()].filter((k) => equilibria.attempt[k] === 0);
  const elsewhere = [...equilibria.attempt.keys()].filter((k) => equilibria.attempt[k] > 0);

  const near = (k: number) => {
    const z = rowOf(equilibria.z, layers.width, k);
    return localBehaviour(
      layerJacobian(
        weightOf(layers, k),
        z.map((x) => 1 - x * x),
      ),
    );
  };
  const behaviour = zero.map(near);
  const found = (list: readonly { readonly attracting: boolean }[]): Found => ({
    found: list.length,
    attracting: list.filter(({ attracting }) => attracting).length,
  });
  const errors = run.errors.map((row) => Float64Array.from(zero, (k) => row[k]));
  const attraction = found(behaviour);
  const all = initialisation === "default";
  return {
    table: {
      initialisation,
      draws,
      fromZero: attraction,
      fromElsewhere: found(elsewhere.map(near)),
      radius: spread(behaviour.map(({ radius }) => radius)),
      settled: run.settled.filter(Boolean).length,
      settledAtThis: zero.filter((k) => run.settled[k] && run.distance[k] < 1e-6).length,
      rows: publishedErrors[initialisation].map((published) => rowFrom(published, errors)),
      attractionVerdict: agreement(
        all ? attraction.attracting === draws : attraction.found > 0 && attraction.attracting === 0,
      ),
    },
    detail: {
      errors,
      eigenvalues: {
        re: behaviour.flatMap(({ eigenvalues }) => [...eigenvalues.re]),
        im: behaviour.flatMap(({ eigenvalues }) => [...eigenvalues.im]),
      },
      layers,
      equilibria,
    },
  };
}

function rowFrom(
  { layers, lecture, median, band }: (typeof publishedErrors)["default"][number],
  errors: readonly Float64Array[],
): LayerRow {
  const ours = spread(errors[layers]);
  const numbers = lecture.map(Number);
  return {
    layers,
    ...ours,
    published: {
      median: Number(median),
      ...(band && { low: Number(band[0]), high: Number(band[1]) }),
    },
    verdict: agreement(agrees(ours, { median, band }, [errors[layers].length, publishedDraws])),
    lecture: numbers,
    lectureInBand: numbers.every((x) => x >= ours.low && x <= ours.high),
  };
}

/** The layer iteration from z = 0: its distance to z* after 0 … 40 layers, and where it ends. */
async function iterations(layers: Layers, equilibria: Float64Array) {
  const { W, c, start } = layerInputs(layers);
  const f = layerMap({ W, c });
  const target = input("target", "float64", start.shape);
  const distanceOf = (z: typeof start) => sqrt(reduceSum(square(sub(z, target)), [1]));
  const { outputs } = loop({ times: depth + 1 }, { z: start }, ({ z }) => ({
    state: { z: f(z)[0] },
    outputs: { errors: distanceOf(z) },
  }));
  const options = solveOptions({ rtol: 1e-10, atol: 0, maxIterations: 2000, testEvery: 10 });
  const end = iterate(picard(), f, [start], options);
  const program = await compile(
    { W, c, start, target },
    { errors: outputs.errors, status: end.info.status, distance: distanceOf(end.z[0]) },
  );
  try {
    const feeds = layerFeeds(layers);
    const result = await program.run({ ...feeds, target: { ...feeds.start, data: equilibria } });
    const errors = result.errors.data as Float64Array;
    return {
      errors: Array.from({ length: depth + 1 }, (_, L) => rowOf(errors, layers.count, L)),
      settled: Array.from(
        result.status.data as BigInt64Array,
        (s) => Number(s) === statusCode.converged,
      ),
      distance: result.distance.data as Float64Array,
    };
  } finally {
    await program.release();
  }
}
