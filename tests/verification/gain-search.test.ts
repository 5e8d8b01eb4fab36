import { expect, test } from "vitest";
import { mulberryMatrix, randomStream } from "../../src/data/random.ts";
import type { Value } from "../../src/graph/node.ts";
import { cast, greater, sub, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input, tensor } from "../../src/graph/value.ts";
import { identity, matrixOf, multiply } from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import { monotoneWeight } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { fixedPoint, solverHealth } from "../../src/solvers/fixed-point.ts";
import { picard } from "../../src/solvers/picard.ts";
import { proxOf } from "../../src/solvers/prox.ts";
import { peacemanRachford, reflectedResolvent } from "../../src/solvers/splitting.ts";
import { farthest, localGain, stretch } from "../../src/verification/gain-search.ts";
import { monotonicity } from "../../src/verification/measures.ts";

test("of a linear map the search attains the spectral norm", async () => {
  const A = mulberryMatrix(1, 6, 4);
  const x = input("x", "float64", ["N", 4]);
  const y = input("y", "float64", ["N", 4]);
  const { gain } = stretch((rows) => affine(rows, tensor(A, [6, 4])), x, y, { steps: 200 });
  const program = await compile({ x, y }, { gain });
  const found = await program.run({
    x: tensorOf(mulberryMatrix(2, 5, 4), [5, 4]),
    y: tensorOf(mulberryMatrix(3, 5, 4), [5, 4]),
  });
  await program.release();
  const norm = spectralNorm(matrixOf(6, 4, A));
  for (const one of found.gain.data as Float64Array) {
    expect(one).toBeLessThanOrEqual(norm * (1 + 1e-12));
    expect(one).toBeGreaterThan(0.995 * norm);
  }
});

test("on a sphere the search of a linear map ends at its norm, that of a bent one at what it attains", async () => {
  const A = mulberryMatrix(1, 6, 4);
  const x = input("x", "float64", ["N", 4]);
  const d = input("d", "float64", ["N", 4]);
  const linear = (rows: Value) => affine(rows, tensor(A, [6, 4]));
  const bent = (rows: Value) => tanh(linear(rows));
  const [one, other] = [linear, bent].map((map) => farthest(map, x, d, 0.5, { steps: 300 }));
  const outputs = {
    gain: one.gain,
    bent: other.gain,
    moved: sub(other.y, other.x),
    stretched: sub(bent(other.y), bent(other.x)),
  };
  const program = await compile({ x, d }, outputs);
  const found = await program.run({
    x: tensorOf(mulberryMatrix(2, 5, 4), [5, 4]),
    d: tensorOf(mulberryMatrix(3, 5, 4), [5, 4]),
  });
  await program.release();
  const norm = spectralNorm(matrixOf(6, 4, A));
  expect(Array.from(found.gain.data, Number)).toBeAllClose(Array(5).fill(norm), { rtol: 1e-6 });
  const lengths = (of: "moved" | "stretched", width: number) =>
    Array.from({ length: 5 }, (_, k) =>
      Math.hypot(...Array.from(found[of].data, Number).slice(k * width, (k + 1) * width)),
    );
  expect(lengths("moved", 4)).toBeAllClose(Array(5).fill(0.5), { rtol: 1e-12 });
  const gains = lengths("stretched", 6).map((length) => length / 0.5);
  expect(Array.from(found.bent.data, Number)).toBeAllClose(gains, { rtol: 1e-9 });
  for (const gain of gains) expect(gain).toBeLessThanOrEqual(norm);
  expect(() => farthest(linear, x, d, -1)).toThrow("radius -1");
});

test("with all slopes 0 but one group, the local gain is that of a dense solve", async () => {
  const [n, d, k] = [5, 4, 3];
  const [W, U, W_o] = [
    mulberryMatrix(4, n, n).map((w) => w / 4),
    mulberryMatrix(5, n, d),
    mulberryMatrix(6, k, n),
  ];
  const slopes = Float64Array.of(1, 1, 1, 1, 1, 0.3, 0, 0, 0, 0);
  const gain = localGain(
    { W: tensor(W, [n, n]), U: tensor(U, [n, d]), W_o: tensor(W_o, [k, n]) },
    tensor(slopes, [2, n]),
  );
  const program = await compile({}, { gain });
  const found = await program.run({});
  await program.release();
  // (I − W)⁻¹ by its series: ‖W‖ is well below 1.
  let [sum, term] = [identity(n), identity(n)];
  for (let i = 0; i < 200; i++) {
    term = multiply(term, matrixOf(n, n, W));
    sum = { ...sum, data: sum.data.map((s, at) => s + term.data[at]) };
  }
  const J = multiply(multiply(matrixOf(k, n, W_o), sum), matrixOf(n, d, U));
  // One slope s only, of unit 0: (I − DW)⁻¹DU = e₀ s/(1 − s W₀₀) U₀.
  const s = 0.3 / (1 - 0.3 * W[0]);
  const column = Math.hypot(...Array.from({ length: k }, (_, i) => W_o[i * n]));
  const single = s * column * Math.hypot(...U.subarray(0, d));
  expect(found.gain.data as Float64Array).toBeAllClose([spectralNorm(J), single], { rtol: 1e-6 });
});

// Bound and largest local gain as published for n = 87, d = 20, random A, B and U.
test.each([
  { m: 0.1, published: { bound: 29.8, local: 3.7 } },
  { m: 1, published: { bound: 3.12, local: 1.57 } },
  { m: 5, published: { bound: 0.594, local: 0.441 } },
  { m: 20, published: { bound: 0.146, local: 0.12 } },
])("monotone layer, m = $m: what is attained stays below ‖U‖/m", async ({ m, published }) => {
  const [n, d, pairs] = [87, 20, 6];
  const { normal } = randomStream(3, "gain", m);
  const normals = (count: number, deviation: number) =>
    Float64Array.from({ length: count }, () => deviation * normal());
  const [A, B] = [0, 1].map(() => tensor(normals(n * n, n ** -0.5), [n, n]));
  const U = normals(n * d, d ** -0.5);
  const weights = {
    W: monotoneWeight(A, B, m),
    U: tensor(U, [n, d]),
    W_o: tensor(identity(n).data, [n, n]),
  };
  const alpha = 1 / (m + 4.2);
  const method = peacemanRachford(reflectedResolvent(weights.W, alpha), alpha, proxOf("relu"));
  const precise = { method: picard(), options: { rtol: 1e-11, maxIterations: 500 } };
  const z = (rows: Value) => {
    const c = affine(rows, weights.U);
    const solvers = { forward: precise, backward: { ...precise, options: { rtol: 1e-6 } } };
    return method.read(fixedPoint(method.map(c), [filled(0, c)], solvers, solverHealth())[0]);
  };
  const x = input("x", "float64", ["N", d]);
  const y = input("y", "float64", ["N", d]);
  const found = stretch(z, x, y, { steps: 25, rate: 0.2 });
  const local = (rows: Value) => localGain(weights, cast(greater(z(rows), 0), "float64"));
  const program = await compile(
    { x, y },
    { secant: found.gain, before: local(x), after: local(found.x), W: weights.W },
  );
  const rows = () => tensorOf(normals(pairs * d, 1), [pairs, d]);
  const { secant, before, after, W } = await program.run({ x: rows(), y: rows() });
  await program.release();

  const proven = monotonicity(matrixOf(n, n, W.data as Float64Array));
  const bound = spectralNorm(matrixOf(n, d, U)) / (proven.value - proven.margin);
  const largest = ({ data }: { data: unknown }) => Math.max(...(data as Float64Array));
  for (const attained of [secant, before, after]) expect(largest(attained)).toBeLessThan(bound);
  // Ascent does better than chance, and reaches what was published for random inputs.
  expect(largest(secant)).toBeGreaterThan(largest(before));
  expect(Math.abs(bound / published.bound - 1)).toBeLessThan(0.15);
  expect(Math.abs(largest(before) / published.local - 1)).toBeLessThan(0.2);
});
