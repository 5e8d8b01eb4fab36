import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { cast, exp, greater, neg, square, sub, where } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { concat, filled } from "../graph/ops/movement.ts";
import { reduceMax } from "../graph/ops/reduction.ts";
import { type Tensor, tensorOf } from "../graph/tensor.ts";
import { input, tensor } from "../graph/value.ts";
import { fixedPoint, solverHealth } from "../solvers/fixed-point.ts";
import { picard } from "../solvers/picard.ts";
import { type ProxKind, proxOf } from "../solvers/prox.ts";
import { peacemanRachford, reflectedResolvent } from "../solvers/splitting.ts";
import type { Iteration } from "./certificate.ts";
import { localGain, stretch } from "./gain-search.ts";
import { weightsOf } from "./weights.ts";

/** A graph to compile, run with `feeds` and read `gain` from. */
export interface AttainedGain {
  readonly inputs: { readonly x: Value; readonly y: Value };
  readonly outputs: { readonly gain: Value };
  readonly feeds: { readonly x: Tensor; readonly y: Tensor };
}

/**
 * The largest gain found of a monotone equilibrium network, logits per unit of raw input in the
 * 2-norm: a lower bound of the Lipschitz constant to stand beside the certificate's upper one. Pairs
 * of inputs are pulled to where the network stretches them most; the gain is the largest ‖Jacobian‖₂
 * at their ends. In float64, from the tensors of the file.
 *
 * @param normal  draws from N(0, 1), for where the search starts
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function attainedGain(
  tensors: Readonly<Record<string, Tensor>>,
  { activation, splitting, alpha }: Iteration,
  normal: () => number,
  { pairs = 16, steps = 40 } = {},
): AttainedGain {
  if (!(Number.isInteger(pairs) && pairs >= 1)) {
    throw new UsageError(`attainedGain: ${pairs} pairs of inputs`);
  }
  const { W, U, W_o, inputScale } = weightsOf(tensors, splitting);
  const [n, d] = [U.rows, U.cols];
  // The mean of the inputs only moves them.
  const scale = inputScale ?? new Float64Array(d).fill(1);
  const weights = {
    W: tensor(W.data, [n, n]),
    U: tensor(
      U.data.map((u, k) => u / scale[k % d]),
      [n, d],
    ),
    W_o: tensor(W_o.data, [W_o.rows, n]),
  };
  const b = tensors.b ? tensor(Float64Array.from(tensors.b.data, Number), [n]) : null;
  const prox = proxOf(activation);
  const method = peacemanRachford(reflectedResolvent(weights.W, alpha), alpha, prox);
  const solver = (rtol: number) => ({ method: picard(), options: { rtol, maxIterations: 2000 } });
  const solvers = { forward: solver(1e-11), backward: solver(1e-6) };
  const z = (rows: Value) => {
    const c = affine(rows, weights.U, b);
    return method.read(fixedPoint(method.map(c), [filled(0, c)], solvers, solverHealth())[0]);
  };
  const x = input("x", "float64", ["N", d]);
  const y = input("y", "float64", ["N", d]);
  const found = stretch((rows) => affine(z(rows), weights.W_o), x, y, { steps });
  const ends = concat([x, found.x, found.y], 0);
  const draw = () =>
    tensorOf(
      Float64Array.from({ length: pairs * d }, (_, k) => scale[k % d] * normal()),
      [pairs, d],
    );
  return {
    inputs: { x, y },
    outputs: { gain: reduceMax(localGain(weights, slopesOf[activation](z(ends)))) },
    feeds: { x: draw(), y: draw() },
  };
}

/** σ′ at an equilibrium, from z = σ(t) alone. */
const slopesOf: Readonly<Record<ProxKind, (z: Value) => Value>> = {
  relu: (z) => cast(greater(z, 0), z.dtype),
  "leaky-relu": (z) => where(greater(z, 0), filled(1, z), 0.01),
  tanh: (z) => sub(1, square(z)),
  sigmoid: (z) => sub(z, square(z)),
  softplus: (z) => sub(1, exp(neg(z))),
};
