import { onnxDtype } from "../graph/infer/elementwise.ts";
import type { TensorData } from "../graph/node.ts";
import { type DType, formatShape } from "../graph/shape.ts";
import { typedArray } from "../graph/value.ts";
import {
  fault,
  type Message,
  type Origin,
  readBytes,
  readDoubles,
  readFields,
  readFloats,
  readInts,
  readSmallInt,
  readText,
} from "./read-wire.ts";
import { field } from "./schema.ts";

/** Numbers of the file: an initialiser, or the value of a Constant. */
export interface TensorRecord extends Origin {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** The dtype of one of ONNX's codes. @throws DataError for one that graphs do not hold */
export function dtypeOfCode(code: number, origin: Origin): DType {
  const found = Object.entries(onnxDtype).find(([, known]) => known === code);
  if (found !== undefined) return found[0] as DType;
  const name = Object.hasOwn(dataTypes, code) ? dataTypes[code] : "unknown";
  throw fault(origin, `data type ${code} (${name}); can read ${Object.keys(onnxDtype).join(", ")}`);
}

/** TensorProto.DataType, for messages: those that graphs do not hold. */
const dataTypes: Readonly<Record<number, string>> = {
  0: "none given",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  8: "string",
  10: "float16",
  12: "uint32",
  13: "uint64",
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
};

/** The numbers as the file gives them: in the field of their type, or as bytes. */
interface Content {
  readonly raw: Uint8Array | null;
  readonly floats: readonly number[];
  readonly doubles: readonly number[];
  readonly int64s: readonly bigint[];
  readonly int32s: readonly bigint[];
}

export function readTensor(message: Message): TensorRecord {
  const dims: bigint[] = [];
  const [floats, doubles]: number[][] = [[], []];
  const [int64s, int32s]: bigint[][] = [[], []];
  let [name, code] = ["", 0];
  let raw: Uint8Array | null = null;
  readFields(message, field.tensor, {
    dims: (at) => readInts(at, dims),
    dataType: (at) => {
      code = readSmallInt(at);
    },
    name: (at) => {
      name = readText(at);
    },
    rawData: (at) => {
      raw = readBytes(at);
    },
    floatData: (at) => readFloats(at, floats),
    doubleData: (at) => readDoubles(at, doubles),
    int64Data: (at) => readInts(at, int64s),
    int32Data: (at) => readInts(at, int32s),
    dataLocation: (at) => {
      if (readSmallInt(at) !== 0) throw fault(at, external);
    },
    externalData: (at) => {
      throw fault(at, external);
    },
    segment: (at) => {
      throw fault(at, "a tensor in segments is not supported");
    },
  });
  const origin = { path: message.path, offset: message.offset };
  const dtype = dtypeOfCode(code, origin);
  const content: Content = { raw, floats, doubles, int64s, int32s };
  const sizes = dims.map((dim) => sizeOf(dim, origin));
  return { ...origin, name, dims: sizes, data: numbersOf(dtype, sizes, content, origin) };
}

const external = "data in another file are not supported; save the model with its data inside";

export const sizeOf = (dim: bigint, origin: Origin): number => {
  const size = Number(dim);
  if (!Number.isSafeInteger(size) || size < 0) throw fault(origin, `a size of ${dim}`);
  return size;
};

const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

function numbersOf(
  dtype: DType,
  dims: readonly number[],
  { raw, floats, doubles, int64s, int32s }: Content,
  origin: Origin,
): TensorData {
  const given = { float32: floats, float64: doubles, int64: int64s, bool: int32s }[dtype];
  const others = [floats, doubles, int64s, int32s].filter((list) => list !== given);
  if (others.some((list) => list.length > 0)) {
    throw fault(origin, `data in a field that is not the one of ${dtype}`);
  }
  if (raw !== null && given.length > 0) throw fault(origin, "data twice: as bytes and as numbers");

  const size = arrayOf[dtype].BYTES_PER_ELEMENT;
  const count = raw === null ? given.length : raw.length / size;
  const wanted = dims.reduce((product, dim) => product * dim, 1);
  if (count !== wanted) {
    throw fault(origin, `${count} numbers for ${dtype}${formatShape(dims)}, wanted ${wanted}`);
  }
  if (dtype === "bool") {
    const odd = Array.from<number | bigint, number>(raw ?? int32s, Number).find(
      (entry) => entry !== 0 && entry !== 1,
    );
    if (odd !== undefined) throw fault(origin, `bool ${odd}, wanted 0 or 1`);
  }
  // Bytes are copied, since a typed array must begin at a multiple of its element size.
  return raw === null ? typedArray(dtype, given) : new arrayOf[dtype](new Uint8Array(raw).buffer);
}
