import { describe, expect, test } from "vitest";
import { experimentOf } from "../../../src/config/experiment.ts";
import { parseConfig } from "../../../src/config/load.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { randomStream } from "../../../src/data/random.ts";
import { UsageError } from "../../../src/errors.ts";
import { cnn } from "../../../src/models/cnn.ts";
import { mlp } from "../../../src/models/mlp.ts";
import type { Model } from "../../../src/models/model.ts";
import { monotoneDeq } from "../../../src/models/monotone-deq.ts";
import { deploy, explicitTensors } from "../../../src/training/deploy.ts";
import { fit } from "../../../src/training/fit.ts";
import type { FitOptions } from "../../../src/training/fit-options.ts";
import { fullBatch } from "../../../src/training/full-batch.ts";
import { adam, sgd } from "../../../src/training/optimisers.ts";
import { constantRate } from "../../../src/training/schedules.ts";
import { withHeads, withoutHeads } from "../../../src/training/sobolev/heads.ts";
import { sobolevLoss } from "../../../src/training/sobolev/loss.ts";
import { parametersOf } from "../../../src/training/state.ts";

const random = randomStream(2, "signal");
const count = 60;
const features = Float32Array.from({ length: count }, (_, i) => -1 + (2 * i) / count);
const values = features.map((x) => Math.sin(Math.PI * x) + 0.3 * random.normal());
const data: Dataset = {
  name: "signal",
  features,
  count,
  width: 1,
  targets: { kind: "values", values, width: 1 },
};
const net = mlp([1, 10, 10, 1], { activation: "tanh" });
const headed = withHeads(net);
const common = {
  seed: 3,
  optimiser: adam(),
  schedule: constantRate(1e-2),
  compile: { threads: 1 },
};

async function trained(
  batch: number,
  epochs: number,
  { model = headed, loss = both, ...options }: Partial<FitOptions> & { model?: Model } = {},
) {
  const split = { train: data, test: data };
  let last: number | undefined;
  for await (const event of fit(model, split, { ...common, ...options, batch, epochs, loss })) {
    if (event.type === "epoch") last = event.test.loss;
    if (event.type === "end")
      return { status: event.status, test: last!, parameters: parametersOf(model, event.state) };
  }
  throw new Error("no end");
}
const both = sobolevLoss(data, { kind: "sobolev-1+2", layers: 2 });

describe("heads", () => {
  test("stand on each hidden layer and leave the model as it was", () => {
    const parameters = headed.initialise(5);
    expect(withoutHeads(parameters)).toEqual(net.initialise(5));
    expect(Object.keys(parameters).filter((name) => name.startsWith("head"))).toEqual([
      "head.0.weight",
      "head.0.bias",
      "head.1.weight",
      "head.1.bias",
    ]);
  });

  test("are trained, and are not exported", async () => {
    const { parameters } = await trained(count, 3);
    const start = headed.initialise(3);
    expect(parameters["head.1.weight"].data).not.toEqual(start["head.1.weight"].data);
    const tensors = await explicitTensors(headed, parameters, null);
    expect(Object.keys(tensors)).toEqual(Object.keys(net.initialise(3)));
    const file = deploy(headed, tensors, { task: "values", doc: "", metadata: {} });
    expect(Buffer.from(file).includes("head.")).toBe(false);
  });

  test("stand on the state of an equilibrium network; not on what cannot be read", () => {
    const equilibrium = withHeads(monotoneDeq({ inputs: 1, width: 6, outputs: 2 }));
    expect(equilibrium.initialise(0)["head.0.weight"].shape).toEqual([2, 6]);
    expect(() =>
      withHeads(cnn({ image: [1, 28, 28], channels: [2], hidden: [], outputs: 10 })),
    ).toThrow(UsageError);
    expect(() => withHeads(mlp([1, 1]))).toThrow("has no hidden layer");
  });
});

test("one epoch of `fit` on all rows is one step of `fullBatch`, each row in any order", async () => {
  // Not by Adam, which makes a step of a gradient that is only rounding.
  const optimiser = sgd({ momentum: 0.5 });
  const fitted = await trained(count, 12, { optimiser });
  let last: Readonly<Record<string, { data: ArrayLike<unknown> }>> = {};
  const options = { ...common, optimiser, steps: 12, every: 4, loss: both };
  for await (const { parameters, losses } of fullBatch(headed, data, options)) {
    expect(losses).toHaveLength(4);
    last = parameters;
  }
  for (const [name, { data }] of Object.entries(fitted.parameters))
    expect(last[name].data as Float32Array).toBeAllClose(data as Float32Array, {
      rtol: 1e-5,
      atol: 1e-6,
    });
});

test("an equilibrium network trains with heads on its state", async () => {
  const model = withHeads(monotoneDeq({ inputs: 1, width: 6, outputs: 1 }));
  const loss = sobolevLoss(data, { kind: "sobolev-1", layers: 1 });
  const before = values.reduce((sum, y) => sum + y * y, 0) / count;
  const { status, test } = await trained(20, 30, { model, loss });
  expect(status).toBe("completed");
  expect(test).toBeLessThan(before / 2);
});

test.each(["sobolev-1", "sobolev-2", "sobolev-1+2"] as const)(
  "%s fits a signal in mini-batches",
  async (kind) => {
    const loss = sobolevLoss(data, {
      kind,
      layers: 2,
      ...(kind !== "sobolev-1" && { outputShells: 4 }),
    });
    const { status, test } = await trained(20, 60, {
      model: kind === "sobolev-2" ? net : headed,
      loss,
    });
    expect(status).toBe("completed");
    expect(test).toBeLessThan(0.25); // of a variance of 0.59; the noise has 0.09
  },
);

test("a batch of one row, another data set and jumps are refused", async () => {
  const split = { train: data, test: data };
  const once = async (options: object) => {
    const all = { ...common, batch: 20, epochs: 1, loss: both, ...options };
    for await (const _ of fit(headed, split, all));
  };
  await expect(once({ batch: 59 })).rejects.toThrow("one is of 1");
  await expect(once({ accelerate: {} })).rejects.toThrow("accelerate");
  const other = sobolevLoss(
    { ...data, count: 30, features: features.slice(0, 30) },
    {
      kind: "sobolev-2",
      outputShells: 1,
    },
  );
  await expect(once({ loss: other })).rejects.toThrow("is of 30 rows, the training set of 60");
  const bare = async () => {
    for await (const _ of fit(net, split, { ...common, batch: 20, epochs: 1, loss: both }));
  };
  await expect(bare()).rejects.toThrow("0 heads where the loss is of 2 hidden layers");
});

describe("in a configuration", () => {
  const yaml = (loss: string, model = "{ kind: mlp, widths: [8, 8] }", data = "cubic-sine") =>
    `version: 1\ndata: ${data}\nmodel: ${model}\ntrain: { loss: ${loss} }\n`;

  test("a kind alone stands for the loss with its defaults", async () => {
    const { config } = parseConfig(yaml("sobolev-1+2"), "x");
    expect(config.train.loss).toEqual({
      kind: "sobolev-1+2",
      shells: "linear",
      exponent: -0.5,
      transform: "auto",
      cumulative: false,
    });
    const { options, model } = await experimentOf(config);
    expect(options.loss?.kind).toBe("sobolev-1+2");
    expect(Object.keys(model.initialise(0))).toContain("head.1.weight");
  });

  test.each([
    [yaml("sobolev"), "did you mean"],
    [yaml("{ kind: sobolev-1, outputShells: 2 }"), 'unknown key "outputShells"'],
    [`${yaml("sobolev-2")}accelerate: koopman\n`, "not together"],
  ])("%j is refused when read", (text, message) => {
    expect(() => parseConfig(text, "x")).toThrow();
    try {
      parseConfig(text, "x");
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).toContain(message);
    }
  });

  test.each([
    [yaml("sobolev-2", "{ kind: mlp }", "{ kind: two-moons, count: 50 }"), "has classes"],
    [yaml("sobolev-2", "{ kind: mlp, widths: [] }"), "neither outputShells nor"],
  ])("%j is refused with its data", async (text, message) => {
    const { config } = parseConfig(text, "x");
    await expect(experimentOf(config)).rejects.toThrow(message);
  });
});
