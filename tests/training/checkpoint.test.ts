import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import {
  type Checkpoint,
  formatCheckpoint,
  loadCheckpoint,
  parseCheckpoint,
  saveCheckpoint,
} from "../../src/training/checkpoint.ts";
import { formatSafetensors, parseSafetensors } from "../../src/training/safetensors.ts";

const checkpoint = (step: number): Checkpoint => ({
  state: {
    epoch: 2,
    step,
    theta: Float32Array.of(0.1, -0, 3e-45, 2 ** 100),
    slots: [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)],
    sums: {
      samples: 96,
      loss: 0.1 + 0.2,
      correct: 90,
      forward: { iterations: 1234, most: 17, failed: 1 },
      backward: { iterations: 999, most: 12, failed: 0 },
    },
  },
  metricsLines: 41,
});

const temporary = () => mkdtempSync(join(tmpdir(), "eigenflow-checkpoint-"));

test("what was saved is what is loaded, to the bit", () => {
  const bytes = formatCheckpoint(checkpoint(7));
  expect(parseCheckpoint(bytes, "a")).toEqual(checkpoint(7));
  expect(formatCheckpoint(parseCheckpoint(bytes, "a"))).toEqual(bytes);
});

test("no bit can change unseen", () => {
  const bytes = formatCheckpoint(checkpoint(7));
  for (let i = 0; i < bytes.length; i++) {
    const spoilt = bytes.slice();
    spoilt[i] ^= 1 << (i % 8);
    expect(() => parseCheckpoint(spoilt, "a"), `byte ${i}`).toThrow(DataError);
  }
});

test("no end can be missing unseen", () => {
  const bytes = formatCheckpoint(checkpoint(7));
  for (let n = 0; n < bytes.length; n++)
    expect(() => parseCheckpoint(bytes.subarray(0, n), "a"), `${n} bytes`).toThrow(DataError);
});

test("the last two are kept, and the one before stands in for a damaged one", () => {
  const folder = temporary();
  for (const step of [3, 6, 9]) saveCheckpoint(folder, checkpoint(step));
  expect(readdirSync(folder).sort()).toEqual(["00000006.safetensors", "00000009.safetensors"]);
  expect(loadCheckpoint(folder)).toEqual({ checkpoint: checkpoint(9), damaged: [] });

  const newest = join(folder, "00000009.safetensors");
  writeFileSync(newest, readFileSync(newest).subarray(0, 300));
  const { checkpoint: found, damaged } = loadCheckpoint(folder);
  expect(found).toEqual(checkpoint(6));
  expect(damaged).toHaveLength(1);
  expect(damaged[0]).toContain("00000009.safetensors: ");
  expect(loadCheckpoint(folder).damaged).toEqual([]);
});

test("an empty folder has none", () => {
  expect(loadCheckpoint(temporary())).toEqual({ checkpoint: null, damaged: [] });
});

const dtypes = {
  float32: (n: number) => fc.float32Array({ minLength: n, maxLength: n }),
  float64: (n: number) => fc.float64Array({ minLength: n, maxLength: n }),
  int64: (n: number) => fc.bigInt64Array({ minLength: n, maxLength: n }),
  bool: (n: number) => fc.uint8Array({ minLength: n, maxLength: n, max: 1 }),
};
const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(dtypes) as (keyof typeof dtypes)[])),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
  })
  .chain(({ dtype, shape }) =>
    dtypes[dtype](shape.reduce((n, size) => n * size, 1)).map(
      (data) => ({ dtype, shape, data }) as Tensor,
    ),
  );
const name = fc
  .string({ unit: "grapheme", maxLength: 8 })
  .filter((text) => text !== "__proto__" && text !== "__metadata__");

test("safetensors hold any tensors under any names", () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, tensor, { noNullPrototype: true }),
      fc.dictionary(name, fc.string(), { noNullPrototype: true }),
      (tensors, metadata) => {
        const found = parseSafetensors(formatSafetensors({ tensors, metadata }), "a");
        expect(found).toEqual({ tensors, metadata });
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test("safetensors are the bytes that the format asks for", () => {
  const bytes = formatSafetensors({
    tensors: { b: tensorOf(Float32Array.of(1), [1]), a: tensorOf(Float32Array.of(2, 3), [1, 2]) },
    metadata: { z: "1", k: "2" },
  });
  const header =
    '{"__metadata__":{"k":"2","z":"1"},' +
    '"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
    '"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}';
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(BigInt(padded.length));
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
  expect([...new Float32Array(bytes.slice(8 + padded.length).buffer)]).toEqual([2, 3, 1]);
});

const file = (header: unknown, data: number) => {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
};
const one = (entry: object) => ({
  a: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...entry },
});

test.each([
  ["nothing", new Uint8Array(3), "at byte 3: the file ends inside the length"],
  ["a header past the end", file("{}", 0).fill(9, 0, 1), "at byte 0: a header of 9 bytes, but 2"],
  ["no JSON", file("{", 0), "at byte 8: the header is no JSON object"],
  ["a list", file([], 0), "the header is no JSON object"],
  ["metadata of numbers", file({ __metadata__: { a: 1 } }, 0), "no record of strings"],
  ["another element type", file(one({ dtype: "BF16" }), 8), '"a": elements of type BF16; can read'],
  ["a negative size", file(one({ shape: [-2] }), 8), "no usable shape"],
  ["one offset", file(one({ data_offsets: [0] }), 8), "no usable data_offsets"],
  ["a hole", file(one({ data_offsets: [4, 12] }), 12), "begins at 4, not 0"],
  ["too few bytes", file(one({ data_offsets: [0, 4] }), 4), "has 4 bytes"],
  ["a file cut short", file(one({}), 7), "the file ends inside tensor"],
  ["bytes left over", file(one({}), 9), "1 bytes belong to no tensor"],
])("%s is refused", (_, bytes, message) => {
  expect(() => parseSafetensors(bytes, "x.safetensors")).toThrow(DataError);
  expect(() => parseSafetensors(bytes, "x.safetensors")).toThrow(message);
});
