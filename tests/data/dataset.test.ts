import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDataset, type Dataset, selectRows } from "../../src/data/dataset.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { datasetOf } from "./problems.ts";

const three = datasetOf([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const values: Dataset = {
  ...three,
  targets: { kind: "values", values: Float32Array.of(10, 11, 20, 21, 30, 31), width: 2 },
};

describe("selectRows", () => {
  test("takes rows in the order given, more than once if asked", () => {
    const picked = selectRows(three, [2, 0, 2]);
    expect([...picked.features]).toEqual([5, 6, 1, 2, 5, 6]);
    expect(picked.targets).toEqual({
      kind: "classes",
      labels: BigInt64Array.of(0n, 0n, 0n),
      classes: 2,
    });
    expect(selectRows(values, [1]).targets).toEqual({
      kind: "values",
      values: Float32Array.of(20, 21),
      width: 2,
    });
  });

  test("selecting twice is selecting by the composed indices", () => {
    const index = fc.nat(2);
    fc.assert(
      fc.property(fc.array(index, { minLength: 1 }), fc.array(fc.nat()), (first, second) => {
        const inner = second.map((k) => k % first.length);
        const composed = inner.map((k) => first[k]);
        expect(selectRows(selectRows(values, first), inner)).toEqual(selectRows(values, composed));
      }),
    );
  });

  test.each([-1, 3, 0.5, NaN])("refuses row %d", (row) => {
    expect(() => selectRows(three, [0, row])).toThrow(UsageError);
    expect(() => selectRows(three, [0, row])).toThrow(`no row ${row}; rows run from 0 to 2`);
  });
});

describe("checkDataset", () => {
  test("gives a sound dataset back", () => {
    expect(checkDataset(three)).toBe(three);
    expect(checkDataset(values)).toBe(values);
  });

  test("counts the labels of sequences by position, and takes rows of them", () => {
    const labels = BigInt64Array.of(0n, 1n, 1n, 0n, 1n, 0n);
    const targets = { kind: "classes", labels, classes: 2, positions: 2 } as const;
    expect(checkDataset({ ...three, targets })).toMatchObject({ targets });
    const taken = selectRows({ ...three, targets }, [2, 0]).targets;
    expect(taken).toEqual({ ...targets, labels: BigInt64Array.of(1n, 0n, 0n, 1n) });
    const wrong = { ...targets, labels: BigInt64Array.of(0n, 1n, 1n, 0n, 1n, 2n) };
    expect(() => checkDataset({ ...three, targets: wrong })).toThrow("label of row 2 is 2");
    const short = { ...targets, positions: 3 };
    expect(() => checkDataset({ ...three, targets: short })).toThrow("3 rows of 3 positions");
  });

  const labels = (...ns: bigint[]): Dataset => ({
    ...three,
    targets: { kind: "classes", labels: BigInt64Array.from(ns), classes: 2 },
  });
  test.each([
    [
      "a NaN",
      datasetOf([
        [1, 2],
        [3, NaN],
      ]),
      DataError,
      "rows: feature 1 of row 1 is NaN",
    ],
    ["an infinity", datasetOf([[-Infinity]]), DataError, "feature 0 of row 0 is -Infinity"],
    ["a label too large", labels(0n, 1n, 2n), DataError, "label of row 2 is 2, not 0 to 1"],
    ["a negative label", labels(0n, -1n, 0n), DataError, "label of row 1 is -1"],
    ["too few labels", labels(0n), ShapeError, "1 labels for 3 rows"],
    ["too few features", { ...three, count: 4 }, ShapeError, "[4, 2] needs 8"],
    ["no rows", datasetOf([]), DataError, "got [0, 0]"],
    [
      "an infinite target",
      {
        ...three,
        targets: { kind: "values", values: Float32Array.of(0, Infinity, 0), width: 1 },
      } satisfies Dataset,
      DataError,
      "target 0 of row 1 is Infinity",
    ],
  ])("refuses %s", (_, dataset, error, message) => {
    expect(() => checkDataset(dataset)).toThrow(error);
    expect(() => checkDataset(dataset)).toThrow(message);
  });
});
