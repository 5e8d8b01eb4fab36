import { describe, expect, test } from "vitest";
import { mulberryMatrix, randomStream } from "../../src/data/random.ts";
import { randomState } from "../../src/eigenfunctions/checks.ts";
import { advance, rungeKutta, simulate } from "../../src/eigenfunctions/dynamics.ts";
import { eigenfunctionsOf, phiOf } from "../../src/eigenfunctions/eigenfunctions.ts";
import {
  eigenfunctionGraph,
  encodeGraph,
  type Graph,
  reducedGraph,
} from "../../src/eigenfunctions/graphs.ts";
import { type NetworkOptions, recurrentNetwork } from "../../src/eigenfunctions/network.ts";
import { simulateReduced } from "../../src/eigenfunctions/reduced-run.ts";
import { reduce } from "../../src/eigenfunctions/reduction.ts";
import { plus, times } from "../../src/eigenfunctions/vectors.ts";
import { scalarOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { matrixOf, multiply, scale } from "../../src/linalg/matrix.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";

const N = 9;
const random = (seed: number, rows: number, cols: number) =>
  matrixOf(rows, cols, mulberryMatrix(seed, rows, cols));
const W = scale(multiply(random(1, N, 3), random(2, 3, N)), 0.7);
const theta = mulberryMatrix(3, N);
const start = randomState(randomStream(1), N, 1);

/** Through the bytes of the file. */
async function run(graph: Graph, feeds: Record<string, Tensor>) {
  const { inputs, outputs } = decode(encodeGraph(graph, "test"));
  const program = await compile(inputs, outputs);
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}

const count = (steps: number) => tensorOf(BigInt64Array.of(BigInt(steps)), []);
const kinds: [string, NetworkOptions][] = [
  ["continuous", {}],
  ["continuous of rate 2, logistic", { decay: 2, activation: "logistic" }],
  ["a continuous cell", { form: "cell", decay: 2, activation: "softplus" }],
  ["steps of leak 0.3", { leak: 0.3, activation: "silu" }],
  ["a cell of leak 1", { form: "cell", leak: 1, activation: "relu" }],
];

describe("the reduced network as a file", () => {
  test.each(kinds)("%s: runs as our own, and as the whole network", async (_, options) => {
    const network = recurrentNetwork(W, { theta, ...options });
    const reduction = reduce(network)!;
    const steps = { dt: 0.02, steps: 40 };
    const clock: Record<string, Tensor> =
      network.time.kind === "discrete" ? {} : { dt: scalarOf(steps.dt, "float64") };
    const { y, v } = await run(reducedGraph(reduction), {
      x0: tensorOf(start, [1, N]),
      ...clock,
      steps: count(steps.steps),
    });
    expect(y.shape).toEqual([40, 1, 3]);
    const ours = simulateReduced(reduction, start, steps);
    expect(y.data as Float64Array).toBeAllClose(
      ours.y.slice(1).flatMap((at) => [...at]),
      { rtol: 1e-10 },
    );
    const whole = simulate(network, start, steps).at(-1)!;
    const seen = network.form === "cell" ? plus(times(W, whole), 1, theta) : whole;
    expect(v.data as Float64Array).toBeAllClose(seen, { rtol: 1e-6, atol: 1e-8 });
  });

  test.each(kinds)("%s: with an input that is held during each step", async (_, options) => {
    const B = random(5, N, 2);
    const network = recurrentNetwork(W, { theta, B, ...options });
    const reduction = reduce(network)!;
    const discrete = network.time.kind === "discrete";
    const s = mulberryMatrix(6, 30, 2);
    let x: Float64Array = start;
    for (let k = 0; k < 30; k++) {
      const now = s.subarray(2 * k, 2 * k + 2);
      x = discrete
        ? advance(network, x, now)
        : rungeKutta((_t, at) => advance(network, at, now), 0, x, 0.02);
    }
    const { v, y } = await run(reducedGraph(reduction), {
      x0: tensorOf(start, [1, N]),
      ...(discrete ? {} : { dt: scalarOf(0.02, "float64") }),
      s: tensorOf(s, [30, 1, 2]),
    });
    const isCell = network.form === "cell";
    expect(reduction.rank).toBe(isCell ? 3 : 5);
    if (isCell)
      expect((y.data as Float64Array).slice(-3)).toBeAllClose(times(reduction.C, x), {
        rtol: 1e-6,
        atol: 1e-8,
      });
    else expect(v.data as Float64Array).toBeAllClose(x, { rtol: 1e-6, atol: 1e-8 });
  });
});

test("φ as a file gives what phiOf gives", async () => {
  const { list } = eigenfunctionsOf(recurrentNetwork(W, { theta }));
  const x = mulberryMatrix(8, 4, N);
  const { phi } = await run(eigenfunctionGraph(list), { x: tensorOf(x, [4, N]) });
  expect(phi.shape).toEqual([4, N - 3]);
  const ours = [0, 1, 2, 3].flatMap((t) =>
    list.map((one) => phiOf(one, x.subarray(t * N, (t + 1) * N))),
  );
  expect(phi.data as Float64Array).toBeAllClose(ours, { atol: 1e-14 });
  expect(() => eigenfunctionGraph([])).toThrow("no eigenfunction");
});
