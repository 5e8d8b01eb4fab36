import type { Value } from "../src/graph/node.ts";
import type { Values } from "../src/graph/ops/control.ts";
import { tanh } from "../src/graph/ops/elementwise.ts";
import { affine, gemm } from "../src/graph/ops/linear.ts";
import { filled } from "../src/graph/ops/movement.ts";
import type { Model, Parameters } from "../src/models/model.ts";
import { anderson } from "../src/solvers/anderson.ts";
import { broyden } from "../src/solvers/broyden.ts";
import { fixedPoint, type IteratedSolver, type SolverHealth } from "../src/solvers/fixed-point.ts";
import { picard } from "../src/solvers/picard.ts";
import { sgd } from "../src/training/optimisers.ts";
import { forwardCase } from "./forward.ts";
import type { Options } from "./measure.ts";
import { draw, trainCase } from "./train.ts";

const sizes = [
  [1, 10],
  [32, 32],
  [64, 64],
  [128, 128],
  [128, 256],
  [128, 512],
] as const;

const gain = 0.9;

/** For all sizes: a test costs ten plain steps at 1 × 10 and a tenth of one at 128 × 512. */
const testEvery = 4;
const options = { rtol: 1e-4, atol: 0, maxIterations: 100, testEvery };

/** By the peer's names of its solvers. A step of Anderson's has three evaluations, with one mixing. */
const solvers: Readonly<Record<string, IteratedSolver>> = {
  "fixed-point": { method: picard(), options },
  anderson: { method: anderson({ window: 4, period: 3 }), options: { ...options, testEvery: 1 } },
  broyden: { method: broyden({ window: 4 }), options: { ...options, testEvery: 3 } },
};

export const map =
  ({ W, U, b }: Values, x: Value) =>
  (z: Value) => [tanh(gemm(z, W, affine(x, U, b), { transB: true }))];

const equilibrium = (p: Values, x: Value, solver: IteratedSolver, health: SolverHealth) =>
  fixedPoint(map(p, x), [filled(0, x)], { forward: solver, backward: solver }, health)[0];

/** z* = tanh(W z* + U x + b), y = W_o z* + b_o. */
export const tanhDeq = (n: number, solver: IteratedSolver): Model => ({
  kind: "tanh-deq",
  inputs: n,
  outputs: 10,
  initialise: () => parametersOf(n),
  explicit: (parameters) => parameters,
  apply: (p, x, health) => affine(equilibrium(p, x, solver, health), p.W_o, p.b_o),
});

export const parametersOf = (n: number): Parameters => ({
  W: draw(1, gain * (3 / n) ** 0.5, n, n),
  U: draw(2, (3 / n) ** 0.5, n, n),
  b: draw(3, 0.1, n),
  W_o: draw(4, (1 / n) ** 0.5, 10, n),
  b_o: draw(5, 0.1, 10),
});

/** A tanh layer, solved and with the implicit derivative, by each method: torch_deq.py. */
export async function deqCases(common: Options): Promise<void> {
  for (const [size, n] of sizes) {
    for (const [name, solver] of Object.entries(solvers)) {
      const parameters = parametersOf(n);
      const { W, U, b } = parameters;
      const x = draw(6, 1, size, n);
      const { evaluations = 1 } = solver.method;
      const test_every = evaluations * (solver.options?.testEvery ?? 1);
      const extra = { tol: options.rtol, gain, test_every };
      await forwardCase(
        common,
        `deq/${name}/forward/${size}x${n}`,
        { W, U, b },
        x,
        (p, features, health) => {
          const z = equilibrium(p, features, solver, health);
          return { result: z, z, image: map(p, features)(z)[0], error: "sample" };
        },
        extra,
      );
      await trainCase(
        common,
        `deq/${name}/train-implicit/${size}x${n}`,
        tanhDeq(n, solver),
        parameters,
        { x, size, classes: 10 },
        { optimiser: sgd(), rate: 1e-4 },
        extra,
      );
    }
  }
}
