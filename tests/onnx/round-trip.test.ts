import { describe, expect, test } from "vitest";
import { type OpType, operators } from "../../src/graph/operators.ts";
import { loop, type Values } from "../../src/graph/ops/control.ts";
import { add, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { concat, reshape } from "../../src/graph/ops/movement.ts";
import { type Tensor, tensorOf, zerosOf } from "../../src/graph/tensor.ts";
import { apply, constant, customVjp, input, tensor, typedArray } from "../../src/graph/value.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { decode } from "../../src/onnx/decode.ts";
import { encode } from "../../src/onnx/encode.ts";
import { layoutOf } from "../../src/training/flat.ts";
import { adam } from "../../src/training/optimisers.ts";
import { stepGraph } from "../../src/training/step.ts";
import { catalogue, feeds, inputs } from "./catalogue.ts";
import { evaluate } from "./run.ts";
import { structureOf } from "./structure.ts";

/** Written, read, written and read again: the same graph, and the same numbers to the last bit. */
async function roundTrip(model: { inputs: Values; outputs: Values }, feed: typeof feeds) {
  const bytes = encode(model);
  const read = decode(bytes);
  const again = encode(read);
  expect(structureOf(read)).toEqual(structureOf(model));
  expect(structureOf(decode(again))).toEqual(structureOf(read));
  const [first, second] = [await evaluate(bytes, feed), await evaluate(again, feed)];
  expect(Object.keys(second)).toEqual(Object.keys(model.outputs));
  expect(second).toEqual(first);
  return { bytes, read, again, results: first };
}

describe("every operator", () => {
  test.each(Object.keys(operators) as OpType[])("%s", async (op) => {
    const outputs = catalogue[op]();
    const { bytes } = await roundTrip({ inputs, outputs }, feeds);
    expect(structureOf(decode(bytes)).join("\n")).toContain(op === "Identity" ? "Exp" : ` ${op}(`);
  });

  test("all in one model", async () => {
    const outputs = Object.entries(catalogue).flatMap(([op, build]) =>
      Object.entries(build()).map(([name, value]) => [`${op}.${name}`, value]),
    );
    await roundTrip({ inputs, outputs: Object.fromEntries(outputs) }, feeds);
  });
});

describe("what a file holds besides nodes", () => {
  test("initialisers of every dtype, scalars, none at all, names in any script", async () => {
    const constants = {
      "γ/weight": tensor(Float32Array.of(1.5, -0, Infinity, Number.NaN), [2, 2], "γ/weight"),
      double: tensor(Float64Array.of(Math.PI), [], "double"),
      whole: tensor(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), [2], "whole"),
      truth: tensor(Uint8Array.of(0, 1, 1), [3, 1], "truth"),
      空: tensor(new Float32Array(0), [0, 3], "空"),
      v0: tensor(Float32Array.of(4), [1], "v0"),
    };
    const x = input("entrée", "float32", ["N", "größe"]);
    const outputs = {
      ...Object.fromEntries(Object.entries(constants).map(([k, v]) => [`out ${k}`, v])),
      y: mul(tanh(x), 2),
    };
    const { read, again } = await roundTrip(
      { inputs: { entrée: x }, outputs },
      { entrée: tensorOf(Float32Array.of(1, 2), [1, 2]) },
    );
    for (const model of [read, decode(again)]) {
      for (const [name, { node, shape }] of Object.entries(constants)) {
        expect(model.initialisers[name].node.data).toEqual(node.data);
        expect(model.initialisers[name].shape).toEqual(shape);
        expect(model.initialisers[name].node.name).toBe(name);
      }
      expect(model.inputs.entrée.shape).toEqual(["N", "größe"]);
    }
  });

  test("text, metadata, producer and operator sets", () => {
    const x = input("x", "float32", [2]);
    const metadata = { origin: "test", "": "empty key", __proto__key: "ключ", constructor: "" };
    const read = decode(
      encode({ inputs: { x }, outputs: { y: tanh(x) }, doc: "σ(x) ∈ (−1, 1)\n", metadata }),
    );
    expect(read.doc).toBe("σ(x) ∈ (−1, 1)\n");
    expect(read.metadata).toEqual(metadata);
    expect(read.producer).toBe("eigenflow");
    expect(read.opsets).toEqual({ "": 18 });
    expect(decode(encode({ inputs: {}, outputs: {} }))).toMatchObject({
      doc: undefined,
      metadata: {},
    });
  });

  test("sizes that got no name from the user are not confused with later ones", () => {
    const x = input("x", "float32", ["N", 2]);
    const joined = concat([x, x], 0); // [_k, 2]
    const open = input("open", "float32", joined.shape);
    const read = decode(encode({ inputs: { open }, outputs: { y: tanh(open) } }));
    expect(read.inputs.open.shape[0]).not.toBe(joined.shape[0]);
    expect(read.outputs.y.shape).toEqual(read.inputs.open.shape);
  });

  test("outputs that are inputs, constants, or twice the same", async () => {
    const x = input("x", "float32", [2]);
    const y = tanh(x);
    const outputs = { same: x, one: constant(1, "float32"), y, again: y, third: y };
    const { read } = await roundTrip(
      { inputs: { x, unused: input("unused", "float32", ["M"]) }, outputs },
      { x: tensorOf(Float32Array.of(1, 2), [2]), unused: zerosOf("float32", [3]) },
    );
    expect(read.outputs.same).toBe(read.inputs.x);
    expect(read.outputs.again).toBe(read.outputs.y);
    expect(Object.keys(read.inputs)).toEqual(["x", "unused"]);
  });

  test("derivatives of the caller's own leave no trace", async () => {
    const x = input("x", "float32", [2]);
    const [y] = customVjp([tanh(x)], [x], () => [null, null]);
    const { read } = await roundTrip(
      { inputs: { x }, outputs: { y: add(y, 1) } },
      { x: tensorOf(Float32Array.of(1, 2), [2]) },
    );
    expect(structureOf(read).join()).not.toContain("CustomVjp");
  });

  test("what a loop of known length stacks has a known length when read", () => {
    const x = input("x", "float32", [2]);
    const { outputs } = loop({ times: 4 }, { x }, (s) => ({ state: s, outputs: { x: s.x } }));
    const flat = reshape(outputs.x, [8]);
    const read = decode(encode({ inputs: { x }, outputs: { flat } }));
    expect(read.outputs.flat.shape).toEqual([8]);
  });
});

test("a training step with an equilibrium model: loops, implicit gradient, optimiser", async () => {
  const options = { rtol: 1e-4, maxIterations: 60 };
  const model = monotoneDeq({
    inputs: 2,
    width: 5,
    outputs: 3,
    forward: options,
    backward: options,
  });
  const parameters = model.initialise(1);
  const layout = layoutOf(parameters);
  const graph = stepGraph(model, layout, adam(), { task: "classes" });
  const sizes: Record<string, number> = { S: 3, B: 4, n: 6 };
  const feed = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, { dtype, shape }], k): [string, Tensor] => {
      const dims = shape.map((dim) => (typeof dim === "number" ? dim : sizes[dim]));
      const numbers = Array.from({ length: dims.reduce((n, dim) => n * dim, 1) }, (_, i) =>
        name === "steps" ? 3 : dtype === "int64" ? (i + k) % 3 : Math.abs(Math.sin(i + k)) / 10,
      );
      return [name, tensorOf(typedArray(dtype, numbers), dims)];
    }),
  );
  const { results } = await roundTrip(graph, feed);
  expect(Array.from(results.loss.data as Float32Array).every(Number.isFinite)).toBe(true);
});

test("attributes at their defaults are those of the standard when a file leaves them out", () => {
  const { x, square, image } = inputs;
  const spelled = {
    gemm: apply("Gemm", [x, square], { alpha: 1, beta: 1, transA: 0, transB: 0 }),
    softmax: apply("Softmax", [x], { axis: -1 }),
    sum: apply("ReduceSum", [x], { keepdims: 1 }),
    conv: apply("Conv", [image, constant(Array(18).fill(1), "float32", [1, 2, 3, 3])], {
      group: 1,
    }),
  };
  const bytes = encode({ inputs, outputs: spelled });
  expect(Buffer.from(bytes).includes("keepdims")).toBe(false);
  expect(structureOf(decode(bytes))).toEqual(structureOf({ inputs, outputs: spelled }));
});
