import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { concat, reshape, split } from "../graph/ops/movement.ts";
import { elementCount } from "../graph/shape.ts";
import type { Parameters } from "../models/model.ts";

/** Names, shapes and places of parameters laid end to end in one vector [size], in this order. */
export interface Layout {
  readonly names: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  readonly counts: readonly number[];
  readonly size: number;
}

export function layoutOf(parameters: Parameters): Layout {
  const names = Object.keys(parameters);
  const shapes = names.map((name) => parameters[name].shape);
  const counts = shapes.map((shape) => elementCount(shape)!);
  return { names, shapes, counts, size: counts.reduce((sum, n) => sum + n, 0) };
}

/** All parameters in one vector. */
export function flatten(layout: Layout, parameters: Parameters): Float32Array {
  const flat = new Float32Array(layout.size);
  let at = 0;
  layout.names.forEach((name, i) => {
    const { data } = parameters[name];
    if (!(data instanceof Float32Array) || data.length !== layout.counts[i]) {
      throw new ShapeError(
        `parameter "${name}" is not the float32[${layout.shapes[i]}] of the layout`,
      );
    }
    flat.set(data, at);
    at += data.length;
  });
  return flat;
}

/** The parameters by name, as views of the vector. */
export function unflatten(layout: Layout, flat: Float32Array): Parameters {
  let at = 0;
  return Object.fromEntries(
    layout.names.map((name, i) => {
      const data = flat.subarray(at, at + layout.counts[i]);
      at += data.length;
      return [name, { dtype: "float32" as const, shape: layout.shapes[i], data }];
    }),
  );
}

/** ‖θ‖ and ‖to − from‖, summed in float64. */
export const lengthOf = (theta: Float32Array): number =>
  Math.sqrt(theta.reduce((sum, x) => sum + x * x, 0));
export const distance = (from: Float32Array, to: Float32Array): number =>
  Math.sqrt(to.reduce((sum, x, i) => sum + (x - from[i]) ** 2, 0));

/** The parameters of a vector, and back, in a graph: a vector [size] ↔ values by name. */
export function unpack(layout: Layout, theta: Value): Values {
  const parts = split(theta, 0, layout.counts);
  return Object.fromEntries(
    layout.names.map((name, i) => [name, reshape(parts[i], layout.shapes[i])]),
  );
}
export const pack = (layout: Layout, values: Values): Value =>
  concat(
    layout.names.map((name, i) => reshape(values[name], [layout.counts[i]])),
    0,
  );
