import * as Plot from "@observablehq/plot";
import { DataError, ShapeError } from "../errors.ts";
import { linearAxis, plotScale } from "./axis.ts";
import { legend } from "./labels.ts";
import { colour, faint, symbol } from "./style.ts";
import { type Frame, margins, svg } from "./svg.ts";

/** Points of one kind. */
export interface ScatterSeries {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/**
 * Points of the plane with lines at zero, where the quadrants tell something. Points that are not
 * finite are left out and counted in the legend.
 *
 * @throws DataError  where no point is finite
 * @throws ShapeError  for a series whose coordinates differ in number
 */
export function scatterPlot(
  series: readonly ScatterSeries[],
  { xLabel, yLabel, ...frame }: Frame & { readonly xLabel: string; readonly yLabel: string },
): string {
  const sets = series.map(({ name, x, y }) => {
    if (x.length !== y.length) {
      throw new ShapeError(`series "${name}": ${y.length} values at ${x.length} places`);
    }
    const points = Array.from(x, (value, i) => ({ x: value, y: y[i] }));
    const finite = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
    const lost = points.length - finite.length;
    return { name: lost > 0 ? `${name}, ${lost} not finite` : name, finite };
  });
  const points = sets.flatMap(({ finite }) => finite);
  if (points.length === 0) throw new DataError("scatterPlot: no finite point to draw");
  const axes = [points.map(({ x }) => x), points.map(({ y }) => y)].map((values) =>
    linearAxis(values, "scatterPlot"),
  );
  const counts = sets.map(({ name, finite }) => {
    const odd = finite.filter(({ x, y }) => x > 0 && y <= 0).length;
    return `${name}: ${finite.length} points, ${odd} with ${xLabel} > 0 and ${yLabel} ≤ 0.`;
  });
  return svg(
    frame,
    counts.join(" "),
    {
      marginTop: margins.top + 18,
      marginRight: 24,
      x: { ...plotScale(axes[0], xLabel), grid: true },
      y: { ...plotScale(axes[1], yLabel, 50), grid: true },
      marks: [
        Plot.ruleX([0], { stroke: faint, strokeWidth: 1.2 }),
        Plot.ruleY([0], { stroke: faint, strokeWidth: 1.2 }),
        ...sets.map(({ finite }, i) =>
          Plot.dot(finite, {
            x: "x",
            y: "y",
            r: 2.4,
            symbol: symbol(i),
            fill: colour(i),
            fillOpacity: points.length > 400 ? 0.55 : 0.8,
          }),
        ),
      ],
    },
    legend(
      sets.map(({ name }, i) => ({ name, fill: colour(i) })),
      16,
      margins.top + 2,
    ),
  );
}
