import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { faint, ink, paper } from "./style.ts";

/** What every figure has around its marks. */
export interface Frame {
  readonly title: string;
  /** A line under the title: what the marks mean. */
  readonly subtitle?: string;
  readonly width?: number;
  readonly height?: number;
}

/** A text at a place of the figure, in px from its upper left corner. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly fill?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly size?: number;
  readonly bold?: boolean;
  /** A line drawn before it, as in a legend. */
  readonly key?: { readonly fill: string };
}

export const margins = { left: 64, top: 58, bottom: 46 } as const;

/**
 * The figure as one SVG document: presentation attributes only, generic fonts, its own white ground
 * (so that it reads on any page), a title, and a description for those who cannot see it. Equal data
 * give equal bytes.
 */
export function svg(
  { title, subtitle, width = 680, height = 400 }: Frame,
  description: string,
  options: Plot.PlotOptions,
  labels: readonly Label[] = [],
): string {
  const { document } = parseHTML("<html></html>");
  const root = Plot.plot({
    marginLeft: margins.left,
    marginTop: margins.top,
    marginBottom: margins.bottom,
    ...options,
    width,
    height,
    style: {},
    document,
  });
  root.querySelector("style")?.remove();
  for (const [name, value] of Object.entries({
    xmlns: "http://www.w3.org/2000/svg",
    role: "img",
    "font-family": "Helvetica, Arial, sans-serif",
    "font-size": "11",
    color: ink,
  })) {
    root.setAttribute(name, value);
  }

  const make = (name: string, attributes: Readonly<Record<string, string | number>>, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, `${value}`);
    if (text !== "") element.textContent = text;
    return element;
  };
  root.prepend(
    make("title", {}, title),
    make("desc", {}, description),
    make("rect", { width, height, fill: paper, rx: 4 }),
  );
  const headings: Label[] = [{ x: 16, y: 24, text: title, size: 15, bold: true, fill: ink }];
  if (subtitle) headings.push({ x: 16, y: 42, text: subtitle, size: 11.5, fill: faint });
  for (const { x, y, text, fill = ink, anchor = "start", size = 11.5, bold, key } of [
    ...headings,
    ...labels,
  ]) {
    if (key) {
      root.append(make("rect", { x, y: y - 8, width: 9, height: 9, rx: 2, fill: key.fill }));
    }
    const attributes = {
      x: key ? x + 13 : x,
      y,
      fill,
      "text-anchor": anchor,
      "font-size": size,
      ...(bold && { "font-weight": "bold" }),
    };
    root.append(make("text", attributes, text));
  }
  tidy(root);
  return asXml(root.outerHTML);
}

/** Markup as XML, which unlike HTML has no bare < and & in attributes: those of the words that describe. */
export const asXml = (markup: string): string =>
  `${markup.replace(/\baria-label="[^"]*"/g, (label) => label.replace(/&(?!quot;|amp;|lt;|gt;|#)/g, "&amp;").replaceAll("<", "&lt;"))}\n`;

export interface SvgElement {
  readonly attributes: Iterable<{ readonly name: string; value: string }>;
  readonly children: Iterable<SvgElement>;
  removeAttribute(name: string): void;
}

/** Without classes, and with coordinates of two decimals: a tenth of the bytes, the same picture. */
export function tidy(element: SvgElement): void {
  element.removeAttribute("class");
  for (const attribute of [...element.attributes]) {
    if (/^(d|transform|points|[xy][12]?|c[xy]|r|width|height)$/.test(attribute.name)) {
      attribute.value = attribute.value.replaceAll(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) =>
        String(Number(Number(number).toFixed(2))),
      );
    }
  }
  for (const child of element.children) tidy(child);
}
