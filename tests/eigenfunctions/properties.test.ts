import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mulberryMatrix, randomStream } from "../../src/data/random.ts";
import { exactnessOf, randomState, reductionGap } from "../../src/eigenfunctions/checks.ts";
import { advance, simulate } from "../../src/eigenfunctions/dynamics.ts";
import { eigenfunctionsOf, phiOf } from "../../src/eigenfunctions/eigenfunctions.ts";
import { fixedPoints } from "../../src/eigenfunctions/fixed-points.ts";
import { monomial, ratios } from "../../src/eigenfunctions/invariants.ts";
import { fullJacobian } from "../../src/eigenfunctions/jacobian.ts";
import { type NetworkOptions, recurrentNetwork } from "../../src/eigenfunctions/network.ts";
import { trackOf } from "../../src/eigenfunctions/reading.ts";
import { reduce } from "../../src/eigenfunctions/reduction.ts";
import { restingEquations } from "../../src/eigenfunctions/unequal-decay.ts";
import { dot, norm, plus, transposedTimes } from "../../src/eigenfunctions/vectors.ts";
import { type Matrix, matrixOf, multiply, scale } from "../../src/linalg/matrix.ts";

const random = (seed: number, rows: number, cols: number) =>
  matrixOf(rows, cols, mulberryMatrix(seed, rows, cols));
/** Of rank r, with gain of about 2. */
const lowRank = (seed: number, N: number, r: number): Matrix =>
  scale(multiply(random(seed, N, r), random(seed + 1, r, N)), 6 / N);

interface Drawn {
  readonly seed: number;
  readonly N: number;
  readonly r: number;
  readonly activation: string;
  readonly leak: number | undefined;
  readonly rate: number;
}
const networks: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  N: fc.integer({ min: 3, max: 25 }),
  r: fc.integer({ min: 1, max: 2 }),
  activation: fc.constantFrom("tanh", "relu", "logistic", "softplus", "silu", "linear"),
  leak: fc.constantFrom(undefined, 0.25, 1),
  rate: fc.constantFrom(1, 2.5),
});
const build = ({ seed, N, r, activation, leak, rate }: Drawn) => {
  const options: NetworkOptions = {
    activation,
    theta: mulberryMatrix(seed + 2, N),
    ...(leak === undefined ? { decay: rate } : { leak }),
  };
  return recurrentNetwork(lowRank(seed, N, r), options);
};

test("N − r eigenfunctions, exact by all four checks, whatever the activation and the time", () => {
  fc.assert(
    fc.property(networks, (drawn) => {
      const network = build(drawn);
      const { list } = eigenfunctionsOf(network);
      expect(list).toHaveLength(drawn.N - drawn.r);
      for (const worst of Object.values(exactnessOf(network, list, { states: 5 })))
        expect(worst).toBeLessThan(1e-13);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("the reduced network runs as the whole one, cells too", () => {
  fc.assert(
    fc.property(networks, fc.constantFrom("pre-activation", "cell"), (drawn, form) => {
      const given = build(drawn);
      const { theta, activation, time } = given;
      const network = recurrentNetwork(given.W, {
        theta,
        activation: activation.name,
        form,
        ...(time.kind === "discrete" ? { leak: time.leak } : { decay: time.decay }),
      });
      const reduction = reduce(network)!;
      expect([reduction.rank, reduction.exact]).toEqual([drawn.r, true]);
      const start = randomState(randomStream(drawn.seed), drawn.N, 1);
      // Off by the integrator's error in continuous time, by rounding alone in steps.
      const limit = time.kind === "discrete" ? 1e-12 : 1e-5;
      expect(reductionGap(reduction, start, { dt: 0.01, steps: 20 })).toBeLessThan(limit);
    }),
    { numRuns: 60, seed: 2 },
  );
});

test("fixed points rest in the whole network, and its Jacobian has the reduced eigenvalues and −μ", () => {
  fc.assert(
    fc.property(networks, (drawn) => {
      const network = build({ ...drawn, activation: "tanh" });
      const discrete = network.time.kind === "discrete";
      const { points } = fixedPoints(reduce(network)!, { starts: 10 });
      expect(points.length).toBeGreaterThan(0);
      for (const { x, eigenvalues: reduced } of points.slice(0, 3)) {
        const image = advance(network, x);
        expect(norm(discrete ? plus(image, -1, x) : image)).toBeLessThan(1e-9 * (1 + norm(x)));
        // Σλ and Σλ² of all N eigenvalues are the traces of J and J².
        const J = fullJacobian(network, x);
        const trace = ({ data }: Matrix) =>
          Array.from({ length: drawn.N }, (_, i) => data[i * (drawn.N + 1)]).reduce(
            (a, b) => a + b,
          );
        const rest = drawn.leak === undefined ? -drawn.rate : 1 - drawn.leak;
        const { re, im } = reduced;
        const outside = drawn.N - drawn.r;
        const first = re.reduce((sum, x) => sum + x, outside * rest);
        const second = re.reduce((sum, x, i) => sum + x * x - im[i] ** 2, outside * rest ** 2);
        expect(trace(J)).toBeCloseTo(first, 8);
        expect(trace(multiply(J, J))).toBeCloseTo(second, 8);
      }
    }),
    { numRuns: 30, seed: 3 },
  );
});

test("many units together: all points at rest, from 100 starts", () => {
  const N = 256;
  const m = Float64Array.from({ length: N }, (_, i) => ((i * 7) % 3 === 0 ? 1 : -1));
  const one = recurrentNetwork(
    matrixOf(
      N,
      N,
      Float64Array.from({ length: N * N }, (_, k) => (1.6 * m[Math.floor(k / N)] * m[k % N]) / N),
    ),
    { activation: "tanh" },
  );
  // x = a m rests where a = 1.6 tanh a.
  let a = 1;
  for (let k = 0; k < 200; k++) a = 1.6 * Math.tanh(a);
  const { points } = fixedPoints(reduce(one)!);
  const along = points.map(({ x }) => x[0] * m[0]).sort((p, q) => p - q);
  expect(along).toBeAllClose([-a, 0, a], { rtol: 1e-9, atol: 1e-12 });
  for (const { found } of points) expect(found).toBeGreaterThan(5);
});

test("at the kink of ReLU nothing is decided by a linearisation that is not there", () => {
  // x = 0 repels where all units excite one another, x′ = −x + 2 x on x ≥ 0.
  const W = matrixOf(3, 3, new Float64Array(9).fill(2 / 3));
  const { points } = fixedPoints(reduce(recurrentNetwork(W, { activation: "relu" }))!);
  expect(points.map(({ x, stability, smooth }) => [norm(x), stability, smooth])).toEqual([
    [0, "marginal", false],
  ]);
  const away = recurrentNetwork(W, { activation: "relu", theta: [-1, -1, -1] });
  const rest = fixedPoints(reduce(away)!).points;
  expect(rest.map(({ stability, smooth }) => [stability, smooth]).sort()).toEqual([
    ["stable", true],
    ["unstable", true],
  ]);
});

test("near-null directions stay within their bound, with ReLU within that of the trajectory", () => {
  fc.assert(
    fc.property(networks, fc.double({ min: -4, max: -1.5, noNaN: true }), (drawn, power) => {
      const { W, theta, activation, time } = build(drawn);
      const noise = scale(random(drawn.seed + 7, drawn.N, drawn.N), 10 ** power / drawn.N);
      const network = recurrentNetwork(
        { ...W, data: W.data.map((w, k) => w + noise.data[k]) },
        {
          theta,
          activation: activation.name,
          ...(time.kind === "discrete" ? { leak: time.leak } : { decay: time.decay }),
        },
      );
      const { list } = eigenfunctionsOf(network, { tolerance: 0.3 });
      const start = randomState(randomStream(drawn.seed), drawn.N, 1);
      const states = simulate(network, start, { dt: 0.02, steps: 60 });
      for (const one of list) {
        const { departure, allowed } = trackOf(network, one, states, 0.02);
        expect(departure).toBeLessThanOrEqual(allowed);
      }
    }),
    { numRuns: 40, seed: 4 },
  );
});

describe("with an input", () => {
  const N = 12;
  const [W, B] = [lowRank(3, N, 3), random(9, N, 2)];
  const network = recurrentNetwork(W, { B });
  const { list } = eigenfunctionsOf(network);

  test("the left null space of [W B] is left alone, the rest integrates uᵀB s", () => {
    expect(list.map(({ autonomous }) => autonomous)).toEqual([
      ...Array(N - 5).fill(true),
      false,
      false,
    ]);
    const draw = randomStream(4);
    const x = randomState(draw, N, 2);
    const s = [3, -1];
    const rate = advance(network, x, s);
    for (const one of list) {
      const driven = dot(transposedTimes(B, one.u), s);
      expect(dot(one.u, rate)).toBeCloseTo(-phiOf(one, x) + driven, 11);
      if (one.autonomous) expect(Math.abs(driven)).toBeLessThan(1e-13);
    }
  });

  test("weights rounded to float32 keep directions that the input does not reach", () => {
    const rounded = recurrentNetwork({ ...W, data: W.data.map(Math.fround) }, { B });
    const found = eigenfunctionsOf(rounded, { tolerance: 1e-5 }).list;
    expect(found.filter(({ autonomous }) => autonomous)).toHaveLength(N - 5);
    expect(found.every(({ exact, bound }) => !exact && bound! < 1e-5)).toBe(true);
  });
});

describe("unequal decay", () => {
  // Two units of rate 2 whose rows of W are alike, one of rate 1, one of rate 3.
  const W = matrixOf(4, 4, Float64Array.of(1, 2, 0, 1, 0.5, 1, 0, 0.5, 1, -1, 2, 0, 0, 1, 1, 1));
  const network = recurrentNetwork(W, { decay: [2, 2, 1, 3], theta: [0.3, 0, 0.1, 0] });

  test("u lives on units of one rate, which is its eigenvalue", () => {
    const { list } = eigenfunctionsOf(network);
    expect(list.map(({ eigenvalue }) => eigenvalue)).toEqual([-2]);
    expect(list[0].u).toBeAllClose([-1, 2, 0, 0].map((x) => x / Math.sqrt(5)));
    expect(exactnessOf(network, list).generator).toBeLessThan(1e-14);
    expect(reduce(network)).toBeNull();
  });

  test("fixed points rest, with all four eigenvalues", () => {
    const { points } = fixedPoints(restingEquations(network));
    for (const { x, eigenvalues: found } of points) {
      expect(norm(advance(network, x))).toBeLessThan(1e-10);
      expect(found.re).toHaveLength(4);
    }
    expect(points.length).toBeGreaterThan(0);
  });
});

describe("constants of motion", () => {
  const network = recurrentNetwork(lowRank(5, 6, 3), { theta: mulberryMatrix(1, 6) });
  const { list } = eigenfunctionsOf(network);
  const states = simulate(network, randomState(randomStream(1), 6, 1), { dt: 0.05, steps: 100 });

  test("ratios do not change along a trajectory, one fewer than eigenfunctions", () => {
    const found = ratios(network, list);
    expect(found).toHaveLength(2);
    for (const { monomial: one } of found) {
      expect(one.constant).toBe(true);
      const values = states.map(one.value);
      expect(values.at(-1)! / values[0]).toBeCloseTo(1, 9);
    }
  });

  test("a product has the sum of the eigenvalues, and exponents are checked", () => {
    const product = monomial(network, list, [2, 1, 0]);
    expect(product.eigenvalue).toBe(-3);
    expect(product.value(states[20]) / product.value(states[0])).toBeCloseTo(Math.exp(-3), 6);
    expect(() => monomial(network, list, [1, 2])).toThrow("2 exponents for 3 eigenfunctions");
    expect(() => monomial(network, list, [0.5, 0, 0])).toThrow("whole numbers");
  });
});

test.each([
  [
    "a matrix that is not square",
    () => recurrentNetwork(random(1, 2, 3)),
    "2 × 3: a square matrix",
  ],
  [
    "a bias of another length",
    () => recurrentNetwork(random(1, 2, 2), { theta: [1] }),
    "1 numbers of θ for 2 units",
  ],
  ["a leak above 1", () => recurrentNetwork(random(1, 2, 2), { leak: 1.5 }), "leak 1.5"],
  [
    "a slip of an option",
    () => recurrentNetwork(random(1, 2, 2), { laek: 1 } as object),
    'did you mean "leak"?',
  ],
  [
    "an unknown activation",
    () => recurrentNetwork(random(1, 2, 2), { activation: "tahn" }),
    'did you mean "tanh"?',
  ],
  ["a negative decay", () => recurrentNetwork(random(1, 2, 2), { decay: -1 }), "a decay of -1"],
  [
    "a cell's null space",
    () => eigenfunctionsOf(recurrentNetwork(random(1, 2, 2), { form: "cell" })),
    "no eigenfunction uᵀh",
  ],
])("refuses %s", (_, act, message) => {
  expect(act).toThrow(message);
});
