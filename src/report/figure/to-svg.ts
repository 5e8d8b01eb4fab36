import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError } from "../../errors.ts";
import type { Figure } from "../figure.ts";
import { asXml, type SvgElement, tidy } from "../svg.ts";
import { checkFigure } from "./check.ts";
import { type Drawn, drawPanel, type Words } from "./draw-panel.ts";
import { legendOf, legendSize, sampleOf, sampleWidth } from "./legend.ts";
import { heightOf, layoutOf } from "./panel-layout.ts";
import { wrap } from "./text-size.ts";
import { type Theme, type ThemeName, themeOf } from "./theme.ts";

/** Widths on paper at 96 px an inch: 3.3 in and 6.9 in. */
const widths = { column: 316.8, page: 662.4 } as const;
const edge = 8;
const edging = { "paint-order": "stroke", "stroke-width": "3", "stroke-linejoin": "round" };
const largestBytes = 200_000;

export interface SvgOptions {
  /** "page": colours are the custom properties of the report, for a picture inside its HTML. */
  readonly theme?: ThemeName;
}

/**
 * A figure as one SVG document of presentation attributes alone, with its own ground, a title and a
 * description; text stays text. Equal figures give equal bytes, at most 200 kB of them: lines with more
 * points than pixels keep the extremes of each pixel.
 *
 * @throws DataError  for what is no figure, an axis without numbers, or more marks than fit in 200 kB
 */
export function toSvg(figure: Figure, options: SvgOptions = {}): string {
  refuseUnknown("toSvg", options, ["theme"]);
  checkFigure(figure);
  const theme = themeOf(options.theme ?? "light");
  for (const detail of [1, 0.5, 0.25, 0.1]) {
    const svg = draw(figure, theme, detail);
    if (Buffer.byteLength(svg) <= largestBytes) return svg;
  }
  throw new DataError(`figure "${figure.name}" takes more than 200 kB: it has too many marks`, {
    hint: "draw fewer series, or several figures",
  });
}

function draw(figure: Figure, theme: Theme, detail: number): string {
  const width = widths[figure.size];
  const inner = width - 2 * edge;
  const heading = wrap(figure.title, inner, 11, true);
  const words: Words[] = heading.map((text, i) => ({
    x: edge,
    y: 17 + 14 * i,
    text,
    size: 11,
    fill: theme.ink,
    bold: true,
  }));
  let top = 22 + 14 * (heading.length - 1);
  const legend = legendOf(figure, inner);
  const legendTop = top + 9;
  top += legend.height + (legend.height > 0 ? 6 : 2);

  const { panels } = figure;
  const columns = Math.min(panels.length, figure.columns ?? (figure.size === "page" ? 4 : 2));
  const gap = 10;
  const cell = Math.floor((inner - gap * (columns - 1)) / columns);
  const placed: { x: number; y: number; drawn: Drawn }[] = [];
  // Panels below one another begin at one place: what happens at one time stands at one place.
  const stacked = columns === 1 && panels.length > 1;
  const left = stacked ? Math.max(...panels.map((panel) => layoutOf(panel, cell).left)) : 0;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    // One row has one frame: the room that any of its panels needs.
    const layouts = aligned(row.map((panel) => layoutOf(panel, cell, left)));
    const heights = row.map((panel, i) =>
      heightOf(panel, layouts[i], cell, columns > 2 ? 0.8 : columns > 1 ? 0.62 : 0.56),
    );
    const height = Math.max(...heights);
    row.forEach((panel, i) => {
      const box = { x: edge + i * (cell + gap), y: top, width: cell, height };
      const drawn = drawPanel(panel, layouts[i], box, theme, detail);
      placed.push({ x: box.x, y: box.y, drawn });
      words.push(...drawn.words);
    });
    top += height + 4;
  }
  const height = Math.ceil(top + 2);

  const { document } = parseHTML("<html></html>");
  const make = (name: string, attributes: Readonly<Record<string, string | number>>, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`);
    if (text !== "") element.textContent = text;
    return element;
  };
  const root = make("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${figure.title}. ${figure.alt}`,
    "font-family": "DejaVu Sans, Helvetica, Arial, sans-serif",
    "font-size": 9.5,
    fill: "none",
    color: theme.ink,
  });
  root.append(
    make("title", {}, figure.title),
    make("desc", {}, figure.alt),
    make("rect", { width, height, fill: theme.paper }),
  );
  for (const { x, y, drawn } of placed) {
    const group = make("g", { transform: `translate(${x},${y})`, "text-anchor": "middle" });
    const plot = Plot.plot({ ...drawn.options, style: {}, document });
    plot.querySelector("style")?.remove();
    for (const child of [...plot.children]) group.append(child);
    for (const line of drawn.leaders) group.append(make("line", line));
    root.append(group);
  }
  for (const { mark, text, x, y } of legend.entries) {
    const at = make("g", { transform: `translate(${edge + x},${legendTop + y})` });
    for (const [name, attributes] of sampleOf(mark, theme)) at.append(make(name, attributes));
    at.append(
      make("text", { x: sampleWidth + 5, y: 3.4, "font-size": legendSize, fill: theme.ink }, text),
    );
    root.append(at);
  }
  for (const { x, y, text, fill, size, anchor = "start", bold, halo } of words) {
    const written = make("text", { x, y, fill, "font-size": size, "text-anchor": anchor }, text);
    if (bold) written.setAttribute("font-weight", "bold");
    if (halo) {
      for (const [name, value] of Object.entries({ ...edging, stroke: theme.paper }))
        written.setAttribute(name, value);
    }
    root.append(written);
  }
  tidy(root as unknown as SvgElement);
  return asXml(root.outerHTML);
}

/** The largest room of any panel for all of a row, so that their frames stand in line. */
function aligned<T extends { readonly top: number; readonly bottom: number }>(
  layouts: readonly T[],
): T[] {
  const top = Math.max(...layouts.map((one) => one.top));
  const bottom = Math.max(...layouts.map((one) => one.bottom));
  return layouts.map((one) => ({ ...one, top, bottom }));
}
