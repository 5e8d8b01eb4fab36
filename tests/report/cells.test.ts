import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { parseDelimited } from "../../src/data/delimited.ts";
import { DataError } from "../../src/errors.ts";
import { colours } from "../../src/report/figure/theme.ts";
import { toCsv } from "../../src/report/figure/to-csv.ts";
import { toPng } from "../../src/report/figure/to-png.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { type CellsMark, type Figure, type Mark, parseFigure } from "../../src/report/figure.ts";

const axis = (label: string) => ({ label, scale: "linear", domain: [0, 4] }) as const;
const figureOf = (...marks: Mark[]): Figure => ({
  schema: "eigenflow/figure@1",
  name: "cells",
  title: "Cells",
  caption: "Cells.",
  alt: "Cells.",
  size: "column",
  panels: [{ x: axis("x"), y: axis("y"), equal: true, marks }],
});
const plain = { type: "cells", x: [0, 4], y: [0, 4], rows: 2, columns: 2, role: 0 } as const;

/** The boxes of each path of a drawing, in px: left, top, right, bottom. */
const paths = (svg: string) =>
  [...parseHTML(svg).document.querySelectorAll("[aria-label=cells] path")].map((path) => ({
    fill: path.getAttribute("fill") as string,
    opacity: path.getAttribute("fill-opacity") as string | null,
    boxes: [...(path.getAttribute("d") as string).matchAll(/M(.+?),(.+?)H(.+?)V(.+?)H/g)].map(
      ([, left, top, right, bottom]) => [left, top, right, bottom].map(Number),
    ),
  }));

describe("cells", () => {
  test("rows begin at the lower edge, values are opacities of the role, zero is bare", () => {
    const [faint, full] = paths(toSvg(figureOf({ ...plain, values: [0, 0.5, 1, 0] })));
    expect([faint.opacity, full.opacity]).toEqual(["0.5", "1"]);
    expect(faint.boxes).toHaveLength(1);
    // The half cell is on the right of the lower row, the full one on the left of the upper.
    expect(faint.boxes[0][0]).toBeGreaterThan(full.boxes[0][0]);
    expect(faint.boxes[0][1]).toBe(full.boxes[0][3]);
    expect(full.fill).toBe(colours.light.series[0]);
  });

  test("classes have the colours of their series, in each theme its own", () => {
    const mark: CellsMark = { ...plain, groups: [0, 0, 1, 2] };
    for (const theme of ["light", "dark"] as const) {
      const found = paths(toSvg(figureOf(mark), { theme }));
      expect(found.map(({ fill }) => fill)).toEqual(colours[theme].series.slice(0, 3));
      expect(found[0].boxes).toHaveLength(1); // two neighbours of one class are one box
    }
    expect(toSvg(figureOf(mark), { theme: "page" })).toContain('fill="var(--series-2)"');
  });

  test("colours of a picture are the same in every theme", () => {
    const mark: CellsMark = { ...plain, colours: ["#ff0000", "#00ff00", "#0000ff", "#ff0000"] };
    for (const theme of ["light", "dark"] as const) {
      const found = paths(toSvg(figureOf(mark), { theme }));
      expect(found.map(({ fill }) => fill)).toEqual(["#ff0000", "#00ff00", "#0000ff"]);
      expect(found[0].boxes).toHaveLength(2);
    }
  });

  test("what lies outside the axes is cut off", () => {
    const wide: CellsMark = { ...plain, x: [-4, 8], y: [1, 3], values: [1, 1, 1, 1] };
    const [whole] = paths(toSvg(figureOf({ ...plain, values: [1, 1, 1, 1] })));
    const [cut] = paths(toSvg(figureOf(wide)));
    const side = (boxes: number[][], k: number, pick: (...of: number[]) => number) =>
      pick(...boxes.map((box) => box[k]));
    expect(side(cut.boxes, 0, Math.min)).toBe(side(whole.boxes, 0, Math.min));
    expect(side(cut.boxes, 2, Math.max)).toBe(side(whole.boxes, 2, Math.max));
    const height = (boxes: number[][]) => side(boxes, 3, Math.max) - side(boxes, 1, Math.min);
    expect(height(cut.boxes)).toBeCloseTo(height(whole.boxes) / 2, 0);
  });

  test("a million cells fit in 200 kB and keep their mean shade", () => {
    const n = 1000;
    const values = Array.from({ length: n * n }, (_, k) => (k % 2 === (k / n) % 2 ? 1 : 0.5));
    const svg = toSvg(figureOf({ ...plain, rows: n, columns: n, values }));
    expect(Buffer.byteLength(svg)).toBeLessThanOrEqual(200_000);
    const found = paths(svg);
    let [area, shade] = [0, 0];
    for (const { boxes, opacity } of found) {
      for (const [left, top, right, bottom] of boxes) {
        area += (right - left) * (bottom - top);
        shade += (right - left) * (bottom - top) * Number(opacity);
      }
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(shade / area).toBeCloseTo(mean, 1);
  });

  test("CSV gives each cell's middle and value; PNG draws it", async () => {
    const figure = figureOf({ ...plain, values: [0, 0.25, 0.5, 1 / 3], groups: [0, 1, 2, 3] });
    const { columns, rows } = parseDelimited(toCsv(figure), "figure.csv");
    const column = (name: string) => rows.map(({ cells }) => Number(cells[columns.indexOf(name)]));
    expect(column("x")).toEqual([1, 3, 1, 3]);
    expect(column("y")).toEqual([1, 1, 3, 3]);
    expect(column("value")).toEqual([0, 0.25, 0.5, 1 / 3]);
    expect(column("group")).toEqual([0, 1, 2, 3]);
    const bare = await toPng(figureOf({ ...plain, values: [0, 0, 0, 0] }));
    expect(Buffer.from(await toPng(figure)).equals(Buffer.from(bare))).toBe(false);
  });

  test("comes back from JSON; a named one stands in the legend", () => {
    const figure = figureOf({ ...plain, name: "region", values: [0, 1, 1, 0] });
    expect(parseFigure(JSON.parse(JSON.stringify(figure)))).toEqual(figure);
    expect(toSvg(figure)).toContain(">region</text>");
  });

  test.each([
    ["nothing to show", {}, "has neither values nor groups nor colours"],
    ["too few values", { values: [1] }, "marks[0].values has 1 entries, 2 × 2 cells"],
    ["a value above 1", { values: [0, 0, 0, 2] }, "marks[0].values[3] is 2"],
    ["half a class", { groups: [0, 1, 0.5, 0] }, "groups[2] is 0.5"],
    ["a colour by name", { colours: ["red", "red", "red", "red"] }, 'colours[0] is "red"'],
    ["no rows", { rows: 0, values: [] }, "marks[0].rows is 0"],
    ["an empty extent", { x: [1, 1], values: [0, 0, 0, 0] }, "marks[0].x is 1,1"],
    ["an unknown key", { value: [1] }, 'did you mean "values"?'],
  ])("refuses %s", (_, fields, message) => {
    const parse = () => parseFigure(figureOf({ ...plain, ...fields } as Mark));
    expect(parse).toThrow(DataError);
    expect(parse).toThrow(message);
  });
});
