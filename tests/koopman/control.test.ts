import { expect, test } from "vitest";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { spectralDistance } from "../../src/koopman/compare/distance.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { reconstruct } from "../../src/koopman/dmd/expand.ts";
import { dmdWithControl, simulate } from "../../src/koopman/variants/control.ts";
import {
  multiResolutionDmd,
  reconstructLevels,
  windowsOf,
} from "../../src/koopman/variants/multi-resolution.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { eigen } from "../../src/linalg/eigenvalues.ts";
import { type Matrix, matrix, multiply, subtract } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, orbit, rotated } from "./systems.ts";

const A = rotated(blockDiagonal(0.95, [0.9, 0.5], 0.6), 2);
const B = random(4, 2, 7);
const inputs = random(2, 39, 8);

/** x_0 = 1 under inputs, [4 × T + 1]. */
function driven(u: Matrix): Matrix {
  const states = [Float64Array.of(1, 1, 1, 1)];
  for (let t = 0; t < u.cols; t++) {
    const Ax = multiply(A, { rows: 4, cols: 1, data: states[t] }).data;
    const Bu = multiply(B, columns(u, t, t + 1)).data;
    states.push(Ax.map((x, i) => x + Bu[i]));
  }
  return matrix(4, u.cols + 1, (i, t) => states[t][i]);
}

onProviders(() => {
  const truth = eigen(A).values;
  const lift = random(12, 4, 3);
  const F = multiply(lift, driven(inputs));

  test("finds A and B, where plain DMD takes the inputs for the dynamics", () => {
    const found = dmdWithControl(F, inputs);
    expect(spectralDistance(found.spectrum.eigenvalues, truth).distance).toBeLessThan(1e-12);
    expect(found.B.data).toBeAllClose(multiply(lift, B).data, { atol: 1e-12 });
    expect(found.misfit).toBeLessThan(1e-12);
    expect(Math.max(...found.spectrum.residuals)).toBeLessThan(1e-11);
    expect(found.warnings).toEqual([]);
    expect(spectralDistance(dmd(F).eigenvalues, truth).distance).toBeGreaterThan(0.01);
  });

  test("amplitudes are those of the states without the inputs", () => {
    const free = multiply(lift, orbit(A, [1, 1, 1, 1], 40));
    expect(reconstruct(dmdWithControl(F, inputs).spectrum).data).toBeAllClose(free.data, {
      atol: 1e-10,
    });
  });

  test("simulates other inputs", () => {
    const other = random(2, 25, 11);
    const found = dmdWithControl(F, inputs);
    const start = columns(F, 0, 1).data;
    const wanted = multiply(lift, driven(other));
    expect(simulate(found, start, other).data).toBeAllClose(wanted.data, { atol: 1e-10 });
  });

  test("B known: A from few snapshots; inputs of a tiny unit make no difference", () => {
    const few = dmdWithControl(columns(F, 0, 6), columns(inputs, 0, 5), {
      known: multiply(lift, B),
    });
    expect(spectralDistance(few.spectrum.eigenvalues, truth).distance).toBeLessThan(1e-8);
    const tiny = dmdWithControl(F, { ...inputs, data: inputs.data.map((u) => 1e-12 * u) });
    expect(spectralDistance(tiny.spectrum.eigenvalues, truth).distance).toBeLessThan(1e-10);
  });

  test("inputs that follow from the states cannot be told apart, and that is said", () => {
    const states = orbit(A, [1, 1, 1, 1], 40);
    const feedback = multiply(random(2, 4, 5), columns(states, 0, 39));
    expect(dmdWithControl(states, feedback).warnings.join()).toContain("cannot be told apart");
  });

  test("control: misuse is refused", () => {
    expect(() => dmdWithControl(F, columns(inputs, 0, 38))).toThrow(ShapeError);
    expect(() => dmdWithControl(F, inputs, { known: B })).toThrow("12 × 2 is wanted");
    expect(() => dmdWithControl(F, inputs, { rank: 3 } as object)).toThrow(UsageError);
    expect(() =>
      dmdWithControl(
        matrix(2, 3, () => 0),
        random(1, 2, 1),
      ),
    ).toThrow(DataError);
    expect(() => simulate(dmdWithControl(F, inputs), [1], inputs)).toThrow(ShapeError);
  });

  // A slow background, and an oscillation that is there in the second half only.
  const M = 256;
  const mix = random(6, 4, 9);
  const slow = (t: number) => [1, 0.997 ** t, 0, 0];
  const fast = (t: number) => (t < M / 2 ? [0, 0] : [Math.cos(0.33 * t), Math.sin(0.33 * t)]);
  const parts = (of: (t: number) => number[]) =>
    multiply(
      mix,
      matrix(4, M, (i, t) => of(t)[i]),
    );
  const data = parts((t) => [...slow(t).slice(0, 2), ...fast(t)]);

  test("multi-resolution: the fast mode is found in the windows where it is, and nowhere else", () => {
    const found = multiResolutionDmd(data, { levels: 5 });
    const turns = windowsOf(found.root).flatMap(({ spectrum, stride, first, level }) =>
      spectrum === null
        ? []
        : Array.from(spectrum.eigenvalues.im, (y, j) => ({
            level,
            first,
            amplitude: spectrum.importance.amplitude[j],
            turn: Math.abs(Math.atan2(y, spectrum.eigenvalues.re[j])) / stride,
          })),
    );
    // Where the background was taken out rounding is left, whose modes turn at any rate.
    const near = turns.filter(
      ({ turn, amplitude }) => Math.abs(turn - 0.33) < 0.01 && amplitude > 1e-12,
    );
    expect(near.length).toBeGreaterThan(0);
    for (const { first } of near) expect(first).toBeGreaterThanOrEqual(M / 2);
    expect(windowsOf(found.root)).toHaveLength(31);
    expect(found.cannotSay[0]).toContain("after the data");
  });

  test("multi-resolution: levels add up to the data; level 0 is the background", () => {
    const found = multiResolutionDmd(data, { levels: 5 });
    const size = Math.hypot(...data.data);
    const error = (levels: number) =>
      Math.hypot(
        ...subtract(
          data,
          reconstructLevels(found, (l) => l < levels),
        ).data,
      ) / size;
    expect(error(5)).toBeLessThan(0.1);
    expect(error(5)).toBeLessThan(error(2) / 2);
    const smooth = parts(slow);
    const alone = reconstructLevels(multiResolutionDmd(smooth), (level) => level === 0);
    expect(alone.data).toBeAllClose(smooth.data, { atol: 1e-6 });
  });

  test("multi-resolution: one level of a slow signal is plain DMD of it", () => {
    const gentle = multiply(random(5, 2, 1), orbit(blockDiagonal(0.999, 1), [1, 1], 64));
    const { spectrum, stride } = multiResolutionDmd(gentle, { levels: 1 }).root;
    expect(stride).toBe(8);
    const rates = spectrum!.eigenvalues.re.map((x) => x ** (1 / stride));
    expect(rates.toSorted()).toBeAllClose([0.999, 1], { rtol: 1e-9 });
    expect(spectrum!.dt).toBe(8);
  });

  test("multi-resolution: misuse is refused", () => {
    expect(() => multiResolutionDmd(data, { levels: 0 })).toThrow(UsageError);
    expect(() => multiResolutionDmd(data, { level: 2 } as object)).toThrow('"levels"');
    expect(() => multiResolutionDmd(columns(data, 0, 20), { levels: 4 })).toThrow(DataError);
    expect(() => multiResolutionDmd(data, { cycles: 0 })).toThrow(UsageError);
  });
});
