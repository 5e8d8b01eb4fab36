import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { DataError } from "../../errors.ts";
import type { TensorDType } from "../tensors/tensor-file.ts";
import { readMessage } from "./event.ts";

/** What a TensorProto says of itself, its numbers not yet decoded. */
export interface TensorHead {
  readonly dtype: TensorDType | null; // null for text, complex numbers, resources
  readonly shape: readonly number[];
}

const { Varint, Bit64, Bit32, LengthDelimited: Bytes } = WireType;

/** DataType of tensorflow/core/framework/types.proto. */
const dtypes: Readonly<Record<number, TensorDType>> = {
  1: "float32",
  2: "float64",
  3: "int32",
  4: "uint8",
  5: "int16",
  6: "int8",
  9: "int64",
  10: "bool",
  14: "bfloat16",
  19: "float16",
};

/** @throws Error  as `readMessage`, also for a size that is negative or no safe integer */
export function readTensorHead(bytes: Uint8Array): TensorHead {
  let code = 0;
  const shape: number[] = [];
  readMessage(bytes, { 1: [Varint], 2: [Bytes] }, (field, reader) => {
    if (field === 1) {
      code = reader.int32();
      return;
    }
    readMessage(reader.bytes(), { 2: [Bytes] }, (_, dims) => {
      let size = 0;
      readMessage(dims.bytes(), { 1: [Varint] }, (_, dim) => {
        size = Number(dim.int64());
      });
      if (!Number.isSafeInteger(size) || size < 0) throw new Error(`a size of ${size}`);
      shape.push(size);
    });
  });
  return { dtype: Object.hasOwn(dtypes, code) ? dtypes[code] : null, shape };
}

/**
 * The numbers of a TensorProto, row-major: those in its bytes, or in the field of its type.
 *
 * @param source  what to call it in errors
 * @throws DataError  when they are more or fewer than its shape asks for
 * @throws Error  as `readMessage`
 */
export function readTensorValues(
  bytes: Uint8Array,
  head: TensorHead,
  source: string,
): Float32Array | Float64Array {
  const { dtype, shape } = head;
  const count = shape.reduce((product, size) => product * size, 1);
  const misfit = (given: number) =>
    new DataError(`${source}: ${given} numbers for ${dtype}[${shape.join(", ")}], wanted ${count}`);
  if (dtype === null) throw new DataError(`${source}: holds no real numbers`);
  let content: Uint8Array = new Uint8Array(0);
  const numbers: number[] = [];
  const push = (reader: BinaryReader, read: (reader: BinaryReader) => number, wire: WireType) => {
    if (wire !== Bytes) {
      numbers.push(read(reader));
      return;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end && reader.pos < reader.len) numbers.push(read(reader));
  };
  const repeated = [Varint, Bytes];
  readMessage(
    bytes,
    {
      4: [Bytes], // tensor_content
      5: [Bit32, Bytes],
      6: [Bit64, Bytes],
      7: repeated, // int_val
      10: repeated, // int64_val
      11: repeated, // bool_val
      13: repeated, // half_val
      16: repeated, // uint32_val
    },
    (field, reader, wire) => {
      if (field === 4) content = reader.bytes();
      else if (field === 5) push(reader, (r) => r.float(), wire);
      else if (field === 6) push(reader, (r) => r.double(), wire);
      else if (field === 10) push(reader, (r) => Number(r.int64()), wire);
      else push(reader, (r) => r.int32(), wire);
    },
  );
  const [size, element] = elements[dtype];
  if (content.length > 0) {
    if (content.length !== count * size) throw misfit(content.length / size);
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    for (let i = 0; i < count; i++) numbers.push(element(view, i * size));
  }
  if (numbers.length !== count) throw misfit(numbers.length);
  const half = dtype === "float16" || dtype === "bfloat16";
  const values =
    half && content.length === 0 ? numbers.map((bits) => halfOf(bits, dtype)) : numbers;
  return /64|int32/.test(dtype) ? Float64Array.from(values) : Float32Array.from(values);
}

/** Bytes of an element, and its value. */
const elements: Readonly<Record<TensorDType, [number, (view: DataView, at: number) => number]>> = {
  float64: [8, (view, at) => view.getFloat64(at, true)],
  float32: [4, (view, at) => view.getFloat32(at, true)],
  float16: [2, (view, at) => float16(view.getUint16(at, true))],
  bfloat16: [2, (view, at) => bits32(view.getUint16(at, true) << 16)],
  int64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  int32: [4, (view, at) => view.getInt32(at, true)],
  int16: [2, (view, at) => view.getInt16(at, true)],
  int8: [1, (view, at) => view.getInt8(at)],
  uint8: [1, (view, at) => view.getUint8(at)],
  bool: [1, (view, at) => view.getUint8(at)],
};

/** IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));
function bits32(bits: number): number {
  word.setInt32(0, bits);
  return word.getFloat32(0);
}

/**
 * A half-precision number of half_val. TensorFlow keeps its 16 bits there; PyTorch's `add_tensor` the 32
 * bits of the number as float32, which for every half but 0 are beyond the 16.
 */
function halfOf(bits: number, dtype: TensorDType): number {
  if (bits < 0 || bits > 0xffff) return bits32(bits);
  return dtype === "float16" ? float16(bits) : bits32(bits << 16);
}
