import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNpy, parseNpy, readNpy, writeNpy } from "../../src/data/npy.ts";
import { DataError, InputError, ShapeError } from "../../src/errors.ts";

/** A file as numpy.lib.format.write_array of NumPy 2.4.6 writes it: padded header, then entries. */
function numpyFile(fields: string, entries: string, version = 1): Uint8Array {
  const length = version === 1 ? 118 : 116;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const size = Buffer.from(version === 1 ? [length, 0] : [length, 0, 0, 0]);
  const header = Buffer.from(`${fields.padEnd(length - 1)}\n`, "latin1");
  return Buffer.concat([head, size, header, Buffer.from(entries, "base64")]);
}
const dict = (descr: string, fortran: string, shape: string) =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const matrix = numpyFile(dict("<f4", "False", "(2, 3)"), "AADAPwAAAMAAAEBAAACAQAAAoEAXdpdy");

describe("parseNpy", () => {
  test.each([
    ["float32", matrix, [2, 3], Float32Array.of(1.5, -2, 3, 4, 5, 6e30)],
    [
      "float64 in Fortran order, version 2",
      numpyFile(
        dict("<f8", "True", "(2, 3)"),
        "AAAAAAAAAAAAAAAAAAAIQAAAAAAAAPA/AAAAAAAAEEAAAAAAAAAAQAAAAAAAABRA",
        2,
      ),
      [2, 3],
      Float64Array.of(0, 1, 2, 3, 4, 5),
    ],
    [
      "int64",
      numpyFile(dict("<i8", "False", "(2,)"), "//////////8AAAAAAAAAQA=="),
      [2],
      BigInt64Array.of(-1n, 2n ** 62n),
    ],
    ["booleans", numpyFile(dict("|b1", "False", "(2,)"), "AQA="), [2], Uint8Array.of(1, 0)],
    ["a single byte", numpyFile(dict("|u1", "False", "()"), "Bw=="), [], Uint8Array.of(7)],
    ["no rows", numpyFile(dict("<f4", "False", "(0, 3)"), ""), [0, 3], new Float32Array()],
  ])("reads %s as NumPy writes it", (_, bytes, shape, data) => {
    expect(parseNpy(bytes, "a.npy")).toEqual({ shape, data });
  });

  test.each([
    ["no file", Buffer.from("hello world"), 'a.npy: at byte 0: found "hello ", not an .npy'],
    ["a version to come", numpyFile("", "", 4), "at byte 6: version 4, wanted 1, 2 or 3"],
    ["complex numbers", numpyFile(dict("<c8", "False", "(1,)"), ""), "type <c8; can read f4, f8"],
    ["objects", numpyFile(dict("|O", "False", "(1,)"), ""), "an array of Python objects"],
    ["a record", numpyFile("{'descr': [('a', '<f4')]}", ""), "holds records"],
    ["no type", numpyFile("{'descr': 3}", ""), "no usable descr in the header"],
    [
      "a shape beyond all",
      numpyFile(dict("<f4", "False", "(9999999999, 9999999999)"), ""),
      "a shape of",
    ],
    ["no shape", numpyFile("{'descr': '<f4', 'fortran_order': False}", ""), "no usable shape"],
    [
      "a missing entry",
      matrix.subarray(0, -4),
      "at byte 128: 20 bytes of entries, [2, 3] f4 needs 24",
    ],
    ["an entry too many", Buffer.concat([matrix, Buffer.alloc(4)]), "28 bytes of entries"],
    ["half a header", matrix.subarray(0, 60), "at byte 8: a header of 118 bytes, but 50 remain"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "a.npy")).toThrow(DataError);
    expect(() => parseNpy(bytes, "a.npy")).toThrow(message);
  });

  test("refuses every truncation and any corrupted byte it cannot read past", () => {
    for (let length = 0; length < matrix.length; length++) {
      expect(() => parseNpy(matrix.subarray(0, length), "a")).toThrow(DataError);
    }
    fc.assert(
      fc.property(fc.nat(127), fc.nat(255), (at, byte) => {
        const bytes = Uint8Array.from(matrix);
        bytes[at] = byte;
        try {
          parseNpy(bytes, "a");
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("formatNpy", () => {
  test("writes NumPy's bytes", () => {
    const { data, shape } = parseNpy(matrix, "a");
    expect(Buffer.from(formatNpy(data as Float32Array, shape))).toEqual(matrix);
  });

  test("gives back what it wrote, aligned to 64 bytes", () => {
    const shapes = fc.array(fc.nat(4), { maxLength: 5 });
    fc.assert(
      fc.property(shapes, fc.boolean(), fc.nat(), (shape, single, seed) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const data = new (single ? Float32Array : Float64Array)(size).map((_, i) => seed + i / 3);
        const bytes = formatNpy(data, shape);
        expect((bytes.length - data.byteLength) % 64).toBe(0);
        expect(parseNpy(bytes, "a")).toEqual({ shape, data });
      }),
    );
  });

  test("refuses a shape that does not fit", () => {
    expect(() => formatNpy(new Float32Array(5), [2, 3])).toThrow(ShapeError);
    expect(() => formatNpy(new Float32Array(5), [2, 3])).toThrow("5 entries for shape [2, 3]");
  });
});

test.each(["fortran.npy", "big.npy", "half.npy", "ints.npy", "number.npy"])(
  "%s is what NumPy says",
  async (name) => {
    const folder = "tests/data/fixtures/tensors";
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
    const [{ shape, values }] = expected[name].tensors;
    const found = await readNpy(join(folder, name));
    expect([found.shape, [...found.data]]).toEqual([shape, values]);
  },
);

test("files go out and come back; a missing one is an InputError", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenflow-npy-"));
  const path = join(folder, "a.npy");
  await writeNpy(path, Float64Array.of(1, 2), [2, 1]);
  expect(await readNpy(path)).toEqual({ shape: [2, 1], data: Float64Array.of(1, 2) });
  await expect(readNpy(join(folder, "b.npy"))).rejects.toThrow(InputError);
  rmSync(folder, { recursive: true });
});
