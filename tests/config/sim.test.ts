import { expect, test } from "vitest";
import { ConfigError } from "../../src/config/errors.ts";
import { experimentOf } from "../../src/config/experiment.ts";
import { formatConfig, parseConfig } from "../../src/config/load.ts";
import { trainedCount } from "../../src/models/model.ts";
import { oneCycle } from "../../src/training/schedules.ts";

const text = (model: string, train = "{}", data = "mnist") =>
  `version: 1\ndata: ${data}\nmodel: ${model}\ntrain: ${train}\n`;
const parsed = (...of: Parameters<typeof text>) => parseConfig(text(...of), "a.yaml");

test.each([
  ["{ kind: sim, basis: convolutional }", 81_480],
  ["{ kind: sim, basis: { kind: convolutional, channels: 21 }, fourier: { count: 104 } }", 80_466],
])("%s is the published model of digits: %d numbers", async (model, count) => {
  const { config } = parsed(model, "{}", "{ kind: mnist, limit: 64, testLimit: 8 }");
  expect(trainedCount((await experimentOf(config)).model)).toBe(count);
});

test.each([
  "sim",
  "{ kind: sim, basis: perceptron, rank: 3, projector: 1, fourier: {} }",
  "{ kind: sim, time: 3, modes: { ones: 1, rotations: [1, 2], decaying: [{ rate: 1 }] } }",
])("%s resolves to what gives the same again", (model) => {
  const { config } = parsed(model);
  expect(parseConfig(formatConfig(config), "resolved").config).toEqual(config);
});

test("a list of sections is shown with one origin, that of the list", () => {
  const { config, originOf } = parsed(
    "{ kind: sim, time: 3, modes: { decaying: [{ rate: 1, angle: 2 }] } }",
  );
  const shown = formatConfig(config, originOf);
  expect(shown).toContain("decaying: [ { rate: 1, angle: 2 } ] # a.yaml:3\n");
});

test("a cycle of the learning rate is that of the library, Adam's momentum along it", async () => {
  const train =
    "{ epochs: 20, rate: 0.02, schedule: { kind: one-cycle, tail: 4 }, optimiser: { kind: adam, beta1: one-cycle } }";
  const { config } = parsed("sim", train, "{ kind: two-moons, count: 100 }");
  const { schedule, optimiser } = (await experimentOf(config)).options;
  const ours = oneCycle(0.02, { epochs: 20, base: 1e-3, tail: 4 });
  for (const t of [1, 30, 41, 55, 90]) expect(schedule(t, 100)).toBe(ours(t, 100));
  // The last two coefficients: β₁ and 1 − β₁.
  expect(optimiser.coefficients(1, 0.02).slice(3)).toBeAllClose([0.85, 0.15]);
  expect(optimiser.coefficients(1, 1e-3).slice(3)).toBeAllClose([0.95, 0.05]);
});

test.each([
  ["{ schedule: one-cycle, epochs: 6 }", "6 epochs with a tail of 5: at least 7 are wanted"],
  ["{ optimiser: { kind: adam, beta1: one-cycle } }", "goes with schedule: one-cycle only"],
  [
    "{ optimiser: { kind: adamw, beta1: one-cycle }, schedule: one-cycle, rate: 1e-3 }",
    "wants a rate other than schedule.base",
  ],
  ["{ optimiser: { kind: adam, beta1: cycle } }", 'a number >= 0 and < 1 or "one-cycle"'],
  ["{ schedule: { kind: one-cycle, peak: 1 } }", 'unknown key "peak" in train.schedule'],
])("train: %s is refused", (train, message) => {
  expect(() => parsed("mlp", train)).toThrow(ConfigError);
  expect(() => parsed("mlp", train)).toThrow(message);
});

test.each([
  ["{ kind: csv, path: a.csv, inputs: [x], target: y }", "t"],
  ["{ kind: csv, path: a.csv, inputs: [t], target: y }", "t"],
  ["mnist", "t"],
])("of %s no column %s is a time beside a state", (data, column) => {
  const model = `{ kind: sim, time: { column: ${column} }, modes: { ones: 1 } }`;
  expect(() => parsed(model, "{}", data)).toThrow('"t" is to be one of data.inputs');
});
