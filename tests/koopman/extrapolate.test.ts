import { expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { dmdTall } from "../../src/koopman/dmd/dmd-tall.ts";
import { numericalRank, rank } from "../../src/koopman/dmd/truncation.ts";
import { displacements, increments } from "../../src/koopman/forecast/extrapolate.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { fromRows, type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { tallMatrix } from "../../src/linalg/tall-source.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, logisticTraining, orbit } from "./systems.ts";

const after = (F: Matrix, from: number, h: number) =>
  Array.from(
    { length: F.rows },
    (_, i) => F.data[i * F.cols + from + h] - F.data[i * F.cols + from],
  );
const column = (A: Matrix, j: number) => A.data.filter((_, k) => k % A.cols === j);
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.hypot(...Array.from(a, (x, i) => x - b[i]));

test("increments, by hand", () => {
  expect(increments(fromRows([[1, 3, 2]]))).toEqual(fromRows([[2, -1]]));
});

onProviders(() => {
  test("a linear map with an offset: where it will be, and where it ends", async () => {
    const D = blockDiagonal(0.97, 0.8, [0.9, 0.5]);
    const offset = random(15, 1, 2);
    const moving = multiply(random(15, 4, 1), orbit(D, [1, 2, 1, 1], 400));
    const F = matrix(15, 400, (i, j) => moving.data[i * 400 + j] + offset.data[i]);
    const past = columns(F, 0, 30); // the last is snapshot 29
    const options = { truncation: numericalRank(1e-9) };
    const found = displacements(dmd(increments(past), options), [1, 10, 100, Infinity]);
    [1, 10, 100, 370].forEach((h, j) => {
      expect(column(found, j)).toBeAllClose(after(F, 29, h), { atol: j === 3 ? 1e-4 : 1e-9 });
    });
    // Too long a horizon to have been seen: the fixed point itself.
    expect(column(found, 3)).toBeAllClose(
      Float64Array.from(offset.data, (x, i) => x - F.data[i * 400 + 29]),
      { atol: 1e-9 },
    );
    const tall = await dmdTall(tallMatrix(increments(past)), options);
    const coordinates = displacements(tall.spectrum, [10]);
    const moved = multiply(increments(past), multiply(tall.compression.right, coordinates));
    expect(moved.data).toBeAllClose(after(F, 29, 10), { atol: 1e-9 });
  });

  test("real training: many steps ahead the prediction beats standing still, by far", () => {
    const F = logisticTraining(12, 400, 3);
    const past = columns(F, 0, 60);
    const found = displacements(dmd(increments(past), { truncation: rank(6) }), [60, 300]);
    [60, 300].forEach((h, j) => {
      const truth = after(F, 59, h);
      expect(distance(column(found, j), truth)).toBeLessThan(0.1 * Math.hypot(...truth));
    });
  });
});

test("growing modes are left out, and a horizon is positive", () => {
  const F = multiply(random(6, 2, 1), orbit(blockDiagonal(1.05, 0.5), [1, 1], 12));
  const spectrum = dmd(F, { truncation: rank(2) });
  expect(Math.hypot(...displacements(spectrum, [50]).data)).toBeLessThan(1e-2);
  expect(() => displacements(spectrum, [0])).toThrow(UsageError);
});
