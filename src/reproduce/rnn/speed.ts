import { randomStream } from "../../data/random.ts";
import { randomState } from "../../eigenfunctions/checks.ts";
import { advance } from "../../eigenfunctions/dynamics.ts";
import { type Graph, reducedGraph } from "../../eigenfunctions/graphs.ts";
import { type RecurrentNetwork, recurrentNetwork } from "../../eigenfunctions/network.ts";
import { project, reduce, reducedField } from "../../eigenfunctions/reduction.ts";
import { norm, plus } from "../../eigenfunctions/vectors.ts";
import { loop } from "../../graph/ops/control.ts";
import { add, mul, sub } from "../../graph/ops/elementwise.ts";
import { matmul } from "../../graph/ops/linear.ts";
import { scalarOf, tensorOf } from "../../graph/tensor.ts";
import { input, tensor } from "../../graph/value.ts";
import { transpose } from "../../linalg/matrix.ts";
import { product, providerInUse } from "../../linalg/provider.ts";
import { compile } from "../../runtime/program.ts";
import { gaussian } from "./population.ts";

/** Times of one right-hand side and of whole runs, in ms. */
export interface Speed {
  readonly N: number;
  readonly r: number;
  readonly fewer: number; // multiplications, whole over reduced
  readonly plain: { readonly full: number; readonly reduced: number }; // one right-hand side
  readonly onnx: { readonly full: number; readonly reduced: number; readonly steps: number }; // a run
  /** Between the ends of both runs, relative. */
  readonly gap: number;
}

/** The whole network as a graph with the same integrator as the reduced one. */
function fullGraph({ W, theta, activation }: RecurrentNetwork): Graph {
  const N = W.rows;
  const x0 = input("x0", "float64", ["S", N]);
  const dt = input("dt", "float64", []);
  const steps = input("steps", "int64", []);
  const weights = tensor(transpose(W).data, [N, N], "W");
  const shift = tensor(theta, [1, N], "theta");
  const { state } = loop({ times: steps }, { x: x0 }, ({ x }) => {
    const rate = (at: typeof x) => add(sub(matmul(activation.graph(at), weights), at), shift);
    const k1 = rate(x);
    const k2 = rate(add(x, mul(k1, mul(dt, 0.5))));
    const k3 = rate(add(x, mul(k2, mul(dt, 0.5))));
    const k4 = rate(add(x, mul(k3, dt)));
    const sum = add(add(k1, k4), mul(add(k2, k3), 2));
    return { state: { x: add(x, mul(sum, mul(dt, 1 / 6))) } };
  });
  return { inputs: { x0, dt, steps }, outputs: { v: state.x } };
}

/** Measures N = 2,000, r = 10; N = 400 where no LAPACK is, which would take minutes. */
export async function measureSpeed(seed: number, most = 2000): Promise<Speed> {
  const N = providerInUse().name === "lapack" ? most : Math.min(most, 400);
  const r = 10;
  const draw = randomStream(seed, "speed");
  const W = product(gaussian(draw, N, r, 2), transpose(gaussian(draw, N, r)));
  const network = recurrentNetwork(W, { theta: randomState(draw, N, 0.3) });
  const reduction = reduce(network)!;
  const x0 = randomState(draw, N, 1);
  const { y, w } = project(reduction, x0);
  const field = reducedField(reduction, w);
  const steps = 20;
  const feeds = {
    x0: tensorOf(x0, [1, N]),
    dt: scalarOf(0.02, "float64"),
    steps: tensorOf(BigInt64Array.of(BigInt(steps)), []),
  };
  const run = async (graph: Graph) => {
    const program = await compile(graph.inputs, graph.outputs);
    try {
      await program.run(feeds); // the first run has to warm up
      let least = Infinity;
      let end = new Float64Array();
      for (let k = 0; k < 3; k++) {
        const began = performance.now();
        const { v } = await program.run(feeds);
        least = Math.min(least, performance.now() - began);
        end = v.data as Float64Array<ArrayBuffer>;
      }
      return { least, end };
    } finally {
      await program.release();
    }
  };
  const [full, reduced] = [await run(fullGraph(network)), await run(reducedGraph(reduction))];
  return {
    N,
    r,
    fewer: reduction.cost.full / reduction.cost.reduced,
    plain: { full: timed(() => advance(network, x0), 10), reduced: timed(() => field(0, y), 500) },
    onnx: { full: full.least, reduced: reduced.least, steps },
    gap: norm(plus(full.end, -1, reduced.end)) / norm(full.end),
  };
}

/** The least of three means, in ms: what else the machine does can only add. */
function timed(work: () => unknown, times: number): number {
  const means = [0, 0, 0].map(() => {
    const began = performance.now();
    for (let k = 0; k < times; k++) work();
    return (performance.now() - began) / times;
  });
  return Math.min(...means);
}
