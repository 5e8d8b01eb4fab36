import type { Value } from "../../graph/node.ts";
import { mul, sin, sub } from "../../graph/ops/elementwise.ts";
import { concat, slice } from "../../graph/ops/movement.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import { compile } from "../../runtime/program.ts";
import { integrate } from "../../solvers/ode/integrate.ts";

export interface Counted {
  readonly what: string;
  readonly rtol: number;
  readonly atol: number;
  readonly evaluations: number;
  readonly published: number;
  /** ‖x(T) − x*(T)‖ against a tolerance of 1e-12. */
  readonly error: number;
}

const problems = [
  {
    what: "lecture, hanging, x₀ = [0.5, 0], 3 s",
    stiffness: 9.81,
    damping: 0.9,
    x0: [0.5, 0],
    end: 3,
    published: [92, 296, 446],
  },
  {
    what: "l = 0.5, β = 1.5, x₀ = [π/2, 0], 8 s",
    stiffness: 9.81 / 0.5,
    damping: 1.5,
    x0: [Math.PI / 2, 0],
    end: 8,
    published: [290, 986, 1496],
  },
] as const;
const tolerances = [
  [1e-3, 1e-6],
  [1e-6, 1e-8],
  [1e-7, 1e-9],
] as const;

/** Evaluations of the pendulum's equation by dopri5 with the error of each step alone to go by. */
export async function evaluationCounts(): Promise<Counted[]> {
  const found: Counted[] = [];
  for (const { what, stiffness, damping, x0, end, published } of problems) {
    const start = input("x0", "float64", [1, 2]);
    const rate = (_: Value, x: Value) => {
      const [angle, speed] = [slice(x, 1, { end: 1 }), slice(x, 1, { start: 1 })];
      return concat([speed, sub(mul(sin(angle), -stiffness), mul(speed, damping))], 1);
    };
    const run = async (rtol: number, atol: number) => {
      const { y, info } = integrate(rate, start, [0, end], { rtol, atol, beta: 0 });
      const outputs = { y, evaluations: info.evaluations };
      const program = await compile({ x0: start }, outputs, { threads: 1 });
      const results = await program.run({ x0: tensorOf(Float64Array.from(x0), [1, 2]) });
      await program.release();
      const [angle, speed] = Array.from(results.y.data, Number).slice(-2);
      return { angle, speed, evaluations: Number(results.evaluations.data[0]) };
    };
    const exact = await run(1e-12, 1e-12);
    for (const [i, [rtol, atol]] of tolerances.entries()) {
      const { angle, speed, evaluations } = await run(rtol, atol);
      const error = Math.hypot(angle - exact.angle, speed - exact.speed);
      found.push({ what, rtol, atol, evaluations, published: published[i], error });
    }
  }
  return found;
}
