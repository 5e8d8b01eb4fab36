import { gluingArtefact } from "../../hybrid/artefact.ts";
import { delayOperator, operatorEigenvalues, stepsAhead, truncated } from "../../hybrid/glued.ts";
import { fitLift, lifted } from "../../hybrid/lift.ts";
import { entering, leaving, type Network } from "../../hybrid/network.ts";
import { firstOf, gluedSeries, trajectoriesOf } from "../../hybrid/trajectories.ts";
import { predicted, type WindowMap } from "../../hybrid/window-map.ts";
import { withinEigenvalues, withinOperator } from "../../hybrid/within.ts";
import type { ComplexNumbers } from "../../linalg/eigenvalues.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { Figure, Mark, Panel } from "../../report/figure.ts";
import {
  accuracyWith,
  type Both,
  gluedMap,
  type LayerCase,
  outputOf,
  withinMap,
} from "./variants.ts";

const figure = (of: Omit<Figure, "schema">): Figure => ({ schema: "eigenflow/figure@1", ...of });

/** Eigenvalues for some numbers of trajectories and delays, glued and within trajectories. */
export function spectraFigure({ fit }: Both, name: string): { figure: Figure; words: string[] } {
  const N = fit.snapshots.length;
  const words: string[] = [];
  const domain = [-1.35, 1.35] as const;
  const axis = (label: string) => ({ label, scale: "linear", domain }) as const;
  const panel = (title: string, { re, im }: ComplexNumbers, role: number, as: string): Panel => ({
    title,
    x: axis("Re λ"),
    y: axis("Im λ"),
    equal: true,
    marks: [
      { type: "circle", role: "faint", x: 0, y: 0, r: 1 },
      ...rootsOf(N),
      {
        ...{ type: "dots", role, name: as, marker: "circle" },
        ...{ x: Array.from(re), y: Array.from(im) },
      } as Mark,
    ],
  });
  const panels: Panel[] = [];
  for (const r of [50, 500]) {
    for (const h of [1, 10]) {
      const values = operatorEigenvalues(delayOperator(gluedSeries(firstOf(fit, r)), h));
      words.push(`glued, r = ${r}, h = ${h}: ${gluingArtefact(values, N).sentence}.`);
      panels.push(panel(`glued, r = ${r}, h = ${h}`, values, 0, "glued series"));
    }
  }
  for (const r of [50, 500]) {
    for (const h of [1, 10]) {
      const values = withinEigenvalues(withinOperator(firstOf(fit, r), h));
      words.push(`within, r = ${r}, h = ${h}: ${gluingArtefact(values, N).sentence}.`);
      panels.push(panel(`within, r = ${r}, h = ${h}`, values, 1, "pairs within a trajectory"));
    }
  }
  const caption = `Eigenvalues of the operators that replace the ${name} layer of 2-8-6-4-3-2, from r trajectories with h delays. Crosses are the ${N}th roots of unity: the glued series repeats every ${N} steps, and at h = 10 its operator finds that period. Values outside the frame are left out.`;
  return {
    words,
    figure: figure({
      name: "hybrid-spectra",
      title: `Eigenvalues: the period of gluing, and the layer (${name})`,
      caption,
      alt: words.join(" "),
      size: "page",
      columns: 4,
      panels,
    }),
  };
}

const rootsOf = (N: number): Mark[] => {
  const angles = Array.from({ length: N }, (_, k) => (2 * Math.PI * k) / N);
  return [
    {
      ...{ type: "dots", role: "faint", marker: "cross", filled: angles.map(() => false) },
      ...{ name: `roots of unity of order ${N}`, x: angles.map(Math.cos), y: angles.map(Math.sin) },
    } as Mark,
  ];
};

const side = 96;
const lattice: Matrix = matrix(
  side * side,
  2,
  (k, j) => ((j === 0 ? k % side : Math.floor(k / side)) + 0.5) / side,
);

/** Regions of the two classes: the network, and with the layer replaced in each way. */
export function boundaryFigure(
  cases: readonly {
    readonly name: string;
    readonly one: LayerCase;
    readonly both: Both;
    readonly block: Parameters<typeof trajectoriesOf>[1];
  }[],
): Figure {
  const [{ one: first }] = cases;
  const original = regions(first.network, first.layer, (X) => outputOf({ ...first, fit: X }));
  const panels: Panel[] = [region("original", original)];
  for (const { name, one, both, block } of cases) {
    const own = one.network.layers[one.layer];
    const by = (map: WindowMap) => (X: Matrix) => predicted(map, trajectoriesOf(own, block, X));
    const few = firstOf(both.fit, Math.min(500, both.fit.samples));
    const dictionary = { kind: "fourier", features: 200, width: 3, seed: 1 } as const;
    const lift = fitLift(one.fit, outputOf(one), { dictionary });
    const all = [
      ["glued", by(gluedMap(few, 10))],
      ["within", by(withinMap(both.fit, 10))],
      ["lift", (X: Matrix) => lifted(lift, X)],
    ] as const;
    for (const [how, f] of all)
      panels.push(region(`${name}, ${how}`, regions(one.network, one.layer, f)));
  }
  // Within the circle of the samples.
  const inside = original.flatMap((_, k) =>
    Math.hypot(lattice.data[2 * k] - 0.5, lattice.data[2 * k + 1] - 0.5) < 0.5 ? [k] : [],
  );
  const share = (groups: readonly number[]) =>
    inside.filter((k) => groups[k] === original[k]).length / inside.length;
  const agree = panels.slice(1).map(({ title, marks }) => {
    const [cells] = marks;
    return `${title}: ${(100 * share(cells.type === "cells" ? cells.groups! : [])).toFixed(1)} %`;
  });
  return figure({
    name: "hybrid-boundaries",
    title: "Decision regions of the network and of its hybrids",
    caption:
      "Classes named by 2-8-6-4-3-2 over the unit square, and with one layer replaced: by the operator of the glued series as printed (h = 10), by the operator of pairs within a trajectory (h = 10), and by one linear map of 200 random Fourier features of the layer's input, which runs no scaling layers. All samples lie within the dotted circle: what is named outside it, nothing was fitted to.",
    alt: `Share of the circle where the class is that of the original. ${agree.join("; ")}.`,
    size: "page",
    columns: 4,
    // The original stands at the head of each row.
    panels: cases.flatMap((_, k) => [panels[0], ...panels.slice(1 + 3 * k, 4 + 3 * k)]),
  });
}

function regions(network: Network, layer: number, f: (X: Matrix) => Matrix): number[] {
  const { data } = leaving(network, layer, f(entering(network, layer, lattice)));
  return Array.from({ length: side * side }, (_, k) => Number(data[2 * k + 1] > data[2 * k]));
}

/** Where the samples lie: nothing was learnt outside. */
const disc = { type: "circle", role: "ink", x: 0.5, y: 0.5, r: 0.5, dash: "dotted" } as const;

function region(title: string, groups: readonly number[]): Panel {
  const ends = [0, 1] as const;
  const axis = (label: string) => ({ label, scale: "linear", domain: ends }) as const;
  const cells = {
    type: "cells",
    x: ends,
    y: ends,
    rows: side,
    columns: side,
    role: 0,
    groups,
  } as const;
  return { title, x: axis("x"), y: axis("y"), equal: true, marks: [cells, disc] };
}

/** Accuracy of the published recipe against the rank that is kept. */
export function rankFigure(
  cases: readonly { readonly name: string; readonly one: LayerCase; readonly both: Both }[],
): { figure: Figure; rows: { name: string; rank: number[]; accuracy: number[] }[] } {
  const rows = cases.map(({ name, one, both }) => {
    const series = gluedSeries(firstOf(both.fit, Math.min(500, both.fit.samples)));
    const operator = delayOperator(series, 10);
    const full = operator.singularValues.length;
    const rank = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((q) =>
      Math.max(1, Math.round(q * full)),
    );
    const accuracy = rank.map((r) => {
      const map = stepsAhead(truncated(operator, r), 1, both.fit.outputs);
      return accuracyWith(one, predicted(map, both.fresh));
    });
    return { name, rank, accuracy };
  });
  const marks = rows.map(
    ({ name, rank, accuracy }, role): Mark => ({
      ...{ type: "line", role, name, x: rank, y: accuracy.map((a) => 100 * a) },
    }),
  );
  return {
    rows,
    figure: figure({
      name: "hybrid-rank",
      title: "Accuracy against the rank that is kept",
      caption:
        "The published recipe at h = 10 with 500 trajectories: accuracy on fresh samples of the network with one layer replaced, for singular values kept up to the full rank of its data.",
      alt: rows
        .map(
          ({ name, rank, accuracy }) =>
            `${name}: ${(100 * accuracy.at(-1)!).toFixed(1)} % at rank ${rank.at(-1)}`,
        )
        .join("; "),
      size: "column",
      panels: [
        {
          x: { label: "rank", scale: "linear" },
          y: { label: "accuracy, %", scale: "linear" },
          marks,
        },
      ],
    }),
  };
}

/** The first right singular vectors of the glued series over some trajectories. */
export function vectorsFigure({ fit }: Both, name: string): Figure {
  const N = fit.snapshots.length;
  const shown = 5 * N;
  const series = gluedSeries(firstOf(fit, Math.min(500, fit.samples)));
  const panels = [1, 10].map((h): Panel => {
    const { right } = delayOperator(series, h);
    const count = Math.min(3, right.cols);
    const marks = Array.from(
      { length: count },
      (_, j): Mark => ({
        ...{
          type: "line",
          role: j,
          name: `vector ${j + 1}`,
          x: Array.from({ length: shown }, (_, t) => t),
        },
        y: Array.from({ length: shown }, (_, t) => right.data[t * right.cols + j]),
      }),
    );
    const cuts = Array.from(
      { length: 6 },
      (_, k): Mark => ({
        ...{ type: "rule", role: "faint", x: k * N, dash: "dotted" },
      }),
    );
    const y = { label: "entry", scale: "linear" } as const;
    return {
      title: `h = ${h}`,
      x: { label: "step of the glued series", scale: "linear" },
      y,
      marks: [...cuts, ...marks],
    };
  });
  return figure({
    name: "hybrid-vectors",
    title: `Right singular vectors of the glued series (${name})`,
    caption: `The three leading right singular vectors of the delayed glued series of the ${name} layer, over five trajectories of ${N} snapshots; dotted lines are where one sample ends and the next begins.`,
    alt: `Leading right singular vectors for h = 1 and h = 10; they repeat every ${N} steps, the length of a trajectory.`,
    size: "page",
    panels,
  });
}
