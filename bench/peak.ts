/** One measurement of peak memory in a process of its own: `peak.js implicit|unrolled ITERATIONS`. */
import { readFileSync } from "node:fs";
import type { Value } from "../src/graph/node.ts";
import { scan, type Values } from "../src/graph/ops/control.ts";
import { affine } from "../src/graph/ops/linear.ts";
import { filled } from "../src/graph/ops/movement.ts";
import { constant } from "../src/graph/value.ts";
import type { Model } from "../src/models/model.ts";
import { picard } from "../src/solvers/picard.ts";
import { sgd } from "../src/training/optimisers.ts";
import { map, parametersOf, tanhDeq } from "./deq.ts";
import { draw, training } from "./train.ts";

const [size, n, steps] = [128, 512, 4];

/** All iterations are taken: nothing meets a tolerance of zero. */
const implicit = (iterations: number): Model => {
  const options = { rtol: 0, atol: 0, maxIterations: iterations, testEvery: 10 };
  return tanhDeq(n, { method: picard(), options });
};

/** The same model, differentiated through every step instead. */
const unrolled = (iterations: number): Model => ({
  ...implicit(iterations),
  apply: (p: Values, x: Value) => {
    const f = map(p, x);
    const rows = { row: constant(Array<number>(iterations).fill(0), "float32", [iterations]) };
    const { state } = scan({ z: filled(0, x) }, rows, ({ z }) => ({
      state: { z: f(z)[0] },
      outputs: {},
    }));
    return affine(state.z, p.W_o, p.b_o);
  },
});

/** The most memory this process has held, in MiB. */
function peak(): number {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

const [kind, iterations] = [process.argv[2], Number(process.argv[3])];
const model = (kind === "implicit" ? implicit : unrolled)(iterations);
const batch = { x: draw(6, 1, size, n), size, classes: 10 };
const rule = { optimiser: sgd(), rate: 1e-4 };
const { program, feeds } = await training(model, parametersOf(n), batch, rule, 1);
const { loss } = await program.run(feeds(steps), steps);
await program.release();
process.stdout.write(JSON.stringify({ mib: peak(), loss: loss.data[steps - 1] }));
