import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { relu } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { tensor } from "../graph/value.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import { type Lift, observablesOf } from "./lift.ts";
import type { Network } from "./network.ts";
import { type Recipe, trained } from "./train.ts";

/**
 * The operator of a lift trained further by gradient descent on the cross-entropy of the whole hybrid: the
 * least-squares fit weighs every entry of the layer's output alike, the task does not. The rest of the network
 * stays as it is. Whether it helped is to be measured on samples that were used for neither.
 *
 * @param layer  the one that the lift replaces, from 0
 * @param X  what enters it [samples × inputs]
 * @param labels  of the samples
 * @throws ShapeError  where the lift is not of that layer, or there are not as many labels as rows
 */
export async function refineLift(
  lift: Lift,
  network: Network,
  layer: number,
  X: Matrix,
  labels: BigInt64Array,
  recipe: Recipe,
  { seed }: { readonly seed: number },
): Promise<Lift> {
  const { rows, cols } = network.layers[layer]?.weights ?? { rows: 0, cols: 0 };
  if (rows !== lift.outputs || cols !== lift.inputs)
    throw new ShapeError(
      `a lift of ${lift.inputs} × ${lift.outputs} in place of layer ${layer} of ${cols} × ${rows}`,
    );
  if (labels.length !== X.rows) throw new ShapeError(`${labels.length} labels of ${X.rows} rows`);
  const observables = observablesOf(lift, X);
  const model = operatorModel(lift, network, layer, observables.cols);
  const data = {
    name: "observables",
    features: Float32Array.from(observables.data),
    count: X.rows,
    width: observables.cols,
    targets: { kind: "classes", labels, classes: model.outputs },
  } as const;
  const { parameters } = await trained(model, data, recipe, { seed });
  const [weights, shift] = [parameters.weight.data, parameters.bias.data];
  const operator = matrix(lift.outputs, observables.cols + 1, (i, j) =>
    Number(j === 0 ? shift[i] : weights[i * observables.cols + j - 1]),
  );
  return { ...lift, operator };
}

/** K as the trained parameters, the layers behind it as constants. */
function operatorModel(lift: Lift, network: Network, layer: number, width: number): Model {
  const { operator, outputs } = lift;
  const behind = network.layers.slice(layer + 1).map(({ weights, bias }) => ({
    W: tensor(Float32Array.from(weights.data), [weights.rows, weights.cols]),
    b: tensor(Float32Array.from(bias), [bias.length]),
  }));
  const classes = network.layers[network.layers.length - 1].weights.rows;
  const entries = (keep: (j: number) => boolean) =>
    Float32Array.from(operator.data.filter((_, k) => keep(k % operator.cols)));
  return {
    kind: "operator",
    inputs: width,
    outputs: classes,
    initialise: () => ({
      weight: { dtype: "float32", shape: [outputs, width], data: entries((j) => j > 0) },
      bias: { dtype: "float32", shape: [outputs], data: entries((j) => j === 0) },
    }),
    explicit: (parameters) => parameters,
    apply: (p, x) => {
      let h: Value = affine(x, p.weight, p.bias);
      behind.forEach(({ W, b }, i) => {
        h = affine(h, W, b);
        if (i < behind.length - 1) h = relu(h);
      });
      return h;
    },
  };
}
