import { half } from "../npy.ts";
import type { TensorDType } from "./tensor-file.ts";

export type Widened = Float32Array | Float64Array;

/** Bytes of an element. */
export const elementSize: Readonly<Record<TensorDType, 1 | 2 | 4 | 8>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

export const isFloating = (dtype: TensorDType): boolean => /float/.test(dtype);
export const isHalf = (dtype: TensorDType): boolean => dtype === "float16" || dtype === "bfloat16";

/** What elements are widened to: the smallest of the two that holds all of them, int64 aside. */
export const widenedType = (dtype: TensorDType): "float32" | "float64" =>
  dtype === "float64" || dtype === "int64" || dtype === "int32" ? "float64" : "float32";

export const widened = (dtype: TensorDType, length: number): Widened =>
  widenedType(dtype) === "float64" ? new Float64Array(length) : new Float32Array(length);

/** Are elements in these bytes those of the array itself, so that none needs to be decoded? */
export const isDirect = (dtype: TensorDType, bigEndian: boolean, out: Widened): boolean =>
  !bigEndian &&
  (out instanceof Float32Array ? dtype === "float32" : dtype === "float64") &&
  littleEndianMachine;

const littleEndianMachine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Every element in `bytes`, in order, into `out`, which is as long. */
export function decode(
  bytes: Uint8Array,
  dtype: TensorDType,
  bigEndian: boolean,
  out: Widened,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !bigEndian;
  const size = elementSize[dtype];
  const element = readers[dtype];
  for (let i = 0; i < out.length; i++) out[i] = element(view, i * size, little);
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const readers: Readonly<Record<TensorDType, Reader>> = {
  float64: (view, at, little) => view.getFloat64(at, little),
  float32: (view, at, little) => view.getFloat32(at, little),
  float16: (view, at, little) => halves[view.getUint16(at, little)],
  bfloat16: (view, at, little) => upperHalf(view.getUint16(at, little)),
  int64: (view, at, little) => Number(view.getBigInt64(at, little)),
  int32: (view, at, little) => view.getInt32(at, little),
  int16: (view, at, little) => view.getInt16(at, little),
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  bool: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

const word = new Uint32Array(1);
const single = new Float32Array(word.buffer);

/** bfloat16 is the upper half of a float32. */
function upperHalf(bits: number): number {
  word[0] = bits << 16;
  return single[0];
}

/** All of them: a look-up is four times as fast. */
const halves = Float32Array.from({ length: 0x10000 }, (_, bits) => half(bits));
