import { expect, test } from "vitest";
import {
  eigenvalueFigure,
  groupsOf,
  residualFigure,
  windowsFigure,
} from "../../src/report/builders/eigenvalues.ts";
import { lossFigure, movingMean } from "../../src/report/builders/loss.ts";
import { changesOf, modesFigure, slidingFigure } from "../../src/report/builders/modes.ts";
import { seriesFigure, singularValuesFigure } from "../../src/report/builders/series.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import type { DotsMark, Figure, LineMark, Mark } from "../../src/report/figure.ts";
import { parseFigure } from "../../src/report/figure.ts";

const marksOf = (figure: Figure, panel = 0): readonly Mark[] => {
  parseFigure(JSON.parse(JSON.stringify(figure)));
  expect(toSvg(figure).startsWith("<svg ")).toBe(true);
  return figure.panels[panel].marks;
};
const named = <T extends Mark>(marks: readonly Mark[], name: string) =>
  marks.find((mark) => mark.name === name) as T;

test("a loss: as logged and smoothed, its forecast, what is not finite, verdicts", () => {
  const steps = Array.from({ length: 200 }, (_, i) => i);
  const values = steps.map((i) => (i === 7 ? null : 1 + 0.97 ** i));
  const figure = lossFigure({
    label: "loss",
    steps,
    values,
    forecast: { steps: [200, 201], values: [1, 1], low: [0.9, 0.8], high: [1.1, 1.2] },
    verdicts: [{ step: 60, decision: "continue" }],
    rateSteps: [100],
    reference: 2.3,
  });
  const marks = marksOf(figure);
  expect(named<LineMark>(marks, "loss, as logged").y).toEqual(values);
  expect(marks.filter(({ type }) => type === "ticks")).toMatchObject([{ x: [7] }]);
  expect(marks.filter(({ type }) => type === "rule")).toHaveLength(3);
  expect(named(marks, "interval of the forecast")).toMatchObject({ type: "band", low: [0.9, 0.8] });
  expect(figure.panels[0].y.scale).toBe("log");
  expect(figure.alt).toContain("from 2 at epoch 0");
  expect(figure.alt).toContain("1 value is not finite");
  expect(figure.alt).toContain("between 0.8 and 1.2");
  expect(figure.alt).toContain("continue from epoch 60");
});

test("a loss that is not positive stands on a linear axis; one without a number is refused", () => {
  const figure = lossFigure({ label: "loss", steps: [0, 1], values: [1, -1] });
  expect(figure.panels[0].y.scale).toBe("linear");
  expect(() => lossFigure({ label: "loss", steps: [0], values: [null] })).toThrow(
    "no finite value",
  );
  expect(() => lossFigure({ label: "loss", steps: [0], values: [] })).toThrow(
    "0 values at 1 steps",
  );
});

test("a moving mean keeps straight lines, both ends and gaps", () => {
  const line = Array.from({ length: 20 }, (_, i) => 3 * i + 1);
  expect(movingMean(line, 7)).toBeAllClose(line);
  expect(movingMean([1, null, 4, 7], 3)).toEqual([1, null, 5.5, 7]);
});

const pair = { re: 0.5, im: 0.5, importance: 2, residual: 0.01 };
const eigenvalues = [
  pair,
  { ...pair, im: -0.5 },
  { re: 0.999, im: 0, importance: 10, residual: 1e-6 },
  { re: 1.2, im: 0, importance: 0.1, residual: 0.4 },
];

test("conjugates share a group, groups go by importance, and the rest share the last", () => {
  expect(groupsOf(eigenvalues)).toEqual([1, 1, 0, 2]);
  const many = Array.from({ length: 12 }, (_, i) => ({
    re: 0.05 * i,
    im: 0,
    importance: 20 - i,
    residual: 0,
  }));
  expect(groupsOf(many)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]);
});

test("eigenvalues: size by importance, filled by residual, and what is near 1 beside", () => {
  const figure = eigenvalueFigure({ of: "the loss", eigenvalues });
  const dots = marksOf(figure).at(-1) as DotsMark;
  expect(dots).toMatchObject({
    x: [0.5, 0.5, 0.999, 1.2],
    y: [0.5, -0.5, 0, 0],
    size: [2, 2, 10, 0.1],
    filled: [true, true, true, false],
  });
  expect(figure.panels[1].x.domain).toBeAllClose([0.75, 1.25]); // 1.25 times the distance of 1.2
  expect(figure.alt).toContain(
    "4 eigenvalues of the loss: 1 outside the unit circle, 3 with a residual",
  );
  expect(figure.alt).toContain("The most important is 0.999");
  const far = eigenvalueFigure({ of: "it", eigenvalues: [pair] });
  expect(far.panels).toHaveLength(1);
  expect(() => eigenvalueFigure({ of: "it", eigenvalues: [] })).toThrow(
    "no finite eigenvalue of it",
  );
});

test("residual against importance says how much is trusted", () => {
  const figure = residualFigure({ of: "the loss", eigenvalues });
  expect(marksOf(figure).at(-1)).toMatchObject({ x: [0.01, 0.01, 1e-6, 0.4], y: [2, 2, 10, 0.1] });
  expect(figure.alt).toContain("3 of 4 eigenvalues");
  expect(figure.alt).toContain("99.3 % of the importance"); // 14 / 14.1
});

test("windows side by side, a panel each", () => {
  const windows = [40, 100, 500].map((n) => ({ title: `first ${n}`, eigenvalues }));
  const figure = windowsFigure({ of: "the loss", windows });
  marksOf(figure);
  expect(figure.panels.map(({ title }) => title)).toEqual(["first 40", "first 100", "first 500"]);
  expect(figure.size).toBe("page");
});

test("modes add up to the series that they were taken from", () => {
  // 1 + 0.9ⁿ + 2 Re((0.1 − 0.2i) (0.8i)ⁿ), n from the end
  const modes = [
    { re: 1, im: 0, contribution: 1, contributionIm: 0 },
    { re: 0.9, im: 0, contribution: 1, contributionIm: 0 },
    { re: 0, im: 0.8, contribution: 0.1, contributionIm: -0.2 },
    { re: 0, im: -0.8, contribution: 0.1, contributionIm: 0.2 },
  ];
  const figure = modesFigure({ of: "the loss", modes, fitted: 5, end: 100, spacing: 2 });
  const lines = marksOf(figure).filter((mark): mark is LineMark => mark.type === "line");
  expect(lines).toHaveLength(3);
  expect(lines[0].x).toEqual([92, 94, 96, 98, 100, 102, 104, 106, 108, 110]);
  const sum = lines[0].x.map((_, i) => lines.reduce((total, { y }) => total + y[i]!, 0));
  // (0.8i)ⁿ at n = 0, 1, 2: 1, 0.8i, −0.64
  expect(sum.slice(4, 7)).toBeAllClose([1 + 1 + 0.2, 1 + 0.9 + 2 * 0.16, 1 + 0.81 - 2 * 0.064]);
  expect(sum[3]).toBeCloseTo(1 + 1 / 0.9 - 2 * (0.2 / 0.8), 12); // (0.8i)⁻¹ = −1.25i
});

test("sliding windows: where verdicts change, and gaps where there is no spectrum", () => {
  const slides = [
    { to: 40, slowest: 0.9, slowestResolved: 0.8, improvement: 0.5, decision: "continue" },
    { to: 55, slowest: null, slowestResolved: null, improvement: null, decision: "continue" },
    { to: 70, slowest: 0.99, slowestResolved: null, improvement: 0.01, decision: "stop" },
  ];
  expect(changesOf(slides)).toEqual([
    { step: 40, decision: "continue" },
    { step: 70, decision: "stop" },
  ]);
  const figure = slidingFigure({ of: "the loss", slides, window: 60, tolerance: 0.02 });
  expect(named<LineMark>(marksOf(figure), "slowest that matters").y).toEqual([0.9, null, 0.99]);
  expect(marksOf(figure, 1).filter((mark) => mark.type === "rule" && mark.label)).toMatchObject([
    { x: 70, label: "stop" },
  ]);
  expect(() => slidingFigure({ of: "it", slides: [], window: 60, tolerance: 0.02 })).toThrow(
    "no window of it",
  );
});

test("several runs: a line each, a log axis where they span decades, at most eight", () => {
  const run = (name: string, values: (number | null)[]) => ({
    name,
    steps: values.map((_, i) => i),
    values,
  });
  const figure = seriesFigure({ label: "loss", series: [run("a", [100, 1]), run("b", [2, null])] });
  expect(marksOf(figure).map(({ type, name }) => [type, name])).toEqual([
    ["line", "a"],
    ["line", "b"],
    ["ticks", "not finite"],
  ]);
  expect(figure.panels[0].y.scale).toBe("log");
  expect(figure.alt).toBe(
    "a: from 100 at epoch 0 to 1 at epoch 1. b: from 2 at epoch 0 to 2 at epoch 0, 1 not finite.",
  );
  const nine = Array.from({ length: 9 }, (_, i) => run(`${i}`, [1]));
  expect(() => seriesFigure({ label: "loss", series: nine })).toThrow("9 series in one figure");
  expect(() => seriesFigure({ label: "loss", series: [] })).toThrow("no finite value of loss");
});

test("singular values in order, with the rank that was kept", () => {
  const figure = singularValuesFigure({ of: "H", values: [10, 1, 1e-8, 0], rank: 2 });
  expect(marksOf(figure)).toMatchObject([
    { type: "rule", x: 2.5, label: "rank 2" },
    { type: "dots", x: [1, 2, 3, 4], y: [10, 1, 1e-8, 0] },
  ]);
  expect(figure.alt).toContain("3 of them positive");
  expect(() => singularValuesFigure({ of: "H", values: [0] })).toThrow(
    "at least one of them positive",
  );
});
