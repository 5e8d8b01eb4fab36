import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openTensors } from "../../src/data/tensors/open.ts";
import { joinTensors } from "../../src/data/tensors/shards.ts";
import { checkpointNumbers } from "../../src/data/tensors/torch.ts";
import { DataError, InputError, UsageError } from "../../src/errors.ts";

// Written by PyTorch and NumPy (make.py), with what they read back.
const folder = "tests/data/fixtures/tensors";
const at = (name: string) => join(folder, name);

interface Expected {
  tensors: { name: string; dtype: string; shape: number[]; values: (number | string)[] | null }[];
  opaque: string[];
}
const expected: Record<string, Expected> = JSON.parse(readFileSync(at("expected.json"), "utf8"));
const numbers = (values: (number | string)[]) =>
  values.map((v) =>
    typeof v === "number" ? v : { nan: NaN, inf: Infinity, "-inf": -Infinity }[v],
  );

describe.each(Object.entries(expected))("%s", (name, { tensors, opaque }) => {
  test("holds what Python says, to the bit", async () => {
    const file = await openTensors(at(name));
    expect(file.path).toBe(at(name));
    expect(file.opaque).toEqual(opaque);
    expect(file.tensors).toEqual(tensors.map(({ values: _, ...entry }) => entry));
    for (const { name, values } of tensors) {
      if (values !== null) expect([...(await file.read(name))]).toEqual(numbers(values));
    }
  });

  test("any part is that part of the whole", async () => {
    const file = await openTensors(at(name));
    for (const { name, shape } of file.tensors) {
      const whole = await file.read(name);
      const total = shape.reduce((n, size) => n * size, 1);
      expect(whole).toHaveLength(total);
      for (const first of [0, Math.floor(total / 3), Math.max(0, total - 2)]) {
        const count = Math.ceil((total - first) / 2);
        expect(await file.read(name, first, count)).toEqual(whole.slice(first, first + count));
      }
    }
  });
});

test("deflated arrays read back and forth, and at the same time", async () => {
  const file = await openTensors(at("deflated.npz"));
  const places = [39_000, 10, 20_000, 19_990, 0];
  const parts = await Promise.all(places.map((first) => file.read("long", first, 1000)));
  for (const [i, first] of places.entries())
    expect([...parts[i]]).toEqual(Array.from({ length: 1000 }, (_, k) => (first + k) % 7));
});

test("nothing that a pickle names is executed", async () => {
  await openTensors(at("malicious.pt"));
  expect(readdirSync(".").concat(readdirSync(folder))).not.toContain("executed-by-a-pickle");
});

test("the numbers beside the tensors of a checkpoint", async () => {
  const numbers = checkpointNumbers(await openTensors(at("epoch=3.ckpt")));
  expect([numbers.get("epoch"), numbers.get("global_step")]).toEqual([3, 1200]);
  expect(numbers.get("hyper_parameters.lr")).toBe(0.1);
  expect(checkpointNumbers(await openTensors(at("big.npy"))).size).toBe(0);
});

test("sizes of 64 bits, as archives above 4 GB have them", async () => {
  const bytes = readFileSync(at("stored.npz"));
  const [from, end] = ["PK\x01\x02", "PK\x05\x06"].map((mark) => bytes.lastIndexOf(mark));
  // The last entry of the directory: its sizes and place in the extra field instead.
  const record = Buffer.from(bytes.subarray(from, end));
  const wide = Buffer.alloc(28);
  wide.writeUInt16LE(1, 0);
  wide.writeUInt16LE(24, 2);
  for (const [i, field] of [24, 20, 42].entries()) {
    wide.writeBigUInt64LE(BigInt(record.readUInt32LE(field)), 4 + 8 * i);
    record.writeUInt32LE(0xffffffff, field);
  }
  expect(record.readUInt16LE(30)).toBe(0);
  record.writeUInt16LE(28, 30);
  const last = Buffer.from(bytes.subarray(end));
  last.writeUInt32LE(last.readUInt32LE(12) + 28, 12);
  const folder = mkdtempSync(join(tmpdir(), "wide-"));
  writeFileSync(join(folder, "a"), Buffer.concat([bytes.subarray(0, from), record, wide, last]));
  const [file, plain] = [await openTensors(join(folder, "a")), await openTensors(at("stored.npz"))];
  expect([file.tensors, file.opaque]).toEqual([plain.tensors, plain.opaque]);
  expect(await file.read("mask")).toEqual(await plain.read("mask"));
  rmSync(folder, { recursive: true });
});

test("several files as one", async () => {
  const files = await Promise.all(
    [1, 2].map((i) => openTensors(at(`model-0000${i}-of-00002.safetensors`))),
  );
  const joined = joinTensors(files);
  expect(joined.tensors.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(await joined.read("c")).toEqual(Float32Array.of(-128, 127));
  expect(() => joinTensors([files[0], files[0]])).toThrow('both hold "a"');
  expect(() => joinTensors([])).toThrow(DataError);
});

test.each([
  ["nowhere.pt", InputError, "no such file"],
  [".", InputError, "is not a file"],
  ["objects.npy", DataError, "an array of Python objects"],
  ["legacy.pt", DataError, "before 1.6"],
  ["make.py", DataError, "no tensors are found in it"],
])("%s is refused", async (name, kind, message) => {
  await expect(openTensors(at(name))).rejects.toThrow(kind);
  await expect(openTensors(at(name))).rejects.toThrow(message);
});

test("names and entries that are not there are refused", async () => {
  const file = await openTensors(at("state-dict.pt"));
  await expect((async () => file.read("weight"))()).rejects.toThrow('no tensor "weight"');
  for (const [first, count] of [
    [0, 13],
    [12, 1],
    [-1, 1],
    [0.5, 1],
  ])
    await expect(file.read("0.weight", first, count)).rejects.toThrow(UsageError);
});
