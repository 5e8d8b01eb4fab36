import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIdx } from "../../src/data/idx.ts";
import { DataError } from "../../src/errors.ts";

/** An IDX file of unsigned bytes. */
function idx(shape: number[], data: ArrayLike<number>): Uint8Array {
  const sizes = new DataView(new ArrayBuffer(4 * shape.length));
  shape.forEach((n, axis) => {
    sizes.setUint32(4 * axis, n);
  });
  return Uint8Array.from([
    0,
    0,
    8,
    shape.length,
    ...new Uint8Array(sizes.buffer),
    ...Array.from(data),
  ]);
}

describe("parseIdx", () => {
  test("reads a matrix written by hand", () => {
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);
    expect(parseIdx(bytes, "m")).toEqual({
      shape: [2, 3],
      data: Uint8Array.of(1, 2, 3, 4, 5, 255),
    });
  });

  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
  test("gives back what was written, wherever the bytes lie in memory", () => {
    fc.assert(
      fc.property(shapes, fc.nat(7), (shape, offset) => {
        const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
        const file = idx(shape, data);
        const moved = new Uint8Array(file.length + offset).subarray(offset);
        moved.set(file);
        expect(parseIdx(moved, "m")).toEqual({ shape, data });
      }),
    );
  });

  test("refuses every truncation and any excess", () => {
    const file = idx([2, 3], [1, 2, 3, 4, 5, 6]);
    for (let length = 0; length < file.length; length++) {
      expect(() => parseIdx(file.subarray(0, length), "m")).toThrow(DataError);
    }
    expect(() => parseIdx(Uint8Array.of(...file, 0), "m")).toThrow(DataError);
  });

  test.each([
    ["no bytes", [], "m: at byte 0: found 0 bytes, wanted 4 for the magic number"],
    ["gzip", [0x1f, 0x8b, 8, 0], "found gzip data, wanted 00 00"],
    ["text", [0x61, 0x62, 8, 1], "at byte 0: found 61 62, wanted 00 00"],
    ["floats", [0, 0, 0x0d, 1], "at byte 2: found type 0d, wanted type 08"],
    ["rank 0", [0, 0, 8, 0], "at byte 3: found rank 0"],
    [
      "half a size",
      [0, 0, 8, 2, 0, 0, 0, 1],
      "at byte 4: found 4 bytes, wanted 8 for 2 axis sizes",
    ],
    ["an empty axis", [0, 0, 8, 1, 0, 0, 0, 0], "at byte 4: found size 0 of axis 0"],
    [
      "a short body",
      [0, 0, 8, 1, 0, 0, 0, 3, 9],
      "at byte 8: found 1 bytes, wanted 3 for shape [3]",
    ],
    [
      "sizes beyond memory",
      [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255],
      "found 0 bytes, wanted 18446744065119617000",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes), "m")).toThrow(DataError);
    expect(() => parseIdx(Uint8Array.from(bytes), "m")).toThrow(message);
  });
});
