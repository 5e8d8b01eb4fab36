import { expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { add, mul, square, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { fixedPoint, solverHealth } from "../../src/solvers/fixed-point.ts";
import { solver, solverNames } from "../../src/solvers/registry.ts";

const n = 4;
const exact = { rtol: 1e-13, atol: 1e-15, maxIterations: 500 };
const inputs = {
  W: input("W", "float64", [n, n]),
  x: input("x", "float64", ["N", n]),
  v: input("v", "float64", [n, n]),
};
const weights = mulberryMatrix(1, n, n).map((w) => 0.4 * w);
const direction = mulberryMatrix(2, n, n);
const x = tensorOf(mulberryMatrix(3, 2, n), [2, n]);
const matrix = (numbers: Float64Array) => tensorOf(numbers, [n, n]);

const backwards = solverNames("linear").filter((name) => name !== "jfb" && name !== "phantom");

test("every backward solver serves the derivative of the derivative", async () => {
  const outputs = backwards.map((method): Values => {
    const health = solverHealth();
    const [z] = fixedPoint(
      (state) => [tanh(add(affine(state, inputs.W), inputs.x))],
      [filled(0, inputs.x)],
      {
        forward: solver({ method: "newton", ...exact }),
        backward: solver({ method, ...exact }, "linear"),
      },
      health,
    );
    const { W: slope } = gradient(mul(reduceSum(square(z)), 0.5), { W: inputs.W });
    const { W: product } = gradient(reduceSum(mul(slope, inputs.v)), { W: inputs.W });
    // Of the cotangent of z, and of those of z and of that cotangent.
    expect(health.backward.length).toBeGreaterThanOrEqual(2);
    const statuses = health.backward.map(({ status }, i) => [`status ${i} of ${method}`, status]);
    return {
      [`slope of ${method}`]: slope,
      [`product of ${method}`]: product,
      ...Object.fromEntries(statuses),
    };
  });
  const program = await compile(inputs, Object.assign({}, ...outputs) as Values);
  const at = (step: number) =>
    program.run({
      W: matrix(weights.map((w, i) => w + step * direction[i])),
      x,
      v: matrix(direction),
    });
  const [found, up, down] = [await at(0), await at(1e-5), await at(-1e-5)];
  await program.release();
  for (const [name, { data }] of Object.entries(found)) {
    if (name.startsWith("status")) expect([...data], name).toEqual([1n, 1n]);
  }
  for (const method of backwards) {
    const name = `slope of ${method}`;
    const differences = Float64Array.from(
      up[name].data as Float64Array,
      (slope, i) => (slope - Number(down[name].data[i])) / 2e-5,
    );
    const close = { rtol: 1e-6, atol: 1e-8 };
    expect(found[`product of ${method}`].data, method).toBeAllClose(differences, close);
  }
});
