import { expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { forecast, reconstruct } from "../../src/koopman/dmd/expand.ts";
import { delayEmbed, hankelDmd } from "../../src/koopman/dmd/hankel.ts";
import { numericalRank, rank } from "../../src/koopman/dmd/truncation.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { fromRows, matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const loss = (t: number) =>
  0.08 + 1.2 * 0.85 ** t + 0.5 * 0.97 ** t + 0.05 * 0.9 ** t * Math.cos(0.6 * t);

test("delays are stacked block by block", () => {
  const F = fromRows([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  expect(delayEmbed(F, 1)).toEqual(F);
  expect(delayEmbed(F, 3)).toEqual(
    fromRows([
      [1, 2],
      [5, 6],
      [2, 3],
      [6, 7],
      [3, 4],
      [7, 8],
    ]),
  );
  for (const delays of [0, 5, 1.5]) expect(() => delayEmbed(F, delays)).toThrow(UsageError);
  expect(() => hankelDmd(F, 4)).toThrow("leave 1 column");
  expect(() => hankelDmd(F, 2, { delays: 2 } as object)).toThrow('option of hankelDmd "delays"');
});

onProviders(() => {
  test("a sum of exponentials from one channel: values, fit and forecast", () => {
    const series = matrix(1, 90, (_, t) => loss(t));
    const spectrum = hankelDmd(columns(series, 0, 60), 30, { truncation: numericalRank(1e-9) });
    const { re, im } = spectrum.eigenvalues;
    expect(re).toBeAllClose([1, 0.97, 0.9 * Math.cos(0.6), 0.9 * Math.cos(0.6), 0.85], {
      atol: 1e-8,
    });
    expect(im[2]).toBeCloseTo(0.9 * Math.sin(0.6), 8);
    expect(spectrum.modes.re.rows).toBe(1);
    // A mode of one channel is ±1 or a phase; amplitudes are those of the formula.
    expect(spectrum.importance.amplitude).toBeAllClose([0.08, 0.5, 0.025, 0.025, 1.2], {
      rtol: 1e-6,
    });
    expect(reconstruct(spectrum).data).toBeAllClose(columns(series, 0, 60).data, { atol: 1e-8 });
    expect(forecast(spectrum, 30).data).toBeAllClose(columns(series, 60, 90).data, { atol: 1e-7 });
  });

  test("a standing wave in one channel needs two delays", () => {
    const wave = matrix(1, 40, (_, t) => Math.cos(0.3 * t));
    expect(dmd(wave).eigenvalues.im).toEqual(new Float64Array(1));
    const { re, im } = hankelDmd(wave, 4, { truncation: rank(2) }).eigenvalues;
    expect(re).toBeAllClose([Math.cos(0.3), Math.cos(0.3)]);
    expect(im).toBeAllClose([Math.sin(0.3), -Math.sin(0.3)]);
  });

  test("a reduction first changes nothing where it loses nothing, and says what it loses", () => {
    const A = blockDiagonal(0.99, [0.95, 0.6]);
    const F = multiply(random(40, 3, 2), orbit(A, [1, 1, 1], 30));
    const options = { truncation: numericalRank(1e-9) };
    const plain = hankelDmd(F, 5, options);
    const less = hankelDmd(F, 5, { ...options, reduction: numericalRank(1e-10) });
    expect(less.eigenvalues.re).toBeAllClose(plain.eigenvalues.re, { atol: 1e-10 });
    expect(reconstruct(less).data).toBeAllClose(F.data, { atol: 1e-9 });
    expect(less.warnings).toEqual([]);
    expect(hankelDmd(F, 5, { ...options, reduction: rank(2) }).warnings[0]).toContain("loses");
  });
});
