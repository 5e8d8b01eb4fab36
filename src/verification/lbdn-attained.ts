import { UsageError } from "../errors.ts";
import { add, div } from "../graph/ops/elementwise.ts";
import { reduceMax } from "../graph/ops/reduction.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../graph/tensor.ts";
import { input, tensor } from "../graph/value.ts";
import { lbdn, type MonotoneActivation } from "../models/lbdn.ts";
import { solverHealth } from "../solvers/fixed-point.ts";
import type { AttainedGain } from "./attained.ts";
import { stretch } from "./gain-search.ts";
import { gainShape } from "./lbdn.ts";

/**
 * The largest gain found of a Lipschitz-bounded network, outputs per unit of raw input in the 2-norm: a
 * lower bound of the Lipschitz constant to stand beside `GainCertificate.bound`. Pairs of inputs, far apart
 * and near, are pulled to where the network stretches them most. In float64, from the tensors of the file.
 *
 * @param normal  draws from N(0, 1), for where the search starts
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function attainedLbdnGain(
  tensors: Readonly<Record<string, Tensor>>,
  activation: MonotoneActivation,
  normal: () => number,
  { pairs = 32, steps = 100 } = {},
): AttainedGain {
  if (!(Number.isInteger(pairs) && pairs >= 1))
    throw new UsageError(`attainedLbdnGain: ${pairs} pairs of inputs`);
  const { inputs: d, hidden, outputs, inputScale } = gainShape(tensors);
  // The bound that it was made for is in its weights.
  const model = lbdn({ inputs: d, outputs, hidden, activation, gamma: 1 });
  const weights = Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, constantOf(castTensor(t, "float64"))]),
  );
  // The mean of the inputs only moves them.
  const scale = inputScale ?? new Float64Array(d).fill(1);
  const x = input("x", "float64", ["N", d]);
  const y = input("y", "float64", ["N", d]);
  const found = stretch(
    (rows) => model.apply(weights, div(rows, tensor(scale, [d])), solverHealth()),
    x,
    add(x, y),
    { steps },
  );
  const draw = (size: (pair: number) => number) =>
    tensorOf(
      Float64Array.from(
        { length: pairs * d },
        (_, k) => scale[k % d] * normal() * size(Math.floor(k / d)),
      ),
      [pairs, d],
    );
  return {
    inputs: { x, y },
    outputs: { gain: reduceMax(found.gain) },
    feeds: { x: draw(() => 1), y: draw((pair) => (pair % 2 === 0 ? 1 : 0.1)) },
  };
}
