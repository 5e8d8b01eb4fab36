import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { onnxDtype } from "../../src/graph/infer/elementwise.ts";
import type { Value } from "../../src/graph/node.ts";
import type { OpType } from "../../src/graph/operators.ts";
import { add, cast, equal, mul, where } from "../../src/graph/ops/elementwise.ts";
import { gather, gatherND, oneHot, range, scatterND } from "../../src/graph/ops/indexing.ts";
import { affine, gemm, inverse, matmul } from "../../src/graph/ops/linear.ts";
import {
  concat,
  expandTo,
  pad,
  reshape,
  shapeOf,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "../../src/graph/ops/movement.ts";
import { argMax, reduceMean, reduceSum } from "../../src/graph/ops/reduction.ts";
import { averagePool, conv, convTranspose, maxPool } from "../../src/graph/ops/window.ts";
import { broadcastShapes, formatType, type Shape } from "../../src/graph/shape.ts";
import { apply, constant, input, tensor } from "../../src/graph/value.ts";

const float = (...shape: Shape) => input("x", "float32", shape);
const whole = (...shape: Shape) => input("i", "int64", shape);
const vector = (...numbers: number[]) => constant(numbers, "int64");

describe("broadcasting", () => {
  test.each<[Shape, Shape, Shape]>([
    [[], [], []],
    [[3], [], [3]],
    [[2, 3], [3], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [["N", 1], [4], ["N", 4]],
    [
      ["N", 4],
      ["N", 1],
      ["N", 4],
    ],
    [
      [1, "T"],
      ["N", 1],
      ["N", "T"],
    ],
    [
      [0, 3],
      [1, 3],
      [0, 3],
    ],
  ])("%j with %j gives %j, either way round", (a, b, result) => {
    expect(broadcastShapes(a, b)).toEqual(result);
    expect(broadcastShapes(b, a)).toEqual(result);
  });

  test.each<[Shape, Shape, string]>([
    [[2], [3], "2 against 3"],
    [["N"], ["M"], "N against M"], // nothing says that they will be equal
    [["N"], [3], "N against 3"],
    [[2, 3], [2], "3 against 2"],
  ])("%j with %j does not: %s", (a, b, message) => {
    expect(() => broadcastShapes(a, b)).toThrow(message);
  });
});

describe("result types", () => {
  test.each<[string, Value, string]>([
    ["sum", add(float("N", 3), float(3)), "float32[N, 3]"],
    ["comparison", equal(float(2), float(1)), "bool[2]"],
    ["choice", where(equal(float(4, 1), 0), float(3), 1), "float32[4, 3]"],
    ["cast", cast(whole(2), "float64"), "float64[2]"],
    ["product of batches", matmul(float("N", 1, 2, 3), float(5, 3, 4)), "float32[N, 5, 2, 4]"],
    [
      "gemm",
      gemm(float(3, "N"), float(5, 3), float(5), { transA: true, transB: true }),
      "float32[N, 5]",
    ],
    [
      "affine map of a sequence",
      affine(float("N", "T", 3), float(4, 3), float(4)),
      "float32[N, T, 4]",
    ],
    ["inverse", inverse(float(2, 3, 3)), "float32[2, 3, 3]"],
    ["sum over all", reduceSum(float("N", 3)), "float32[]"],
    ["mean over an axis from the end", reduceMean(float("N", 3), [-1]), "float32[N]"],
    ["sum that keeps its axes", reduceSum(float("N", 3), [0], { keepdims: true }), "float32[1, 3]"],
    [
      "sum over no axes given, which are all",
      apply("ReduceSum", [float(2, 3), vector()], { keepdims: 0 }),
      "float32[]",
    ],
    ["place of the largest", argMax(float("N", 3), 1), "int64[N]"],
    ["transpose", transpose(float(2, "N", 3)), "float32[3, N, 2]"],
    ["squeeze", squeeze(float(1, "N", 1), [0, -1]), "float32[N]"],
    ["unsqueeze", unsqueeze(float("N"), [0, -1]), "float32[1, N, 1]"],
    ["expand to a named size", expandTo(float(1, 3), float("N", 3)), "float32[N, 3]"],
    ["concat", concat([float(2, "N"), float(3, "N")], 0), "float32[5, N]"],
    ["split", split(float(5, "N"), 0, [2, 3])[1], "float32[3, N]"],
    ["pad", pad(float("N", 3), [0, 1, 0, -2]), "float32[N, 2]"],
    ["shape", shapeOf(float("N", 3, 4), 1, 3), "int64[2]"],
    ["gather by a table", gather(float(2, 3, 4), whole("N", 5), 1), "float32[2, N, 5, 4]"],
    ["gather of rows", gatherND(float(2, 3, 4), whole("N", 2)), "float32[N, 4]"],
    ["scatter", scatterND(float(2, 3), whole(5, 1), float(5, 3)), "float32[2, 3]"],
    ["one hot", oneHot(whole("N"), 4, "float64"), "float64[N, 4]"],
    ["range", range(constant(1, "int64"), constant(8, "int64"), constant(3, "int64")), "int64[3]"],
    [
      "convolution",
      conv(float("N", 4, 8, 9), float(6, 2, 3, 3), null, {
        group: 2,
        strides: [2, 1],
        pads: [1, 0, 1, 0],
      }),
      "float32[N, 6, 4, 7]",
    ],
    [
      "dilated convolution",
      conv(float(1, 1, 7), float(1, 1, 3), null, { dilations: [2] }),
      "float32[1, 1, 3]",
    ],
    [
      "transposed convolution",
      convTranspose(float("N", 6, 4, 7), float(6, 2, 3, 3), {
        group: 2,
        strides: [2, 1],
        pads: [1, 0, 1, 0],
        output_padding: [1, 0],
      }),
      "float32[N, 4, 8, 9]",
    ],
    ["largest of windows", maxPool(float("N", 2, 5, 5), [2, 2]), "float32[N, 2, 2, 2]"],
    [
      "mean of windows",
      averagePool(float("N", 2, 5), [3], { strides: [1], pads: [1, 1] }),
      "float32[N, 2, 5]",
    ],
  ])("of a %s", (_, value, type) => {
    expect(formatType(value)).toBe(type);
  });

  test.each<[string, { start?: number; end?: number; step?: number }, number]>([
    ["all", {}, 5],
    ["from the end", { start: -2 }, 2],
    ["beyond both ends", { start: -9, end: 9 }, 5],
    ["every second", { step: 2 }, 3],
    ["backwards", { step: -1 }, 5],
    ["backwards, every second", { start: 3, end: 0, step: -2 }, 2],
    ["nothing", { start: 3, end: 1 }, 0],
  ])("of a slice: %s", (_, cut, length) => {
    expect(slice(float(5, "N"), 0, cut).shape).toEqual([length, "N"]);
  });
});

describe("reshape with named sizes", () => {
  const x = float("N", 4, "M");
  test.each<[Shape]>([[["N", 2, 2, "M"]], [["M", "N", 4]], [[2, "N", "M", 2]], [[1, "N", 4, "M"]]])(
    "to %j",
    (shape) => {
      expect(reshape(x, shape).shape).toEqual(shape);
    },
  );

  test("what is left over takes the name that is left over", () => {
    expect(reshape(float("N", 4), [-1, 2, 2]).shape).toEqual(["N", 2, 2]);
    expect(reshape(float("N", 4), [2, -1, 2]).shape).toEqual([2, "N", 2]);
    expect(reshape(float(6, 4), [-1, 3]).shape).toEqual([8, 3]);
  });

  test("equal products of a name and a number are equal sizes, others are not", () => {
    const rows = reshape(float("N", 4), [-1]);
    expect(add(rows, reshape(float("N", 2, 2), [-1])).shape).toEqual(rows.shape);
    expect(() => add(rows, reshape(float("N", 2), [-1]))).toThrow(ShapeError);
    // And back: the number comes apart from the name again.
    const wide = reshape(float(6, 4, "N"), [6, -1]);
    expect(reshape(wide, [24, "N"]).shape).toEqual([24, "N"]);
    expect(reshape(wide, [3, 4, -1]).shape).toEqual(reshape(float(12, 2, "N"), [3, 4, -1]).shape);
    expect(() => reshape(wide, [25, "N"])).toThrow(ShapeError);
  });

  test.each<[string, () => Value, string]>([
    ["other counts", () => reshape(float(2, 3), [4]), "[2, 3] into [4]"],
    ["other counts beside a name", () => reshape(float("N", 4), ["N", 5]), "[N, 4] into [N, 5]"],
    ["a count that does not divide", () => reshape(float(2, 3), [4, -1]), "[2, 3] into [4, -1]"],
    ["an unknown name", () => reshape(x, ["K", "N", 4]), "size K is no size of [N, 4, M]"],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });
});

describe("a misfit is reported where it is made", () => {
  const here = "inference.test.ts";
  test.each<[OpType, () => Value, string]>([
    [
      "MatMul",
      () => matmul(float(2, 3), float(4, 5)),
      "[2, 3] times [4, 5]: inner sizes 3 and 4 differ",
    ],
    [
      "Add",
      () => add(float(2, 3), float("N", 3)),
      "[2, 3] and [N, 3] do not broadcast: 2 against N",
    ],
    [
      "Add",
      () => add(float(2), input("y", "float64", [2])),
      "dtypes float32 and float64 differ; use cast",
    ],
    ["Mul", () => mul(equal(float(2), 0), equal(float(2), 1)), "bool[2] where number is wanted"],
    ["MatMul", () => matmul(float(3), float(3, 2)), "both ranks must be 2 or more"],
    ["Gemm", () => gemm(float(2, 3), float(4, 3)), "inner sizes 3 and 4 differ"],
    [
      "Gemm",
      () => gemm(float(2, 3), float(3, 4), float(5)),
      "[5] and [2, 4] do not broadcast: 5 against 4",
    ],
    ["Inverse", () => inverse(float(2, 3)), "a square matrix is wanted"],
    ["ReduceSum", () => reduceSum(float(2, 3), [2]), "axis 2 of a value of rank 2"],
    ["Transpose", () => transpose(float(2, 3), [0, 0]), "[0,0] is no permutation of 2 axes"],
    ["Squeeze", () => squeeze(float(2, 3), [0]), "axis 0 has size 2, not 1"],
    [
      "Concat",
      () => concat([float(2, 3), float(2, 4)], 0),
      "[2, 3] and [2, 4] differ besides axis 0",
    ],
    ["Split", () => split(float(5), 0, [2, 2])[0], "parts of [2,2] for axis 0 of size 5"],
    ["Pad", () => pad(float(2), [1, 2, 3]), "3 pads for rank 1"],
    ["Pad", () => apply("Pad", [float(2), vector(1, 1)], { mode: "edge" }), 'mode "edge"'],
    ["Slice", () => slice(float(2), 0, { step: 0 }), "step 0"],
    ["Gather", () => gather(float(2), float(2)), "indices must be int64, not float32"],
    [
      "ScatterND",
      () => scatterND(float(2, 3), whole(5, 1), float(5, 2)),
      "updates [5, 2], wanted [5, 3]",
    ],
    ["ScatterND", () => scatterND(float(2), whole(5, 2), float(5)), "depth 2 into rank 1"],
    ["GatherND", () => gatherND(float(2, 3), whole(5, 3)), "depth 3 into rank 2"],
    ["OneHot", () => oneHot(whole(), 3, "float32"), "rank 1 or more"],
    [
      "OneHot",
      () => apply("OneHot", [whole(2), constant(3, "int64"), float(3)]),
      "the values off and on are [2], not [3]",
    ],
    ["Range", () => range(whole(1), whole(), whole()), "scalars are wanted, not [1]"],
    [
      "Pad",
      () => apply("Pad", [float(2), vector(1, 1), constant(0, "float64")]),
      "dtypes float32 and float64 differ",
    ],
    [
      "Conv",
      () => conv(float(1, 3, 8), float(2, 2, 3), null),
      "3 channels for kernels of 2 in 1 groups",
    ],
    ["MaxPool", () => maxPool(float(1, 1, 2), [3]), "a window of 3 over a padded axis of 2"],
    ["AveragePool", () => averagePool(float(1, 1, 9), [2], { dilations: [2] }), "no dilations"],
    ["Cast", () => apply("Cast", [float(2)], { to: 2 }), "ONNX data type 2 is not supported"],
    ["Expand", () => apply("Expand", [float(2), whole(1)]), "the target shape cannot be told"],
  ])("%s", (op, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(`${op}(`);
    expect(make).toThrow(message);
    expect(make).toThrow(here);
  });

  test("with the types of all inputs", () => {
    expect(() => gemm(float(2, 3), whole(3, 4))).toThrow("Gemm(float32[2, 3], int64[3, 4]): ");
  });

  test.each([
    ["a count that is not the shape's", () => tensor(Float32Array.of(1, 2), [3]), "2 numbers"],
    ["a negative size", () => input("x", "float32", [-1]), "size -1"],
  ])("a leaf with %s", (_, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });
});

test("every dtype has ONNX's code, each its own", () => {
  expect(new Set(Object.values(onnxDtype)).size).toBe(Object.keys(onnxDtype).length);
});
