/**
 * Protobuf by hand, from its documentation and onnx.proto3 and not from our schema: what a field
 * is called there stands beside its number.
 */
export type Bytes = readonly number[];

export function varint(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return out;
}
export const int = (field: number, value: number | bigint): Bytes => [
  ...varint(field * 8),
  ...varint(value),
];
export const message = (field: number, ...parts: readonly Bytes[]): Bytes => {
  const content = parts.flat();
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
};
export const text = (field: number, value: string): Bytes =>
  message(field, [...new TextEncoder().encode(value)]);
export const float = (field: number, value: number): Bytes => [
  ...varint(field * 8 + 5),
  ...floatBytes(value),
];
export const floatBytes = (...values: number[]): Bytes => [
  ...new Uint8Array(Float32Array.from(values).buffer),
];

// AttributeProto: name 1, f 2, i 3, t 5, g 6, floats 7, ints 8, type 20
const attribute = (name: string, type: number, ...parts: readonly Bytes[]): Bytes =>
  message(5, text(1, name), ...parts, int(20, type));
export const floatAttribute = (name: string, value: number) => attribute(name, 1, float(2, value));
export const intAttribute = (name: string, value: number | bigint) =>
  attribute(name, 2, int(3, value));
export const stringAttribute = (name: string, value: string) => attribute(name, 3, text(4, value));
export const tensorAttribute = (name: string, ...parts: readonly Bytes[]) =>
  attribute(name, 4, message(5, ...parts));
export const graphAttribute = (name: string, ...parts: readonly Bytes[]) =>
  attribute(name, 5, message(6, ...parts));
export const floatsAttribute = (name: string, ...values: number[]) =>
  attribute(name, 6, message(7, floatBytes(...values)));
export const intsAttribute = (name: string, ...values: number[]) =>
  attribute(name, 7, ...values.map((value) => int(8, value)));

// NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7; GraphProto.node 1
export const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...parts: readonly Bytes[]
): Bytes =>
  message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...parts,
  );
export const named = (name: string) => text(3, name);
export const inDomain = (domain: string) => text(7, domain);

/** TensorProto: dims 1, data_type 2, …, name 8, raw_data 9. */
export const tensor = (
  name: string,
  type: number,
  dims: readonly number[],
  ...data: readonly Bytes[]
) => [...dims.flatMap((dim) => int(1, dim)), ...int(2, type), ...text(8, name), ...data.flat()];
export const raw = (...bytes: readonly number[]) => message(9, bytes);
/** GraphProto.initializer 5 */
export const initialiser = (...args: Parameters<typeof tensor>) => message(5, tensor(...args));

/**
 * ValueInfoProto: name 1, type 2; TypeProto.tensor_type 1; Tensor: elem_type 1, shape 2;
 * TensorShapeProto.dim 1; Dimension: dim_value 1, dim_param 2.
 */
const info =
  (field: number) => (name: string, type: number, dims: readonly (number | string)[] | null) =>
    message(
      field,
      text(1, name),
      message(
        2,
        message(
          1,
          int(1, type),
          dims === null
            ? []
            : message(
                2,
                ...dims.map((dim) =>
                  message(
                    1,
                    typeof dim === "number" ? int(1, dim) : dim === "" ? [] : text(2, dim),
                  ),
                ),
              ),
        ),
      ),
    );
export const inputOf = info(11);
export const outputOf = info(12);

/** ModelProto: ir_version 1, graph 7, opset_import 8 {domain 1, version 2}. */
export const opset = (version: number, domain = "") =>
  message(8, domain === "" ? [] : text(1, domain), int(2, version));
export const model = (...graph: readonly Bytes[]): Uint8Array => modelWith([opset(18)], ...graph);
export const modelWith = (parts: readonly Bytes[], ...graph: readonly Bytes[]): Uint8Array =>
  Uint8Array.from([...int(1, 8), ...message(7, ...graph), ...parts.flat()]);
