import type { ForeignModel } from "./model.ts";
import type { ForeignNode } from "./read-node.ts";
import { type Numbers, numbersOf, readStored } from "./stored-tensor.ts";

/** The numbers of values that do not depend on the inputs; null of those that do or are not numbers. */
export type Constants = (name: string) => Numbers | null;

/**
 * Constants of a model: initialisers, Constant nodes, and copies, casts and transposes of those, as
 * exporters put them before a layer.
 */
export function constantsOf(model: ForeignModel): Constants {
  const known = new Map<string, Numbers | null>();
  const find = (name: string): Numbers | null => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, null); // while it is being found
    const stored = model.tensors.get(name);
    const node = model.maker.get(name);
    const found =
      stored !== undefined
        ? numbersOf(model.bytes, stored)
        : node === undefined
          ? null
          : made(model, node, find);
    known.set(name, found);
    return found;
  };
  return find;
}

/** The operators that constants go through unchanged but for their type and order. */
export const carriers: ReadonlySet<string> = new Set(["Constant", "Identity", "Cast", "Transpose"]);

function made({ bytes }: ForeignModel, node: ForeignNode, find: Constants): Numbers | null {
  if (node.domain !== "" || !carriers.has(node.op)) return null;
  if (node.op === "Constant") return constantNode(bytes, node);
  const given = find(node.inputs[0] ?? "");
  if (given === null || node.op === "Identity") return given;
  if (node.op === "Cast") return cast(given, node.attributes.get("to")?.int ?? 0);
  return transposed(given, node.attributes.get("perm")?.ints ?? [1, 0]);
}

function constantNode(bytes: Uint8Array, { attributes }: ForeignNode): Numbers | null {
  const tensor = attributes.get("value")?.tensor;
  if (tensor) return numbersOf(bytes, readStored(bytes, tensor));
  const float = attributes.get("value_float");
  if (float) return { dims: [], code: 1, data: Float64Array.of(float.float) };
  const int = attributes.get("value_int");
  return int ? { dims: [], code: 7, data: Float64Array.of(int.int) } : null;
}

/** Casts between floats; to a narrower one the numbers are rounded as a run rounds them. */
function cast({ dims, code, data }: Numbers, to: number): Numbers | null {
  if (to === code) return { dims, code, data };
  if (to === 11) return { dims, code: to, data };
  return to === 1 ? { dims, code: to, data: data.map(Math.fround) } : null;
}

function transposed({ dims, code, data }: Numbers, perm: readonly number[]): Numbers | null {
  if (dims.length !== 2 || perm[0] !== 1 || perm[1] !== 0) return null;
  const [rows, cols] = dims;
  const out = data.map((_, k) => data[(k % rows) * cols + Math.floor(k / rows)]);
  return { dims: [cols, rows], code, data: out };
}
