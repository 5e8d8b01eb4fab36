import { parseSafetensorsHeader, requireFilled } from "../data/safetensors-header.ts";
import { DataError } from "../errors.ts";
import type { TensorData } from "../graph/node.ts";
import type { DType } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Named tensors, and strings about them. */
export interface SafeTensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const codes: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  int64: "I64",
  bool: "BOOL",
};

// Typed arrays have the byte order of the machine, and Node runs on little-endian ones.
const arrays = {
  F32: ["float32", Float32Array],
  F64: ["float64", Float64Array],
  I64: ["int64", BigInt64Array],
  BOOL: ["bool", Uint8Array],
} as const;

/**
 * The bytes of a safetensors file: the length of the header in 8 bytes, little-endian; the header,
 * JSON padded with blanks to a multiple of 8; the tensors end to end. Names are sorted, so that
 * equal contents give equal bytes.
 *
 * Hugging Face, "Safetensors", section "Format".
 */
export function formatSafetensors({ tensors, metadata }: SafeTensors): Uint8Array {
  const sorted = <T>(record: Readonly<Record<string, T>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const strings = sorted(metadata);
  const entries: [string, unknown][] =
    strings.length > 0 ? [["__metadata__", Object.fromEntries(strings)]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted(tensors)) {
    const begin = end;
    end += data.byteLength;
    entries.push([name, { dtype: codes[dtype], shape, data_offsets: [begin, end] }]);
  }
  // Written entry by entry, since an object would put names that are whole numbers first.
  const json = entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  const text = new TextEncoder().encode(`{${json.join(",")}}`);
  const start = 8 + Math.ceil(text.length / 8) * 8;

  const bytes = new Uint8Array(start + end);
  bytes.fill(0x20, 8, start);
  bytes.set(text, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  let at = start;
  for (const [, { data }] of sorted(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. Its tensors must fill it from end to end, without a hole or overlap.
 *
 * @param source  what to call the file in errors
 * @throws DataError  for a malformed or truncated file, or an element type other than F32, F64, I64
 *   and BOOL
 */
export function parseSafetensors(bytes: Uint8Array, source: string): SafeTensors {
  const fail = (at: number, what: string) => new DataError(`${source}: at byte ${at}: ${what}`);
  if (bytes.length < 8) throw fail(bytes.length, "the file ends inside the length of the header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8))
    throw fail(0, `a header of ${length} bytes, but ${bytes.length - 8} remain`);
  const start = 8 + Number(length);
  const { spans, metadata } = parseSafetensorsHeader(bytes.subarray(8, start), source);
  for (const { name, code } of spans) {
    if (!Object.hasOwn(arrays, code))
      throw fail(
        8,
        `tensor ${JSON.stringify(name)}: elements of type ${code}; can read ${Object.keys(arrays).join(", ")}`,
      );
  }
  const arrayOf = (code: string) => arrays[code as keyof typeof arrays];
  requireFilled(spans, (code) => arrayOf(code)[1].BYTES_PER_ELEMENT, start, bytes.length, source);
  const tensors: Record<string, Tensor> = {};
  for (const { name, code, shape, begin, end } of spans) {
    const [dtype, ArrayType] = arrayOf(code);
    // A copy, since a typed array must begin at a multiple of its element size.
    const { buffer } = new Uint8Array(bytes.subarray(start + begin, start + end));
    tensors[name] = { dtype, shape, data: new ArrayType(buffer) as TensorData };
  }
  return { tensors, metadata };
}
