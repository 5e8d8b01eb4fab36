import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { isConfirmed } from "../../src/koopman/verdict/confirmed.ts";
import { decide } from "../../src/koopman/verdict/decide.ts";
import { seriesWatch } from "../../src/koopman/verdict/series-watch.ts";
import { withoutSpikes } from "../../src/koopman/verdict/spikes.ts";
import { diagnose, verdict, verdictDefaults } from "../../src/koopman/verdict/verdict.ts";
import {
  believed,
  forecastLoss,
  noiseOf,
  windowSpectrum,
} from "../../src/koopman/verdict/window.ts";
import { agreement, percent, short } from "../../src/koopman/verdict/words.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";

interface Golden {
  readonly epoch: number;
  readonly rank: number;
  readonly verdict: string;
  readonly forecast60: number;
  readonly relativeImprovementNextWindow: number;
  readonly slowestEigenvalue: number | null;
  readonly slowestResolvedEigenvalue: number | null;
  readonly escapeEpochs: number | null;
  readonly epochsToStop: number | null;
  readonly epochsToReference: number | null;
  readonly modes?: {
    eigenvalue: [number, number];
    contribution: [number, number];
    residual: number;
  }[];
}
interface Curve {
  readonly name: string;
  readonly loss: number[];
  readonly diagnoses: Golden[];
}

const { curves, referenceLoss: reference } = JSON.parse(
  readFileSync(new URL("../golden/dmd/loss_curves.json", import.meta.url), "utf8"),
) as { curves: Curve[]; referenceLoss: number };
const until = (curve: Curve, epoch: number) => curve.loss.slice(0, epoch + 1);
const curve = (name: string) => curves.find((one) => one.name === name)!;
const close = (found: number | null, wanted: number | null, rtol: number) =>
  wanted === null ? expect(found).toBeNull() : expect([found!]).toBeAllClose([wanted], { rtol });

onProviders(() => {
  describe.each(curves)("$name", (one) => {
    test.each(one.diagnoses)("epoch $epoch: $verdict", (golden) => {
      const values = Float64Array.from(until(one, golden.epoch));
      const found = diagnose(values, { ...verdictDefaults, reference });
      expect(found.decision).toBe(golden.verdict.toLowerCase());
      if (golden.modes === undefined) return;
      const { spectrum, prospect } = found;
      expect(spectrum!.modes).toHaveLength(golden.rank);
      for (const { eigenvalue, contribution, residual } of golden.modes) {
        const gap = ({ re, im }: { re: number; im: number }) =>
          Math.hypot(re - eigenvalue[0], im - eigenvalue[1]);
        const mode = spectrum!.modes.reduce((a, b) => (gap(b) < gap(a) ? b : a));
        expect(gap(mode)).toBeLessThan(1e-6);
        expect(mode.residual).toBeCloseTo(residual, 8);
        expect(mode.contribution).toBeCloseTo(contribution[0], 6);
        expect(mode.contributionIm).toBeCloseTo(contribution[1], 6);
      }
      close(forecastLoss(spectrum!.modes, 60), golden.forecast60, 1e-4);
      close(prospect!.improvement, golden.relativeImprovementNextWindow, 1e-6);
      close(prospect!.slowest, golden.slowestEigenvalue, 1e-6);
      close(prospect!.slowestResolved, golden.slowestResolvedEigenvalue, 1e-6);
      close(prospect!.escapeEpochs, golden.escapeEpochs, 1e-4);
      expect(prospect!.epochsToStop).toBe(golden.epochsToStop);
      checkReached(prospect!.epochsToReference, golden);
    });
  });
});

/**
 * The stored number is the first of a grid of ratio 1.02 at which the loss of guessing is reached; the
 * stored modes themselves reach it at the number found, to the epoch.
 */
function checkReached(found: number | null, { epochsToReference: wanted, modes }: Golden) {
  if (wanted === null) return expect(found).toBeNull();
  expect(found).toBeLessThanOrEqual(wanted);
  expect(found).toBeGreaterThan(wanted / 1.0205);
  const stored = modes!.map(({ eigenvalue: [re, im], contribution: [x, y] }) => {
    return { re, im, contribution: x, contributionIm: y, residual: 0 };
  });
  expect(forecastLoss(stored, found!)).toBeLessThanOrEqual(reference);
  expect(forecastLoss(stored, found! - 1)).toBeGreaterThan(reference);
}

test("the escape from the plateau is predicted from epoch 40 on, within 10 %", () => {
  const tiny = curve("tiny");
  const truth = tiny.loss.findIndex((loss) => loss <= 0.9 * tiny.loss[40]);
  for (const epoch of [40, 60, 80, 100, 120, 150]) {
    const { prospect } = verdict(until(tiny, epoch), { reference });
    expect(Math.abs(epoch + prospect!.escapeEpochs! - truth)).toBeLessThan(0.1 * truth);
  }
  // Whoever waits longer is told to go on.
  expect(verdict(until(tiny, 100), { reference, patience: 150 }).decision).toBe("continue");
});

test("a budget turns slow progress into a restart", () => {
  const losses = until(curve("huge"), 100);
  expect(verdict(losses, { reference, budget: 1700 }).decision).toBe("continue");
  const { decision, sentence } = verdict(losses, { reference, budget: 1600 });
  expect(decision).toBe("restart");
  expect(sentence).toContain("1659 epochs to beat guessing");
});

test("stop is confirmed by four windows in a row, and its forecast was right", () => {
  const { decision, confirmed, agreeing, windows, forecastError, forecast, cannotSay } = verdict(
    until(curve("xavier"), 600),
    { reference },
  );
  expect([decision, confirmed, windows]).toEqual(["stop", true, 4]);
  expect(agreeing).toBeGreaterThanOrEqual(2);
  expect(forecastError).toBeLessThan(1e-3);
  expect(forecast).toHaveLength(60);
  expect(cannotSay.join()).toContain("where the loss would end");
  const first = verdict(until(curve("xavier"), 510), { reference });
  expect([first.decision, first.confirmed]).toEqual(["stop", false]);
});

test("what ends a run asks for more windows than what starts it again", () => {
  const [go, stop, rising, restart] = ["continue", "stop", "rising", "restart"] as const;
  expect(isConfirmed("diverged", [])).toBe(true);
  expect(isConfirmed(stop, [stop, stop, stop])).toBe(true);
  expect(isConfirmed(stop, [rising, stop, rising])).toBe(true);
  expect(isConfirmed(stop, [stop, stop])).toBe(false);
  expect(isConfirmed(rising, [stop, stop, go])).toBe(false);
  expect(isConfirmed(stop, [stop, go], 2)).toBe(true);
  expect(isConfirmed(restart, [restart, go])).toBe(true);
  expect(isConfirmed(restart, [stop, restart])).toBe(false);
});

test("with a patience, a loss that falls but will not beat guessing in it is a bad start", () => {
  const slow = Array.from({ length: 80 }, (_, t) => 2.4 + 20 * 0.98 ** t);
  expect(verdict(slow, { reference }).decision).toBe("continue");
  const told = verdict(slow, { reference, patience: 30 });
  expect(told.decision).toBe("restart");
  expect(told.sentence).toContain("30 epochs on");
  // 20·0.98ᵗ alone is below 0.9 of guessing from t = 113: 34 epochs on.
  const there = slow.map((loss) => loss - 2.4);
  expect(verdict(there, { reference, patience: 30 }).decision).toBe("restart");
  expect(verdict(there, { reference, patience: 40 }).decision).toBe("continue");
});

test("a loss that grows by a mode is rising; one that jumps and stays is diverged", () => {
  const overfit = Array.from({ length: 80 }, (_, t) => 0.5 + 0.02 * 1.02 ** t);
  expect(verdict(overfit).decision).toBe("rising");
  expect(verdict([1, 0.9, NaN]).decision).toBe("diverged");
  expect(verdict([1, 0.9, 2.1, 2.05]).sentence).toContain("more than twice");
  expect(verdict([1, 0.9, 2.1, 1.5, 2.1]).decision).toBe("diverged");
});

describe("a spike of one epoch", () => {
  const spiked = (losses: readonly number[], back: number, by: number) =>
    losses.with(losses.length - 1 - back, by);

  test("is not a divergence; two epochs are, and what is not finite at once", () => {
    const good = until(curve("xavier"), 150);
    const { decision, sentence, loss } = verdict([...good, 6], { reference });
    expect([decision, loss]).toEqual(["continue", good[150]]);
    expect(sentence).toContain("The last loss, 6.000, stands alone and is left out");
    const back = [...good.slice(0, -1), 6, good[150]];
    expect(verdict(back, { reference }).decision).toBe("continue");
    expect(verdict([...good, 6, 6], { reference }).decision).toBe("diverged");
    expect(verdict([...good, Infinity], { reference }).decision).toBe("diverged");
    // Growth, slow or fast, is called at the second value above.
    for (const factor of [1.05, 1.5, 2, 10, 1e4]) {
      const growth = Array.from({ length: 80 }, (_, n) => good[150] * factor ** n);
      const above = growth.findIndex((x) => x > 2 * good[0]) + 2;
      const lost = verdict([...good, ...growth.slice(0, above)], { reference });
      expect(lost.decision).toBe("diverged");
    }
  });

  test.each([0, 1, 2, 7, 30, 58])("%i epochs ago changes nothing of what is said", (back) => {
    for (const epoch of [150, 400, 540]) {
      const losses = until(curve("xavier"), epoch);
      const clean = verdict(losses, { reference });
      for (const by of [1.2 * losses[epoch - back], 5, 1e6, 1e-3]) {
        const found = verdict(spiked(losses, back, by), { reference });
        expect(found.decision).toBe(clean.decision);
        const [end, wanted] = [found, clean].map(({ forecast }) => forecast[58]);
        expect([end]).toBeAllClose([wanted], { rtol: 0.01 });
      }
    }
  });

  test("is no error of an earlier forecast", () => {
    const losses = until(curve("xavier"), 400);
    const { forecastError } = verdict(losses, { reference });
    expect(forecastError).toBeLessThan(0.05);
    expect(verdict([...losses, 6], { reference }).forecastError).toBe(forecastError);
    const told = [losses, [...losses, 6]].map((values) => {
      const watch = seriesWatch({
        ...verdictDefaults,
        reference,
        every: 10,
        agree: 4,
        firstEpoch: 0,
      });
      values.forEach((value, epoch) => {
        watch.push(value);
        if (epoch === 350) watch.look();
      });
      return watch.look().forecastError;
    });
    expect(told[0]).toBeLessThan(0.05);
    expect(told[1]).toBe(told[0]);
  });

  test("is what has no share in its neighbours", () => {
    const same = (values: readonly number[]) => {
      const curve = Float64Array.from(values);
      expect(withoutSpikes(curve, noiseOf(curve))).toEqual(curve);
    };
    for (const { loss } of curves) {
      const finite = loss.slice(0, loss.findIndex((x) => !(x < 1e6)) >>> 0);
      for (let end = 60; end <= finite.length; end += 20) same(finite.slice(end - 60, end));
    }
    same(Array.from({ length: 60 }, (_, t) => 1 + 0.3 * 0.98 ** t * (-1) ** t));
    same(Array.from({ length: 60 }, (_, t) => 1 - 1e-9 * 1.4 ** t));
    same(Array.from({ length: 60 }, (_, t) => (t < 58 ? 1 : 0.4))); // another level, for two epochs
    same(Array(60).fill(0.7));
    // A cubic is bridged without an error.
    const cubic = Float64Array.from({ length: 60 }, (_, t) => 2 + (t / 60 - 1) ** 3);
    expect(withoutSpikes(cubic.with(20, 9), noiseOf(cubic))).toBeAllClose(cubic, { rtol: 1e-12 });
    expect(withoutSpikes(cubic.with(59, 9), noiseOf(cubic))).toEqual(cubic.slice(0, 59));
  });
});

test("that a loss will rise is believed where it has begun to", () => {
  const growing = { re: 1.05, im: 0, contribution: 0.5, contributionIm: 0, residual: 0 };
  const escaping = { ...growing, contribution: -0.1 };
  const window = { length: 60, delays: 30, noise: 0.01, modes: [growing, escaping] };
  const falling = { ...window, least: 0.4 };
  expect(believed(falling, 0.4)).toEqual([{ ...growing, re: 1 }, escaping]);
  expect(believed(falling, 0.42)).toEqual([{ ...growing, re: 1 }, escaping]); // within the noise
  expect(believed({ ...window, least: 0.3 }, 0.4)).toEqual(window.modes);
  // Nothing is taken from a forecast that falls anyway.
  const down = { ...falling, modes: [{ ...growing, contribution: 0.05 }, escaping] };
  expect(believed(down, 0.4)).toEqual(down.modes);
});

test("without a reference a dead start reads as stop, and that is said", () => {
  const { decision, cannotSay } = verdict(until(curve("tiny"), 60));
  expect(decision).toBe("stop");
  expect(cannotSay[0]).toContain("no reference loss");
});

test("too few epochs, or a gap, are insufficient data; constant and zero losses are no trouble", () => {
  expect(verdict([]).decision).toBe("insufficient-data");
  expect(verdict(Array(39).fill(1)).sentence).toContain("39 epochs");
  const gap = until(curve("xavier"), 100);
  gap[80] = NaN;
  expect(verdict(gap).decision).toBe("insufficient-data");
  expect(verdict(Array(60).fill(0.7)).decision).toBe("stop");
  expect(verdict(Array(60).fill(0.7), { reference: 0.7 }).decision).toBe("restart");
  expect(verdict(Array(60).fill(0)).decision).toBe("stop");
});

test("the unit of the loss does not matter", () => {
  const losses = until(curve("sgd"), 100);
  const [a, b] = [1, 2 ** 20].map((unit) =>
    verdict(
      losses.map((x) => x * unit),
      { reference: reference * unit },
    ),
  );
  expect(b.decision).toBe(a.decision);
  expect(b.prospect).toEqual(a.prospect);
});

test("any positive series has a verdict with a sentence", () => {
  const series = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), {
    minLength: 0,
    maxLength: 90,
  });
  fc.assert(
    fc.property(series, (losses) => {
      const { decision, sentence, agreeing, windows } = verdict(losses, { reference: 1 });
      expect(decision).toMatch(/^(diverged|rising|continue|restart|stop|insufficient-data)$/);
      expect(sentence).toMatch(/\.$/);
      expect(agreeing).toBeLessThanOrEqual(windows);
    }),
    { seed: 5, numRuns: 100 },
  );
});

test("misuse is refused", () => {
  const losses = Array(60).fill(1);
  for (const options of [{ window: 30 }, { tolerance: 0 }, { reference: -1 }, { horizon: 3 }])
    expect(() => verdict(losses, options as object)).toThrow(UsageError);
  expect(() => verdict([...losses.slice(1), -1])).toThrow(DataError);
  expect(() => verdict([...losses.slice(1), -1])).toThrow("loss of epoch 59 is -1");
});

test("noise is estimated from second differences, whatever the curve below", () => {
  const noise = random(1, 4000, 3).data.map((x) => 0.01 * x);
  const noisy = noise.map((x, t) => x + 0.999 ** t + 1e-4 * t);
  // Uniform in ±0.01: σ = 0.00577. The estimate by the median is a normal's, within a fifth of it.
  expect(noiseOf(noisy)).toBeGreaterThan(0.8 * 0.00577);
  expect(noiseOf(noisy)).toBeLessThan(1.2 * 0.00577);
  const clean = Float64Array.from({ length: 60 }, (_, t) => 0.2 + 0.9 ** t);
  expect(windowSpectrum(clean).modes.map(({ re }) => re)).toBeAllClose([1, 0.9], { rtol: 1e-6 });
});

test("sentence and forecast are of the same modes, also where growth is not believed", () => {
  // A rate that decays to nothing: the fall ends sooner than by any exponential.
  const losses = Array.from({ length: 100 }, (_, t) => 0.5 + Math.exp(-(t - (t * t) / 200) / 20));
  const { spectrum, prospect, forecast, loss } = verdict(losses);
  const modes = believed(spectrum!, loss);
  expect(modes).not.toEqual(spectrum!.modes);
  const taken = (forecastLoss(modes, 0) - forecast[forecast.length - 1]) / loss;
  expect(taken).toBeCloseTo(prospect!.improvement, 10);
});

test("a stop does not say that the loss will fall where it is forecast to rise", () => {
  // A mode of 1.0007 is too near to 1 to be called growth.
  const losses = Array.from({ length: 100 }, (_, t) => 1.3 * 1.0007 ** t + 0.01 * 0.8 ** t);
  const { decision, sentence, forecast } = verdict(losses);
  expect(decision).toBe("stop");
  expect(sentence).toContain(`rise to about ${forecast[forecast.length - 1].toPrecision(4)}`);
});

test("agreement is said of windows that there are", () => {
  expect(agreement(1, 1)).toBeNull();
  expect([agreement(2, 1), agreement(4, 1)]).toEqual([
    "the window before disagrees",
    "the windows before disagree",
  ]);
  expect(agreement(4, 3)).toBe("3 of 4 windows agree");
});

test("a fall that the margin of its forecast leaves open is not promised", () => {
  // A floor of 0.3 reached but for 0.4 %, under noise of 1.3 %.
  const stream = randomStream(3, "noise");
  const settled = Array.from(
    { length: 150 },
    (_, t) => (0.3 + 2 * Math.exp(-t / 20)) * (1 + 0.013 * stream.normal()),
  );
  const { decision, sentence, forecast, margin, spectrum, loss } = verdict(settled);
  expect(decision).toBe("continue");
  const end = forecast[59];
  const before = forecastLoss(believed(spectrum!, loss), 0);
  expect(end * (1 + margin!.shares[59])).toBeGreaterThan(before - 0.02 * loss);
  expect(sentence).toContain(`its margin, ± ${percent(margin!.shares[59])}, includes one below`);
  expect(sentence).not.toContain("pays");
  // A margin from before a fall began says nothing of its end.
  const found = [0.3, 0.6].map((share) => {
    const margin = { level: 0.8, shares: Array(60).fill(share) };
    const { prospect } = diagnose(Float64Array.from(settled), verdictDefaults);
    return decide(spectrum!, prospect!, loss, verdictDefaults, { margin });
  });
  expect(found.map(([one]) => one)).toEqual(["continue", "continue"]);
  expect(found[0][1]).toContain("it may be done");
  expect(found[1][1]).toContain("cannot be told yet");
  // Without noise the same fall stands outside of its margin, and no window is unsure of it.
  const sure = verdict(Array.from({ length: 110 }, (_, t) => 0.3 + 2 * Math.exp(-t / 40)));
  expect(sure.sentence).toMatch(/^The loss will fall by .* %/);
});

test("what a fall is said to last does not contradict how far it goes", () => {
  const sentenceOf = (rate: number, length: number) =>
    verdict(Array.from({ length }, (_, t) => 0.5 + Math.exp(-t / rate))).sentence;
  const short = /fall by (\S+) % in the next 60 epochs, all but little of it in the first (\d+)\./;
  const found = short.exec(sentenceOf(20, 60))!;
  const f = (n: number) => 0.5 + Math.exp(-(59 + n) / 20);
  expect(Number(found[1])).toBeCloseTo((100 * (f(0) - f(60))) / f(0), 0);
  expect(f(Number(found[2])) - f(60)).toBeLessThan(0.02 * f(0));
  expect(sentenceOf(60, 80)).toMatch(/; training pays for about (\d{2,3}) epochs\.$/);
});

test("values of another learning rate are in no window", () => {
  const before = Array.from({ length: 90 }, (_, t) => 1 + Math.exp(-t / 30));
  const after = Array.from({ length: 70 }, (_, t) => 0.2 + 0.5 * Math.exp(-t / 15));
  const stretch = { from: 90, since: "the learning rate changed at step 90" };
  const early = verdict([...before, ...after.slice(0, 25)], {}, stretch);
  expect([early.decision, early.epoch, early.forecast]).toEqual(["insufficient-data", 114, []]);
  expect(early.sentence).toBe(
    "25 epochs since the learning rate changed at step 90 are too few: a spectrum needs 40.",
  );
  const late = verdict([...before, ...after], {}, stretch);
  const { epoch, ...alone } = verdict(after);
  expect(late).toEqual({ ...alone, epoch: epoch + 90 });
  // What is more than twice the first loss of all has diverged, and only that.
  const up = Array.from({ length: 50 }, () => 1.9);
  expect(verdict([...before, ...up], {}, stretch).decision).toBe("stop");
  expect(verdict([...before, ...up.map((x) => 3 * x)], {}, stretch).decision).toBe("diverged");
});

test("a plateau that is left now is not left in about 0 epochs", () => {
  // 10 % less than now is reached within an epoch: |c| λᵗ ≈ 0.09 at the end, doubling every two epochs.
  const leaving = Array.from({ length: 80 }, (_, t) => 1 - 0.09 * Math.SQRT2 ** (t - 79));
  const { sentence, prospect } = verdict(leaving);
  expect(prospect!.escapeEpochs).toBeLessThan(0.5);
  expect(sentence).not.toMatch(/\b0 epochs/);
});

test("a share of all is 100 %", () => {
  expect([0.996, 3.42, 0.5, 0.012].map(percent)).toEqual(["100 %", "342 %", "50 %", "1.2 %"]);
  expect([12345.6, 2.3, 1e12].map(short)).toEqual(["12346", "2.300", "1.000e+12"]);
});
