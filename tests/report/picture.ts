import { parseHTML } from "linkedom";
import { expect } from "vitest";

/** An SVG as a test reads it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly count: (selector: string) => number;
  readonly attributes: (selector: string, name: string) => readonly string[];
}

/** Parses an SVG and checks what every figure must be: one that stands alone, all numbers finite. */
export function picture(svg: string): Picture {
  expect(svg.startsWith("<svg ")).toBe(true);
  expect(svg).not.toMatch(/NaN|Infinity|undefined|<style|class=|<figure|href=/);
  const { document } = parseHTML(svg);
  const root = document.querySelector("svg");
  const [width, height] = [Number(root.getAttribute("width")), Number(root.getAttribute("height"))];
  expect(root.getAttribute("xmlns")).toBe("http://www.w3.org/2000/svg");
  expect(root.getAttribute("font-family")).toMatch(/sans-serif$/);
  const ground = document.querySelector("svg > rect");
  expect(ground.getAttribute("fill")).toBe("#FFFFFF");
  expect([ground.getAttribute("width"), ground.getAttribute("height")]).toEqual([
    `${width}`,
    `${height}`,
  ]);
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  for (const name of ["cx", "cy", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "r"]) {
    for (const element of all(`[${name}]`)) {
      expect(Number.parseFloat(element.getAttribute(name)), name).toBeTypeOf("number");
      expect(Number.isFinite(Number.parseFloat(element.getAttribute(name))), name).toBe(true);
    }
  }
  return {
    width,
    height,
    texts: all("text").map((element) => element.textContent),
    title: document.querySelector("title").textContent,
    description: document.querySelector("desc").textContent,
    count: (selector) => all(selector).length,
    attributes: (selector, name) => all(selector).map((element) => element.getAttribute(name)),
  };
}

/** The points of a path of straight lines, [x, y] each. */
export const pathPoints = (d: string): number[][] =>
  [...d.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
