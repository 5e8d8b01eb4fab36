import { beforeAll, expect, test } from "vitest";
import { symmetricEigen } from "../../src/linalg/symmetric.ts";
import { type CountRow, splittingCounts } from "../../src/reproduce/monotone/counts.ts";
import { type GainRow, gainRows } from "../../src/reproduce/monotone/gains.ts";
import { drawLayer } from "../../src/reproduce/monotone/layer.ts";
import { monotoneLines } from "../../src/reproduce/monotone/study.ts";
import { loadBackend } from "../../src/runtime/backend.ts";

let counts: CountRow[];
let gains: GainRow[];
beforeAll(async () => {
  await loadBackend();
  counts = await splittingCounts(1, 5);
  gains = await gainRows(5, 4);
}, 60_000);
const of = (m: number, method: string) =>
  counts.find((row) => row.m === m && row.method.startsWith(method))!.ours;

test.each([1, 0.1, 5])("a layer drawn for m = %d is m-monotone, and ‖I − W‖₂ is no less", (m) => {
  const { W, L } = drawLayer(30, m, 3, 0);
  const symmetric = W.data.map(
    (_, k) => (k % 31 === 0 ? 1 : 0) - (W.data[k] + W.data[(k % 30) * 30 + Math.floor(k / 30)]) / 2,
  );
  const { values } = symmetricEigen({ ...W, data: symmetric });
  expect(values[0]).toBeGreaterThan(m - 1e-12);
  expect(L).toBeGreaterThanOrEqual(values.at(-1)! - 1e-9);
});

test("splittings converge where theory says so, a finer tolerance takes longer, plain iteration fails", () => {
  for (const { ours } of counts) {
    const [coarse, fine] = ours;
    if (fine !== null) expect(fine).toBeGreaterThan(coarse!);
  }
  for (const m of [1, 0.1]) {
    expect(of(m, "plain iteration")).toEqual([null, null]);
    expect(of(m, "forward–backward, α = m/L²")).not.toContain(null);
    expect(of(m, "Peaceman–Rachford, α = 1/2")[1]!).toBeLessThan(40);
    // A longer step than the bound allows is quicker until it fails.
    expect(of(m, "forward–backward, α = 4 m/L²")[1]!).toBeLessThan(
      of(m, "forward–backward, α = m/L²")[1]!,
    );
  }
});

test("no gain is above the bound, and the bound tightens with m", () => {
  for (const { bound, attained } of gains) expect(attained).toBeLessThanOrEqual(bound);
  const looseness = gains.map(({ bound, attained }) => bound / attained);
  expect(looseness).toEqual(looseness.toSorted((a, b) => b - a));
});

test("lines judge by what they are given", () => {
  const row = counts.find(({ published }) => published === "6/15")!;
  const standing = (ours: CountRow["ours"], published = row.published) =>
    monotoneLines({ counts: [{ ...row, ours, published }], gains: [], runs: [], draws: 1 })[0]
      .standing;
  expect(standing([6, 16])).toBe("reached");
  expect(standing([3, 8])).toBe("better");
  expect(standing([6, 40])).toBe("not reached");
  expect(standing([6, null])).toBe("not reached");
  expect(standing([null, null], "fails")).toBe("reached");
  expect(standing([6, 15], "fails")).toBe("better");
});
