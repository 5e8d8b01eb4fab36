import { expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { cnn } from "../../src/models/cnn.ts";
import { mlp } from "../../src/models/mlp.ts";
import { constantRule, heRule, startedBy, xavierRule } from "../../src/models/start.ts";

const deviationOf = (data: ArrayLike<number | bigint>) =>
  Math.sqrt(Array.from(data, Number).reduce((sum, x) => sum + x * x, 0) / data.length);

test("weights have the deviation of the rule, with fan-in and fan-out of kernels; biases are 0", () => {
  const net = cnn({ image: [1, 28, 28], channels: [16, 32], hidden: [100], outputs: 10 });
  const he = startedBy(net, heRule).initialise(3);
  // 12,800 and 51,200 draws: within 3 %.
  expect(deviationOf(he["conv1.weight"].data) / Math.sqrt(2 / (16 * 25))).toBeCloseTo(1, 1);
  expect(deviationOf(he["dense0.weight"].data) / Math.sqrt(2 / 512)).toBeCloseTo(1, 1);
  const xavier = startedBy(net, xavierRule).initialise(3);
  const fans = 16 * 25 + 32 * 25;
  expect(deviationOf(xavier["conv1.weight"].data) / Math.sqrt(2 / fans)).toBeCloseTo(1, 1);
  expect([...(he["dense0.bias"].data as Float32Array)].every((x) => x === 0)).toBe(true);
  const size = Object.values(he).reduce((sum, { data }) => sum + data.length, 0);
  expect(size).toBe(65_558);
});

test("the same seed gives the same start, and layers differ", () => {
  const net = startedBy(mlp([4, 4, 4]), constantRule(0.05));
  expect(net.initialise(1)).toEqual(net.initialise(1));
  expect(net.initialise(1)).not.toEqual(net.initialise(2));
  expect(net.initialise(1)["layer0.weight"]).not.toEqual(net.initialise(1)["layer1.weight"]);
});

test("a deviation that is not positive is refused", () => {
  expect(() => startedBy(mlp([2, 2]), constantRule(0)).initialise(1)).toThrow(UsageError);
});
