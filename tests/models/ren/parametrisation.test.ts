import { describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import type { Values } from "../../../src/graph/ops/control.ts";
import { input } from "../../../src/graph/value.ts";
import { type Guarantee, supplyOf } from "../../../src/models/ren/guarantee.ts";
import { parameterShapes, randomStart } from "../../../src/models/ren/parameters.ts";
import { direct, type RenForm } from "../../../src/models/ren/parametrisation.ts";
import { checkDerivative, evaluate } from "../../autodiff/differences.ts";
import { drawn, inequality, isPositive, reference } from "./dense.ts";

const guarantees: readonly (readonly [string, Guarantee, number, number])[] = [
  ["contracting", { kind: "contracting" }, 2, 3],
  ["lipschitz, square", { kind: "lipschitz", gamma: 0.7 }, 2, 2],
  ["lipschitz, more outputs", { kind: "lipschitz", gamma: 5 }, 1, 3],
  ["lipschitz, more inputs", { kind: "lipschitz", gamma: 5 }, 3, 1],
  ["input passive", { kind: "input-passive", nu: 0.2 }, 2, 2],
  ["output passive", { kind: "output-passive", rho: 0.7 }, 2, 2],
  ["passive", { kind: "passive", nu: 0.3, rho: 0.5 }, 2, 2],
  [
    "dissipative",
    {
      kind: "dissipative",
      Q: [
        [-2, 0.3],
        [0.3, -1],
      ],
      S: [
        [0.4, -1],
        [0.2, 0.7],
        [1, 0],
      ],
      R: [
        [3, 0.5, 0],
        [0.5, 4, 0.1],
        [0, 0.1, 2],
      ],
    },
    3,
    2,
  ],
];
const shapes = [
  ["acyclic", "plain"],
  ["acyclic", "polar"],
  ["full", "plain"],
  ["full", "polar"],
] as const;

const formOf = (
  guarantee: Guarantee,
  inputs: number,
  outputs: number,
  more: Partial<RenForm> = {},
): RenForm => ({
  inputs,
  outputs,
  states: 3,
  neurons: 4,
  rate: 0.8,
  supply: supplyOf(guarantee, inputs, outputs),
  feedback: "acyclic",
  parametrisation: "plain",
  epsilon: 1e-3,
  ...more,
});
const inputsOf = (form: RenForm): Values =>
  Object.fromEntries(
    Object.entries(parameterShapes(form)).map(([name, shape]) => [
      name,
      input(name, "float64", shape),
    ]),
  );

describe.each(guarantees)("%s", (_, guarantee, inputs, outputs) => {
  test.each(shapes)("%s, %s: every matrix is its formula", async (feedback, parametrisation) => {
    const form = formOf(guarantee, inputs, outputs, { feedback, parametrisation });
    const values = inputsOf(form);
    const parameters = drawn(form, 3);
    const { explicit, metric } = direct(values, form);
    const found = await evaluate(
      values,
      { ...explicit, P: metric.P, L: metric.Lambda },
      parameters,
    );
    const wanted = reference(parameters, form);
    for (const [name, rows] of Object.entries(wanted.explicit)) {
      expect(Array.from(found[name].data, Number), name).toBeAllClose(rows.flat(), {
        rtol: 1e-9,
        atol: 1e-9,
      });
    }
    const size = Math.max(...wanted.metric.flat().map(Math.abs));
    expect(Array.from(found.P.data, Number)).toBeAllClose(wanted.metric.flat(), {
      rtol: 0,
      atol: 1e-10 * size,
    });
    expect(Array.from(found.L.data, Number)).toBeAllClose(wanted.Lambda);
    expect(isPositive(inequality(wanted, form))).toBe(true);
  });

  test.each(shapes)("%s, %s: derivatives", async (feedback, parametrisation) => {
    const small = { states: 2, neurons: 2, feedback, parametrisation, epsilon: 0.1 };
    const form = formOf(guarantee, inputs, outputs, small);
    const values = inputsOf(form);
    const { explicit } = direct(values, form);
    await checkDerivative({
      inputs: values,
      feeds: drawn(form, 3),
      outputs: Object.values(explicit),
    });
  });
});

test("a factor ᾱ where 1/ᾱ² belongs breaks the inequality", () => {
  const form = formOf({ kind: "contracting" }, 2, 2, { rate: 0.5, feedback: "full" });
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect(seeds.every((s) => isPositive(inequality(reference(drawn(form, s), form), form)))).toBe(
    true,
  );
  const wrong = seeds.map((s) =>
    isPositive(inequality(reference(drawn(form, s), form, true), form)),
  );
  expect(wrong).not.toContain(true);
});

test("the random start is the same for the same seed, and polar starts where plain does", async () => {
  const plain = formOf({ kind: "lipschitz", gamma: 2 }, 2, 3);
  const polar = { ...plain, parametrisation: "polar" } as const;
  expect(randomStart(plain, 5)).toEqual(randomStart(plain, 5));
  const matrices = async (form: RenForm) => {
    const feeds = randomStart(form, 5);
    const values = Object.fromEntries(
      Object.entries(feeds).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
    );
    const { explicit } = direct(values, form);
    const named = Object.entries(explicit).map(([name, value]) => [`found.${name}`, value]);
    return evaluate(values, Object.fromEntries(named), feeds);
  };
  const [one, other] = [await matrices(plain), await matrices(polar)];
  for (const name of Object.keys(one)) {
    const near = { rtol: 1e-4, atol: 1e-5 };
    expect(Array.from(other[name].data, Number)).toBeAllClose(
      Array.from(one[name].data, Number),
      near,
    );
  }
  // No feed-through to start with.
  expect(Math.max(...Array.from(one["found.D22"].data, Number).map(Math.abs))).toBeLessThan(1e-6);
});

test.each<[Guarantee, number, number, string]>([
  [{ kind: "lipschitz", gamma: 0 }, 1, 1, "gamma = 0"],
  [{ kind: "lipschitz", gamma: Number.NaN }, 1, 1, "gamma = NaN"],
  [{ kind: "input-passive", nu: 0.1 }, 1, 2, "1 inputs and 2 outputs"],
  [{ kind: "passive", nu: 1, rho: 1 }, 1, 1, "nu · rho = 1"],
  [{ kind: "dissipative", Q: [[-1]], S: [[0]], R: [] }, 1, 1, "R is not of 1 × 1"],
  [{ kind: "convex" } as never, 1, 1, 'unknown guarantee "convex"'],
])("%o is refused", (guarantee, inputs, outputs, message) => {
  expect(() => supplyOf(guarantee, inputs, outputs)).toThrow(UsageError);
  expect(() => supplyOf(guarantee, inputs, outputs)).toThrow(message);
});
