import { ShapeError } from "../errors.ts";
import { dependencies, type Node, type Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add } from "../graph/ops/elementwise.ts";
import { zerosLike } from "../graph/ops/movement.ts";
import { formatType, isFloat, sameShape } from "../graph/shape.ts";
import { constant, requireValue, requireValues, topologicalOrder } from "../graph/value.ts";
import { named } from "./broadcast.ts";
import { type Rule, rules } from "./rules.ts";

/**
 * Vector–Jacobian products: Σₖ (∂outputsₖ/∂x)ᵀ cotangentsₖ for each x in `wrt`, as new graph nodes;
 * null where nothing depends on x. The values in `wrt` count as independent of one another: where
 * one is computed from another, the result is the partial derivative.
 *
 * @throws ShapeError when a cotangent's type is not that of its output
 */
export function vjp(
  outputs: readonly Value[],
  wrt: readonly Value[],
  cotangents: readonly (Value | null)[],
): (Value | null)[] {
  const sums = new Map<Value, Value>();
  const accumulate = (value: Value, ybar: Value) => {
    const sum = sums.get(value);
    sums.set(value, sum === undefined ? ybar : add(sum, ybar));
  };
  outputs.forEach((y, i) => {
    const ybar = cotangents[i];
    if (ybar === null) return;
    if (ybar.dtype !== y.dtype || !sameShape(ybar.shape, y.shape)) {
      throw new ShapeError(`cotangent ${formatType(ybar)} of a value ${formatType(y)}`);
    }
    accumulate(y, ybar);
  });

  const independent = new Set(wrt);
  const order = topologicalOrder(outputs, (node) => !node.outputs.every((y) => independent.has(y)));
  const active = reaches(order, independent);
  const wanted = (x: Value) => isFloat(x.dtype) && (independent.has(x) || active.has(x.node));
  for (const node of order.reverse()) {
    if (!active.has(node)) continue;
    const ybars = node.outputs.map((y) => (independent.has(y) ? null : (sums.get(y) ?? null)));
    if (ybars.every((ybar) => ybar === null)) continue;
    const before = [...node.inputs, ...node.captures];
    const xbars = rule(node, ybars, wanted);
    before.forEach((x, i) => {
      const xbar = xbars[i];
      if (x && xbar && wanted(x)) accumulate(x, named(xbar, x));
    });
    for (const y of node.outputs) if (!independent.has(y)) sums.delete(y);
  }
  return wrt.map((x) => sums.get(x) ?? null);
}

/** Nodes on a path from one of `from`, given in topological order. */
function reaches(order: readonly Node[], from: ReadonlySet<Value>): ReadonlySet<Node> {
  const active = new Set<Node>();
  for (const node of order) {
    if (dependencies(node).some((x) => from.has(x) || active.has(x.node))) active.add(node);
  }
  return active;
}

const rule: Rule = (node, ybars, wanted) => {
  switch (node.op) {
    case "Input":
    case "Constant":
      return [];
    case "CustomVjp":
      return node.vjp!(node.inputs as readonly Value[], node.outputs, ybars);
    default:
      return rules[node.op](node, ybars, wanted);
  }
};

/**
 * seed · ∂loss/∂x for each named value, of x's type: zeros where the loss does not depend on x.
 *
 * @param seed  a scalar of the loss's dtype; 1 when left out
 * @throws ShapeError unless the loss is a float scalar
 */
export function gradient<P extends Values>(
  loss: Value,
  wrt: P,
  seed?: Value,
): { readonly [K in keyof P]: Value } {
  requireValue("gradient", "loss", loss);
  requireValues("gradient", "wrt", wrt);
  if (seed !== undefined) requireValue("gradient", "seed", seed);
  if (loss.shape.length !== 0 || !isFloat(loss.dtype)) {
    throw new ShapeError(`gradient of ${formatType(loss)}: a float scalar is wanted`);
  }
  const values = Object.values(wrt);
  const found = vjp([loss], values, [seed ?? constant(1, loss.dtype)]);
  return Object.fromEntries(
    Object.keys(wrt).map((name, i) => [name, found[i] ?? zerosLike(values[i])]),
  ) as { readonly [K in keyof P]: Value };
}
