import type * as Plot from "@observablehq/plot";
import type { CellsMark } from "../figure.ts";
import type { Ground } from "./draw-marks.ts";
import { colourOf } from "./theme.ts";

/** Shades of one colour that are told apart: more make more paths, and no eye sees them. */
const shades = 32;
/** How strongly a class is laid on, so that what is drawn over it stays visible. */
export const regionOpacity = 0.4;

/**
 * Cells as one path for each colour and opacity, neighbours of a row joined: no seams between them, and
 * a region costs its edge, not its area. Colours are laid on the paper, so that they follow the theme.
 */
export const drawCells =
  (mark: CellsMark, { x, y, theme, columns }: Ground): Plot.RenderFunction =>
  (_index, scales, _values, _dimensions, context) => {
    const { rows, cols, cell } = coarse(mark, 2 * columns);
    const edges = (ends: readonly [number, number], count: number, share: (v: number) => number) =>
      Array.from({ length: count + 1 }, (_, i) =>
        Math.min(1, Math.max(0, share(ends[0] + ((ends[1] - ends[0]) * i) / count))),
      );
    const across = edges(mark.x, cols, x.share).map((share) => scales.x!(share) as number);
    const up = edges(mark.y, rows, y.share).map((share) => scales.y!(share) as number);
    const paths = new Map<string, string>();
    for (let i = 0; i < rows; i++) {
      const [low, high] = [up[i], up[i + 1]];
      if (low === high) continue;
      for (let j = 0; j < cols; ) {
        const look = cell(i, j);
        let end = j + 1;
        while (end < cols && cell(i, end) === look) end++;
        const [left, right] = [across[j], across[end]];
        if (look !== "" && left !== right) {
          const box = `M${place(left)},${place(high)}H${place(right)}V${place(low)}H${place(left)}Z`;
          paths.set(look, (paths.get(look) ?? "") + box);
        }
        j = end;
      }
    }
    const { document } = context as unknown as { document: Maker };
    const make = (name: string, attributes: Readonly<Record<string, string>>) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      return element;
    };
    const group = make("g", { "aria-label": "cells", "shape-rendering": "crispEdges" });
    for (const [look, d] of paths) {
      const [colour, opacity] = look.split(" ");
      const fill = colour.startsWith("#") ? colour : colourOf(roleOf(colour), theme);
      group.append(make("path", { d, fill, ...(opacity && { "fill-opacity": opacity }) }));
    }
    return group as unknown as ReturnType<Plot.RenderFunction>;
  };

/** The document that Plot draws in, as far as it is used here. */
interface Maker {
  createElementNS(space: string, name: string): Element;
}
interface Element {
  setAttribute(name: string, value: string): void;
  append(child: Element): void;
}

const roleOf = (text: string) => (/^\d+$/.test(text) ? Number(text) : (text as "ink"));
const place = (px: number) => String(Number(px.toFixed(1)));

/**
 * How each cell looks, "colour opacity" or "" for bare paper, with no more cells than the PNG has columns of
 * pixels: of several that fall on one, the middle one for classes and colours, the mean of values.
 */
function coarse({ rows, columns, values, groups, colours, role }: CellsMark, most: number) {
  const step = Math.max(1, Math.ceil(Math.max(rows, columns) / most));
  const [n, m] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const looks = Array.from({ length: n * m }, (_, k) => {
    const [top, left] = [Math.floor(k / m) * step, (k % m) * step];
    const [bottom, right] = [Math.min(rows, top + step), Math.min(columns, left + step)];
    const middle = ((top + bottom) >> 1) * columns + ((left + right) >> 1);
    if (colours) return colours[middle];
    let sum = 0;
    for (let i = top; i < bottom; i++)
      for (let j = left; j < right; j++) sum += values?.[i * columns + j] ?? 1;
    const mean = Math.min(1, Math.max(0, sum / ((bottom - top) * (right - left))));
    const shade = Math.round(mean * shades) / shades;
    if (shade === 0) return "";
    return groups ? `${groups[middle]} ${regionOpacity * shade}` : `${role} ${shade}`;
  });
  return { rows: n, cols: m, cell: (i: number, j: number) => looks[i * m + j] };
}
