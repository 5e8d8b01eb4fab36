import { expect, test } from "vitest";
import { averagedDown, type Side } from "../../src/data/average.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { random } from "../linalg/matrices.ts";

const images = (features: ArrayLike<number>, [rows, columns]: Side): Dataset => {
  const count = features.length / (rows * columns);
  return {
    name: "images",
    features: Float32Array.from(features),
    count,
    width: rows * columns,
    targets: { kind: "classes", labels: new BigInt64Array(count), classes: 2 },
  };
};

test("blocks of 2 × 2 are averaged, image by image", () => {
  const two = images([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 40], [4, 2]);
  const { features, width, count } = averagedDown(two, [4, 2], [2, 1]);
  expect([width, count, ...features]).toEqual([2, 2, 2.5, 6.5, 0, 10]);
});

test("a pixel on a border counts for both sides by its share", () => {
  // Three pixels to two: [a + b/2, b/2 + c] · 2/3.
  const { features } = averagedDown(images([3, 6, 12], [1, 3]), [1, 3], [1, 2]);
  expect([...features]).toEqual([4, 10]);
});

test("28 × 28 to 8 × 8 keeps the mean, and is the average over a grid fine enough for both", () => {
  const pixels = random(3, 784, 4).data.map((x) => x + 1);
  const { features } = averagedDown(images(pixels, [28, 28]), [28, 28], [8, 8]);
  // Each pixel written out as 2 × 2: a new one is then exactly 7 × 7 of them.
  for (const [n, i, j] of [
    [0, 0, 0],
    [1, 3, 6],
    [2, 7, 7],
  ]) {
    let sum = 0;
    for (let r = 0; r < 7; r++)
      for (let c = 0; c < 7; c++)
        sum += pixels[n * 784 + Math.floor((7 * i + r) / 2) * 28 + Math.floor((7 * j + c) / 2)];
    expect(features[(n * 8 + i) * 8 + j]).toBeCloseTo(sum / 49, 5);
  }
  const mean = (x: ArrayLike<number>) => Array.from(x).reduce((s, y) => s + y, 0) / x.length;
  expect(mean(features)).toBeCloseTo(mean(pixels), 5);
});

test("misuse is refused", () => {
  const one = images([1, 2, 3, 4], [2, 2]);
  expect(() => averagedDown(one, [2, 3], [1, 1])).toThrow(ShapeError);
  expect(() => averagedDown(one, [2, 2], [3, 1])).toThrow(UsageError);
  expect(() => averagedDown(one, [2, 2], [1, 0.5])).toThrow(UsageError);
});
