import { randomStream } from "../../src/data/random.ts";
import type { Value } from "../../src/graph/node.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { add } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { reshape } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { dense } from "../../src/solvers/dense.ts";
import { phantom } from "../../src/solvers/phantom.ts";
import { norm } from "./equilibria.ts";

/** Cosine and relative error of a cheap cotangent against the exact one: medians over draws. */
export interface Quality {
  readonly cosine: number;
  readonly error: number;
}

const settings = [
  { steps: 1, damping: 1 },
  { steps: 5, damping: 1 },
  { steps: 5, damping: 0.7 },
  { steps: 5, damping: 0.5 },
  { steps: 10, damping: 0.5 },
];

/** Medians of an independent implementation in numpy, with its own draws. */
const published: readonly { n: number; deviation?: number; rows: readonly Quality[] }[] = [
  {
    n: 10,
    rows: [
      { cosine: 0.939, error: 0.385 },
      { cosine: 1, error: 0.006 },
      { cosine: 1, error: 0.029 },
      { cosine: 0.997, error: 0.095 },
      { cosine: 1, error: 0.011 },
    ],
  },
  {
    n: 87,
    deviation: 0.94 / Math.sqrt(87),
    rows: [
      { cosine: 0.833, error: 0.554 },
      { cosine: 0.998, error: 0.056 },
      { cosine: 0.994, error: 0.115 },
      { cosine: 0.98, error: 0.212 },
      { cosine: 0.999, error: 0.054 },
    ],
  },
];

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** At the equilibria of z = tanh(Wz + x), for random cotangents a. */
export async function phantomQuality(draws: number) {
  const all: { found: Quality; published: Quality }[] = [];
  for (const { n, deviation, rows } of published) {
    const [A, b] = [input("A", "float64", ["N", n, n]), input("b", "float64", ["N", n])];
    const f = (g: Value) => [add(reshape(matmul(A, reshape(g, ["N", n, 1])), ["N", n]), b)];
    const outputs = settings.map((options, i) => [`g${i}`, phantom(options)(f, [b]).z[0]] as const);
    const exact = dense({ rtol: 1e-12 })(f, [b]).z[0];
    const values: Values = { exact, ...Object.fromEntries(outputs) };
    const program = await compile({ A, b }, values);
    const [matrices, cotangents] = [new Float64Array(draws * n * n), new Float64Array(draws * n)];
    for (let k = 0; k < draws; k++) {
      const { uniform, normal } = randomStream(2, "phantom", k);
      const entry = () => (deviation ? deviation * normal() : (2 * uniform() - 1) / Math.sqrt(n));
      const W = Array.from({ length: n }, () => Array.from({ length: n }, entry));
      const x = Array.from({ length: n }, normal);
      let z = x.map(() => 0);
      for (let i = 0; i < 300; i++)
        z = W.map((row, j) => Math.tanh(row.reduce((sum, w, l) => sum + w * z[l], x[j])));
      for (let i = 0; i < n; i++) {
        // A = Jᵀ = Wᵀ diag(1 − z²)
        for (let j = 0; j < n; j++) matrices[(k * n + i) * n + j] = W[j][i] * (1 - z[j] ** 2);
        cotangents[k * n + i] = normal();
      }
    }
    const found = await program.run({
      A: tensorOf(matrices, [draws, n, n]),
      b: tensorOf(cotangents, [draws, n]),
    });
    await program.release();
    const row = (name: string, k: number) => [
      ...(found[name].data as Float64Array).slice(k * n, k * n + n),
    ];
    rows.forEach((wanted, i) => {
      const pairs = Array.from({ length: draws }, (_, k) => [row(`g${i}`, k), row("exact", k)]);
      const cosines = pairs.map(
        ([g, e]) => g.reduce((sum, value, j) => sum + value * e[j], 0) / (norm(g) * norm(e)),
      );
      const errors = pairs.map(([g, e]) => norm(g.map((value, j) => value - e[j])) / norm(e));
      all.push({ published: wanted, found: { cosine: median(cosines), error: median(errors) } });
    });
  }
  return all;
}
