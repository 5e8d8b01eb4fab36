import type { PickleRules } from "./pickle-instructions.ts";
import {
  dictOf,
  isKind,
  listOf,
  type PickleList,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
} from "./pickle-values.ts";
import type { TensorDType } from "./tensor-file.ts";

/** Storages by the name of their class, and element types by torch's name. */
const storageTypes: Readonly<Record<string, string>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  ComplexFloatStorage: "complex64",
  ComplexDoubleStorage: "complex128",
  QInt8Storage: "qint8",
  QUInt8Storage: "quint8",
  QInt32Storage: "qint32",
  UntypedStorage: "untyped",
};

const readable = new Set<string>([
  "float64",
  "float32",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
] satisfies TensorDType[]);

const storageOf = (name: string): string | undefined => {
  const match = /^torch\.(?:cuda\.|storage\.)?(\w+Storage)$/.exec(name);
  return match !== null && Object.hasOwn(storageTypes, match[1])
    ? storageTypes[match[1]]
    : undefined;
};

/** torch.float32, torch.uint16, …: also those that are not read. */
const dtypeName = /^torch\.((?:q?u?int\d+|b?float\d+\w*|complex\d+|double|half|long|bool)\w*)$/;

/**
 * ("storage", class, key, place, length), as torch names a storage that lies beside the pickle.
 *
 * PyTorch, "torch/serialization.py", `persistent_id` in `_save`.
 */
function storage(id: PickleValue): PickleStorage | undefined {
  if (!isKind(id, "list") || id.items.length < 5 || id.items[0] !== "storage") return undefined;
  const [, type, key, , length] = id.items;
  if (!isKind(type, "global") || typeof key !== "string" || typeof length !== "number")
    return undefined;
  const name = storageOf(type.name);
  return name === undefined ? undefined : { kind: "storage", type: name, key, length };
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)` */
function tensor(args: readonly PickleValue[], type?: string): PickleTensor | undefined {
  const [from, offset, size, stride] = args;
  if (!isKind(from, "storage") || typeof offset !== "number") return undefined;
  const [shape, strides] = [numbersOf(size), numbersOf(stride)];
  if (shape === undefined || strides === undefined) return undefined;
  // A view whose numbers stand for their negatives or conjugates.
  const metadata = args[6];
  if (isKind(metadata, "dict") && [...metadata.entries.values()].includes(true)) return undefined;
  const name = type ?? from.type;
  const dtype = readable.has(name) ? (name as TensorDType) : null;
  return { kind: "tensor", storage: from, dtype, type: name, offset, shape, strides };
}

/** `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata)` */
function tensorOfType(args: readonly PickleValue[]): PickleTensor | undefined {
  const type = args[6];
  const name = isKind(type, "global") ? dtypeName.exec(type.name)?.[1] : undefined;
  return name === undefined ? undefined : tensor([...args.slice(0, 6), args[7] ?? null], name);
}

/** Sizes or strides; torch allows at most 64 axes. */
const numbersOf = (value: PickleValue | undefined): number[] | undefined =>
  isKind(value, "list") &&
  value.items.length <= 64 &&
  value.items.every((n): n is number => Number.isSafeInteger(n))
    ? [...value.items]
    : undefined;

/** A collection made empty, or of one list; others remain objects. */
const collection = (args: readonly PickleValue[]): PickleList | undefined =>
  args.length === 0 ? listOf([]) : isKind(args[0], "list") ? args[0] : undefined;
const dict = (args: readonly PickleValue[]) => (args.length === 0 ? dictOf() : undefined);
/** Of no interest here, and known to be harmless. */
const nothing = () => null;

const calls: PickleRules["calls"] = new Map<
  string,
  (args: readonly PickleValue[]) => PickleValue | undefined
>([
  ["collections.OrderedDict", dict],
  ["collections.defaultdict", () => dictOf()],
  ["builtins.dict", dict],
  ["__builtin__.dict", dict],
  ["builtins.list", collection],
  ["__builtin__.list", collection],
  ["builtins.set", collection],
  ["__builtin__.set", collection],
  ["builtins.frozenset", collection],
  ["__builtin__.frozenset", collection],
  ["torch.Size", collection],
  ["torch._utils._rebuild_tensor", tensor],
  ["torch._utils._rebuild_tensor_v2", tensor],
  ["torch._utils._rebuild_tensor_v3", tensorOfType],
  ["torch._utils._rebuild_parameter", first],
  ["torch._utils._rebuild_parameter_with_state", first],
  ["torch._tensor._rebuild_from_type", rebuilt],
  ["torch._tensor._rebuild_from_type_v2", rebuilt],
  ["torch.serialization._get_layout", nothing],
  ["torch.device", nothing],
  ["_codecs.encode", nothing],
  ["numpy.dtype", nothing],
  ["numpy.core.multiarray.scalar", nothing],
  ["numpy._core.multiarray.scalar", nothing],
]);

/** A parameter is its tensor. */
function first([data]: readonly PickleValue[]): PickleValue | undefined {
  return isKind(data, "tensor") ? data : undefined;
}

/** (function, type, arguments, state): a tensor of a class of its own, by the function below it. */
function rebuilt([inner, , args]: readonly PickleValue[]): PickleValue | undefined {
  if (!isKind(inner, "global") || !isKind(args, "list")) return undefined;
  if (inner.name.startsWith("torch._tensor.")) return undefined; // itself, without an end
  return calls.get(inner.name)?.(args.items);
}

const known = new Set(["torch.Tensor", "torch.nn.parameter.Parameter", "torch.strided"]);

/** What torch.save writes of tensors, numbers and the collections of Python, and nothing else. */
export const torchRules: PickleRules = {
  calls,
  isKnown: (name) => known.has(name) || dtypeName.test(name) || storageOf(name) !== undefined,
  persistent: storage,
};
