import { ShapeError } from "../../errors.ts";
import { constantNumbers, type Value } from "../node.ts";
import type { Operator } from "../operators.ts";
import {
  broadcastShapes,
  type Dim,
  formatShape,
  freshDim,
  normalizeAxis,
  type Shape,
} from "../shape.ts";
import { operator, required, sameDtype } from "./elementwise.ts";

/**
 * The sizes that an int64 vector will hold, as far as the graph tells: constants, `Shape` of a
 * value, and `Concat` of such. Null when it cannot be told.
 */
function dimsOf(vector: Value): readonly Dim[] | null {
  const { node } = vector;
  if (node.data) return constantNumbers(vector);
  if (node.op === "Shape") {
    const { shape } = node.inputs[0]!;
    return shape.slice(
      Number(node.attributes.start ?? 0),
      Number(node.attributes.end ?? shape.length),
    );
  }
  if (node.op === "Concat") {
    const parts = node.inputs.map((part) => dimsOf(part!));
    return parts.every((part) => part !== null) ? parts.flat() : null;
  }
  return null;
}

const constants = (value: Value | null | undefined, position: number): number[] => {
  const numbers = constantNumbers(required(value, position));
  if (numbers === null) throw new ShapeError(`input ${position} must be constant`);
  return numbers;
};

/** Of the name "32*N", which a reshape makes of the sizes 32 and N: 32 and N. */
const factorOf = (name: string) => Number(/^(\d+)\*/.exec(name)?.[1] ?? 1);
const bareName = (name: string) => name.replace(/^\d+\*/, "");

/** ONNX's Reshape: 0 keeps the size at its place, one −1 takes what is left. */
function reshaped(from: Shape, target: readonly Dim[]): Shape {
  const shape = target.map((dim, i) => (dim === 0 ? (from[i] ?? freshDim()) : dim));
  const known = (dims: Shape) =>
    dims.reduce<number>(
      (n, d) => (d === -1 ? n : n * (typeof d === "number" ? d : factorOf(d))),
      1,
    );
  const names = (dims: Shape) => dims.filter((dim) => typeof dim === "string").map(bareName);
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = shape.filter((_, i) => i !== free);
    const [before, after] = [known(from), known(rest)];
    const left = names(from);
    for (const name of names(rest)) left.splice(left.indexOf(name), left.includes(name) ? 1 : 0);
    if (left.length === 0) {
      if (before % after !== 0)
        throw new ShapeError(`${formatShape(from)} into ${formatShape(target)}`);
      return shape.with(free, before / after);
    }
    // A product of a number and a name is a name again, the same one for the same product.
    const named = before === after ? left[0] : `${before / after}*${left[0]}`;
    return shape.with(free, left.length === 1 && before % after === 0 ? named : freshDim());
  }
  const sameNames = names(from).sort().join() === names(shape).sort().join();
  if (sameNames && known(from) !== known(shape)) {
    throw new ShapeError(`${formatShape(from)} into ${formatShape(target)}: the counts differ`);
  }
  return shape;
}

export const movementOperators = {
  Reshape: operator(([first, second]) => {
    const [x, target] = [required(first, 0), required(second, 1)];
    const dims = dimsOf(target);
    const rank = target.shape[0];
    if (dims === null && typeof rank !== "number") throw new ShapeError("the rank is not known");
    return [
      {
        dtype: x.dtype,
        shape: dims ? reshaped(x.shape, dims) : Array.from({ length: rank as number }, freshDim),
      },
    ];
  }),

  Transpose: operator(
    ([first], { perm }) => {
      const x = required(first, 0);
      const order = (perm as readonly number[]) ?? x.shape.map((_, i) => x.shape.length - 1 - i);
      if ([...order].sort((a, b) => a - b).join() !== x.shape.map((_, i) => i).join()) {
        throw new ShapeError(`[${order}] is no permutation of ${x.shape.length} axes`);
      }
      return [{ dtype: x.dtype, shape: order.map((axis) => x.shape[axis]) }];
    },
    { perm: { kind: "ints" } },
  ),

  Squeeze: operator(([first, second]) => {
    const x = required(first, 0);
    const axes = constants(second, 1).map((axis) => normalizeAxis(axis, x.shape.length));
    for (const axis of axes) {
      if (x.shape[axis] !== 1)
        throw new ShapeError(`axis ${axis} has size ${x.shape[axis]}, not 1`);
    }
    return [{ dtype: x.dtype, shape: x.shape.filter((_, i) => !axes.includes(i)) }];
  }),

  Unsqueeze: operator(([first, second]) => {
    const x = required(first, 0);
    const given = constants(second, 1);
    const rank = x.shape.length + given.length;
    const axes = given.map((axis) => normalizeAxis(axis, rank));
    const old = x.shape.values();
    const shape = Array.from({ length: rank }, (_, i) =>
      axes.includes(i) ? 1 : old.next().value!,
    );
    return [{ dtype: x.dtype, shape }];
  }),

  Expand: operator(([first, second]) => {
    const [x, target] = [required(first, 0), required(second, 1)];
    const dims = dimsOf(target);
    if (dims === null) throw new ShapeError("the target shape cannot be told");
    return [{ dtype: x.dtype, shape: broadcastShapes(x.shape, dims) }];
  }),

  Concat: operator(
    (inputs, { axis }) => {
      const values = inputs.map((x, i) => required(x, i));
      if (values.length === 0) throw new ShapeError("nothing to join");
      const [first] = values;
      const joined = normalizeAxis(Number(axis), first.shape.length);
      const sizes = values.map(({ shape }) => {
        if (
          shape.length !== first.shape.length ||
          shape.some((dim, i) => i !== joined && dim !== first.shape[i])
        ) {
          throw new ShapeError(
            `${formatShape(first.shape)} and ${formatShape(shape)} differ besides axis ${joined}`,
          );
        }
        return shape[joined];
      });
      const total = sizes.every((dim) => typeof dim === "number")
        ? sizes.reduce((sum, dim) => sum + dim, 0)
        : sizes.length === 1
          ? sizes[0]
          : freshDim();
      return [{ dtype: sameDtype(...values), shape: first.shape.with(joined, total) }];
    },
    { axis: { kind: "int" } },
  ),

  /** x, then the constants starts, ends, axes, steps */
  Slice: operator(([first, starts, ends, axes, steps]) => {
    const x = required(first, 0);
    const begin = constants(starts, 1);
    const end = constants(ends, 2);
    const along = axes ? constants(axes, 3) : begin.map((_, i) => i);
    const step = steps ? constants(steps, 4) : begin.map(() => 1);
    const shape = [...x.shape];
    along.forEach((given, i) => {
      const axis = normalizeAxis(given, x.shape.length);
      const size = x.shape[axis];
      shape[axis] =
        typeof size === "number" ? slicePlaces(size, begin[i], end[i], step[i]).count : freshDim();
    });
    return [{ dtype: x.dtype, shape }];
  }),

  Split: operator(
    ([first, second], { axis = 0 }) => {
      const x = required(first, 0);
      const along = normalizeAxis(Number(axis), x.shape.length);
      const sizes = constants(second, 1);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (typeof x.shape[along] === "number" && total !== x.shape[along]) {
        throw new ShapeError(`parts of [${sizes}] for axis ${along} of size ${x.shape[along]}`);
      }
      return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.with(along, size) }));
    },
    { axis: { kind: "int", default: 0 } },
  ),

  /** x, pads (all begins, then all ends), the value to pad with */
  Pad: operator(
    ([first, second, third], { mode = "constant" }) => {
      if (mode !== "constant") throw new ShapeError(`mode "${mode}" is not supported`);
      const x = required(first, 0);
      if (third) sameDtype(x, third);
      const pads = constants(second, 1);
      const rank = x.shape.length;
      if (pads.length !== 2 * rank) throw new ShapeError(`${pads.length} pads for rank ${rank}`);
      const shape = x.shape.map((dim, i) => {
        const extra = pads[i] + pads[i + rank];
        if (extra === 0) return dim;
        return typeof dim === "number" ? dim + extra : freshDim();
      });
      return [{ dtype: x.dtype, shape }];
    },
    { mode: { kind: "string", default: "constant" } },
  ),

  Shape: operator(
    ([first], { start, end }) => {
      const { shape } = required(first, 0);
      const part = shape.slice(Number(start ?? 0), Number(end ?? shape.length));
      return [{ dtype: "int64", shape: [part.length] }];
    },
    { start: { kind: "int", default: 0 }, end: { kind: "int" } },
  ),
} satisfies Record<string, Operator>;

/** Indices first, first + step, … of an axis. */
export interface Places {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** The indices that a slice takes from an axis; start and end may lie outside it. */
export function slicePlaces(size: number, start: number, end: number, step: number): Places {
  if (step === 0) throw new ShapeError("step 0");
  const wrap = (i: number) => (i < 0 ? i + size : i);
  const clamp = (i: number, low: number, high: number) => Math.min(Math.max(i, low), high);
  const [first, stop] =
    step > 0
      ? [clamp(wrap(start), 0, size), clamp(wrap(end), 0, size)]
      : [clamp(wrap(start), 0, size - 1), clamp(wrap(end), -1, size - 1)];
  return { first, step, count: Math.max(0, Math.ceil((stop - first) / step)) };
}
