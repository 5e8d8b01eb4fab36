import * as Plot from "@observablehq/plot";
import { DataError } from "../errors.ts";
import { legend } from "./labels.ts";
import { colour, faint, ink, symbol } from "./style.ts";
import { type Frame, margins, svg } from "./svg.ts";

/** Eigenvalues re + i·im under one name. */
export interface SpectrumSeries {
  readonly name: string;
  readonly re: ArrayLike<number>;
  readonly im: ArrayLike<number>;
}

/**
 * Eigenvalues in the complex plane with the unit circle: what lies inside shrinks from step to step.
 * Eigenvalues that are not finite are left out and counted in the legend.
 *
 * @throws DataError  for no series, or none with a finite eigenvalue
 */
export function spectrumPlot(series: readonly SpectrumSeries[], frame: Frame): string {
  const sets = series.map(({ name, re, im }, i) => {
    const points = Array.from(re, (x, k) => ({ x, y: im[k], i }));
    const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    const lost = points.length - finite.length;
    const outside = finite.filter(({ x, y }) => Math.hypot(x, y) >= 1).length;
    const remark = `${outside} of ${finite.length} outside`;
    return { name: `${name}: ${remark}${lost > 0 ? `, ${lost} not finite` : ""}`, finite };
  });
  const points = sets.flatMap(({ finite }) => finite);
  if (points.length === 0) throw new DataError("spectrumPlot: no finite eigenvalue to draw");
  const reach = Math.max(1, ...points.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)])) * 1.08;

  const { width = 480 } = frame;
  const top = margins.top + 18;
  const side = width - margins.left - 24;
  const axis = { domain: [-reach, reach], labelArrow: "none", tickSize: 4, ticks: 7 } as const;
  const circle = Array.from({ length: 181 }, (_, k) => {
    const angle = (k * Math.PI) / 90;
    return [Math.cos(angle), Math.sin(angle)];
  });
  return svg(
    { ...frame, width, height: side + top + margins.bottom },
    sets.map(({ name }) => `${name}.`).join(" "),
    {
      marginTop: top,
      marginRight: 24,
      x: {
        ...axis,
        domain: [...axis.domain],
        label: "real part",
        labelAnchor: "center",
        labelOffset: 36,
      },
      y: {
        ...axis,
        domain: [...axis.domain],
        label: "imaginary part",
        labelAnchor: "center",
        labelOffset: 46,
      },
      marks: [
        Plot.ruleX([0], { stroke: faint, strokeOpacity: 0.35 }),
        Plot.ruleY([0], { stroke: faint, strokeOpacity: 0.35 }),
        Plot.line(circle, { stroke: ink, strokeDasharray: "4 3", strokeWidth: 1.2 }),
        ...sets.map(({ finite }, i) =>
          Plot.dot(finite, {
            x: "x",
            y: "y",
            r: 2.6,
            symbol: symbol(i),
            fill: colour(i),
            fillOpacity: points.length > 400 ? 0.35 : 0.75,
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
