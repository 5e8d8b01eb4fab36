import * as Plot from "@observablehq/plot";
import { DataError, ShapeError } from "../errors.ts";
import { legend } from "./labels.ts";
import { colour, ink, paper, symbol } from "./style.ts";
import { type Frame, margins, svg } from "./svg.ts";

/** Class probabilities on a grid of the plane: of class c at column i, row j, [(j · columns + i) · classes + c]. */
export interface ProbabilityGrid {
  readonly x: readonly [number, number]; // first and last column
  readonly y: readonly [number, number]; // first and last row, the first the lowest
  readonly columns: number;
  readonly rows: number;
  readonly classes: number;
  readonly probability: ArrayLike<number>;
}

/** A labelled point of the plane. */
export interface ClassPoint {
  readonly x: number;
  readonly y: number;
  readonly class: number;
}

export interface BoundaryOptions extends Frame {
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly names?: readonly string[];
}

/** The points (x, y) of a grid, row by row, as features [rows · columns, 2] to be given to a model. */
export function gridPoints({
  x: [left, right],
  y: [low, high],
  columns,
  rows,
}: Pick<ProbabilityGrid, "x" | "y" | "columns" | "rows">): Float32Array {
  const points = new Float32Array(2 * columns * rows);
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const at = 2 * (j * columns + i);
      points[at] = left + ((right - left) * i) / (columns - 1);
      points[at + 1] = low + ((high - low) * j) / (rows - 1);
    }
  }
  return points;
}

/**
 * What a classifier of the plane decides: the region of each class, stronger where its probability
 * leads the next one by ½ and by 0.9, the boundary between regions, and the labelled points.
 *
 * @throws ShapeError  for a grid of fewer than 2 × 2 points or 2 classes, or other counts of numbers
 * @throws DataError  for a probability that is not finite, or a label that is no class
 */
export function decisionBoundary(
  grid: ProbabilityGrid,
  points: readonly ClassPoint[],
  { xLabel = "x₁", yLabel = "x₂", names, ...frame }: BoundaryOptions,
): string {
  const { columns, rows, classes, x, y } = grid;
  const leads = leadOfEach(grid);
  const bad = points.find((point) => !(point.class in leads));
  if (bad)
    throw new DataError(
      `decisionBoundary: class ${bad.class} of ${classes} at (${bad.x}, ${bad.y})`,
    );

  const { width = 560 } = frame;
  const top = margins.top + 18;
  const inside = width - margins.left - 24;
  const height = Math.round((inside * (y[1] - y[0])) / (x[1] - x[0])) + top + margins.bottom;
  const place = { width: columns, height: rows, x1: x[0], x2: x[1], y1: y[0], y2: y[1] } as const;
  const called = Array.from({ length: classes }, (_, c) => names?.[c] ?? `class ${c}`);
  const scale = { labelAnchor: "center", labelArrow: "none", tickSize: 4 } as const;
  const inFrame = points.filter(
    (point) => point.x >= x[0] && point.x <= x[1] && point.y >= y[0] && point.y <= y[1],
  );
  return svg(
    { ...frame, width, height },
    `${called.map((name, c) => `${name}: ${percentOf(leads[c])} of the plane shown`).join(". ")}. ${points.length} points.`,
    {
      marginTop: top,
      marginRight: 24,
      x: { ...scale, domain: [...x], label: xLabel, labelOffset: 36 },
      y: { ...scale, domain: [...y], label: yLabel, labelOffset: 46 },
      marks: [
        ...leads.flatMap((lead, c) =>
          [0, 0.5, 0.9].map((threshold) =>
            Plot.contour(lead, {
              ...place,
              thresholds: [threshold],
              fill: colour(c),
              fillOpacity: 0.17,
            }),
          ),
        ),
        ...leads.map((lead) =>
          Plot.contour(lead, { ...place, thresholds: [0], stroke: ink, strokeWidth: 1.4 }),
        ),
        ...leads.map((_, c) =>
          Plot.dot(
            inFrame.filter((point) => point.class === c),
            {
              x: "x",
              y: "y",
              r: 2.6,
              symbol: symbol(c),
              fill: colour(c),
              stroke: paper,
              strokeWidth: 0.6,
            },
          ),
        ),
      ],
    },
    legend(
      called.map((name, c) => ({ name, fill: colour(c) })),
      16,
      margins.top + 2,
    ),
  );
}

/** By how much the probability of each class exceeds the largest of the others, over the grid. */
function leadOfEach({ columns, rows, classes, probability }: ProbabilityGrid): Float64Array[] {
  if (!(columns >= 2 && rows >= 2 && classes >= 2)) {
    throw new ShapeError(`a grid of ${columns} × ${rows} points and ${classes} classes`);
  }
  const cells = columns * rows;
  if (probability.length !== cells * classes) {
    throw new ShapeError(
      `${probability.length} probabilities for ${columns} × ${rows} points and ${classes} classes`,
    );
  }
  const leads = Array.from({ length: classes }, () => new Float64Array(cells));
  for (let cell = 0; cell < cells; cell++) {
    const own = Array.from({ length: classes }, (_, c) => probability[cell * classes + c]);
    if (!own.every(Number.isFinite)) {
      throw new DataError(`decisionBoundary: probability [${own}] at point ${cell} of the grid`);
    }
    leads.forEach((lead, c) => {
      lead[cell] = own[c] - Math.max(...own.filter((_, other) => other !== c));
    });
  }
  return leads;
}

const percentOf = (lead: Float64Array) =>
  `${((100 * lead.filter((x) => x > 0).length) / lead.length).toFixed(0)} %`;
