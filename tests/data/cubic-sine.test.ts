import { expect, test } from "vitest";
import { cubicSine } from "../../src/data/cubic-sine.ts";
import { checkDataset } from "../../src/data/dataset.ts";
import { UsageError } from "../../src/errors.ts";

const valuesOf = ({ targets }: ReturnType<typeof cubicSine>) =>
  targets.kind === "values" ? targets.values : new Float32Array();
const curve = (x: number) => 1.5 * x ** 3 + x ** 2 - 5 * x + 2 * Math.sin(x) - 3;

test("lies on the curve without noise", () => {
  const data = checkDataset(cubicSine(500, 1, 0));
  expect(valuesOf(data)).toBeAllClose(Array.from(data.features, curve), { rtol: 1e-6, atol: 1e-6 });
  expect(curve(1)).toBeCloseTo(1.5 + 1 - 5 + 2 * 0.8414709848 - 3, 9);
});

test("has uniform features and noise of the variance asked for", () => {
  const data = cubicSine(20_000, 2);
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((a, b) => a + b) / values.length;
  expect(Math.max(...data.features.map(Math.abs))).toBeLessThanOrEqual(2);
  expect(mean(data.features)).toBeCloseTo(0, 1);
  expect(mean(data.features.map((x) => x * x))).toBeCloseTo(16 / 12, 1);
  const noise = valuesOf(data).map((y, i) => y - curve(data.features[i]));
  expect(Math.abs(mean(noise))).toBeLessThan(0.005);
  expect(Math.abs(mean(noise.map((e) => e * e)) - 0.05)).toBeLessThan(0.002);
});

test("is the same for the same seed, and another for another", () => {
  expect(cubicSine(50, 3)).toEqual(cubicSine(50, 3));
  expect(cubicSine(50, 3)).not.toEqual(cubicSine(50, 4));
});

test.each([
  ["no points", () => cubicSine(0, 1)],
  ["a negative variance", () => cubicSine(5, 1, -1)],
])("refuses %s", (_, make) => {
  expect(make).toThrow(UsageError);
});
