import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatNpy } from "../../src/data/npy.ts";
import { openTensors } from "../../src/data/tensors/open.ts";
import type { TensorFile } from "../../src/data/tensors/tensor-file.ts";
import { DataError, InputError, UsageError } from "../../src/errors.ts";
import { snapshotFiles } from "../../src/koopman/snapshots/snapshot-files.ts";
import {
  type SnapshotOptions,
  snapshotSource,
} from "../../src/koopman/snapshots/snapshot-source.ts";
import { formatSafetensors } from "../../src/training/safetensors.ts";

const fixtures = "tests/data/fixtures/tensors";
const folder = mkdtempSync(join(tmpdir(), "snapshot-files-"));
const path = (...names: string[]) => join(folder, ...names);
const copy = (from: string, ...to: string[]) => copyFileSync(join(fixtures, from), path(...to));
const shard = (k: number) => `model-0000${k}-of-00002.safetensors`;

afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  for (const name of ["torch", "mixed", "half", "sharded", "trainer", "none"])
    mkdirSync(path(name));
  for (const step of [1, 2, 10]) copy("epoch=3.ckpt", "torch", `step=${step}.ckpt`);
  copy("state-dict.pt", "mixed", "1.pt");
  copy("tensor.pt", "mixed", "2.pt");
  for (const j of [0, 1]) copy("types.safetensors", "half", `${j}.safetensors`);
  for (const k of [1, 2]) copy(shard(k), "sharded", shard(k));
  copy("model.safetensors.index.json", "sharded", "model.safetensors.index.json");
  for (const step of [9, 10]) {
    mkdirSync(path("trainer", `checkpoint-${step}`));
    const tensors = {
      w: { dtype: "float32", shape: [2], data: Float32Array.of(step, -step) },
    } as const;
    const bytes = formatSafetensors({ tensors, metadata: {} });
    writeFileSync(path("trainer", `checkpoint-${step}`, "model.safetensors"), bytes);
    for (const name of ["optimizer.pt", "training_args.bin"])
      copy("tensor.pt", "trainer", `checkpoint-${step}`, name);
  }
});

/** All of a source, column by column, by blocks of any size. */
async function columnsOf(source: Awaited<ReturnType<typeof snapshotFiles>>, step: number) {
  const columns = Array.from({ length: source.cols }, () => [] as number[]);
  for (let first = 0; first < source.rows; first += step) {
    const count = Math.min(step, source.rows - first);
    const block = await source.read(first, count);
    for (let j = 0; j < source.cols; j++)
      for (let i = 0; i < count; i++)
        columns[j].push(block[source.order === "columns" ? j * count + i : i * source.cols + j]);
  }
  return columns;
}

async function endToEnd(file: TensorFile, names: readonly string[]): Promise<number[]> {
  const all: number[] = [];
  for (const name of names) all.push(...(await file.read(name)));
  return all;
}

const state = ["0.bias", "0.weight", "1.bias", "1.weight", "2.bias", "2.weight"].map(
  (name) => `state_dict.${name}`,
);

describe("a folder of Lightning's checkpoints", () => {
  test.each([1, 3, 7, 1000])("is the model's parameters, in blocks of %i", async (step) => {
    const source = await snapshotFiles(path("torch"));
    expect([source.rows, source.cols, source.dtype]).toEqual([34, 3, "float32"]);
    expect(source.entries.map(({ name }) => name)).toEqual(state);
    expect(source.caveats).toEqual([]);
    const file = await openTensors(join(fixtures, "epoch=3.ckpt"));
    const column = await endToEnd(file, state);
    expect(await columnsOf(source, step)).toEqual([column, column, column]);
  });

  test.each<[SnapshotOptions["tensors"], string[]]>([
    ["state_dict.0.weight", ["state_dict.0.weight"]],
    ["state_dict.*.bias", ["state_dict.0.bias", "state_dict.1.bias", "state_dict.2.bias"]],
    [/running/, ["state_dict.1.running_mean", "state_dict.1.running_var"]],
    [
      ["*.0.bias", /2\.bias$/g],
      ["state_dict.0.bias", "state_dict.2.bias"],
    ],
  ])("takes the tensors that are chosen by %s", async (tensors, names) => {
    const source = await snapshotFiles(path("torch"), { tensors });
    expect(source.entries.map(({ name }) => name)).toEqual(names);
  });

  test.each(["weight", "state_dict.1.num_batches_tracked", "*.nothing"])(
    "refuses a choice of %s, which is no floating tensor",
    async (tensors) => {
      await expect(snapshotFiles(path("torch"), { tensors })).rejects.toThrow(UsageError);
    },
  );
});

test("half precision is widened, with a caveat", async () => {
  const tensors = ["float16", "bfloat16", "float32"];
  const source = await snapshotFiles(path("half"), { tensors });
  expect(source.dtype).toBe("float32");
  expect(source.caveats).toEqual([expect.stringContaining("2 of 3 tensors are in half precision")]);
  const file = await openTensors(join(fixtures, "types.safetensors"));
  const column = await endToEnd(file, ["bfloat16", "float16", "float32"]);
  expect(await columnsOf(source, 4)).toEqual([column, column]);
});

test("float64 beside float32 makes all of it float64", async () => {
  const source = await snapshotFiles(path("half"), { tensors: /^float(32|64)$/ });
  expect(source.dtype).toBe("float64");
  const file = await openTensors(join(fixtures, "types.safetensors"));
  const column = await endToEnd(file, ["float32", "float64"]);
  expect(await columnsOf(source, 3)).toEqual([column, column]);
});

test("a checkpoint in several files is one snapshot, by its index or by the opened files", async () => {
  const source = await snapshotFiles(path("sharded"), { tensors: "a" });
  expect([source.rows, source.cols]).toEqual([5, 1]);
  const files = await Promise.all([1, 2].map((k) => openTensors(join(fixtures, shard(k)))));
  const opened = snapshotSource([files, files], { tensors: ["a", "b"] });
  const column = [...(await files[0].read("a")), ...(await files[1].read("b"))];
  expect(await columnsOf(opened, 2)).toEqual([column, column]);
});

test("directories of a trainer: the weights, in the order of the steps", async () => {
  const source = await snapshotFiles(path("trainer"));
  expect(await columnsOf(source, 1)).toEqual([
    [9, -9],
    [10, -10],
  ]);
});

test.each([
  ["fortran", [1, 2, 3, 4, 5, 6], "True"],
  ["plain", [1, 3, 5, 2, 4, 6], "False"],
])("a matrix in %s order has its snapshots as columns", async (name, data, fortran) => {
  const bytes = formatNpy(Float64Array.from(data), [2, 3]);
  const header = new TextDecoder("latin1").decode(bytes.subarray(10, 128));
  const changed = header.replace("False,", `${fortran},`.padEnd(6)).slice(0, 118);
  bytes.set(new TextEncoder().encode(changed), 10);
  writeFileSync(path(`${name}.npy`), bytes);
  const source = await snapshotFiles(path(`${name}.npy`));
  expect([source.rows, source.cols]).toEqual([2, 3]);
  for (const step of [1, 2])
    expect(await columnsOf(source, step)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
});

test("a source of other readers is read through what they promise", async () => {
  const file: TensorFile = {
    path: "memory",
    kind: "npy",
    tensors: [{ name: "x", dtype: "float64", shape: [4] }],
    opaque: [],
    read: async (_, first = 0, count = 4) =>
      Float64Array.of(1, 2, 3, 4).subarray(first, first + count),
  };
  expect(await columnsOf(snapshotSource([[file]]), 3)).toEqual([[1, 2, 3, 4]]);
});

test.each<[string, Partial<SnapshotOptions> | object, new (...a: never) => Error, string]>([
  ["none", {}, InputError, "holds no snapshots"],
  ["mixed", {}, DataError, "holds tensor float32[7], but"],
  ["torch", { tensor: "w" }, UsageError, 'unknown option of snapshotFiles "tensor"'],
  ["torch/step=1.ckpt", {}, DataError, "holds 6 tensors, where one matrix is wanted"],
  ["torch/step=1.ckpt", { tensors: "*.0.bias" }, DataError, "an array of shape [4]"],
])("%s with %o is refused", async (name, options, kind, message) => {
  await expect(snapshotFiles(path(name), options)).rejects.toThrow(kind);
  await expect(snapshotFiles(path(name), options)).rejects.toThrow(message);
});

test("no snapshots are refused", () => {
  expect(() => snapshotSource([])).toThrow("no snapshots");
  expect(() => snapshotSource([[]])).toThrow("no snapshots");
});
