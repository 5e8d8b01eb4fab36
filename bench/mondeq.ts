import { mulberryMatrix } from "../src/data/random.ts";
import type { Value } from "../src/graph/node.ts";
import type { Values } from "../src/graph/ops/control.ts";
import { relu } from "../src/graph/ops/elementwise.ts";
import { affine, gemm } from "../src/graph/ops/linear.ts";
import { filled } from "../src/graph/ops/movement.ts";
import { type Tensor, tensorOf } from "../src/graph/tensor.ts";
import { monotoneDeq, monotoneWeight } from "../src/models/monotone-deq.ts";
import { fixedPoint } from "../src/solvers/fixed-point.ts";
import { picard } from "../src/solvers/picard.ts";
import { proxOf } from "../src/solvers/prox.ts";
import { peacemanRachford, reflectedResolvent } from "../src/solvers/splitting.ts";
import { stepSize } from "../src/solvers/step-size.ts";
import { adam } from "../src/training/optimisers.ts";
import { forwardCase } from "./forward.ts";
import type { Options } from "./measure.ts";
import { draw, trainCase } from "./train.ts";

const [size, inputs, n] = [128, 784, 100];
const settings = [
  { m: 1, tol: 1e-2 },
  { m: 1, tol: 1e-5 },
  { m: 0.1, tol: 1e-5 },
] as const;

/**
 * The peers stop by the change of z over the whole batch and with a step of 1, we by that of u = z + … of
 * each sample and with a step from the weights; our error is no larger than theirs in any case.
 */
const solve = (tol: number) => ({ rtol: tol, atol: 0, maxIterations: 300, testEvery: 6 });

/** Images like scanned digits, normalised: most pixels dark, a bright blob that differs. */
function digits(count: number): Tensor {
  const noise = mulberryMatrix(26, count, 28, 28);
  const centre = mulberryMatrix(27, count, 2).map((u) => u * 5 + 13.5);
  const pixel = (_: unknown, at: number) => {
    const [image, row, column] = [Math.floor(at / 784), Math.floor(at / 28) % 28, at % 28];
    const square = (row - centre[2 * image]) ** 2 + (column - centre[2 * image + 1]) ** 2;
    const bright = Math.exp(-square / 30) + 0.3 * noise[at] * Math.exp(-square / 60);
    return (Math.min(1, Math.max(0, bright)) - 0.1307) / 0.3081;
  };
  return tensorOf(Float32Array.from({ length: count * 784 }, pixel), [count, 784]);
}

const parametersOf = (scale: number) => ({
  U: draw(20, inputs ** -0.5, n, inputs),
  b: draw(21, inputs ** -0.5, n),
  A: draw(22, scale * n ** -0.5, n, n),
  B: draw(23, scale * n ** -0.5, n, n),
  W_o: draw(24, n ** -0.5, 10, n),
  b_o: draw(25, n ** -0.5, 10),
});

/** Monotone equilibrium layer on images by Peaceman–Rachford splitting: torch_mondeq.py. */
export async function mondeqCases(common: Options): Promise<void> {
  const x = digits(size);
  for (const [state, scale] of [
    ["start", 1],
    ["trained", 3],
  ] as const) {
    const parameters = parametersOf(scale);
    for (const { m, tol } of settings) {
      // As Python prints them: m1.0, tol0.01, tol1e-05.
      const tolerance = tol === 1e-5 ? "1e-05" : String(tol);
      const name = `mondeq/${state}/peaceman-rachford/m${m.toFixed(1)}/tol${tolerance}`;
      const options = solve(tol);
      const extra = { m, alpha: "auto", tol, rtol: options.rtol, test_every: options.testEvery };
      const model = monotoneDeq({
        inputs,
        width: n,
        outputs: 10,
        m,
        alpha: "auto",
        forward: options,
        backward: options,
      });
      await forwardCase(
        common,
        `${name}/forward`,
        parameters,
        x,
        (p, features, health) => forward(p, features, m, { method: picard(), options }, health),
        extra,
      );
      await trainCase(
        common,
        `${name}/train`,
        model,
        parameters,
        { x, size, classes: 10 },
        { optimiser: adam(), rate: 1e-6 },
        extra,
      );
    }
  }
}
/** The model's forward pass with z* in the open, for the error. */
function forward(
  { A, B, U, b, W_o, b_o }: Values,
  x: Value,
  m: number,
  solver: Parameters<typeof fixedPoint>[2]["forward"],
  health: Parameters<typeof fixedPoint>[3],
) {
  const W = monotoneWeight(A, B, m);
  const c = affine(x, U, b);
  const alpha = stepSize("peaceman-rachford", W, m);
  const method = peacemanRachford(reflectedResolvent(W, alpha), alpha, proxOf("relu"));
  const solvers = { forward: solver, backward: solver };
  const z = method.read(fixedPoint(method.map(c), [filled(0, c)], solvers, health)[0]);
  const image = relu(gemm(z, W, c, { transB: true }));
  return { result: affine(z, W_o, b_o), z, image, error: "batch" as const };
}
