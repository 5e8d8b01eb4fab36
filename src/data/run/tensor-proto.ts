import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { DataError } from "../../errors.ts";
import { decode, elementSize, isHalf, type Widened, widened } from "../tensors/elements.ts";
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
export function readTensorValues(bytes: Uint8Array, head: TensorHead, source: string): Widened {
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
  if (content.length > 0) {
    const size = elementSize[dtype];
    if (content.length !== count * size) throw misfit(content.length / size);
    const out = widened(dtype, count);
    decode(content, dtype, false, out);
    return out;
  }
  if (numbers.length !== count) throw misfit(numbers.length);
  const out = widened(dtype, count);
  out.set(isHalf(dtype) ? numbers.map((bits) => halfOf(bits, dtype)) : numbers);
  return out;
}

const word = new DataView(new ArrayBuffer(4));
const one = new Float32Array(1);

/**
 * A half-precision number of half_val. TensorFlow keeps its 16 bits there; PyTorch's `add_tensor` the 32
 * bits of the number as float32, which for every half but 0 are beyond the 16.
 */
function halfOf(bits: number, dtype: TensorDType): number {
  word.setInt32(0, bits, true);
  if (bits < 0 || bits > 0xffff) return word.getFloat32(0, true);
  decode(new Uint8Array(word.buffer, 0, 2), dtype, false, one);
  return one[0];
}
