import { expect, test } from "vitest";
import { findEquilibria } from "../../src/reproduce/deq/equilibria.ts";
import { layerTable } from "../../src/reproduce/deq/layer-table.ts";
import { type Layers, lectureLayers, rowOf, weightOf } from "../../src/reproduce/deq/layers.ts";
import { monotoneTable } from "../../src/reproduce/deq/monotone-table.ts";
import { solverBench } from "../../src/reproduce/deq/solver-bench.ts";
import { drawProblems, problemClasses } from "../../src/reproduce/deq/solver-classes.ts";

/** tanh(Wz + c) of one layer, without the graph. */
function apply(layers: Layers, k: number, z: ArrayLike<number>): number[] {
  const { data, cols } = weightOf(layers, k);
  const c = rowOf(layers.c, layers.width, k);
  return Array.from(c, (shift, i) => {
    let total = shift;
    for (let j = 0; j < cols; j++) total += data[i * cols + j] * z[j];
    return Math.tanh(total);
  });
}
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (x, i) => x - b[i]));

/** How plain iteration from zero goes on: evaluations until the relative residual is met, or NaN. */
function iterationsOf(layers: Layers, k: number, rtol: number, most: number): number {
  let z = Array<number>(layers.width).fill(0);
  for (let count = 1; count <= most; count++) {
    const next = apply(layers, k, z);
    if (distance(next, z) <= rtol * Math.hypot(...next)) return count;
    z = next;
  }
  return Number.NaN;
}

test("the lecture's layers are drawn as torch draws them", () => {
  const { W, c } = lectureLayers("default", 200, 1);
  const bound = 1 / Math.sqrt(10);
  expect(Math.max(...W.map(Math.abs))).toBeLessThanOrEqual(bound);
  expect(Math.max(...W.map(Math.abs))).toBeGreaterThan(0.99 * bound);
  const deviation = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
  expect(deviation(W)).toBeCloseTo(bound / Math.sqrt(3), 2);
  // c = Ux + b: variances 3 · 0.01/9 and 1/30.
  expect(Math.abs(deviation(c) - Math.sqrt(0.01 / 3 + 1 / 30))).toBeLessThan(0.015);
  expect(deviation(lectureLayers("normal", 200, 1).W)).toBeCloseTo(1, 1);
  expect(lectureLayers("default", 3, 1)).toEqual(lectureLayers("default", 3, 1));
  expect(lectureLayers("default", 3, 2).W).not.toEqual(lectureLayers("default", 3, 1).W);
});

test.each(["default", "normal"] as const)("%s: what is found is an equilibrium", async (kind) => {
  const layers = lectureLayers(kind, 40, 5);
  const { z, attempt } = await findEquilibria(layers, 5);
  for (let k = 0; k < layers.count; k++) {
    const found = rowOf(z, layers.width, k);
    if (attempt[k] < 0) expect(found.every(Number.isNaN)).toBe(true);
    else expect(distance(apply(layers, k, found), found)).toBeLessThan(1e-12);
  }
  const missing = attempt.filter((k) => k < 0).length;
  expect(missing).toBeLessThanOrEqual(kind === "default" ? 0 : 4);
});

test("the layer iteration's table is that of a loop without the graph, and agrees with print", async () => {
  const { table, detail } = await layerTable("default", { draws: 60, seed: 5 });
  const { layers, equilibria, errors } = detail;
  for (const k of [0, 17, 59]) {
    const target = rowOf(equilibria.z, layers.width, k);
    let z: number[] = Array(layers.width).fill(0);
    for (let L = 0; L <= 40; L++) {
      expect(Math.abs(errors[L][k] - distance(z, target))).toBeLessThan(1e-14);
      z = apply(layers, k, z);
    }
  }
  expect(table.fromZero).toEqual({ found: 60, attracting: 60 });
  expect(table.rows.map(({ verdict }) => verdict)).toEqual(Array(9).fill("within"));
  expect([table.settled, table.settledAtThis]).toEqual([60, 60]);
});

test("at N(0, 1) what is found from zero repels; where the iteration settles, it settles elsewhere", async () => {
  const { table, detail } = await layerTable("normal", { draws: 100, seed: 2023 });
  expect(table.fromZero.found).toBeGreaterThan(65);
  expect(table.fromZero.attracting).toBe(0);
  expect(table.radius.low).toBeGreaterThan(1);
  expect(table.rows.map(({ verdict }) => verdict)).toEqual(Array(9).fill("within"));
  const settled = Array.from({ length: 100 }, (_, k) =>
    Number.isNaN(iterationsOf(detail.layers, k, 1e-10, 2000)) ? 0 : 1,
  ).reduce((a: number, b) => a + b, 0);
  expect(table.settled).toBe(settled);
  expect(table.settledAtThis).toBe(0);

  const { table: monotone } = monotoneTable("normal", detail);
  expect(monotone.rows).toHaveLength(10);
  expect(monotone.verdict).toBe("within");
  for (const { smallestRealPart, monotonicity, gain } of monotone.rows) {
    expect(smallestRealPart).toBeGreaterThanOrEqual(monotonicity);
    expect(monotonicity).toBeGreaterThanOrEqual(1 - gain - 1e-12);
  }
});

test("the solvers' table counts as a loop without the graph does", async () => {
  const classes = [problemClasses[0], problemClasses[5]];
  const { rows } = await solverBench({ problems: 20, seed: 3, classes });
  for (const one of classes) {
    const layers = drawProblems(one, 20, 3);
    for (const tolerance of ["1e-3", "1e-8"] as const) {
      const counts = Array.from({ length: 20 }, (_, k) =>
        iterationsOf(layers, k, Number(tolerance), 1000),
      ).filter(Number.isFinite);
      const row = rows.find(
        ({ problems, solver, tolerance: to }) =>
          problems === one.name && solver === "Picard" && to === tolerance,
      )!;
      expect(row.converged).toBe(counts.length);
      expect(row.evaluations?.middle).toBe(
        counts
          .sort((a, b) => a - b)
          .slice((counts.length - 1) >> 1, (counts.length >> 1) + 1)
          .reduce((sum, x, _, list) => sum + x / list.length, 0),
      );
    }
  }
  expect(rows.filter(({ verdict }) => verdict === "worse")).toEqual([]);
});
