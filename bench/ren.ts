import type { Values } from "../src/graph/ops/control.ts";
import { mul } from "../src/graph/ops/elementwise.ts";
import { transpose } from "../src/graph/ops/movement.ts";
import { scalarOf, tensorOf, zerosOf } from "../src/graph/tensor.ts";
import { constant, input } from "../src/graph/value.ts";
import type { Parameters } from "../src/models/model.ts";
import { acyclicTrajectory } from "../src/models/ren/recurrence.ts";
import type { SequenceModel } from "../src/models/sequence.ts";
import { compile } from "../src/runtime/program.ts";
import { flatten, layoutOf } from "../src/training/flat.ts";
import { sgd } from "../src/training/optimisers.ts";
import { sequenceStepGraph } from "../src/training/sequence-step.ts";
import { type Options, report } from "./measure.ts";
import { draw } from "./train.ts";

const [n, q, m, p, T, N] = [64, 32, 2, 2, 500, 64];

const parameters: Parameters = {
  A: draw(30, 0.6 * (3 / n) ** 0.5, n, n),
  B1: draw(31, 0.3 * (3 / q) ** 0.5, n, q),
  B2: draw(32, 0.5, n, m),
  C1: draw(33, 0.5 * (3 / n) ** 0.5, q, n),
  D11: draw(34, (3 / q) ** 0.5, q, q),
  D12: draw(35, 0.5, q, m),
  C2: draw(36, (3 / n) ** 0.5, p, n),
  D21: draw(37, (3 / q) ** 0.5, p, q),
  D22: draw(38, 0.5, p, m),
};

/** The explicit matrices as they are, without biases, as the peer has them. */
const model: SequenceModel = {
  kind: "ren",
  inputs: m,
  outputs: p,
  states: n,
  initialise: () => parameters,
  explicit: (given) => {
    const lower = Array.from({ length: q * q }, (_, k) => +(k % q < Math.floor(k / q)));
    const none = (size: number) => constant(Array<number>(size).fill(0), "float32");
    return {
      ...given,
      D11: mul(given.D11, constant(lower, "float32", [q, q])),
      b_x: none(n),
      b_v: none(q),
      b_y: none(p),
    };
  },
  simulate: (explicit, u, x0) => {
    const columns = transpose(u, [1, 2, 0]);
    const { y, last } = acyclicTrajectory(explicit, columns, transpose(x0, [1, 0]), "tanh");
    return { y: transpose(y, [2, 0, 1]), x: transpose(last, [1, 0]) };
  },
  step: () => {
    throw new Error("not measured");
  },
};

/** Recurrent equilibrium network of 64 states and 32 neurons over 500 steps: torch_ren.py. */
export async function renCases(options: Options): Promise<void> {
  // The peer's have the time first, ours the sequences.
  const swapped = (seed: number, width: number) => {
    const { data } = draw(seed, 1, T, N, width);
    const at = (k: number) => {
      const [sequence, rest] = [Math.floor(k / (T * width)), k % (T * width)];
      return Number(data[(Math.floor(rest / width) * N + sequence) * width + (rest % width)]);
    };
    return tensorOf(
      Float32Array.from({ length: data.length }, (_, k) => at(k)),
      [N, T, width],
    );
  };
  const [u, y] = [swapped(40, m), swapped(41, p)];
  // More threads are slower: no product of a step is large enough to share.
  const threads = options.threads ?? 1;
  const extra = { threads, states: n, neurons: q, steps: T, batch: N };

  if ("ren/blocks/forward".includes(options.only)) {
    const values: Values = Object.fromEntries(
      Object.entries(parameters).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
    );
    const [us, x0] = [input("u", "float32", [N, T, m]), input("x0", "float32", [N, n])];
    const found = model.simulate(model.explicit(values), us, x0);
    const program = await compile({ ...values, u: us, x0 }, { y: found.y }, { threads });
    const feeds = { ...parameters, u, x0: zerosOf("float32", [N, n]) };
    await report(options, "ren/blocks/forward", () => program.run(feeds), extra);
    await program.release();
  }
  if ("ren/blocks/train".includes(options.only)) {
    const steps = 4;
    const layout = layoutOf(parameters);
    const graph = sequenceStepGraph(model, layout, sgd(), T);
    const program = await compile(graph.inputs, graph.outputs, { threads });
    const rows = Array.from({ length: steps * N }, (_, k) => BigInt(k % N));
    const feeds = {
      theta: tensorOf(flatten(layout, parameters), [layout.size]),
      u,
      y,
      order: tensorOf(BigInt64Array.from(rows), [steps, N]),
      coefficients: tensorOf(new Float32Array(steps).fill(-1e-6), [steps, 1]),
      steps: scalarOf(steps, "int64"),
    };
    await report(options, "ren/blocks/train", () => program.run(feeds), extra, steps);
    await program.release();
  }
}
