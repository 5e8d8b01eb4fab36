import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { monitor } from "../../src/koopman/verdict/monitor.ts";
import { comesToRest } from "../../src/koopman/verdict/resting.ts";
import { verdict } from "../../src/koopman/verdict/verdict.ts";

const reference = Math.log(10);
const epochs = (n: number, f: (t: number) => number) =>
  Float64Array.from({ length: n }, (_, t) => f(t));

describe("weights come to rest", () => {
  test("where their way halves within ten epochs: 0.933 an epoch", () => {
    // 0.9 is what a momentum of 0.9 leaves of the way where there is no gradient, a step an epoch.
    const found = [0.9, 0.933, 0.934, 0.95, 1, 1.05].map((rate) =>
      comesToRest(epochs(41, (t) => rate ** t)),
    );
    expect(found).toEqual([true, true, false, false, false, false]);
  });

  test("where they stand still for ten epochs", () => {
    expect(comesToRest(epochs(41, (t) => (t < 31 ? 1 : 0)))).toBe(true);
    expect(comesToRest(epochs(41, (t) => (t < 35 ? 1 : 0)))).toBe(false);
    expect(comesToRest(epochs(41, () => 0))).toBe(true);
  });

  test("not where the way was short for a while, or has stopped becoming shorter", () => {
    expect(comesToRest(epochs(41, (t) => 1.1 + Math.cos(t / 3)))).toBe(false);
    expect(comesToRest(epochs(41, (t) => 0.9 ** Math.min(t, 31)))).toBe(false);
    expect(comesToRest(epochs(41, (t) => (t < 31 ? 1 : 0.9 ** (t - 31))))).toBe(false);
  });

  test("is not known of too few epochs, or ways that are no numbers", () => {
    expect(comesToRest(epochs(19, (t) => 0.9 ** t))).toBeNull();
    for (const odd of [Number.NaN, Infinity, -1])
      expect(comesToRest(epochs(41, (t) => (t === 30 ? odd : 0.9 ** t)))).toBeNull();
    expect(comesToRest(epochs(41, (t) => (t === 10 ? Number.NaN : 0.9 ** t)))).toBe(true);
  });

  test("in any unit, whatever was before", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 20, maxLength: 40 }),
        fc.double({ min: 0.88, max: 0.97, noNaN: true }),
        fc.integer({ min: -40, max: 40 }),
        (factors, rate, power) => {
          const ways = Float64Array.from(factors, (x, t) => x * rate ** t);
          const found = comesToRest(ways);
          expect(comesToRest(ways.map((way) => way * 2 ** power))).toBe(found);
          expect(comesToRest(ways.slice(-20))).toBe(found);
        },
      ),
    );
  });
});

describe("a plateau that gradient flow cannot leave", () => {
  // A fall from 20 to guessing whose tail the forecast follows, while what is left of it is a momentum's.
  const losses = Array.from({ length: 60 }, (_, t) => reference + 3 * 0.97 ** t);
  const moved = losses.map((_, t) => 0.9 ** t);

  test("is a bad start whatever the forecast of its loss", () => {
    const [alone, told] = [null, moved].map((ways) =>
      verdict(losses, { reference }, undefined, ways),
    );
    expect([alone.decision, alone.resting]).toEqual(["continue", null]);
    expect([told.decision, told.resting]).toEqual(["restart", true]);
    expect(told.sentence).toContain("come to rest");
    expect(told.spectrum).toEqual(alone.spectrum);
    // As windows before say so too, it is confirmed.
    expect(told.confirmed).toBe(true);
  });

  test("tells nothing where the loss of guessing is not known, or beaten", () => {
    const better = losses.map((loss) => loss - reference);
    const at = (values: number[], options: object, ways: number[] | null) =>
      verdict(values, options, undefined, ways);
    for (const [values, options] of [
      [losses, {}],
      [better, { reference }],
    ] as const) {
      const told = at([...values], options, moved);
      expect({ ...told, resting: null }).toEqual(at([...values], options, null));
      expect(told.resting).toBe(true);
    }
  });

  test("is the same to a monitor, which takes epochs without a way as not known", () => {
    const last = (waysOf: (epoch: number) => object) => {
      const one = monitor({ reference, every: 1 });
      const found = losses.map((loss, epoch) => one.push(epoch, { loss, ...waysOf(epoch) }));
      return found.findLast((look) => look !== null)!; // a look that says "continue" is the last for a while
    };
    expect(last((epoch) => ({ moved: moved[epoch] }))).toMatchObject({
      decision: "restart",
      resting: true,
      confirmed: true,
    });
    expect(last(() => ({}))).toMatchObject({ decision: "continue", resting: null });
    expect(last((epoch) => (epoch === 50 ? {} : { moved: moved[epoch] })).resting).toBeNull();
  });

  test("takes as many ways as losses, from the step of a new rate on", () => {
    expect(() => verdict(losses, { reference }, undefined, [1])).toThrow(ShapeError);
    const stretch = { from: 10, since: "another rate" };
    const cut = verdict(losses, { reference }, stretch, moved);
    expect(cut.decision).toBe("restart");
    const ways = moved.map((way, t) => (t < 10 ? Number.NaN : way));
    expect(verdict(losses, { reference }, stretch, ways)).toEqual(cut);
  });
});
