import { describe, expect, test } from "vitest";
import { EigenflowError } from "../src/errors.ts";
import * as entry from "../src/index.ts";
import { solver } from "../src/solvers/registry.ts";

// As from plain JavaScript: no types stand in the way.
type Call = (...given: unknown[]) => unknown;
const all: Readonly<Record<string, Call>> = {
  ...(entry as unknown as Record<string, Call>),
  solver: solver as Call,
};
const bad = ["3", Number.NaN, -1, 0.5, null, undefined];
const data = entry.twoMoons(20, 1);
const model = entry.mlp([2, 3, 2]);
const split = { train: data, test: data };
const layer = entry.dense({ width: 3 });
const image = [1, 8, 8];
const cnn = { image, channels: [4], hidden: [], outputs: 2, padding: "same" };
const rates = { optimiser: entry.sgd(), schedule: entry.constantRate(0.1) };
const fit = { seed: 0, epochs: 1, batch: 4, ...rates };
const certified = { m: 1, activation: "relu", splitting: "peaceman-rachford", alpha: 1 };

/** Arguments with one wrong in each row: the function, what its error must name, the arguments. */
const table: readonly (readonly [string, RegExp, readonly unknown[]])[] = [
  // Nothing, and options that are none.
  ...["cnn", "deq", "monotoneDeq", "monotoneConvDeq"].flatMap((name) =>
    [undefined, null, "3", Number.NaN, -1].map(
      (given) => [name, /options|image/, [given]] as const,
    ),
  ),
  ...["dense", "perceptron", "residual", "convolutional", "twoScale"].flatMap((name) =>
    [undefined, null, "3", -1, {}].map((given) => [name, /options|width|image/, [given]] as const),
  ),
  ...["adam", "adamW", "sgd"].flatMap((name) => [
    ...[null, "3", -1].map((given) => [name, /options/, [given]] as const),
    [name, /unknown option.*betta/s, [{ betta: 1 }]] as const,
  ]),
  ...["gradient", "applyStandardisation", "fitStandardisation", "splitBySeed"].flatMap((name) =>
    [undefined, null, {}, "3", -1].map((given) => [name, /loss|dataset/, [given]] as const),
  ),
  ...["deploy", "exportModel", "explicitTensors", "parametersOf", "certify", "recheck"].flatMap(
    (name) =>
      [undefined, null, {}, "3", -1].map(
        (given) => [name, /model|tensors|options|certificate/, [given]] as const,
      ),
  ),
  ...["encode", "compile", "decode", "mlp", "twoMoons"].flatMap((name) =>
    [undefined, null, "3", Number.NaN, -1, {}].map(
      (given) => [name, /model|inputs|outputs|bytes|widths|count/, [given]] as const,
    ),
  ),
  ...["constantRate", "cosineRate", "stepRate", "warmUp"].flatMap((name) =>
    ["3", Number.NaN, -1, undefined, {}].map((given) => [name, /rate|warm-up/, [given]] as const),
  ),
  // One argument wrong among right ones.
  ...bad.flatMap((wrong) => [
    ["mlp", /widths/, [[2, wrong, 2]]] as const,
    ["cnn", /image\[1\]/, [{ ...cnn, image: [1, wrong, 8] }]] as const,
    ["cnn", /channels\[0\]/, [{ ...cnn, channels: [wrong] }]] as const,
    ["cnn", /hidden\[0\]/, [{ ...cnn, hidden: [wrong] }]] as const,
    ["cnn", /outputs/, [{ ...cnn, outputs: wrong }]] as const,
    ["deq", /inputs/, [{ inputs: wrong, outputs: 2, layer }]] as const,
    ["deq", /layer/, [{ inputs: 2, outputs: 2, layer: wrong }]] as const,
    ["monotoneDeq", /width/, [{ inputs: 2, width: wrong, outputs: 2 }]] as const,
    ["monotoneConvDeq", /channels\[0\]/, [{ image, channels: [wrong], outputs: 2 }]] as const,
    ["dense", /width/, [{ width: wrong }]] as const,
    ["perceptron", /hidden/, [{ width: 2, hidden: wrong }]] as const,
    ["convolutional", /channels/, [{ image, channels: wrong }]] as const,
    ["twoScale", /image/, [{ image: wrong, channels: 2 }]] as const,
    ["twoMoons", /count/, [wrong, 0]] as const,
    ["splitBySeed", /seed/, [data, 0.5, wrong === -1 || wrong === 0.5 ? "1" : wrong]] as const,
    ["warmUp", /schedule/, [0.1, wrong]] as const,
    ["fit", /batch/, [model, split, { ...fit, batch: wrong }]] as const,
    ["fit", /optimiser/, [model, split, { ...fit, optimiser: wrong }]] as const,
    ["fit", /schedule/, [model, split, { ...fit, schedule: wrong }]] as const,
    ["fit", /model/, [wrong, split, fit]] as const,
    ["fit", /data/, [model, wrong, fit]] as const,
    ["fit", /dataset/, [model, { train: wrong, test: data }, fit]] as const,
    ["fit", /options/, [model, split, wrong]] as const,
    ["certify", /splitting/, [{}, { ...certified, splitting: wrong }]] as const,
    ["deploy", /task/, [model, {}, { task: wrong }]] as const,
    ["compile", /inputs.x/, [{ x: wrong }, {}]] as const,
    ["encode", /outputs.y/, [{ inputs: {}, outputs: { y: wrong } }]] as const,
    ["applyStandardisation", /standardisation/, [data, wrong]] as const,
  ]),
  ...["3", Number.NaN, -1, null].flatMap((wrong) => [
    ["deq", /damping|picard/, [{ inputs: 2, outputs: 2, layer, damping: wrong }]] as const,
    ["deq", /dropout/, [{ inputs: 2, outputs: 2, layer, dropout: wrong }]] as const,
    ["deq", /correction/, [{ inputs: 2, outputs: 2, layer, correction: wrong }]] as const,
    ["monotoneDeq", /alpha/, [{ inputs: 2, width: 3, outputs: 2, alpha: wrong }]] as const,
    ["monotoneDeq", /m = /, [{ inputs: 2, width: 3, outputs: 2, m: wrong }]] as const,
    ["monotoneDeq", /splitting/, [{ inputs: 2, width: 3, outputs: 2, splitting: wrong }]] as const,
    ["adam", /beta1/, [{ beta1: wrong }]] as const,
    ["adamW", /weightDecay/, [{ weightDecay: wrong }]] as const,
    ["sgd", /momentum/, [{ momentum: wrong }]] as const,
    ["cosineRate", /floor/, [0.1, { floor: wrong }]] as const,
    ["stepRate", /every/, [0.1, { every: wrong }]] as const,
    ["certify", /alpha/, [{}, { ...certified, alpha: wrong }]] as const,
    ["solver", /choice|unknown solver/, [wrong]] as const,
    ["solver", /damping/, [{ method: "picard", damping: wrong }]] as const,
    ["solver", /rtol/, [{ rtol: wrong }]] as const,
    ["solver", /purpose/, ["picard", wrong]] as const,
  ]),
];

/** What it threw, or rejected with, or undefined. An iterator is asked for its first item. */
async function thrown(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result)
      await (result as AsyncGenerator).next();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("a call that cannot be meant ends in an error that names the argument", () => {
  const names = [...new Set(table.map(([name]) => name))];
  test.each(names)("%s", async (name) => {
    for (const [, named, given] of table.filter(([of]) => of === name)) {
      const error = await thrown(() => all[name](...given));
      expect(error, `${name}: ${String(named)}`).toBeInstanceOf(EigenflowError);
      expect((error as Error).message).toMatch(named);
    }
  });

  test("every function of the main entry is among them", () => {
    const without = ["mnist"]; // takes nothing
    const functions = Object.keys(entry).filter((name) => !name.endsWith("Error"));
    expect(functions.filter((name) => !names.includes(name))).toEqual(without);
  });
});

test("a solver that was asked for another purpose says for which it is", () => {
  const refused = (): unknown => solver({ method: "gmres" });
  expect(refused).toThrow(/gmres was asked for the purpose "fixed-point" and serves "linear"/);
  expect(() => solver("gmres", "linear")).not.toThrow();
});
