import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { gluingArtefact } from "../../src/hybrid/artefact.ts";
import {
  delayOperator,
  operatorEigenvalues,
  stepsAhead,
  truncated,
} from "../../src/hybrid/glued.ts";
import { untrainedScaling } from "../../src/hybrid/scaling.ts";
import {
  firstOf,
  gluedSeries,
  type Trajectories,
  trajectoriesOf,
  windowsAt,
} from "../../src/hybrid/trajectories.ts";
import { predicted, terminalMap } from "../../src/hybrid/window-map.ts";
import { rolledOut, withinEigenvalues, withinOperator } from "../../src/hybrid/within.ts";
import { eigenvalues } from "../../src/linalg/eigenvalues.ts";
import {
  add,
  fromRows,
  type Matrix,
  matrix,
  multiply,
  transpose,
} from "../../src/linalg/matrix.ts";

const normal = (rows: number, cols: number, seed: number): Matrix => {
  const random = randomStream(seed);
  return matrix(rows, cols, () => random.normal());
};

/** A turn with decay in a plane, and a decay beside it. */
const B = fromRows([
  [0.8, -0.5, 0],
  [0.5, 0.8, 0.1],
  [0, 0, 0.6],
]);

/** Trajectories s ← B s + c of random starts. */
function affineTrajectories(samples: number, N: number, c = [0, 0, 0]): Trajectories {
  const shift = matrix(samples, 3, (_, j) => c[j]);
  const snapshots = [normal(samples, 3, 8)];
  while (snapshots.length < N)
    snapshots.push(add(multiply(snapshots.at(-1)!, transpose(B)), shift));
  return { snapshots, samples, width: 3, outputs: 2 };
}
const ends = ({ snapshots, samples }: Trajectories) =>
  matrix(samples, 2, (i, j) => snapshots.at(-1)!.data[i * 3 + j]);

describe("delayOperator", () => {
  test("on a linear system it has the eigenvalues of the system", () => {
    const series = gluedSeries(affineTrajectories(1, 40));
    const { re, im } = operatorEigenvalues(delayOperator(series, 0));
    const known = eigenvalues(B);
    expect(re).toBeAllClose(known.re, { atol: 1e-8 });
    expect(im).toBeAllClose(known.im, { atol: 1e-8 });
  });

  test("n steps are C Aⁿ Uᵀ g, whose exact value on a linear system is Bⁿ s", () => {
    const trajectories = affineTrajectories(1, 40);
    for (const h of [0, 2]) {
      const operator = delayOperator(gluedSeries(trajectories), h);
      const map = stepsAhead(operator, 5, 2);
      const at = { ...trajectories, snapshots: trajectories.snapshots.slice(0, h + 1) };
      expect(predicted(map, at).data).toBeAllClose(trajectories.snapshots[h + 5].data.slice(0, 2), {
        rtol: 1e-6,
        atol: 1e-8,
      });
    }
  });

  test("by products as by the SVD, whichever side is longer", () => {
    for (const rows of [30, 300]) {
      const series = normal(rows, 6, 2);
      const [a, b] = (["svd", "gram"] as const).map((way) =>
        delayOperator(series, 9, { rank: 15, way }),
      );
      expect(a.singularValues).toBeAllClose(b.singularValues, { rtol: 1e-8 });
      const [x, y] = [a, b].map((one) => stepsAhead(one, 3, 6).weights.data);
      expect(x).toBeAllClose(y, { rtol: 0, atol: 1e-7 });
    }
  });

  test("a smaller rank is the leading block of the larger", () => {
    const series = normal(100, 4, 3);
    const [few, all] = [delayOperator(series, 4, { rank: 3 }), delayOperator(series, 4)];
    expect([few.operator.rows, all.operator.rows]).toEqual([3, 20]);
    const cut = truncated(all, 3);
    expect(stepsAhead(cut, 2, 4).weights.data).toBeAllClose(stepsAhead(few, 2, 4).weights.data);
    expect(cut.singularValues).toBeAllClose(few.singularValues);
    expect(() => truncated(all, 21)).toThrow("rank 21 of an operator of rank 20");
  });

  test("drops directions without variance: a dead unit", () => {
    const series = normal(100, 3, 4);
    const dead = matrix(100, 4, (i, j) => (j < 3 ? series.data[i * 3 + j] : 0));
    expect(delayOperator(dead, 2).operator.rows).toBe(9);
    expect(() =>
      delayOperator(
        matrix(9, 2, () => 0),
        1,
      ),
    ).toThrow(DataError);
    expect(() => delayOperator(series, 99)).toThrow(UsageError);
    expect(() => delayOperator(series, 1, { rank: 0 })).toThrow("rank 0");
  });
});

describe("within trajectories", () => {
  const trajectories = affineTrajectories(30, 12, [0.3, -1, 0.5]);

  test("recovers affine dynamics, their eigenvalues and the 1 of the constant", () => {
    const operator = withinOperator(trajectories, 0, { ridge: 0 });
    const found = withinEigenvalues(operator);
    const known = eigenvalues(B);
    expect(found.re).toBeAllClose([1, ...known.re], { atol: 1e-9 });
    expect(found.im).toBeAllClose([0, ...known.im], { atol: 1e-9 });
    expect(predicted(rolledOut(operator, 2), trajectories).data).toBeAllClose(
      ends(trajectories).data,
      { atol: 1e-8 },
    );
  });

  test("at h = N − 2 it is the terminal map", () => {
    const random = {
      ...trajectories,
      snapshots: trajectories.snapshots.map((_, t) => normal(30, 3, t)),
    };
    const [a, b] = [rolledOut(withinOperator(random, 10), 2), terminalMap(random, 10)];
    expect(a.weights.data).toBeAllClose(b.weights.data, { rtol: 1e-6, atol: 1e-8 });
    expect(a.constant).toBeAllClose(b.constant, { rtol: 1e-6, atol: 1e-8 });
  });

  test("a window is the snapshots, newest first; the map adds its blocks", () => {
    const map = terminalMap(trajectories, 2);
    const X = windowsAt(trajectories, 2, 2);
    expect(X.data.slice(0, 9)).toEqual(
      Float64Array.from([2, 1, 0].flatMap((t) => [...trajectories.snapshots[t].data.slice(0, 3)])),
    );
    const direct = multiply(X, transpose(map.weights)).data.map((y, k) => y + map.constant[k % 2]);
    expect(predicted(map, trajectories).data).toBeAllClose(direct);
    expect(direct).toBeAllClose(ends(trajectories).data, { atol: 1e-5 });
  });

  test.each([-1, 11, 1.5])("refuses h = %d", (h) => {
    expect(() => terminalMap(trajectories, h)).toThrow(UsageError);
    expect(() => withinOperator(trajectories, h)).toThrow("of trajectories of 12 snapshots");
  });
});

describe("trajectories", () => {
  test("only the last snapshot is filled up, with −1, and samples are glued one after the other", () => {
    const square = {
      weights: fromRows([
        [1, -1],
        [0, 2],
      ]),
      bias: Float64Array.from([0, 1]),
    };
    const layer = { weights: fromRows([[1, 1]]), bias: Float64Array.from([-10]) };
    const X = fromRows([
      [3, 1],
      [0, 4],
    ]);
    const found = trajectoriesOf(layer, [square], X);
    expect(found.snapshots.map(({ data }) => [...data])).toEqual([
      [3, 1, 0, 4],
      [2, 3, 0, 9], // ReLU of (2, 3) and (−4, 9)
      [0, -1, 0, -1], // ReLU of 5 − 10 and 9 − 10, then padding
    ]);
    expect([...gluedSeries(found).data]).toEqual([3, 1, 2, 3, 0, -1, 0, 4, 0, 9, 0, -1]);
    expect([...gluedSeries(firstOf(found, 1)).data]).toEqual([3, 1, 2, 3, 0, -1]);
    expect(() => firstOf(found, 3)).toThrow("3 of 2 trajectories");
  });
});

describe("gluingArtefact", () => {
  // A block as it starts, and a layer: no period but that of gluing.
  const relaxing = (samples: number): Trajectories => {
    const layer = { weights: normal(4, 6, 3), bias: new Float64Array(4) };
    const { layers } = untrainedScaling(layer, { seed: 1, start: "near-identity" });
    const X = normal(samples, 6, 7);
    return trajectoriesOf(layer, layers, { ...X, data: X.data.map(Math.abs) });
  };

  test("is found in the glued series, and not within its trajectories", () => {
    const trajectories = relaxing(300);
    const glued = operatorEigenvalues(delayOperator(gluedSeries(trajectories), 10));
    const found = gluingArtefact(glued, 12);
    expect(found).toMatchObject({ found: true, period: 12 });
    expect(found.sentence).toContain("the period of the glued series, not the layer");
    for (let i = 0; i < 5; i++) {
      const turns = Math.atan2(glued.im[i], glued.re[i]) / (Math.PI / 6);
      expect(Math.abs(turns - Math.round(turns)), `dominant ${i}`).toBeLessThan(0.1);
    }
    const within = withinEigenvalues(withinOperator(trajectories, 10));
    expect(gluingArtefact(within, 12).found).toBe(false);
  });

  test("is exactly the roots of unity, and no others", () => {
    const circle = (count: number) => ({
      re: Float64Array.from({ length: count }, (_, k) => Math.cos((2 * Math.PI * k) / count)),
      im: Float64Array.from({ length: count }, (_, k) => Math.sin((2 * Math.PI * k) / count)),
    });
    expect(gluingArtefact(circle(12), 12)).toMatchObject({ found: true, roots: 12 });
    expect(gluingArtefact(circle(11), 12).found).toBe(false);
    const { re, im } = circle(12);
    const smaller = { re: re.map((x) => 0.8 * x), im: im.map((x) => 0.8 * x) };
    expect(gluingArtefact(smaller, 12)).toMatchObject({ found: false, roots: 0 });
    expect(() => gluingArtefact(circle(3), 1)).toThrow(UsageError);
  });
});
