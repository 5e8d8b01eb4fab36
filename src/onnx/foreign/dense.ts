import type { Constants } from "./constants.ts";
import type { ForeignModel } from "./model.ts";
import type { ForeignNode } from "./read-node.ts";
import type { Numbers } from "./stored-tensor.ts";

/** A matrix of float64, row-major, as the room of linear algebra has it. */
export interface Weight {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

export const floats = { 1: "float32", 10: "float16", 11: "float64", 16: "bfloat16" } as const;
export type FloatType = (typeof floats)[keyof typeof floats];

/** x ↦ x W + b, as one node or as a product and a sum. */
export interface Linear {
  readonly weight: Weight; // [inputs × outputs], scaled by alpha
  readonly bias: Float64Array | null; // [outputs], scaled by beta
  readonly dtype: FloatType;
  readonly input: string;
  readonly output: string;
  readonly weightName: string;
  readonly nodes: readonly ForeignNode[];
}

/** A node that multiplies by constants and is no dense layer that can be read, and why. */
export interface Unread {
  readonly reason: string;
}

/** The dense map that begins at a node; null where the node is nothing of the kind. */
export function linearAt(
  model: ForeignModel,
  constants: Constants,
  node: ForeignNode,
): Linear | Unread | null {
  if (node.domain !== "" || (node.op !== "Gemm" && node.op !== "MatMul")) return null;
  const [x = "", w = "", c = ""] = node.inputs;
  const [left, right] = [constants(x), constants(w)];
  if (left !== null && right !== null) return null; // a constant by itself
  if (left !== null) return { reason: "its weights stand on the left: samples are columns" };
  if (right === null) {
    return isStored(model, w)
      ? { reason: `its weights "${w}" are of a type that is not computed with` }
      : null; // a product of two values, as in attention
  }
  if (right.dims.length !== 2) return { reason: `its weights have ${right.dims.length} axes` };
  if (!(right.code in floats)) return { reason: "its weights are no floating-point numbers" };
  const whole = node.op === "Gemm" ? gemm(node, right, constants(c), c) : withSum(right);
  if ("reason" in whole) return whole;
  if (whole.weight.data.length === 0) return { reason: "its weights are empty" };
  const made: Linear = {
    ...whole,
    dtype: floats[right.code as keyof typeof floats],
    input: x,
    output: node.outputs[0],
    weightName: w,
    nodes: [node],
  };
  return made.bias === null ? sumAfter(model, constants, made) : made;
}

const isStored = (model: ForeignModel, name: string): boolean =>
  model.tensors.has(name) || model.maker.get(name)?.op === "Constant";

const withSum = ({ dims: [rows, cols], data }: Numbers) => ({
  weight: { rows, cols, data },
  bias: null,
});

/** α x op(B) + β C; C of one row or one number. */
function gemm(
  { attributes }: ForeignNode,
  B: Numbers,
  C: Numbers | null,
  nameOfC: string,
): Pick<Linear, "weight" | "bias"> | Unread {
  if (attributes.get("transA")?.int) return { reason: "it transposes its input: transA = 1" };
  if (nameOfC !== "" && C === null) return { reason: `its bias "${nameOfC}" is no constant` };
  const alpha = attributes.get("alpha")?.float ?? 1;
  const beta = attributes.get("beta")?.float ?? 1;
  const flipped = attributes.get("transB")?.int === 1;
  const [n, m] = B.dims;
  const [rows, cols] = flipped ? [m, n] : [n, m];
  const data = flipped
    ? B.data.map((_, k) => alpha * B.data[(k % cols) * rows + Math.floor(k / cols)])
    : B.data.map((w) => alpha * w);
  const row = C === null ? null : rowOf(C, cols);
  if (C !== null && row === null) return { reason: `its bias is of shape [${C.dims}]` };
  return { weight: { rows, cols, data }, bias: row?.map((b) => beta * b) ?? null };
}

/** Numbers that are the same in every row, as one row. */
function rowOf({ dims, data }: Numbers, width: number): Float64Array | null {
  if (data.length === 1) return new Float64Array(width).fill(data[0]);
  const oneRow = dims.slice(0, -1).every((size) => size === 1) && dims.at(-1) === width;
  return oneRow ? data : null;
}

/** The same with the sum that follows, where there is one with a constant and nothing else sees between. */
function sumAfter(model: ForeignModel, constants: Constants, product: Linear): Linear {
  const node = onlyUser(model, product.output);
  if (node?.op !== "Add" || node.domain !== "") return product;
  const other = node.inputs.find((name) => name !== product.output);
  const found = other === undefined ? null : constants(other);
  const bias = found === null || found.dims.length > 2 ? null : rowOf(found, product.weight.cols);
  if (bias === null) return product;
  return { ...product, bias, output: node.outputs[0], nodes: [...product.nodes, node] };
}

/** The one node that takes a value which the model does not give as a result. */
export function onlyUser(model: ForeignModel, value: string): ForeignNode | undefined {
  const users = model.users.get(value) ?? [];
  const seen = model.outputs.some(({ name }) => name === value);
  return users.length === 1 && !seen ? users[0] : undefined;
}

/** The matrices of constants that a node takes, in its bodies too: convolutions, recurrent cells, loops. */
export function weightsOf(
  model: ForeignModel,
  constants: Constants,
  node: ForeignNode,
): readonly Numbers[] {
  return [...new Set([...node.inputs, ...node.captured])]
    .filter((name) => isStored(model, name))
    .map(constants)
    .filter(
      (found) => found !== null && found.code in floats && found.dims.length >= 2,
    ) as Numbers[];
}
