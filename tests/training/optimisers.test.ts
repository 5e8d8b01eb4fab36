import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { adam, adamW, type Optimiser, sgd } from "../../src/training/optimisers.ts";
import {
  constantRate,
  cosineRate,
  oneCycle,
  oneCycleMomentum,
  stepRate,
  warmUp,
} from "../../src/training/schedules.ts";

type State = { x: number; m: number; v: number };
type Rule = (s: State, g: number, t: number, rate: number) => State;

// The published algorithms, written out for one number.
const plain: Rule = (s, g, _, rate) => ({ ...s, x: s.x - rate * g });
const momentum: Rule = (s, g, _, rate) => {
  const m = 0.9 * s.m + g;
  return { ...s, m, x: s.x - rate * m };
};
const kingma =
  (decay: number): Rule =>
  ({ x, m, v }, g, t, rate) => {
    const first = 0.9 * m + 0.1 * g;
    const second = 0.999 * v + 0.001 * g * g;
    const [mHat, vHat] = [first / (1 - 0.9 ** t), second / (1 - 0.999 ** t)];
    const kept = x - rate * decay * x;
    return { x: kept - (rate * mHat) / (Math.sqrt(vHat) + 1e-8), m: first, v: second };
  };

const cases: [string, Optimiser, Rule][] = [
  ["sgd", sgd(), plain],
  ["sgd with momentum", sgd({ momentum: 0.9 }), momentum],
  ["adam", adam(), kingma(0)],
  ["adamw", adamW({ weightDecay: 0.1 }), kingma(0.1)],
];

test.each(cases)("%s follows the published update for 30 steps", async (_, optimiser, rule) => {
  const type = ["float64", [2]] as const;
  const theta = input("theta", ...type);
  const slots = optimiser.slots.map((slot) => input(slot, ...type));
  const g = input("g", ...type);
  const numbers = optimiser.coefficients(1, 1).map((_, i) => input(`c${i}`, "float64", []));
  const next = optimiser.update(theta, slots, g, numbers);
  const named = <T>(prefix: string, list: readonly T[]) =>
    Object.fromEntries(list.map((x, i) => [prefix + i, x]));
  const program = await compile(
    {
      theta,
      ...Object.fromEntries(slots.map((s, i) => [optimiser.slots[i], s])),
      g,
      ...named("c", numbers),
    },
    { next: next.theta, ...named("s", next.state) },
  );
  let ours: Record<string, Float64Array> = {
    theta: Float64Array.of(1, -3),
    ...Object.fromEntries(optimiser.slots.map((slot) => [slot, new Float64Array(2)])),
  };
  const reference = [1, -3].map((x): State => ({ x, m: 0, v: 0 }));
  for (let t = 1; t <= 30; t++) {
    const rate = 0.05 / t;
    const gradients = reference.map(({ x }) => 2 * x + Math.sin(t)); // of x² + x sin t
    const found = await program.run({
      ...Object.fromEntries(
        Object.entries(ours).map(([name, data]) => [name, tensorOf(data, [2])]),
      ),
      g: tensorOf(Float64Array.from(gradients), [2]),
      ...named(
        "c",
        optimiser.coefficients(t, rate).map((c) => tensorOf(Float64Array.of(c), [])),
      ),
    } as never);
    ours = {
      theta: found.next.data as Float64Array,
      ...Object.fromEntries(
        optimiser.slots.map((slot, i) => [
          slot,
          (found as Record<string, { data: unknown }>)[`s${i}`].data as Float64Array,
        ]),
      ),
    };
    reference.forEach((s, i) => {
      reference[i] = rule(s, gradients[i], t, rate);
    });
    expect(ours.theta).toBeAllClose(
      reference.map(({ x }) => x),
      { rtol: 1e-11 },
    );
  }
  await program.release();
});

describe("schedules", () => {
  test("constant, step, cosine and warm-up at their known points", () => {
    expect(constantRate(0.1)(7, 10)).toBe(0.1);
    const stepped = stepRate(1, { every: 0.5, factor: 0.1 });
    expect([1, 50, 51, 100].map((t) => stepped(t, 100))).toBeAllClose([1, 1, 0.1, 0.1]);
    const cosine = cosineRate(2, { floor: 1 });
    expect([cosine(1, 100), cosine(51, 100)]).toBeAllClose([2, 1.5]);
    expect(cosine(100, 100)).toBeGreaterThan(1);
    const warm = warmUp(0.1, constantRate(1));
    const rates = Array.from({ length: 100 }, (_, i) => warm(i + 1, 100));
    expect(rates.slice(0, 10)).toBeAllClose(Array.from({ length: 10 }, (_, i) => (i + 1) / 11));
    expect(rates[10]).toBe(1);
  });

  test.each([
    ["a rate of zero", () => constantRate(0)],
    ["a warm-up of everything", () => warmUp(1, constantRate(1))],
    ["a period of nothing", () => stepRate(1, { every: 0 })],
    ["a momentum of one", () => sgd({ momentum: 1 })],
    ["a beta of one", () => adam({ beta2: 1 })],
  ])("refuses %s", (_, make) => {
    expect(make).toThrow(UsageError);
  });
});

describe("one cycle", () => {
  test("goes through its knots: base, peak, base, base", () => {
    const schedule = oneCycle(0.02, { epochs: 20 });
    const at = (epoch: number) => schedule(epoch * 100 + 1, 2000);
    expect(at(0)).toBeCloseTo(1e-3, 12);
    expect(at(7)).toBeCloseTo(0.02, 12); // ⌊(20 − 5)/2⌋
    expect(at(3.5)).toBeCloseTo((1e-3 + 0.02) / 2, 12);
    expect(at(11)).toBeCloseTo((1e-3 + 0.02) / 2, 12);
    expect([at(15), at(17), at(19.99)]).toEqual([1e-3, 1e-3, 1e-3]);
    expect(() => oneCycle(0.02, { epochs: 6 })).toThrow("6 epochs with a tail of 5");
  });

  test("Adam's β₁ goes the other way, and updates are those of torch with its betas set between steps", async () => {
    const momentum = oneCycleMomentum(0.02);
    expect([momentum(1e-3), momentum(0.0105), momentum(0.02)]).toBeAllClose([0.95, 0.9, 0.85]);
    // No rate of the cycle: warming up, or the one that training counts coefficients with.
    expect([momentum(1e-5), momentum(1)]).toEqual([0.95, 0.85]);
    const optimiser = adam({ beta1: momentum });
    const inputs = Object.fromEntries(
      ["x", "m", "v", "g", "c0", "c1", "c2", "c3", "c4"].map((name) => [
        name,
        input(name, "float64", []),
      ]),
    );
    const { x, m, v, g, ...c } = inputs;
    const next = optimiser.update(x, [m, v], g, Object.values(c));
    const program = await compile(inputs, {
      theta: next.theta,
      mean: next.state[0],
      square: next.state[1],
    });
    const number = (value: number) => tensorOf(Float64Array.of(value), []);
    let [ours, mean, square] = [1, 0, 0];
    let feeds: Readonly<Record<"x" | "m" | "v", Tensor>> = {
      x: number(1),
      m: number(0),
      v: number(0),
    };
    for (let t = 1; t <= 20; t++) {
      const rate = 1e-3 + (0.019 * t) / 20;
      const gradient = 2 * ours + Math.sin(t);
      const beta = momentum(rate);
      mean = beta * mean + (1 - beta) * gradient;
      square = 0.999 * square + 0.001 * gradient ** 2;
      const [mHat, vHat] = [mean / (1 - beta ** t), square / (1 - 0.999 ** t)];
      ours -= (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
      const numbers = optimiser.coefficients(t, rate).map((value, i) => [`c${i}`, number(value)]);
      const found = await program.run({
        ...feeds,
        g: number(gradient),
        ...Object.fromEntries(numbers),
      });
      feeds = { x: found.theta, m: found.mean, v: found.square };
      expect(Number(feeds.x.data[0])).toBeCloseTo(ours, 12);
    }
    await program.release();
  });
});
