import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { mulberry32, mulberryMatrix } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { settling } from "../../src/koopman/forecast/settling.ts";
import {
  type MonitorOptions,
  type MonitorVerdict,
  monitor,
  type Observation,
} from "../../src/koopman/verdict/monitor.ts";
import { diagnose, verdict, verdictDefaults } from "../../src/koopman/verdict/verdict.ts";

const { curves, referenceLoss: reference } = JSON.parse(
  readFileSync(new URL("../golden/dmd/loss_curves.json", import.meta.url), "utf8"),
) as { curves: { name: string; loss: number[] }[]; referenceLoss: number };
const curve = (part: string) => curves.find(({ name }) => name.includes(part))!.loss;

/** Every verdict that a monitor gives, until it says stop if it is heeded. */
function follow(
  seen: readonly Observation[],
  options: Partial<MonitorOptions> = {},
  heeded = false,
): MonitorVerdict[] {
  const watching = monitor(options);
  const all: MonitorVerdict[] = [];
  for (const [epoch, one] of seen.entries()) {
    const found = watching.push(epoch, one);
    if (found) all.push(found);
    if (heeded && found?.stop) break;
  }
  return all;
}
const losses = (values: readonly number[]) => values.map((loss) => ({ loss }));
const firstStop = (all: readonly MonitorVerdict[]) => all.find(({ stop }) => stop);
const falling = (count: number, floor = 0.5, tau = 20) =>
  Array.from({ length: count }, (_, t) => floor + Math.exp(-t / tau));

describe("monitor", () => {
  test.each(curves.map(({ name, loss }) => [name, loss] as const))(
    "says of %s at every look what the whole curve says",
    (_, loss) => {
      const said = follow(losses(loss), { reference });
      expect(said.length).toBeGreaterThan(0);
      for (const { decision, epoch, sentence, spectrum, forecast, cannotSay } of said) {
        const seen = loss.slice(0, epoch + 1);
        const whole = verdict(seen, { reference });
        // A monitor keeps no margin: what that leaves open is not in its sentence.
        const alone = diagnose(Float64Array.from(seen), { ...verdictDefaults, reference });
        expect({ decision, epoch, sentence, spectrum, forecast, cannotSay }).toEqual({
          decision: whole.decision,
          epoch: whole.epoch,
          sentence: alone.sentence,
          spectrum: whole.spectrum,
          forecast: whole.forecast,
          cannotSay: whole.cannotSay,
        });
      }
    },
  );

  test("calls the dead start by epoch 60, the good run never before it is done", () => {
    const dead = firstStop(follow(losses(curve("tiny")), { reference }, true))!;
    expect(dead.decision).toBe("restart");
    expect(dead.epoch).toBeLessThanOrEqual(60);
    expect(dead.agreeing).toBeGreaterThanOrEqual(2);
    expect(dead.reason).toMatch(/^restart: The loss, .*, is no better than guessing/);
    const good = follow(losses(curve("xavier")), { reference }, true);
    expect(firstStop(good)?.epoch ?? Infinity).toBeGreaterThan(500);
    // It looks seldom while the forecast says that nothing will change soon.
    expect(good.length).toBeLessThan(30);
  });

  test("stops a converged run once the windows agree that end one", () => {
    const all = follow(losses(falling(400)), { reference: 2.3, agree: 2 }, true);
    const { epoch, decision, confirmed } = all.at(-1)!;
    expect([decision, confirmed]).toEqual(["stop", true]);
    expect(epoch).toBeLessThan(150);
    // f(n) − f(n + 60) ≤ 0.02 f(n) from n = 91.
    expect(epoch).toBeGreaterThan(91);
    const before = all.filter((one) => one.epoch <= epoch - 15).at(-1)!;
    expect(before.decision).toBe("stop");
    const patient = follow(losses(falling(400)), { reference: 2.3 }, true);
    expect(patient.at(-1)!.epoch).toBeGreaterThanOrEqual(epoch + 30);
  });

  test("a lost loss is said at once, before there is a spectrum, and a spike is none", () => {
    expect(firstStop(follow(losses([1, 1.5, 2.1, 2.2])))).toMatchObject({
      decision: "diverged",
      epoch: 3,
    });
    expect(firstStop(follow(losses([1, Number.NaN])))?.reason).toMatch(
      /^diverged: The loss is NaN/,
    );
    const late = [...falling(100), 3.5, 3.6];
    expect(follow(losses(late)).at(-1)).toMatchObject({ decision: "diverged", epoch: 101 });
    const heedless = follow(losses([...late, ...falling(20)]), { stopOn: [] });
    expect(firstStop(heedless)).toBeUndefined();
    const spike = [...falling(60), 3.5, ...falling(90).slice(61)];
    expect(firstStop(follow(losses(spike), { reference: 2.3 }))).toBeUndefined();
  });

  test("a validation loss that turns is over-fitting, and its least is named", () => {
    const seen = falling(300, 0.05, 40).map((loss, t) => ({
      loss,
      val: 0.4 + Math.exp(-t / 15) + 0.01 * Math.exp(t / 40),
    }));
    const { decision, of, reason, epoch, leastVal } = follow(seen, {}, true).at(-1)!;
    expect([decision, of]).toEqual(["rising", "val"]);
    const least = seen.reduce((best, { val }, t) => (val < seen[best].val ? t : best), 0);
    expect(leastVal).toEqual({ epoch: least, val: seen[least].val });
    expect(reason).toContain(`at epoch ${least}`);
    expect(epoch).toBeLessThan(least + 60);
    expect(follow(seen.map(({ loss }) => ({ loss }))).at(-1)!.of).toBe("loss");
  });

  test("weights are evidence: how far they go is told, growth in them decides nothing", () => {
    const [direction, end] = [mulberryMatrix(1, 500), mulberryMatrix(2, 500)];
    const seen = falling(160).map((loss, t) => ({
      loss,
      theta: Float64Array.from(end, (x, i) => x + Math.exp(-t / 20) * direction[i]),
    }));
    const told = firstStop(follow(seen))!;
    const length = (x: ArrayLike<number>) => Math.hypot(...Array.from(x));
    const left = Math.exp(-told.epoch / 20) * length(direction);
    const share = left / length(seen[told.epoch].theta);
    // Lengths survive the projection to 64 numbers to within √(2/64), each.
    expect(told.weights!.remaining / share).toBeGreaterThan(0.5);
    expect(told.weights!.remaining / share).toBeLessThan(2);
    expect(told.weights!.next).toBeLessThanOrEqual(told.weights!.remaining);
    const growing = falling(160, 0.5, 80).map((loss, t) => ({
      loss,
      theta: Float64Array.from(direction, (x) => x * 1.07 ** t),
    }));
    expect(follow(growing).map(({ decision }) => decision)).not.toContain("diverged");
  });

  test("fed the same again it says the same", () => {
    const draw = mulberry32(4);
    const seen = falling(200).map((loss) => ({ loss: loss + 0.01 * draw(), val: loss + draw() }));
    expect(follow(seen)).toEqual(follow(seen));
  });

  test("refuses what makes no sense", () => {
    expect(() => monitor({ stopsOn: [] } as object)).toThrow(/did you mean "stopOn"/);
    expect(() => monitor({ stopOn: ["continue"] })).toThrow(UsageError);
    expect(() => monitor({ every: 0 })).toThrow(UsageError);
    expect(() => monitor({ window: 20 })).toThrow("window 20");
    expect(() => follow([{ loss: 1, val: 1 }, { loss: 1 }])).toThrow(/epoch 1 has no val/);
    const one = monitor();
    one.push(3, { loss: 1 });
    expect(() => one.push(5, { loss: 1 })).toThrow("epoch 5 after 3");
    expect(() => follow(losses(falling(60).map((x) => x - 1)))).toThrow(DataError);
    expect(verdictDefaults.window).toBe(60);
  });
});

test("settling: what is left of a sum of decays, in closed form", () => {
  const states = Array.from({ length: 60 }, (_, t) =>
    Float64Array.of(3 + 0.9 ** t, 4 + 0.97 ** t, -(0.97 ** t)),
  );
  const { next, remaining } = settling(states, 30)!;
  const at = (t: number) => [3 + 0.9 ** t, 4 + 0.97 ** t, -(0.97 ** t)];
  const move = (to: number[]) => Math.hypot(...to.map((x, i) => x - at(59)[i]));
  expect(next).toBeCloseTo(move(at(89)) / Math.hypot(...at(59)), 8);
  expect(remaining).toBeCloseTo(move([3, 4, 0]) / Math.hypot(...at(59)), 8);
  expect(settling(states.slice(0, 11), 30)).toBeNull();
  expect(settling(Array(20).fill(states[0]), 30)).toBeNull();
});
