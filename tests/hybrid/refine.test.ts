import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { ShapeError } from "../../src/errors.ts";
import { fitLift, type Lift, lifted } from "../../src/hybrid/lift.ts";
import {
  accuracyOf,
  denseRelu,
  entering,
  leaving,
  logitsOf,
  type Network,
  networkOf,
} from "../../src/hybrid/network.ts";
import { refineLift } from "../../src/hybrid/refine.ts";
import { startedMlp } from "../../src/hybrid/train.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { adamW } from "../../src/training/optimisers.ts";

const drawn = networkOf(startedMlp([2, 8, 6, 4, 3, 2]).initialise(4));
const random = randomStream(1);
const X = matrix(2000, 2, () => 2 * random.normal());
/** How far the second logit is above the first. */
const leads = ({ data }: Matrix) =>
  Float64Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + 1] - data[2 * i]);
const middle = leads(logitsOf(drawn, X)).sort()[1000];
/** With the second logit lowered so that the classes are equally often. */
const last = drawn.layers[4];
const network: Network = {
  layers: [...drawn.layers.slice(0, 4), { ...last, bias: last.bias.map((b, i) => b - i * middle) }],
};
/** The network's own answers are the labels: what is lost is lost by the replacement. */
const labels = BigInt64Array.from(leads(logitsOf(network, X)), (lead) => BigInt(lead > 0));
const x = entering(network, 1, X);
const lift = fitLift(x, denseRelu(network.layers[1], x), { dictionary: { kind: "affine" } });

const loss = (one: Lift) => {
  const logits = leaving(network, 1, lifted(one, x)).data;
  let sum = 0;
  for (let i = 0; i < 2000; i++) {
    const own = Number(labels[i]);
    sum += Math.log(1 + Math.exp(logits[2 * i + 1 - own] - logits[2 * i + own]));
  }
  return sum / 2000;
};
const refine = (rate: number, epochs: number) => {
  const recipe = { rate, epochs, batch: 200, optimiser: adamW({ weightDecay: 0 }) };
  return refineLift(lift, network, 1, x, labels, recipe, { seed: 1 });
};

describe("refineLift", () => {
  test("starts at the fit", async () => {
    const same = await refine(1e-12, 1);
    expect(same.operator.data).toBeAllClose(lift.operator.data, { rtol: 1e-6, atol: 1e-7 });
  });

  test("lowers the loss of the hybrid, and leaves the lift's observables alone", async () => {
    const refined = await refine(0.01, 40);
    expect(loss(refined)).toBeLessThan(0.8 * loss(lift));
    const accuracy = (one: Lift) => accuracyOf(leaving(network, 1, lifted(one, x)), labels);
    expect(accuracy(refined)).toBeGreaterThan(accuracy(lift));
    expect({ ...refined, operator: null }).toEqual({ ...lift, operator: null });
  });

  test("refuses another layer, and labels of other rows", async () => {
    const recipe = { rate: 0.01, epochs: 1, batch: 10, optimiser: adamW() };
    const other = refineLift(lift, network, 2, x, labels, recipe, { seed: 1 });
    await expect(other).rejects.toThrow(ShapeError);
    const few = refineLift(lift, network, 1, x, labels.slice(1), recipe, { seed: 1 });
    await expect(few).rejects.toThrow("1999 labels of 2000 rows");
  });
});
