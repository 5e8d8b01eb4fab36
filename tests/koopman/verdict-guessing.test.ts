import { expect, test } from "vitest";
import { decide } from "../../src/koopman/verdict/decide.ts";
import { diagnose, verdict, verdictDefaults } from "../../src/koopman/verdict/verdict.ts";

const reference = Math.log(10);
const curve = (n: number, f: (t: number) => number) => Array.from({ length: n }, (_, t) => f(t));

test("an escape counts where it beats guessing within the patience, not where it takes 10 %", () => {
  // At epoch 40, 10 % of 23 are 82 epochs off, and guessing, 21 below, 127.
  const far = curve(41, (t) => 23 - 0.006 * 1.05 ** t);
  const told = (losses: number[], patience: number) => verdict(losses, { reference, patience });
  const { prospect, decision, sentence } = told(far, 90);
  expect(prospect!.escapeEpochs).toBeCloseTo(
    Math.log((0.1 * far[40]) / (23 - far[40])) / Math.log(1.05),
    3,
  );
  const toGuessing = Math.log((far[40] - 0.9 * reference) / (23 - far[40])) / Math.log(1.05);
  expect(prospect!.escapeToGuessing).toBeCloseTo(toGuessing, 3);
  expect(decision).toBe("restart");
  expect(sentence).toContain(`beat it in about ${Math.round(toGuessing)} epochs only`);
  expect(told(far, 130).decision).toBe("continue");
  // On a plateau at guessing the two are the same, and without its loss, or below it.
  const near = curve(41, (t) => reference * (1 - 1e-4 * 1.08 ** t));
  const plateau = told(near, 60).prospect!;
  expect(Math.abs(plateau.escapeToGuessing! - plateau.escapeEpochs!)).toBeLessThan(1);
  for (const [losses, options] of [
    [far, {}],
    [far.map((loss) => loss / 20), { reference }],
  ] as const) {
    const found = verdict(losses, options).prospect!;
    expect(found.escapeToGuessing).toBe(found.escapeEpochs);
  }
});

test("a clear curve is followed for two windows, a noisy one for one", () => {
  // Below 0.9 of guessing 56 epochs on: after one window of 41, and within a patience of 60.
  const falling = curve(41, (t) => 1.88 + 0.5 * 0.99 ** t);
  const options = { ...verdictDefaults, reference, patience: 60 };
  const { decision, spectrum, prospect, loss } = diagnose(Float64Array.from(falling), options);
  expect(decision).toBe("continue");
  const noisy = { ...spectrum!, noise: 0.02 * loss };
  const [told, sentence] = decide(noisy, prospect!, loss, options);
  expect(told).toBe("restart");
  expect(sentence).toContain("41 epochs on");
  expect(diagnose(Float64Array.from(falling), { ...options, patience: 50 }).decision).toBe(
    "restart",
  );
});

test("farther than two windows no curve is followed, however long the patience", () => {
  // Below 0.9 of guessing 128 epochs on.
  const slow = curve(41, (t) => 1.88 + 0.5 * 0.9943 ** t);
  const told = (patience: number) =>
    diagnose(Float64Array.from(slow), { ...verdictDefaults, reference, patience });
  expect(told(200).decision).toBe("restart");
  expect(told(200).sentence).toContain("82 epochs on");
});
