import type { Node, Value } from "../graph/node.ts";
import { gemm } from "../graph/ops/linear.ts";
import { full, reshape, shapeOf } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { sameShape } from "../graph/shape.ts";
import { apply, attribute } from "../graph/value.ts";
import type { Rule } from "./rules.ts";

/** Adds `ybar` up over the axes along which `x` was broadcast, giving it the shape of `x`. */
export function unbroadcast(ybar: Value, x: Value): Value {
  if (sameShape(ybar.shape, x.shape)) return ybar;
  const extra = ybar.shape.length - x.shape.length;
  const leading = Array.from({ length: extra }, (_, i) => i);
  const stretched = [...x.shape.keys()]
    .filter((i) => x.shape[i] === 1 && ybar.shape[i + extra] !== 1)
    .map((i) => i + extra);
  if (stretched.length === 0) {
    return ybar.shape.length === 2 && extra === 1 ? columnSums(ybar) : reduceSum(ybar, leading);
  }
  const summed = reduceSum(ybar, [...leading, ...stretched], { keepdims: true });
  return extra === 0 ? summed : reshape(summed, x.shape);
}

/** Σᵢ yᵢⱼ [n] of y [m, n], as a product with ones: ReduceSum over the first axis takes five times as long. */
function columnSums(y: Value): Value {
  return reshape(gemm(full(1, [1, y.shape[0]], y), y), [y.shape[1]]);
}

/** A cotangent that lost the name of a size on its way (to a slice, say) gets the names of `x`. */
export const named = (xbar: Value, x: Value): Value =>
  sameShape(xbar.shape, x.shape) ? xbar : apply("Reshape", [xbar, shapeOf(x)]);

/** The rule of an operator with one output: from its result and the cotangent of that. */
export const of =
  (rule: (y: Value, ybar: Value, ...inputs: Value[]) => readonly (Value | null)[]): Rule =>
  ({ outputs: [y], inputs }, [ybar]) =>
    rule(y, ybar!, ...(inputs as Value[]));

/** A float attribute as ONNX stores it, in 32 bits, so that the derivative in float64 fits. */
export const floatAttribute = (node: Node, name: string): number =>
  Math.fround(attribute<number>(node, name));

/** For operators whose result does not change, or only in jumps, with any input. */
export const noDerivative: Rule = ({ inputs }) => inputs.map(() => null);
