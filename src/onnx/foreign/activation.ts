import type { Constants } from "./constants.ts";
import type { ForeignModel } from "./model.ts";
import type { ForeignNode } from "./read-node.ts";

/** Operators that act on each entry by itself, their other inputs being constants. */
const elementwise: ReadonlySet<string> = new Set(
  (
    "Abs Add Celu Clip Cos Div Elu Erf Exp Gelu HardSigmoid HardSwish LeakyRelu Log Max Min Mish Mul " +
    "Neg PRelu Pow Reciprocal Relu Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Tanh ThresholdedRelu"
  ).split(" "),
);

/** What stands between a value and the activation of it. */
export interface Activation {
  readonly name: string;
  readonly nodes: readonly ForeignNode[];
  readonly output: string;
}

/** More nodes than any usual activation is written in. */
const mostNodes = 12;

/**
 * The activation of a value: the smallest group of elementwise nodes that takes the value, and nothing
 * else but constants, and gives one value on. Exporters write GELU in five nodes, SiLU in two.
 *
 * @param width  entries of the value along its last axis
 */
export function activationOf(
  model: ForeignModel,
  constants: Constants,
  from: string,
  width: number,
): Activation | null {
  const results = new Set(model.outputs.map(({ name }) => name));
  const inside = new Set([from]);
  const nodes: ForeignNode[] = [];
  const usersOf = (name: string) => model.users.get(name) ?? [];
  const takes = (node: ForeignNode) =>
    isElementwise(node) &&
    node.inputs.every((name) => name === "" || inside.has(name) || small(constants, name, width));
  /** Nothing but the last value is seen from outside. */
  const closed = (last: string) =>
    [...inside].every(
      (name) =>
        name === last ||
        (!results.has(name) && usersOf(name).every((user) => nodes.includes(user))),
    );

  const first = usersOf(from).reduce((least, { index }) => Math.min(least, index), Infinity);
  const candidates = model.nodes.slice(first === Infinity ? model.nodes.length : first);
  for (const node of candidates) {
    if (!node.inputs.some((name) => inside.has(name)) || !takes(node)) continue;
    nodes.push(node);
    inside.add(node.outputs[0]);
    if (closed(node.outputs[0])) break;
    if (nodes.length === mostNodes) return null;
  }
  const output = nodes.at(-1)?.outputs[0];
  if (output === undefined || !closed(output)) return null;
  const scaled = nodes.length > 1 ? factorAfter(model, constants, output, results) : null;
  const all = scaled === null ? nodes : [...nodes, scaled];
  return { name: nameOf(all), nodes: all, output: scaled?.outputs[0] ?? output };
}

export const isElementwise = ({ op, domain, outputs }: ForeignNode): boolean =>
  (domain === "" || op === "Gelu") && elementwise.has(op) && outputs.length === 1;

/** One number, or one for each entry of a row. */
function small(constants: Constants, name: string, width: number): boolean {
  const found = constants(name);
  return found !== null && (found.data.length === 1 || found.data.length === width);
}

/** The factor of one number that GELU may end with. */
function factorAfter(
  model: ForeignModel,
  constants: Constants,
  value: string,
  results: ReadonlySet<string>,
): ForeignNode | null {
  const users = model.users.get(value) ?? [];
  if (users.length !== 1 || results.has(value)) return null;
  const [node] = users;
  const other = node.inputs.find((name) => name !== value) ?? "";
  const isFactor = (node.op === "Mul" || node.op === "Div") && isElementwise(node);
  return isFactor && constants(other)?.data.length === 1 ? node : null;
}

function nameOf(nodes: readonly ForeignNode[]): string {
  const ops = nodes.map(({ op }) => op);
  if (ops.length === 1) return ops[0].toLowerCase();
  const has = (...wanted: string[]) => wanted.every((op) => ops.includes(op));
  if (has("Erf", "Mul")) return "gelu";
  if (has("Tanh", "Softplus", "Mul")) return "mish";
  if (has("Tanh", "Mul", "Add") && ops.length > 4) return "gelu";
  if (ops.length === 2 && has("Sigmoid", "Mul")) return "silu";
  if (has("Mul") && (has("Clip") || has("HardSigmoid"))) return "hardswish";
  return ops.map((op) => op.toLowerCase()).join("+");
}
