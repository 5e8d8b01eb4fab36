import { DataError } from "../../errors.ts";
import { parseSafetensorsHeader, requireFilled } from "../safetensors-header.ts";
import { type Bytes, part, take } from "./bytes.ts";
import { elementSize } from "./elements.ts";
import { checked, type PlacedFile, type Placement, placedFile, stridesOf } from "./placement.ts";
import type { TensorDType } from "./tensor-file.ts";

/** What the format allows. */
const longestHeader = 100_000_000;

const types: Readonly<Record<string, TensorDType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

/**
 * A safetensors file by its header alone. Tensors of other element types are listed as opaque.
 *
 * @throws DataError  for a malformed header, or a file that does not hold what it states
 */
export async function openSafetensors(file: Bytes): Promise<PlacedFile> {
  const path = file.source;
  const head = new DataView((await take(file, 0, 8)).buffer);
  const length = head.getBigUint64(0, true);
  if (length > BigInt(Math.min(longestHeader, file.length - 8)))
    throw new DataError(`${path}: at byte 0: a header of ${length} bytes, but the file ends`);
  const start = 8 + Number(length);
  const { spans } = parseSafetensorsHeader(await take(file, 8, Number(length)), path);
  const sizeOfCode = (code: string) =>
    Object.hasOwn(types, code) ? elementSize[types[code]] : undefined;
  requireFilled(spans, sizeOfCode, start, file.length, path);
  const placements: Placement[] = [];
  const opaque: string[] = [];
  for (const { name, code, shape, begin, end } of spans) {
    if (!Object.hasOwn(types, code)) {
      opaque.push(`${name} (${code})`);
      continue;
    }
    const placement: Placement = {
      entry: { name, dtype: types[code], shape },
      path,
      strides: stridesOf(shape),
      offset: 0,
      bigEndian: false,
      payload: (open) => part(open, start + begin, end - begin),
    };
    placements.push(checked(placement, (end - begin) / elementSize[types[code]]));
  }
  return placedFile({ path, kind: "safetensors", opaque }, placements);
}
