import type { Value } from "../node.ts";
import { apply, constant } from "../value.ts";
import { cast } from "./elementwise.ts";

/** Slices of `x` along an axis, one for each index. */
export const gather = (x: Value, indices: Value, axis = 0) =>
  apply("Gather", [x, indices], { axis });

/** One entry for each index: result[i, j] = x[i, indices[i, j]] for axis 1. */
export const gatherElements = (x: Value, indices: Value, axis: number) =>
  apply("GatherElements", [x, indices], { axis });

/** `x` with updates written at (or, by `add`, added at) indices along an axis. */
export const scatterElements = (
  x: Value,
  indices: Value,
  updates: Value,
  axis: number,
  reduction: "none" | "add" = "none",
) => apply("ScatterElements", [x, indices, updates], { axis, reduction });

/** Slices of `x` at the rows of `indices` [..., k] into its first k axes. */
export const gatherND = (x: Value, indices: Value) => apply("GatherND", [x, indices]);

/** `x` with slices written at (or added at) the rows of `indices` [..., k], into its first k axes. */
export const scatterND = (
  x: Value,
  indices: Value,
  updates: Value,
  reduction: "none" | "add" = "none",
) => apply("ScatterND", [x, indices, updates], { reduction });

/** 1 at each index and 0 elsewhere, along a new last axis. */
export const oneHot = (indices: Value, depth: number, dtype: "float32" | "float64") =>
  cast(
    // ONNX Runtime has no OneHot of float64.
    apply("OneHot", [indices, constant(depth, "int64"), constant([0, 1], "float32")], { axis: -1 }),
    dtype,
  );

/** start, start + delta, … below limit; of int64 or float scalars */
export const range = (start: Value, limit: Value, delta: Value) =>
  apply("Range", [start, limit, delta]);
