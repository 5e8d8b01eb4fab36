import { describe, expect, test } from "vitest";
import { mulberry32 } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { increments } from "../../src/koopman/forecast/extrapolate.ts";
import {
  tallBetween,
  tallIncrements,
  tallNorms,
  tallRows,
} from "../../src/koopman/snapshots/tall-increments.ts";
import { analyseWeights } from "../../src/koopman/verdict/weights.ts";
import { type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { type TallSource, tallMatrix, tallSnapshots } from "../../src/linalg/tall-source.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, logisticTraining, orbit } from "./systems.ts";

const n = 300;
const [slow, fast, turn] = [0.95, 0.7, [0.85, 0.4] as const];
const offset = random(n, 1, 5);
/** An end that weights approach by three exponentials, one of them a pair. */
function approach(M: number, scale = 1, blocks = blockDiagonal(slow, fast, turn)): Matrix {
  const moving = multiply(
    random(n, blocks.rows, 4),
    orbit(blocks, [1, 1, 1, 1].slice(0, blocks.rows), M),
  );
  return matrix(n, M, (i, j) => offset.data[i] + scale * moving.data[i * M + j]);
}
const column = ({ rows, cols, data }: Matrix, j: number) =>
  Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
const inColumns = (F: Matrix, single = false): TallSource =>
  tallSnapshots(
    Array.from({ length: F.cols }, (_, j) =>
      single ? Float32Array.from(column(F, j)) : column(F, j),
    ),
  );
const stepsOf = (M: number, every = 1) => Array.from({ length: M }, (_, i) => i * every);

describe("sources made of others", () => {
  const F = random(7, 5, 1);
  const all = async (source: TallSource) => {
    const block = await source.read(0, source.rows);
    return source.order === "rows"
      ? matrix(source.rows, source.cols, (i, j) => block[i * source.cols + j])
      : matrix(source.rows, source.cols, (i, j) => block[j * source.rows + i]);
  };

  test.each([
    ["rows", tallMatrix(F)],
    ["columns", inColumns(F)],
  ] as const)("by %s: increments, a part of the rows, the last snapshots", async (_, source) => {
    expect(await all(tallIncrements(source))).toEqual(increments(F));
    const rows = await all(tallRows(source, 2, 3));
    expect(rows).toEqual(matrix(3, 5, (i, j) => F.data[(i + 2) * 5 + j]));
    expect(await all(tallBetween(source, 3))).toEqual(
      matrix(7, 2, (i, j) => F.data[i * 5 + j + 3]),
    );
    expect(await all(tallBetween(source, 1, 3))).toEqual(
      matrix(7, 2, (i, j) => F.data[i * 5 + j + 1]),
    );
    expect(await tallNorms(source)).toBeAllClose(
      Float64Array.from({ length: 5 }, (_, j) => Math.hypot(...column(F, j))),
      { rtol: 1e-14 },
    );
    expect(() => tallIncrements(tallBetween(source, 4))).toThrow(UsageError);
  });
});

onProviders(() => {
  test("weights on their way to an end: its eigenvalues, half-lives, and how far it is", async () => {
    const F = approach(50);
    const found = await analyseWeights(inColumns(F), stepsOf(50, 10), { loss: "continue" });
    expect(found.rank).toBe(4);
    const sizes = found.spectrum.map(({ modulus }) => modulus).sort();
    expect(sizes).toBeAllClose([fast, 0.85, 0.85, slow], { atol: 1e-9 });
    for (const mode of found.spectrum) {
      expect(mode.trusted).toBe(true);
      expect(mode.halfLife).toBeCloseTo((10 * Math.log(0.5)) / Math.log(mode.modulus), 6);
    }
    expect(found.spectrum[0].modulus).toBeCloseTo(slow, 9);
    expect(found.spectrum[0].importance).toBeGreaterThan(0.9);
    const last = column(F, 49);
    const truth = Math.hypot(...last.map((x, i) => x - offset.data[i])) / Math.hypot(...last);
    expect(found.remaining).toBeCloseTo(truth, 9);
    expect(found.persisting).toBe(0);
    expect(found).toMatchObject({ spacing: 10, snapshots: 50, coordinates: n, lossAgrees: true });
    expect(found.warnings).toEqual([]);
    expect(found.orthogonality).toBeLessThan(1e-12);
    expect(found.norms[49]).toBeCloseTo(Math.hypot(...last), 12);
    expect(found.increments).toHaveLength(49);
  });

  test("stored in float32, no mode is made of its rounding", async () => {
    const { spectrum, remaining } = await analyseWeights(
      inColumns(approach(60), true),
      stepsOf(60),
    );
    const exact = await analyseWeights(inColumns(approach(60)), stepsOf(60));
    expect(spectrum.length).toBeLessThanOrEqual(4);
    expect(spectrum[0].modulus).toBeCloseTo(slow, 4);
    expect(remaining).toBeCloseTo(exact.remaining!, 4);
  });

  test("real training: the distance predicted is that to where it ends", async () => {
    const F = logisticTraining(40, 3000, 3);
    const cut = matrix(40, 400, (i, j) => F.data[i * 3000 + j]);
    const found = await analyseWeights(tallMatrix(cut), stepsOf(400));
    const now = column(F, 399);
    const truth = Math.hypot(...column(F, 2999).map((x, i) => x - now[i])) / Math.hypot(...now);
    expect(found.remaining! / truth).toBeGreaterThan(0.5);
    expect(found.remaining! / truth).toBeLessThan(2);
  });
});

describe("the verdict", () => {
  const settled = inColumns(approach(60, 0.01));
  const moving = inColumns(approach(40, 1, blockDiagonal(0.99, 0.7)));

  test.each([
    [settled, "stop", "stop", true],
    [settled, "continue", "continue", false],
    [settled, "restart", "restart", false],
    [settled, null, "insufficient-data", null],
    [moving, "stop", "continue", false],
    [moving, "rising", "rising", true],
    [moving, null, "continue", null],
  ] as const)(
    "%# the weights hold a stop back, and no more",
    async (source, loss, decision, agrees) => {
      const found = await analyseWeights(source, stepsOf(source.cols), { loss });
      expect(found.decision).toBe(decision);
      expect(found.lossAgrees).toBe(agrees);
      expect(found.settled).toBe(source === settled);
    },
  );

  test("what does not decay is counted at its speed, and never called divergence", async () => {
    const F = approach(50, 0.01, blockDiagonal(1.03, 0.7));
    const found = await analyseWeights(inColumns(F), stepsOf(50));
    expect(found.persisting).toBeGreaterThan(0.02);
    expect(found).toMatchObject({ settled: false, decision: "continue" });
    expect(found.spectrum[0].halfLife).toBeNull();
  });

  test("noise alone predicts nothing, and says why", async () => {
    const uniform = mulberry32(7);
    const walk = Float64Array.from({ length: n }, () => 1);
    const snapshots = stepsOf(50).map(() => walk.map((_, i) => (walk[i] += uniform() - 0.5)));
    const found = await analyseWeights(tallSnapshots(snapshots.map((x) => x.slice())), stepsOf(50));
    expect(found.remaining).toBeNull();
    expect(found.warnings.join()).toContain("the rest is noise");
    expect(found.sentence).toContain("cannot be told");
  });

  test("weights that do not move", async () => {
    const still = tallSnapshots(stepsOf(20).map(() => new Float32Array([1, 2, 3])));
    const found = await analyseWeights(still, stepsOf(20), { loss: "stop" });
    expect(found).toMatchObject({ remaining: 0, decision: "stop", rank: 0, spectrum: [] });
  });

  test("as many modes as coordinates: a warning, and none is trusted", async () => {
    const F = orbit(blockDiagonal(0.9, 0.5), [1, 1], 30);
    const found = await analyseWeights(tallMatrix(F), stepsOf(30));
    expect(found.rank).toBe(2);
    expect(found.warnings.join()).toContain("residuals vanish");
    expect(found.spectrum.every(({ trusted }) => !trusted)).toBe(true);
    expect(found.remaining).toBeNull();
  });

  test("too few snapshots are told, with how many are wanted", async () => {
    const few = await analyseWeights(inColumns(approach(9)), stepsOf(9));
    expect(few.decision).toBe("insufficient-data");
    expect(few.sentence).toMatch(/^9 snapshots .* needs 10, and 40/);
    const some = await analyseWeights(inColumns(approach(12)), stepsOf(12));
    expect(some.warnings.join()).toContain("12 snapshots are few: 40 are wanted");
  });
});

test("each tensor by itself: its rows alone, with its own eigenvalues", async () => {
  const [a, b] = [0.9, 0.6];
  const snapshots = stepsOf(40).map((t) =>
    Float64Array.from({ length: 50 }, (_, i) => 1 + (i + 1) * (i < 20 ? a : b) ** t),
  );
  const tensors = [
    { name: "0.weight", shape: [4, 5], first: 0, count: 20 },
    { name: "1.weight", shape: [30], first: 20, count: 30 },
  ];
  const found = await analyseWeights(tallSnapshots(snapshots), stepsOf(40), {
    tensors,
    perLayer: true,
  });
  expect(found.layers.map(({ name, coordinates }) => [name, coordinates])).toEqual([
    ["0.weight", 20],
    ["1.weight", 30],
  ]);
  expect(found.layers[0].spectrum[0].modulus).toBeCloseTo(a, 9);
  expect(found.layers[1].spectrum[0].modulus).toBeCloseTo(b, 6);
  expect(found.rank).toBe(2);
  expect(found.layers[0].rank).toBe(1);
});

describe("refusals", () => {
  const source = inColumns(approach(30));

  test("steps that are uneven are refused with what to do", async () => {
    const uneven = stepsOf(30).map((t) => (t < 10 ? t : 5 * t));
    const call = analyseWeights(source, uneven);
    await expect(call).rejects.toThrow(DataError);
    await expect(call).rejects.toThrow("snapshots at steps 9 and 50, but 5 apart after");
    await expect(call).rejects.toMatchObject({ hint: expect.stringContaining("window 20") });
    expect((await analyseWeights(source, uneven, { window: 20 })).spacing).toBe(5);
  });

  test.each([
    [{ window: 5 }, UsageError, "window 5"],
    [{ tolerance: 0 }, UsageError, "tolerance 0"],
    [{ tolerence: 1 }, UsageError, "tolerance"],
  ])("%j", async (options, kind, message) => {
    const call = analyseWeights(source, stepsOf(30), options as object);
    await expect(call).rejects.toThrow(kind);
    await expect(call).rejects.toThrow(message);
  });

  test("steps and snapshots that do not fit, and numbers that are none", async () => {
    await expect(analyseWeights(source, [1, 2])).rejects.toThrow(ShapeError);
    const F = approach(30);
    F.data[77] = Number.NaN;
    await expect(analyseWeights(tallMatrix(F), stepsOf(30))).rejects.toThrow(DataError);
  });
});
