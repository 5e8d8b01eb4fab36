import * as Plot from "@observablehq/plot";
import { DataError } from "../errors.ts";
import { colour, faint, ink } from "./style.ts";
import { type Frame, margins, svg } from "./svg.ts";

/** Eigenvalues of one panel, each with what it matters. */
export interface SpectrumPanel {
  readonly row: string;
  readonly column: string;
  readonly re: ArrayLike<number>;
  readonly im: ArrayLike<number>;
  /** ≥ 0; the area of a dot is its share of the largest of the panel. */
  readonly importance: ArrayLike<number>;
}

/** Farther out nothing is drawn; how many were left out is said. */
const reach = 1.25;
const side = 190;

/**
 * Eigenvalues in the complex plane with the unit circle, panel by panel: rows and columns as the panels
 * name them, in order of appearance. The larger a dot, the more important the mode; large ones are
 * filled, those below a hundredth of the largest hollow.
 *
 * @throws DataError  for no panels
 */
export function spectrumPanels(panels: readonly SpectrumPanel[], frame: Frame): string {
  if (panels.length === 0) throw new DataError("spectrumPanels: no panel to draw");
  const rows = [...new Set(panels.map(({ row }) => row))];
  const columns = [...new Set(panels.map(({ column }) => column))];
  const points = panels.flatMap(({ row, column, re, im, importance }) => {
    const most = Array.from(importance).reduce((a, b) => Math.max(a, b), 0) || 1;
    return Array.from(re, (x, k) => ({ row, column, x, y: im[k], size: importance[k] / most }));
  });
  const shown = points.filter(({ x, y }) => Math.abs(x) <= reach && Math.abs(y) <= reach);
  const lost = points.length - shown.length;
  const circle = panels.flatMap(({ row, column }, panel) =>
    Array.from({ length: 121 }, (_, k) => {
      const angle = (k * Math.PI) / 60;
      return { row, column, panel, x: Math.cos(angle), y: Math.sin(angle) };
    }),
  );
  const axis = {
    domain: [-reach, reach],
    ticks: [-1, 0, 1],
    tickSize: 3,
    labelArrow: "none",
  } as const;
  const right = 74;
  const description = panels
    .map(({ row, column, re }) => `${row}, ${column}: ${re.length} eigenvalues.`)
    .join(" ");
  return svg(
    {
      ...frame,
      subtitle: [frame.subtitle, lost > 0 ? `${lost} outside the panels` : ""]
        .filter(Boolean)
        .join("; "),
      width: margins.left + right + side * columns.length,
      height: margins.top + 24 + margins.bottom + side * rows.length,
    },
    description,
    {
      marginTop: margins.top + 24,
      marginRight: right,
      fx: { domain: columns, label: null, padding: 0.06 },
      fy: { domain: rows, label: null, padding: 0.06 },
      x: { ...axis, domain: [...axis.domain], label: "real part", labelAnchor: "center" },
      y: { ...axis, domain: [...axis.domain], label: "imaginary part", labelAnchor: "center" },
      r: { type: "identity" },
      marks: [
        Plot.frame({ stroke: faint, strokeOpacity: 0.3 }),
        Plot.ruleX([0], { stroke: faint, strokeOpacity: 0.3 }),
        Plot.ruleY([0], { stroke: faint, strokeOpacity: 0.3 }),
        Plot.line(circle, {
          fx: "column",
          fy: "row",
          z: "panel",
          x: "x",
          y: "y",
          stroke: ink,
          strokeWidth: 0.9,
          strokeDasharray: "4 3",
        }),
        Plot.dot(
          shown.toSorted((a, b) => b.size - a.size),
          {
            fx: "column",
            fy: "row",
            x: "x",
            y: "y",
            r: ({ size }: { size: number }) => 1.4 + 7 * Math.sqrt(size),
            stroke: colour(0),
            strokeWidth: 0.7,
            fill: ({ size }: { size: number }) => (size >= 0.01 ? colour(0) : "none"),
            fillOpacity: 0.55,
          },
        ),
      ],
    },
  );
}
