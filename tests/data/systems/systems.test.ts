import { expect, test } from "vitest";
import { duffing, springChain } from "../../../src/data/systems/oscillators.ts";
import { pendulum } from "../../../src/data/systems/pendulum.ts";
import {
  euler,
  type PhysicalSystem,
  rk4,
  simulateStates,
  simulateSystem,
} from "../../../src/data/systems/system.ts";
import { cascadedTanks, twoTanks } from "../../../src/data/systems/tanks.ts";
import { diode, wienerHammerstein } from "../../../src/data/systems/wiener-hammerstein.ts";
import { NumericError, ShapeError, UsageError } from "../../../src/errors.ts";

const zero = (system: PhysicalSystem, count: number) =>
  new Float64Array(count * system.inputs.length);
const last = (states: Float64Array, n: number) => states.subarray(states.length - n);
const pass = (
  step: typeof rk4,
  system: PhysicalSystem,
  x0: readonly number[],
  dt: number,
  time: number,
) => {
  let x: Float64Array = Float64Array.from(x0);
  for (let k = 0; k < Math.round(time / dt); k++) x = step(system.rate, x, Float64Array.of(0), dt);
  return x;
};

test("RK4 converges with the fourth order, Euler with the first", () => {
  const system = pendulum("hanging");
  const exact = pass(rk4, system, [1, 0], 0.0005, 2);
  const errors = (step: typeof rk4) =>
    [0.04, 0.02, 0.01].map((dt) => {
      const x = pass(step, system, [1, 0], dt, 2);
      return Math.hypot(x[0] - exact[0], x[1] - exact[1]);
    });
  for (const [step, order] of [
    [rk4, 4],
    [euler, 1],
  ] as const) {
    const [a, b, c] = errors(step);
    expect(Math.abs(Math.log2(a / b) - order)).toBeLessThan(0.3);
    expect(Math.abs(Math.log2(b / c) - order)).toBeLessThan(0.3);
  }
});

test("the pendulum's errors are those published for x₀ = (1, 0) and 3 s", () => {
  const system = pendulum("hanging");
  const exact = pass(rk4, system, [1, 0], 0.001, 3);
  const error = (step: typeof rk4, dt: number) => {
    const x = pass(step, system, [1, 0], dt, 3);
    return Math.max(Math.abs(x[0] - exact[0]), Math.abs(x[1] - exact[1]));
  };
  expect(error(euler, 0.1)).toBeGreaterThan(0.3);
  expect(error(rk4, 0.1)).toBeLessThan(1e-3);
  expect(error(rk4, 0.01)).toBeLessThan(1e-7);
});

const energies: readonly [string, PhysicalSystem, number[], (x: Float64Array) => number][] = [
  [
    "pendulum",
    pendulum("hanging", { friction: 0 }),
    [2, 0],
    ([angle, speed]) => speed ** 2 / 2 - 9.81 * Math.cos(angle),
  ],
  [
    "inverted pendulum",
    pendulum("inverted", { friction: 0, mass: 2, length: 0.5 }),
    [0.1, 0],
    ([angle, speed]) => (2 * (0.5 * speed) ** 2) / 2 + 2 * 9.81 * 0.5 * Math.cos(angle),
  ],
  [
    "Duffing oscillator",
    duffing({ damping: 0, mass: 2, cubic: 0.7 }),
    [1.5, 0.2],
    ([x, v]) => v ** 2 + x ** 2 / 2 + (0.7 * x ** 4) / 4,
  ],
  [
    "chain",
    springChain({ masses: 3, damping: 0, cubic: 4 }),
    [0.1, 0.3, -0.2, 0, 0.5, 0],
    (s) =>
      [0, 1, 2].reduce((sum, i) => {
        const d = s[i] - (i > 0 ? s[i - 1] : 0);
        return sum + s[3 + i] ** 2 / 2 + 5 * d ** 2 + d ** 4;
      }, 0),
  ],
];

test.each(energies)("without friction, %s keeps its energy", (_, system, x0, energy) => {
  const states = simulateStates(system, { u: zero(system, 500), sampleTime: 0.05, x0 });
  const start = energy(Float64Array.from(x0));
  const n = x0.length;
  const drift = Array.from({ length: 500 }, (_, t) =>
    Math.abs(energy(states.slice(t * n, (t + 1) * n)) / start - 1),
  );
  expect(Math.max(...drift)).toBeLessThan(1e-5);
});

test("friction takes energy away, and the pendulum comes to rest hanging", () => {
  const hanging = pendulum("hanging");
  const end = last(
    simulateStates(hanging, { u: zero(hanging, 400), sampleTime: 0.1, x0: [3, 0] }),
    2,
  );
  expect(end).toBeAllClose([0, 0], { atol: 1e-6 });
  const inverted = pendulum("inverted");
  const fallen = last(
    simulateStates(inverted, { u: zero(inverted, 400), sampleTime: 0.1, x0: [0.01, 0] }),
    2,
  );
  expect(fallen).toBeAllClose([Math.PI, 0], { atol: 1e-6 });
});

/** Eigenvalues of ∂rate/∂x at rest of a 2-state system, as trace and determinant. */
function jacobian({ rate, states }: PhysicalSystem, x: Float64Array, u: Float64Array): number[][] {
  return states.map((_, i) =>
    states.map((__, j) => {
      const at = (h: number) =>
        rate(
          x.map((v, k) => v + (k === j ? h : 0)),
          u,
        )[i];
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    }),
  );
}

test("linearisations are those of the textbooks", () => {
  const at = (system: PhysicalSystem) => jacobian(system, system.rest, Float64Array.of(0)).flat();
  expect(at(pendulum("inverted"))).toBeAllClose([0, 1, 9.81, -0.9], { rtol: 1e-6 });
  expect(at(pendulum("hanging", { mass: 2, length: 0.5 }))).toBeAllClose([0, 1, -19.62, -1.8], {
    rtol: 1e-6,
  });
  expect(at(duffing({ stiffness: -1 }))).toBeAllClose([0, 1, 1, -0.2], { rtol: 1e-6, atol: 1e-9 });
  const k = at(springChain({ masses: 2, damping: 0 }));
  expect(k).toBeAllClose([0, 0, 1, 0, 0, 0, 0, 1, -20, 10, 0, 0, 10, -10, 0, 0], { atol: 1e-6 });
});

test("a chain swings in its modes at the frequencies of the closed form", () => {
  // mode j has the shape sin((2j − 1) π i/(2n + 1))
  const system = springChain({ masses: 4, damping: 0 });
  for (const j of [1, 3]) {
    const shape = [1, 2, 3, 4].map((i) => Math.sin(((2 * j - 1) * Math.PI * i) / 9));
    const omega = 2 * Math.sqrt(10) * Math.sin(((2 * j - 1) * Math.PI) / 18);
    const states = simulateStates(system, {
      u: zero(system, 60),
      sampleTime: 0.05,
      x0: [...shape, 0, 0, 0, 0],
    });
    const t = 59 * 0.05;
    expect(last(states, 8).slice(0, 4)).toBeAllClose(
      shape.map((s) => s * Math.cos(omega * t)),
      { atol: 1e-5 },
    );
  }
});

test.each([
  ["cascaded tanks", cascadedTanks(), [1], [(0.3 / 0.5) ** 2, (0.3 / 0.4) ** 2]],
  ["cascaded tanks driven harder", cascadedTanks(), [2], [1.44, 2.25]],
  ["two tanks", twoTanks(), [5], [(5 / 3) ** 2 + (5 / 4) ** 2, (5 / 3) ** 2]],
  ["two tanks driven harder", twoTanks(), [7], [(7 / 3) ** 2 + (7 / 4) ** 2, (7 / 3) ** 2]],
])("%s settle at their equilibrium, and stay there", (_, system, u, levels) => {
  expect(system.rate(Float64Array.from(levels), Float64Array.from(u))).toBeAllClose([0, 0], {
    atol: 1e-12,
  });
  const states = simulateStates(system, {
    u: new Float64Array(3000).fill(u[0]),
    sampleTime: 0.2,
    x0: [4, 1],
  });
  expect(last(states, 2)).toBeAllClose(levels, { atol: 1e-4 });
});

test("tanks never run below empty, and the upper one spills at its rim", () => {
  const system = cascadedTanks();
  const empty = simulateStates(system, { u: zero(system, 300), sampleTime: 0.2 });
  expect(Math.min(...empty)).toBeGreaterThan(-1e-9);
  const full = simulateStates(system, { u: new Float64Array(300).fill(12), sampleTime: 0.2 });
  expect(Math.max(...full.filter((_, k) => k % 2 === 0))).toBeLessThan(11.1);
});

test("Wiener-Hammerstein is linear for small signals, and clips large ones on one side", () => {
  const system = wienerHammerstein();
  const settle = (level: number) =>
    last(simulateStates(system, { u: new Float64Array(400).fill(level), sampleTime: 0.01 }), 6)[3];
  for (const level of [-2, -0.5, 0.01, 0.3, 2]) {
    expect(settle(level)).toBeCloseTo(diode(level, 0.4), 6);
  }
  expect(settle(-1)).toBeCloseTo(-1, 5);
  expect(settle(2)).toBeCloseTo(0.4 + 0.2 * 1.6, 5);
  // Butterworth: half the power at the corner, of each filter
  const n = 4000;
  const u = Float64Array.from(
    { length: n },
    (_, t) => 1e-3 * Math.sin(2 * Math.PI * 4 * t * 1e-3) - 1,
  );
  const v = simulateStates(system, { u, sampleTime: 1e-3 }).filter((_, k) => k % 6 === 0);
  const swing = Math.max(...v.slice(n / 2)) - Math.min(...v.slice(n / 2));
  expect(swing / 2e-3).toBeCloseTo(Math.SQRT1_2, 3);
});

test("noise has the deviation asked for, each seed its own, and leaves the system alone", () => {
  const system = twoTanks();
  const u = Float64Array.from({ length: 2000 }, (_, t) => 5 + (t % 3));
  const make = (seed: number, noise: number | number[]) =>
    simulateSystem(system, { u, sampleTime: 0.5, noise, seed }).y;
  const clean = make(1, 0);
  const noise = make(1, [0.1, 0.3]).map((y, k) => y - clean[k]);
  for (const [j, wanted] of [0.1, 0.3].entries()) {
    const own = noise.filter((_, k) => k % 2 === j);
    const deviation = Math.sqrt(own.reduce((sum, e) => sum + e * e, 0) / own.length);
    expect(Math.abs(deviation / wanted - 1)).toBeLessThan(0.06);
  }
  expect(make(1, 0.1)).toEqual(make(1, 0.1));
  expect(make(2, 0.1)).not.toEqual(make(1, 0.1));
});

test.each<[string, new (...args: never[]) => Error, () => unknown]>([
  ["a start of another size", ShapeError, () => run(duffing(), { x0: [1] })],
  ["a negative noise", UsageError, () => run(duffing(), { noise: -1 })],
  ["noise for other outputs", UsageError, () => run(duffing(), { noise: [1, 2] })],
  ["an unknown option", UsageError, () => run(duffing(), { sigma: 1 })],
  ["an unknown parameter", UsageError, () => pendulum("hanging", { weight: 1 } as object)],
  ["a mass of 0", UsageError, () => pendulum("hanging", { mass: 0 })],
  ["negative damping", UsageError, () => duffing({ damping: -1 })],
  ["half a mass", UsageError, () => springChain({ masses: 1.5 })],
  ["a state that runs away", NumericError, () => run(duffing(), { x0: [1e200, 0] })],
])("refuses %s", (_, kind, act) => {
  expect(act).toThrow(kind);
});
function run(system: PhysicalSystem, options: object) {
  const u = Float64Array.from({ length: 20 }, (_, t) => t % 2);
  return simulateSystem(system, { u, sampleTime: 0.1, ...options });
}
