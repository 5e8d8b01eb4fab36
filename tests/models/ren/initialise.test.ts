import { expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { input } from "../../../src/graph/value.ts";
import { linearStart, longMemoryStart } from "../../../src/models/ren/initialise.ts";
import { type RenOptions, ren } from "../../../src/models/ren/ren.ts";
import { evaluate } from "../../autodiff/differences.ts";
import { inequality, isPositive, reference } from "./dense.ts";

const A = [
  [0.8, 0.5, 0],
  [-0.3, 0.6, 0.2],
  [0, 0.1, -0.5],
];
const B = [[1], [0.5], [-2]];
const C = [
  [1, -1, 0],
  [0, 2, 0.3],
];
const D = [[0.1], [-0.2]];
const options: RenOptions = { inputs: 1, outputs: 2, states: 3, neurons: 4, rate: 0.95 };

async function matrices(of: RenOptions, seed = 3) {
  const model = ren(of);
  const feeds = model.initialise(seed);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
  );
  const named = Object.entries(model.explicit(inputs)).map(([k, v]) => [`found.${k}`, v]);
  const found = await evaluate(inputs, Object.fromEntries(named), feeds);
  const proven = isPositive(inequality(reference(feeds, model.form), model.form));
  return { proven, of: (name: string) => Array.from(found[`found.${name}`].data, Number) };
}

test.each<Partial<RenOptions>>([
  {},
  { feedback: "full" },
  { parametrisation: "polar" },
  { rate: 1 },
])("%o: the start from a linear system is that system", async (more) => {
  const start = linearStart({ A, B, C, D });
  const { of, proven } = await matrices({ ...options, ...more, start });
  const near = { rtol: 1e-4, atol: 1e-5 };
  expect(of("A")).toBeAllClose(A.flat(), near);
  expect(of("B2")).toBeAllClose(B.flat(), near);
  expect(of("C2")).toBeAllClose(C.flat(), near);
  expect(of("D22")).toBeAllClose(D.flat(), near);
  expect(of("B1").concat(of("D21"), of("D11"))).toBeAllClose(Array(4 * 3 + 8 + 16).fill(0), near);
  expect(Math.max(...of("C1").map(Math.abs))).toBeGreaterThan(0.01);
  expect(proven).toBe(true);
});

test("a long memory keeps its states", async () => {
  const { of, proven } = await matrices({ ...options, rate: 1, start: longMemoryStart(0.98) });
  const unit = [0.98, 0, 0, 0, 0.98, 0, 0, 0, 0.98];
  expect(of("A")).toBeAllClose(unit, { rtol: 1e-4, atol: 1e-5 });
  expect(proven).toBe(true);
});

test.each<[string, () => unknown, string]>([
  [
    "a rate that the system has not",
    () => ren({ ...options, rate: 0.5, start: linearStart({ A, B, C }) }).initialise(1),
    "does not contract",
  ],
  [
    "a system of other sizes",
    () => ren({ ...options, start: linearStart({ A, B: C, C }) }).initialise(1),
    "B is 2 × 3",
  ],
  [
    "a supply rate",
    () =>
      ren({
        ...options,
        guarantee: { kind: "lipschitz", gamma: 3 },
        start: linearStart({ A, B, C }),
      }).initialise(1),
    "supply rate",
  ],
  ["a decay of 1", () => ren({ ...options, start: longMemoryStart(1) }).initialise(1), "decay 1"],
])("%s is refused", (_, make, message) => {
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});
