import { ShapeError } from "../errors.ts";
import type { Body, TensorData, Value } from "../graph/node.ts";
import {
  type AttributeSpec,
  type Attributes,
  type AttributeValue,
  type OpType,
  operators,
} from "../graph/operators.ts";
import { formatType } from "../graph/shape.ts";
import { apply, applyNode, tensor } from "../graph/value.ts";
import {
  formAttributes,
  forms,
  requiredAttributes,
  restrictions,
  signatures,
} from "./decode-forms.ts";
import type { AttributeRecord, NodeRecord } from "./read-model.ts";
import { fault } from "./read-wire.ts";
import { attributeType, bodyAttributes } from "./schema.ts";

/** Versions of the operator sets that the file is written in, by domain. */
export type Opsets = ReadonlyMap<string, number>;

/** How a message calls a node. */
export const labelOf = ({ op, domain, name }: NodeRecord): string =>
  `${domain && `${domain}.`}${op}${name && ` "${name}"`}`;

/** The operator of a node. @throws DataError for one that graphs do not hold */
export function operatorOf(node: NodeRecord, opsets: Opsets): OpType {
  const domain = node.domain === "ai.onnx" ? "" : node.domain;
  if (!opsets.has(domain)) {
    throw fault(node, `${labelOf(node)}: the file imports no operator set "${domain}"`);
  }
  if (!Object.hasOwn(operators, node.op) || operators[node.op as OpType].domain !== domain) {
    throw fault(node, `operator ${labelOf(node)} is not supported`);
  }
  return node.op as OpType;
}

/** The results of a node that is no Constant, its inputs and bodies already being values. */
export function applyRecord(
  node: NodeRecord,
  op: OpType,
  given: readonly (Value | null)[],
  bodies: readonly Body[],
  opset: number,
): readonly Value[] {
  checkInputs(node, op, given);
  const attributes = attributesOf(node, op);
  const call = forms[op]?.({ inputs: given, attributes }, node, opset) ?? {
    inputs: given,
    attributes,
  };
  let results: readonly Value[];
  try {
    results =
      (op === "Min" || op === "Max") && given.length !== 2
        ? [(given as readonly Value[]).reduce((a, b) => apply(op, [a, b]))]
        : applyNode(op, trimmed(call.inputs), call.attributes, bodies).outputs;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    // Without the line of the stack that the message ends with: it is this one.
    throw fault(node, `${labelOf(node)}: ${error.message.split("\n")[0]}`, error);
  }
  for (const result of results) {
    const odd = result.shape.find((dim) => typeof dim !== "string" && !isSize(dim));
    if (odd !== undefined || result.shape.includes(undefined as never)) {
      throw fault(node, `${labelOf(node)} would make ${formatType(result)}`);
    }
  }
  return results;
}

const isSize = (dim: number) => Number.isSafeInteger(dim) && dim >= 0;

const trimmed = (inputs: readonly (Value | null | undefined)[]): (Value | null)[] => {
  const list = inputs.map((x) => x ?? null);
  while (list.length > 0 && list.at(-1) === null) list.pop();
  return list;
};

const letters = { i: "int64", b: "bool" } as const;

/** More axes than anything needs: a shape that a graph computes must not fill the memory. */
const mostAxes = 64;

function checkInputs(node: NodeRecord, op: OpType, given: readonly (Value | null)[]): void {
  const signature = signatures[op];
  const open = signature.endsWith("*");
  const kinds = open ? signature.slice(0, -1) : signature;
  if (!open && given.length > kinds.length) {
    throw fault(node, `${labelOf(node)} has ${given.length} inputs, ${kinds.length} can be read`);
  }
  given.forEach((value, i) => {
    const wanted = letters[(kinds[i] ?? kinds.at(-1)) as keyof typeof letters];
    if (value !== null && wanted !== undefined && value.dtype !== wanted) {
      throw fault(node, `${labelOf(node)}: input ${i} is ${formatType(value)}, wanted ${wanted}`);
    }
  });
  if ((op === "Min" || op === "Max") && (given.length === 0 || given.includes(null))) {
    throw fault(node, `${labelOf(node)}: an input is missing`);
  }
  if ((op === "Reshape" || op === "Expand") && Number(given[1]?.shape[0]) > mostAxes) {
    throw fault(node, `${labelOf(node)}: a result of ${given[1]!.shape[0]} axes`);
  }
}

function attributesOf(node: NodeRecord, op: OpType): Attributes {
  const found: Record<string, AttributeValue> = {};
  const seen = new Set<string>();
  for (const record of node.attributes) {
    const { name } = record;
    const refuse = (what: string) => fault(record, `${labelOf(node)}: attribute "${name}" ${what}`);
    if (seen.has(name)) throw refuse("stands twice");
    seen.add(name);
    if (bodyAttributes[op]?.includes(name)) continue;
    const restriction = own(restrictions[op], name);
    const spec =
      restriction ?? own(operators[op].attributes, name) ?? own(formAttributes[op], name);
    if (spec === undefined) throw refuse("is not supported");
    const value = attributeValue(record, spec.kind, refuse);
    const odd = [value].flat().find((entry) => restriction?.values.includes(entry) === false);
    if (odd !== undefined) throw refuse(`= ${value} is not supported`);
    if (restriction?.values.length !== 1) found[name] = value;
  }
  for (const name of requiredAttributes[op] ?? []) {
    if (!seen.has(name)) throw fault(node, `${labelOf(node)} has no attribute "${name}"`);
  }
  return found;
}

const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;

type Refuse = (what: string) => Error;

function attributeValue(record: AttributeRecord, kind: AttributeSpec["kind"], refuse: Refuse) {
  if (record.type !== attributeType[kind]) {
    const known = Object.entries(attributeType).find(([, code]) => code === record.type);
    throw refuse(`is of type ${known?.[0] ?? record.type}, wanted ${kind}`);
  }
  const small = (n: bigint) => {
    if (!Number.isSafeInteger(Number(n))) throw refuse(`= ${n} is too large`);
    return Number(n);
  };
  if (kind === "int") return small(record.int);
  if (kind === "ints") return record.ints.map(small);
  return kind === "float" ? record.float : record.string;
}

/** The body of a control-flow node under an attribute. */
export function graphOf(node: NodeRecord, name: string) {
  const record = node.attributes.find((attribute) => attribute.name === name);
  if (record === undefined) throw fault(node, `${labelOf(node)} has no attribute "${name}"`);
  if (record.type !== attributeType.graph || record.graph === null) {
    throw fault(record, `${labelOf(node)}: attribute "${name}" is no graph`);
  }
  return record.graph;
}

/** The value of a `Constant` node, which holds it in one of several attributes. */
export function constantOfRecord(node: NodeRecord): Value {
  const [record] = node.attributes;
  if (node.attributes.length !== 1 || node.inputs.length > 0) {
    throw fault(node, `${labelOf(node)}: no inputs and one attribute are wanted`);
  }
  const { name, type, float, int, floats, ints, tensor: given } = record;
  const readings: Record<string, [number, () => [TensorData, readonly number[]] | null]> = {
    value: [attributeType.tensor, () => given && [given.data, given.dims]],
    value_float: [attributeType.float, () => [Float32Array.of(float), []]],
    value_floats: [attributeType.floats, () => [Float32Array.from(floats), [floats.length]]],
    value_int: [attributeType.int, () => [BigInt64Array.of(int), []]],
    value_ints: [attributeType.ints, () => [BigInt64Array.from(ints), [ints.length]]],
  };
  const [wanted, read] = own(readings, name) ?? [];
  if (read === undefined) {
    throw fault(record, `${labelOf(node)}: attribute "${name}" is not supported`);
  }
  const content = type === wanted ? read() : null;
  if (content === null) {
    throw fault(
      record,
      `${labelOf(node)}: attribute "${name}" is of another type than its name says`,
    );
  }
  return tensor(...content);
}
