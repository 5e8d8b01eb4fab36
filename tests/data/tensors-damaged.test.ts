import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import { afterAll, describe, expect, test } from "vitest";
import { formatNpy } from "../../src/data/npy.ts";
import { openTensors } from "../../src/data/tensors/open.ts";
import { DataError, InputError } from "../../src/errors.ts";

const fixtures = "tests/data/fixtures/tensors";
const folder = mkdtempSync(join(tmpdir(), "damaged-"));
afterAll(() => rmSync(folder, { recursive: true }));

let written = 0;
function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `${written++ % 50}`);
  writeFileSync(path, bytes);
  return path;
}

/** Reads all that a file holds: what it says it holds, or a refusal. */
async function survives(bytes: Uint8Array): Promise<void> {
  try {
    const file = await openTensors(fileOf(bytes));
    for (const { name, shape } of file.tensors) {
      const count = shape.reduce((n, size) => n * size, 1);
      // Not whole: a changed shape of a real file may be large.
      const numbers = await file.read(name, 0, Math.min(count, 1000));
      expect(numbers).toHaveLength(Math.min(count, 1000));
    }
  } catch (error) {
    if (!(error instanceof DataError || error instanceof InputError)) throw error;
  }
}

describe.each([
  "types.pt",
  "epoch=3.ckpt",
  "protocol4.pt",
  "deflated.pt",
  "module.pt",
  "deflated.npz",
  "fortran.npy",
  "types.safetensors",
  "model.safetensors.index.json",
])("%s", (name) => {
  const whole = new Uint8Array(readFileSync(join(fixtures, name)));

  test("cut anywhere: refused", async () => {
    const step = Math.max(1, Math.floor(whole.length / 200));
    for (let length = 0; length < whole.length; length += step) {
      const path = fileOf(whole.subarray(0, length));
      await expect(openTensors(path)).rejects.toThrow(DataError);
    }
  });

  test("bytes changed anywhere: refused, or read as what they now are", async () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, byte] of list) bytes[at] = byte;
        await survives(bytes);
      }),
      { numRuns: 200 },
    );
  });
});

/** A checkpoint with this pickle, and so many bytes of one storage. */
const checkpoint = (pickle: Uint8Array, storage = 8) =>
  zipSync(
    { "a/data.pkl": pickle, "a/data/0": new Uint8Array(storage), "a/version": Buffer.from("3\n") },
    { level: 0 },
  );

const text = (value: string) =>
  Buffer.concat([Buffer.from([0x58, value.length, 0, 0, 0]), Buffer.from(value)]);
const name = (value: string) => Buffer.from(`c${value.replace(" ", "\n")}\n`);
const int = (value: number) => {
  const bytes = Buffer.alloc(5, 0x4a);
  bytes.writeInt32LE(value, 1);
  return bytes;
};
const op = (...codes: number[]) => Buffer.from(codes);
const [MARK, TUPLE, REDUCE, STOP, PERSID] = [0x28, 0x74, 0x52, 0x2e, 0x51];
const tuple = (...items: Uint8Array[]) => Buffer.concat([op(MARK), ...items, op(TUPLE)]);
/** _rebuild_tensor_v2 with these numbers, over a storage of two floats. */
const tensor = (offset: number, shape: number[], strides: number[], stated = 2) =>
  Buffer.concat([
    name("torch._utils _rebuild_tensor_v2"),
    op(MARK),
    tuple(text("storage"), name("torch FloatStorage"), text("0"), text("cpu"), int(stated)),
    op(PERSID),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    op(TUPLE, REDUCE),
  ]);
const pickle = (...parts: Uint8Array[]) => Buffer.concat([op(0x80, 2), ...parts, op(STOP)]);

describe("a checkpoint that lies", () => {
  test("reads when it does not", async () => {
    const file = await openTensors(fileOf(checkpoint(pickle(tensor(0, [2], [1])))));
    expect(await file.read("tensor")).toEqual(new Float32Array(2));
  });

  test.each<[string, Uint8Array, string]>([
    ["a tensor beyond its storage", pickle(tensor(0, [3], [1])), "reaches element 2 of 2"],
    ["an offset beyond it", pickle(tensor(2, [1], [1])), "reaches element 2 of 2"],
    ["a negative offset", pickle(tensor(-1, [1], [1])), "no tensor has"],
    ["a negative stride", pickle(tensor(1, [2], [-1])), "no tensor has"],
    ["a negative size", pickle(tensor(0, [-2], [1])), "no tensor has"],
    ["strides of another rank", pickle(tensor(0, [2], [])), "no tensor has"],
    ["a terabyte of one number", pickle(tensor(0, [2 ** 20, 2 ** 20], [0, 0])), "entries of 2"],
    [
      "sizes beyond all numbers",
      pickle(tensor(0, Array(9).fill(2 ** 30), Array(9).fill(0))),
      "too many",
    ],
    ["a storage longer than it is", pickle(tensor(0, [2], [1], 9)), "8 are there"],
    ["a call of a number", pickle(int(1), tuple(), op(REDUCE)), "no function"],
    ["nothing on the stack", pickle(), "the stack is empty"],
    ["no mark", pickle(op(TUPLE)), "no mark"],
    ["what was not remembered", pickle(op(0x68, 7)), "nothing is remembered as 7"],
    ["an unknown instruction", pickle(op(0xff)), "instruction 255"],
    ["text of 4 GB", pickle(op(0x58, 255, 255, 255, 255)), "ends inside an instruction"],
    ["an integer of 2 GB", pickle(op(0x8b, 0, 0, 0, 128)), "an integer of"],
    ["five million lists", Buffer.alloc(5_000_000, 0x5d), "too many objects"],
    ["five million marks", Buffer.alloc(5_000_000, MARK), "too many objects"],
  ])("%s is refused", async (_, bytes, message) => {
    const path = fileOf(checkpoint(bytes));
    await expect(openTensors(path)).rejects.toThrow(DataError);
    await expect(openTensors(path)).rejects.toThrow(message);
  });

  test("lists in lists, a hundred thousand deep", async () => {
    const deep = pickle(Buffer.alloc(100_000, 0x5d), Buffer.alloc(99_999, 0x61));
    await expect(openTensors(fileOf(checkpoint(deep)))).rejects.toThrow("nested more than");
  });

  test("a list of two lists of two lists …, to 2⁶⁰ paths to one tensor", async () => {
    const doubled = Array.from({ length: 60 }, () => op(0x71, 0, 0x68, 0, 0x86)); // (x, x)
    const path = fileOf(checkpoint(pickle(tensor(0, [2], [1]), ...doubled)));
    const file = await openTensors(path);
    expect(file.tensors.length).toBeLessThanOrEqual(2);
  });

  test("a tensor that names its own type, and one of a class of its own, as newer versions write", async () => {
    const untyped = [text("storage"), name("torch.storage UntypedStorage"), text("0"), text("cpu")];
    const args = tuple(
      Buffer.concat([tuple(...untyped, int(8)), op(PERSID)]),
      int(1),
      tuple(int(3)),
      tuple(int(1)),
      op(0x89),
      op(0x4e),
      name("torch int16"),
    );
    const rebuild = name("torch._utils _rebuild_tensor_v3");
    const inner = tuple(rebuild, name("lab Special"), args, op(0x4e));
    const bytes = pickle(name("torch._tensor _rebuild_from_type_v2"), inner, op(REDUCE));
    for (const [one, opaque] of [
      [pickle(rebuild, args, op(REDUCE)), []],
      [bytes, ["lab.Special"]],
    ] as const) {
      const file = await openTensors(fileOf(checkpoint(one)));
      expect([file.tensors, file.opaque]).toEqual([
        [{ name: "tensor", dtype: "int16", shape: [3] }],
        opaque,
      ]);
    }
  });

  test("instructions in any order: refused, or read", async () => {
    const codes = [..."(012NtRaesubQ)]}lod.", "q\x00", "h\x00", "K\x01", "X\x01\x00\x00\x00x"];
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...codes, "\x81", "\x85", "\x86", "\x87", "\x92", "\x93", "\x94", "\x8f"),
        fc.constantFrom("ccollections\nOrderedDict\n", "cos\nsystem\n", "ctorch\nSize\n"),
        fc.constant(tensor(0, [2], [1]).toString("latin1")),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(parts, async (list) =>
        survives(checkpoint(pickle(Buffer.from(list.join(""), "latin1")))),
      ),
      { numRuns: 500 },
    );
  });

  test("a call of what a call of a foreign name gave stays that name", async () => {
    const evil = [name("builtins getattr"), tuple(name("os system"), text("x")), op(REDUCE)];
    const bytes = pickle(...evil, tuple(text("ls")), op(REDUCE));
    const file = await openTensors(fileOf(checkpoint(bytes)));
    expect([file.tensors, file.opaque]).toEqual([[], ["builtins.getattr", "os.system"]]);
  });
});

describe("an archive that lies", () => {
  /** An array of so many zeros, deflated. */
  function packed(count: number, shape = count): { bytes: Buffer; directory: number } {
    const array = formatNpy(new Float64Array(shape), [shape]);
    const data = new Uint8Array(128 + 8 * count);
    data.set(array.subarray(0, 128));
    const bytes = Buffer.from(zipSync({ "a.npy": data }, { level: 9 }));
    return { bytes, directory: bytes.indexOf(Buffer.from("PK\x01\x02")) };
  }
  /** Stated to be of `length` bytes, and to have this checksum. */
  function lying(length: number, count: number, shape = count, checksum?: number): string {
    const { bytes, directory } = packed(count, shape);
    bytes.writeUInt32LE(length, directory + 24);
    if (checksum !== undefined) bytes.writeUInt32LE(checksum, directory + 16);
    return fileOf(bytes);
  }
  const n = 100_000;

  test("an array that is larger than stated, or smaller, or could never be", async () => {
    await expect(openTensors(lying(128 + 8 * n - 1, n))).rejects.toThrow("holds more than");
    await expect(openTensors(lying(128 + 80, n, 10))).rejects.toThrow("holds more than the 208");
    const long = await openTensors(lying(128 + 8 * (n + 9), n, n + 9));
    expect(await long.read("a", 0, 10)).toEqual(new Float64Array(10));
    await expect(long.read("a")).rejects.toThrow("when its compression is undone");
    await expect(openTensors(lying(2 ** 31, n))).rejects.toThrow('"a.npy" of 2147483648 bytes in');
  });

  test("a checksum that does not match is refused", async () => {
    await expect(openTensors(lying(128 + 8 * n, n, n, 1))).rejects.toThrow("checksum");
    const { bytes } = packed(n);
    const good = await openTensors(fileOf(bytes));
    expect(await good.read("a", n - 10, 10)).toEqual(new Float64Array(10));
  });

  test("the same name twice", async () => {
    const bytes = Buffer.from(zipSync({ "a.npy": new Uint8Array(9), "b.npy": new Uint8Array(9) }));
    bytes[bytes.lastIndexOf("b.npy")] = 0x61;
    await expect(openTensors(fileOf(bytes))).rejects.toThrow('"a.npy" a second time');
  });

  test("an entry that is encrypted", async () => {
    const bytes = Buffer.from(zipSync({ "a.npy": new Uint8Array(9) }));
    bytes[bytes.indexOf(Buffer.from("PK\x01\x02")) + 8] |= 1;
    await expect(openTensors(fileOf(bytes))).rejects.toThrow("is encrypted");
  });
});

test("other formats are named, with what to do", async () => {
  for (const [bytes, message] of [
    ["", "is empty"],
    ["\x89HDF\r\n\x1a\n", "is HDF5"],
    ["\x80\x04\x95", "a bare pickle"],
    ["{}", "no weight_map"],
    ['{"weight_map": {"a": "../b"}}', "no file name"],
    ['{"weight_map": {"a": "b"}}', "is missing"],
  ])
    await expect(openTensors(fileOf(Buffer.from(bytes, "latin1")))).rejects.toThrow(message);
});
