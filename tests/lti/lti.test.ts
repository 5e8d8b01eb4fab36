import { expect, test } from "vitest";
import { mulberryMatrix, randomStream } from "../../src/data/random.ts";
import { pendulum } from "../../src/data/systems/pendulum.ts";
import { euler } from "../../src/data/systems/system.ts";
import { NumericError, ShapeError, UsageError } from "../../src/errors.ts";
import { embed } from "../../src/linalg/complex.ts";
import { eigenvalues, spectralRadius } from "../../src/linalg/eigenvalues.ts";
import { discreteLyapunov } from "../../src/linalg/lyapunov.ts";
import {
  fromRows,
  gram,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/svd.ts";
import { balance, truncate } from "../../src/lti/balance.ts";
import { pendulumLure, simulateLure } from "../../src/lti/lure.ts";
import { hInfinityNorm, realLemmaHolds } from "../../src/lti/norm.ts";
import { lqr } from "../../src/lti/regulator.ts";
import { frequencyResponse, gainAt, staticGain, stepResponse } from "../../src/lti/response.ts";
import {
  markovParameters,
  poles,
  type StateSpace,
  simulate,
  stateSpace,
  transform,
  zeroOrderHold,
} from "../../src/lti/state-space.ts";

const random = (seed: number, rows: number, cols: number): Matrix => {
  const data = mulberryMatrix(seed, rows, cols);
  return { rows, cols, data };
};
function randomSystem(seed: number, n: number, m: number, l: number, radius = 0.9): StateSpace {
  const A = random(seed, n, n);
  return stateSpace(
    scale(A, radius / spectralRadius(A)),
    random(seed + 1, n, m),
    random(seed + 2, l, n),
    random(seed + 3, l, m),
    0.1,
  );
}
const normals = (count: number, seed: number) => {
  const { normal } = randomStream(seed, "lti");
  return Float64Array.from({ length: count }, normal);
};

test("simulation is convolution with the Markov parameters", () => {
  const system = randomSystem(5, 3, 2, 2);
  const u = normals(40, 1);
  const h = markovParameters(system, 20);
  const wanted = Array.from({ length: 40 }, (_, k) => {
    const [t, i] = [Math.floor(k / 2), k % 2];
    let sum = 0;
    for (let s = 0; s <= t; s++)
      for (let j = 0; j < 2; j++) sum += h[t - s].data[i * 2 + j] * u[2 * s + j];
    return sum;
  });
  expect(simulate(system, u).y).toBeAllClose(wanted, { atol: 1e-12 });
  // and carries on from the state it hands back
  const first = simulate(system, u.slice(0, 16));
  expect(simulate(system, u.slice(16), first.x).y).toBeAllClose(wanted.slice(16), { atol: 1e-12 });
});

test("other coordinates show the same system", () => {
  const system = randomSystem(9, 4, 1, 2);
  const turned = transform(system, random(77, 4, 4));
  expect(poles(turned).re).toBeAllClose(poles(system).re, { atol: 1e-9 });
  const [a, b] = [system, turned].map((s) => markovParameters(s, 10).flatMap((h) => [...h.data]));
  expect(b).toBeAllClose(a, { atol: 1e-9 });
});

test("the frequency response is what a sinusoid comes to", () => {
  const system = randomSystem(3, 3, 1, 1, 0.8);
  const theta = 0.7;
  const count = 400;
  const { y } = simulate(
    system,
    Float64Array.from({ length: count }, (_, t) => Math.cos(theta * t)),
  );
  const { re, im } = frequencyResponse(system, theta);
  const settled = Array.from({ length: 50 }, (_, k) => {
    const t = count - 50 + k;
    return re.data[0] * Math.cos(theta * t) - im.data[0] * Math.sin(theta * t);
  });
  expect(y.slice(-50)).toBeAllClose(settled, { atol: 1e-9 });
  expect(stepResponse(system, 500).at(-1)).toBeCloseTo(staticGain(system).data[0], 9);
  // First order, by hand: 1/(z − a).
  const first = stateSpace([[0.5]], [[1]], [[1]], undefined, 1);
  expect(gainAt(first, Math.PI)).toBeCloseTo(1 / 1.5, 12);
  expect(() => gainAt(stateSpace([[1]], [[1]], [[1]], undefined, 1), 0)).toThrow(NumericError);
});

test("the second input's step is the second column", () => {
  const system = randomSystem(21, 2, 2, 1, 0.7);
  expect(stepResponse(system, 300, 1).at(-1)).toBeCloseTo(staticGain(system).data[1], 9);
});

const grid = (system: StateSpace, count = 4000) =>
  Math.max(...Array.from({ length: count + 1 }, (_, k) => gainAt(system, (k * Math.PI) / count)));

test.each(
  Array.from({ length: 24 }, (_, seed): [number, number, number, number] => [
    seed,
    1 + (seed % 6),
    1 + (seed % 3),
    1 + (seed % 2),
  ]),
)("the H∞ norm lies between its bounds (seed %i, %i states, %i × %i)", (seed, n, m, l) => {
  const system = randomSystem(100 * seed, n, m, l, [0.3, 0.9, 0.995][seed % 3]);
  const { lower, upper, theta, proven, P } = hInfinityNorm(system);
  expect(gainAt(system, theta)).toBe(lower);
  expect(proven).toBe(true);
  expect(upper / lower - 1).toBeLessThan(1.01e-5);
  const dense = grid(system, 1000);
  expect(dense).toBeLessThanOrEqual(upper);
  expect(dense).toBeGreaterThan(lower * 0.9);
  expect(lower).toBeGreaterThanOrEqual(dense * (1 - 1e-12));
  // the proof does not prove too much
  expect(realLemmaHolds(system, P!, lower * 0.999)).toBe(false);
});

test("the H∞ norm of systems known by hand", () => {
  // 1/(z − a): 1/(1 − |a|), at 0 or at π
  for (const a of [0.9, -0.9]) {
    const { lower, upper, theta } = hInfinityNorm(stateSpace([[a]], [[1]], [[1]], undefined, 1));
    expect(lower).toBeCloseTo(10, 9);
    expect(upper).toBeGreaterThan(10);
    expect(theta).toBeCloseTo(a > 0 ? 0 : Math.PI, 6);
  }
  // all-pass (1 − a z)/(z − a) has gain 1 everywhere
  const pass = stateSpace([[0.6]], [[1]], [[1 - 0.36]], [[-0.6]], 1);
  const bounds = hInfinityNorm(pass);
  expect(bounds.lower).toBeCloseTo(1, 9);
  expect(bounds.proven).toBe(true);
  expect(bounds.upper).toBeLessThan(1.001);
  // a sharp resonance between the points of any coarse grid
  const [r, angle] = [0.9999, 1.2345];
  const peak = stateSpace(
    [
      [2 * r * Math.cos(angle), -r * r],
      [1, 0],
    ],
    [[1], [0]],
    [[1, 0]],
    undefined,
    1,
  );
  const found = hInfinityNorm(peak);
  expect(found.theta).toBeCloseTo(angle, 5);
  expect(found.proven).toBe(true);
  expect(found.lower).toBeGreaterThan(grid(peak, 500));
  expect(() => hInfinityNorm(stateSpace([[1.1]], [[1]], [[1]], undefined, 1))).toThrow(/infinite/);
});

test.each([0, 1, 2, 3, 4, 5])("the proof stands bad scaling and slow poles (case %i)", (k) => {
  const base = randomSystem(50 + 7 * k, 2 + 2 * k, 1 + (k % 3), 1 + (k % 2), [0.99, 0.9999][k % 2]);
  const system = {
    ...base,
    B: scale(base.B, [1e4, 1e-5, 1][k % 3]),
    C: scale(base.C, [1e3, 1][k % 2]),
  };
  const { lower, upper, proven } = hInfinityNorm(system);
  expect(proven).toBe(true);
  expect(upper / lower).toBeLessThan(1.0001);
});

test("balancing makes both Gramians equal and diagonal", () => {
  const system = randomSystem(33, 5, 2, 2, 0.9);
  const balanced = balance(system);
  const { A, B, C } = balanced.system;
  const diagonal = matrix(5, 5, (i, j) => (i === j ? balanced.hankel[i] : 0)).data;
  expect(discreteLyapunov(A, gram(B)).data).toBeAllClose(diagonal, { atol: 1e-7 });
  expect(discreteLyapunov(transpose(A), gram(transpose(C))).data).toBeAllClose(diagonal, {
    atol: 1e-7,
  });
  expect(multiply(balanced.T, balanced.inverse).data).toBeAllClose(identity(5).data, {
    atol: 1e-9,
  });
  const h = (s: StateSpace) => markovParameters(s, 8).flatMap(({ data }) => [...data]);
  expect(h(balanced.system)).toBeAllClose(h(system), { atol: 1e-9 });
  // Leaving states out errs by at most twice their Hankel values, at every frequency.
  for (const states of [1, 2, 3, 4]) {
    const small = truncate(balanced, states);
    const bound = 2 * balanced.hankel.slice(states).reduce((sum, s) => sum + s, 0);
    for (let k = 0; k <= 100; k++) {
      const [a, b] = [system, small].map((s) => frequencyResponse(s, (k * Math.PI) / 100));
      const error = { re: subtract(a.re, b.re), im: subtract(a.im, b.im) };
      expect(singularValues(embed(error))[0]).toBeLessThan(bound * (1 + 1e-9));
    }
  }
});

test("the pendulum as a linear system plus z − sin z is forward Euler, over 300 steps", () => {
  const u = normals(300, 3).map((v) => 0.3 * v);
  for (const kind of ["inverted", "hanging"] as const) {
    for (const parameters of [{}, { mass: 0.15, length: 0.5, friction: 0.5 }]) {
      const system = pendulumLure(kind, 0.01, parameters);
      const { y } = simulateLure(system, u, [0.5, 0]);
      const { rate } = pendulum(kind, parameters);
      let x: Float64Array = Float64Array.of(0.5, 0);
      const wanted = Array.from(u, (torque) => {
        const [angle] = x;
        x = euler(rate, x, Float64Array.of(torque), 0.01);
        return angle;
      });
      expect(y).toBeAllClose(wanted, { atol: 1e-12, rtol: 1e-12 });
    }
  }
});

test("the errata of the pendulum matter: exchanged columns, and the output a step late", () => {
  const system = pendulumLure("inverted", 0.01);
  const u = normals(100, 3).map((v) => 0.3 * v);
  const right = simulateLure(system, u, [0.5, 0]).y;
  const exchanged = { ...system, linear: { ...system.linear, B: system.Bw }, Bw: system.linear.B };
  const wrong = simulateLure(exchanged, u, [0.5, 0]).y;
  expect(Math.max(...wrong.map((y, t) => Math.abs(y - right[t])))).toBeGreaterThan(1);
  expect(right[0]).toBe(0.5); // y_k = C x_k
});

test("the pendulum's regulator is that of the lecture", () => {
  const { linear } = pendulumLure("inverted", 0.01);
  const { K, closedLoop } = lqr(linear.A, linear.B, identity(2), identity(1));
  expect([...K.data].map((k) => Number(k.toFixed(4)))).toEqual([19.4061, 5.4387]);
  expect(poles(linear).re).toBeAllClose([1.0271, 0.9639], { atol: 5e-5 });
  expect(eigenvalues(closedLoop).re).toBeAllClose([0.975, 0.9616], { atol: 5e-5 });
  expect(spectralRadius(pendulumLure("hanging", 0.01).linear.A)).toBeCloseTo(0.996, 4);
});

test("zero-order hold gives the published matrices, and those of the closed form", () => {
  const { A, B } = zeroOrderHold(
    fromRows([
      [0, 1],
      [9.81, -0.9],
    ]),
    fromRows([[0], [1]]),
    0.01,
  );
  expect(A.data).toBeAllClose([1.000489, 0.0099568, 0.0976758, 0.991528], { rtol: 1e-5 });
  expect(B.data).toBeAllClose([4.985e-5, 9.957e-3], { rtol: 1e-4 });
  const first = zeroOrderHold(fromRows([[-2]]), fromRows([[3]]), 0.5);
  expect(first.A.data[0]).toBeCloseTo(Math.exp(-1), 14);
  expect(first.B.data[0]).toBeCloseTo(1.5 * (1 - Math.exp(-1)), 14);
});

test.each<[string, new (...args: never[]) => Error, () => unknown]>([
  ["shapes that do not fit", ShapeError, () => stateSpace([[1]], [[1, 2]], [[1, 2]], undefined, 1)],
  ["a sample time of 0", UsageError, () => stateSpace([[1]], [[1]], [[1]], undefined, 0)],
  [
    "a start of another size",
    ShapeError,
    () => simulate(randomSystem(1, 2, 1, 1), normals(4, 1), [1]),
  ],
  [
    "an A that is not square",
    ShapeError,
    () => stateSpace([[1, 2]], [[1]], [[1, 1]], undefined, 1),
  ],
])("refuses %s", (_, kind, act) => {
  expect(act).toThrow(kind);
});
