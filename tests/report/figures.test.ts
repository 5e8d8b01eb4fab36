import { expect, test } from "vitest";
import { bandPlot } from "../../src/report/band.ts";
import { decisionBoundary, gridPoints } from "../../src/report/boundary.ts";
import { convergencePlot } from "../../src/report/convergence.ts";
import { dotPlot } from "../../src/report/dots.ts";
import { iterationHistogram } from "../../src/report/histogram.ts";
import { scatterPlot } from "../../src/report/scatter.ts";
import { spectrumPlot } from "../../src/report/spectrum.ts";
import { pathPoints, picture } from "./picture.ts";

const axes = { title: "A title", xLabel: "layers L", yLabel: "error, 1" };
const [frameTop, frameBottom] = [58, 354]; // of the default height

test("a band plot has a line and a band for each series, its name and both axes", () => {
  const svg = bandPlot(
    [
      {
        name: "one",
        x: [0, 1, 2],
        middle: [1, 0.1, 0.01],
        low: [0.5, 0.05, 5e-3],
        high: [2, 1, 1],
      },
      { name: "two & <three>", x: [0, 1, 2], middle: [1, 1, 1], points: [{ x: 1, y: 2 }] },
    ],
    axes,
  );
  const { texts, title, description, attributes, count } = picture(svg);
  expect(title).toBe("A title");
  expect(texts).toEqual(expect.arrayContaining(["layers L", "error, 1", "one", "A title"]));
  expect(texts).toContain("two & <three>");
  expect(description).toContain("one: from 1 at 0 to 0.01 at 2.");
  const lines = attributes("[aria-label=line] path", "d");
  expect(lines.map((d) => pathPoints(d).length)).toEqual([3, 3]);
  // Equal ratios are equal distances on a log axis.
  const [[, a], [, b], [, c]] = pathPoints(lines[0]);
  expect(b - a).toBeCloseTo(c - b, 1);
  expect(count("[aria-label=area] path")).toBe(1);
  expect(count("[aria-label=dot] circle")).toBe(1);
});

test("equal data give equal bytes", () => {
  const draw = () => bandPlot([{ name: "a", x: [0, 1], middle: [1, 2] }], axes);
  expect(draw()).toBe(draw());
});

test("zeros stand at the lower end of a log axis, NaN and infinity break the line and are marked", () => {
  const { attributes, texts, count } = picture(
    bandPlot(
      [
        {
          name: "a",
          x: [0, 1, 2, 3, 4],
          middle: [1, 0.1, 0, Number.NaN, Number.POSITIVE_INFINITY],
        },
      ],
      axes,
    ),
  );
  const [d] = attributes("[aria-label=line] path", "d");
  const points = pathPoints(d);
  expect(points).toHaveLength(3);
  expect(points[2][1]).toBe(frameBottom);
  expect(texts).toContain("0");
  expect(count("[aria-label=dot] path")).toBe(2);
});

test("a linear axis takes negative numbers", () => {
  const svg = bandPlot([{ name: "a", x: [0, 1], middle: [-1, 3] }], { ...axes, yScale: "linear" });
  const [d] = picture(svg).attributes("[aria-label=line] path", "d");
  for (const [, y] of pathPoints(d)) {
    expect(y).toBeGreaterThan(frameTop);
    expect(y).toBeLessThan(frameBottom);
  }
});

test.each([
  ["no series", () => bandPlot([], axes), "no series"],
  ["no points", () => bandPlot([{ name: "a", x: [], middle: [] }], axes), "no positive finite"],
  ["zeros only", () => bandPlot([{ name: "a", x: [0], middle: [0] }], axes), "no positive finite"],
  [
    "two lengths",
    () => bandPlot([{ name: "a", x: [0], middle: [] }], axes),
    "0 values at 1 places",
  ],
  [
    "half a band",
    () => bandPlot([{ name: "a", x: [0], middle: [1], low: [1] }], axes),
    "low and high, or neither",
  ],
  [
    "no residuals",
    () => convergencePlot([{ name: "a", residuals: [[]] }], axes),
    "without residuals",
  ],
  ["no problem", () => iterationHistogram([{ name: "a", iterations: [] }], axes), "has no problem"],
  [
    "nothing converged",
    () => iterationHistogram([{ name: "a", iterations: [Number.NaN] }], axes),
    "nothing converged",
  ],
  [
    "no eigenvalues",
    () => spectrumPlot([{ name: "a", re: [Number.NaN], im: [0] }], axes),
    "no finite eigenvalue",
  ],
  ["no dots", () => dotPlot([], axes), "no positive finite"],
])("%s: a clear error", (_, draw, message) => {
  expect(draw).toThrow(message);
});

test("a convergence plot holds the last residual of a problem that ended", () => {
  const { attributes, texts } = picture(
    convergencePlot(
      [
        {
          name: "Picard",
          residuals: [
            [1, 0.1, 0.01, 1e-3],
            [1, 0.1],
            [1, 0.1, 0.01],
          ],
        },
      ],
      { title: "t" },
    ),
  );
  const [d] = attributes("[aria-label=line] path", "d");
  const ys = pathPoints(d).map(([, y]) => y);
  expect(ys).toHaveLength(4);
  expect(ys[2]).toBe(ys[3]); // medians of 0.01, 0.1, 0.01 and of 0.001, 0.1, 0.01
  expect(texts).toContain("evaluations of f");
});

test("a histogram has all counts, and says what did not converge", () => {
  const { attributes, texts } = picture(
    iterationHistogram(
      [
        { name: "a", iterations: [3, 3, 3, 5] },
        { name: "b", iterations: [4, Number.NaN] },
        { name: "c", iterations: [Number.POSITIVE_INFINITY] },
      ],
      { title: "t" },
    ),
  );
  const heights = attributes("[aria-label=rect] rect", "height").map(Number);
  expect(heights).toHaveLength(3);
  expect(heights[0] / heights[1]).toBeCloseTo(3, 1);
  expect(heights[2]).toBe(heights[0]); // each as tall as its own fullest bin
  expect(texts).toEqual(
    expect.arrayContaining([
      "median 3, 4 of 4 converged",
      "median 4, 1 of 2 converged",
      "none of 1 converged",
    ]),
  );
});

test.each([
  ["one number", [7], 1],
  ["zero and much more", [0, 1, 1000], 2],
  ["a wide range", [1, 2, 3, 1000], 4],
  ["neighbours", [10, 11, 12], 3],
])("histogram of %s: every count is in a bin", (_, iterations, bars) => {
  const { attributes, count } = picture(
    iterationHistogram([{ name: "a", iterations }], { title: "t" }),
  );
  expect(count("[aria-label=rect] rect")).toBe(bars);
  for (const width of attributes("[aria-label=rect] rect", "width")) {
    expect(Number(width)).toBeGreaterThan(0);
  }
});

test("a spectrum has its unit circle, one scale on both axes, and counts what lies outside", () => {
  const { attributes, texts } = picture(
    spectrumPlot(
      [
        { name: "in", re: [0.5, 0.5], im: [0.5, -0.5] },
        { name: "out", re: [-2, Number.NaN], im: [0, 0] },
      ],
      { title: "t" },
    ),
  );
  expect(texts).toEqual(
    expect.arrayContaining(["in: 0 of 2 outside", "out: 1 of 1 outside, 1 not finite"]),
  );
  const circle = pathPoints(attributes("[aria-label=line] path", "d")[0]);
  const [xs, ys] = [0, 1].map((k) => circle.map((point) => point[k]));
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values);
  expect(extent(xs)).toBeCloseTo(extent(ys), 1);
});

test("the boundary is where the probabilities are equal", () => {
  const grid = { x: [-1, 1], y: [-2, 0], columns: 41, rows: 41, classes: 2 } as const;
  const points = gridPoints(grid);
  expect([points[0], points[1], points.at(-2), points.at(-1)]).toEqual([-1, -2, 1, 0]);
  // Class 1 where x > 0.25.
  const probability = Array.from({ length: 41 * 41 }, (_, k) => {
    const p = 1 / (1 + Math.exp(-4 * (points[2 * k] - 0.25)));
    return [1 - p, p];
  }).flat();
  const options = { title: "t", names: ["left", "right"] };
  const svg = decisionBoundary(
    { ...grid, probability },
    [
      { x: -0.5, y: -1, class: 0 },
      { x: 0.5, y: -1, class: 1 },
      { x: 9, y: 9, class: 1 },
    ],
    options,
  );
  const { attributes, texts, description, width, height, count } = picture(svg);
  expect(texts).toEqual(expect.arrayContaining(["left", "right", "x₁", "x₂"]));
  expect(description).toContain("left: 61 % of the plane shown");
  expect(count("[aria-label=dot] path, [aria-label=dot] circle")).toBe(2);
  expect(height).toBeLessThan(width + 100);
  const edge = attributes("[aria-label=contour]", "stroke").flatMap((stroke, i) =>
    stroke === null ? [] : attributes("[aria-label=contour]", "stroke-width")[i],
  );
  expect(edge).toEqual(["1.4", "1.4"]);
  // From x = −1 at px 64 to x = 1 at px 536: 0.25 stands at 359.
  const outline = attributes("[aria-label=contour][stroke] path", "d").flatMap(pathPoints);
  expect(Math.min(...outline.map(([x]) => Math.abs(x - 359)))).toBeLessThan(2);
  expect(() =>
    decisionBoundary({ ...grid, probability }, [{ x: 0, y: 0, class: 2 }], options),
  ).toThrow("class 2 of 2");
  expect(() => decisionBoundary({ ...grid, probability: [1] }, [], options)).toThrow(
    "1 probabilities for 41 × 41 points and 2 classes",
  );
  const spoilt = probability.with(7, Number.NaN);
  expect(() => decisionBoundary({ ...grid, probability: spoilt }, [], options)).toThrow(
    "at point 3 of the grid",
  );
});

test("dots stand on one log axis, each series on its own line of the row", () => {
  const { attributes, texts } = picture(
    dotPlot(
      [
        { row: "p", series: "a", value: 10 },
        { row: "p", series: "b", value: 10, remark: "6 of 50" },
        { row: "q", series: "a", value: 100 },
        { row: "q", series: "b", value: Number.NaN },
      ],
      { title: "t", xLabel: "evaluations" },
    ),
  );
  const [cx, cy] = ["cx", "cy"].map((name) =>
    attributes("[aria-label=dot] circle", name).map(Number),
  );
  const [square] = attributes("[aria-label=dot] path", "transform");
  expect(cx).toHaveLength(2);
  expect(cx[1]).toBeGreaterThan(cx[0]);
  expect(cy[1]).toBeGreaterThan(cy[0]);
  const [, x, y] = square.match(/translate\(([\d.]+),([\d.]+)\)/)!.map(Number);
  expect(x).toBeCloseTo(cx[0], 1);
  expect(y - cy[0]).toBeCloseTo(11, 0);
  expect(texts).toEqual(expect.arrayContaining(["p", "q", "a", "b", "6 of 50", "evaluations"]));
});

test("a scatter plot has its points, lines at zero, and counts the odd quadrant", () => {
  const labels = { title: "t", xLabel: "a", yLabel: "b" };
  const { count, description, texts } = picture(
    scatterPlot([{ name: "s", x: [1, -1, 2, Number.NaN], y: [-1, 1, 3, 0] }], labels),
  );
  expect(count("[aria-label=dot] circle")).toBe(3);
  expect(count("[aria-label=rule] line")).toBe(2);
  expect(description).toBe("s, 1 not finite: 3 points, 1 with a > 0 and b ≤ 0.");
  expect(texts).toEqual(expect.arrayContaining(["a", "b", "s, 1 not finite"]));
  expect(() => scatterPlot([], labels)).toThrow("no finite point");
  expect(() => scatterPlot([{ name: "s", x: [1], y: [] }], labels)).toThrow("0 values at 1 places");
});
