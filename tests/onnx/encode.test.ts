import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { cond, loop } from "../../src/graph/ops/control.ts";
import { add, exp, greater, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { apply, constant, input, tensor } from "../../src/graph/value.ts";
import { decode } from "../../src/onnx/decode.ts";
import { encode } from "../../src/onnx/encode.ts";
import { float, floatBytes, int, message, text } from "./bytes.ts";
import { evaluate } from "./run.ts";

describe("exact bytes", () => {
  test("y = x + w, by the protobuf encoding and onnx.proto3", () => {
    const x = input("x", "float32", ["N", 2]);
    const y = add(x, tensor(Float32Array.of(1.5, -2), [2], "w"));
    // biome-ignore format: one field a line
    const expected = [
      0x08, 8, // ir_version: 8
      0x12, 9, ..."eigenflow".split("").map((c) => c.charCodeAt(0)), // producer_name
      0x32, 4, 0xcf, 0x83, 0x28, 0x29, // doc_string: "σ()"
      0x3a, 97, // graph
        0x12, 9, ..."eigenflow".split("").map((c) => c.charCodeAt(0)), // name
        0x0a, 21, // node
          0x0a, 1, 0x78, // input: "x"
          0x0a, 1, 0x77, // input: "w"
          0x12, 1, 0x79, // output: "y"
          0x1a, 5, 0x41, 0x64, 0x64, 0x5f, 0x30, // name: "Add_0"
          0x22, 3, 0x41, 0x64, 0x64, // op_type: "Add"
        0x2a, 17, // initializer
          0x08, 2, // dims: 2
          0x10, 1, // data_type: FLOAT
          0x42, 1, 0x77, // name: "w"
          0x4a, 8, 0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0, // raw_data: 1.5, −2
        0x5a, 20, // input
          0x0a, 1, 0x78, // name: "x"
          0x12, 15, 0x0a, 13, // type.tensor_type
            0x08, 1, // elem_type: FLOAT
            0x12, 9, // shape
              0x0a, 3, 0x12, 1, 0x4e, // dim { dim_param: "N" }
              0x0a, 2, 0x08, 2, // dim { dim_value: 2 }
        0x62, 20, // output
          0x0a, 1, 0x79, 0x12, 15, 0x0a, 13, 0x08, 1, 0x12, 9,
          0x0a, 3, 0x12, 1, 0x4e, 0x0a, 2, 0x08, 2,
      0x42, 4, 0x0a, 0, 0x10, 18, // opset_import { domain: "", version: 18 }
      0x72, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x76, // metadata_props { key: "k", value: "v" }
    ];
    const bytes = encode({ inputs: { x }, outputs: { y }, doc: "σ()", metadata: { k: "v" } });
    expect([...bytes]).toEqual(expected);
  });

  test("attributes of each kind, and only those that are not the default", () => {
    const a = input("a", "float32", [1, 1, 4]);
    const bytes = Buffer.from(
      encode({
        inputs: { a },
        outputs: {
          leaky: apply("LeakyRelu", [a], { alpha: 0.25 }),
          softmax: apply("Softmax", [a], { axis: -3 }),
          usual: apply("Softmax", [a], { axis: -1 }),
          pool: apply("MaxPool", [a], { kernel_shape: [300], pads: [150, 149] }),
        },
      }),
    );
    const attribute = (...parts: Parameters<typeof message>[1][]) =>
      Buffer.from(message(5, ...parts));
    expect(bytes.includes(attribute(text(1, "alpha"), float(2, 0.25), int(20, 1)))).toBe(true);
    expect(bytes.includes(attribute(text(1, "axis"), int(3, -3), int(20, 2)))).toBe(true);
    expect(bytes.includes(attribute(text(1, "pads"), int(8, 150), int(8, 149), int(20, 7)))).toBe(
      true,
    );
    expect(bytes.toString("latin1").match(/axis/g)).toHaveLength(1);
    expect([...bytes.subarray(0, 2)]).toEqual([8, 8]);
  });
});

describe("names", () => {
  const x = input("x", "float32", [2]);
  const run = (bytes: Uint8Array, ...names: string[]) =>
    evaluate(
      bytes,
      Object.fromEntries(names.map((n, i) => [n, tensorOf(Float32Array.of(i + 1, 2), [2])])),
    );

  test("constants called the same, or as an input, an output or a name of our own making", async () => {
    const w = (value: number, name: string) => tensor(Float32Array.of(value), [1], name);
    const y = [w(1, "w"), w(10, "w"), w(100, "x"), w(1000, "y"), w(10_000, "v0")].reduce(
      (sum, value) => add(exp(mul(sum, 0)), add(sum, value)),
      x,
    );
    const bytes = encode({ inputs: { x }, outputs: { y } });
    expect((await run(bytes, "x")).y.data).toEqual(Float32Array.of(11_117, 11_118));
    const { initialisers } = decode(bytes);
    const found = new Map(
      Object.values(initialisers)
        .filter(({ node }) => Number(node.data![0]) > 0)
        .map(({ node }) => [Number(node.data![0]), node.name]),
    );
    expect([found.get(1), found.get(10_000)]).toEqual(["w", "v0"]);
    expect(new Set(found.values()).size).toBe(5);
  });

  test("an unused input stays an input", async () => {
    const bytes = encode({
      inputs: { x, spare: input("spare", "float32", [2]) },
      outputs: { y: tanh(x) },
    });
    expect(Object.keys(decode(bytes).inputs)).toEqual(["x", "spare"]);
    expect((await run(bytes, "x", "spare")).y.dims).toEqual([2]);
  });

  test("an input may be an output of its own name", async () => {
    const bytes = encode({ inputs: { x }, outputs: { x, y: tanh(x) } });
    const read = decode(bytes);
    expect(read.outputs.x).toBe(read.inputs.x);
    expect((await run(bytes, "x")).x.data).toEqual(Float32Array.of(1, 2));
  });

  test("inputs go by their key, not by the name they were made with", async () => {
    const other = input("x", "float32", [2]);
    const bytes = encode({
      inputs: { a: x, b: other },
      outputs: { y: mul(x, exp(mul(other, 0))) },
    });
    expect((await run(bytes, "a", "b")).y.data).toEqual(Float32Array.of(1, 2));
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    [
      "an input that is not listed",
      () => encode({ inputs: {}, outputs: { y: tanh(x) } }),
      /input "x" is used and is not among/,
    ],
    [
      "a result as input",
      () => encode({ inputs: { h: tanh(x) }, outputs: { y: x } }),
      /"h" is not an input but a result/,
    ],
    [
      "one name for an input and an output",
      () => encode({ inputs: { x }, outputs: { x: tanh(x) } }),
      /"x" names two/,
    ],
    [
      "an input without a name",
      () => encode({ inputs: { "": x }, outputs: { y: x } }),
      /an input has no name/,
    ],
    [
      "an output without a name",
      () => encode({ inputs: { x }, outputs: { "": x } }),
      /an output has no name/,
    ],
    [
      "a value that left its body",
      () => {
        let escaped: Value = x;
        loop({ times: 2 }, { x }, (s) => {
          escaped = tanh(s.x);
          return { state: { x: escaped } };
        });
        return encode({ inputs: { x }, outputs: { y: escaped } });
      },
      /used outside it/,
    ],
  ])("refuses %s", (_, write, message) => {
    expect(write).toThrow(ShapeError);
    expect(write).toThrow(message);
  });
});

test("a small constant stands in the body that uses it, a large one outside, before and after reading", async () => {
  const x = input("x", "float32", [100]);
  const large = constant(
    Array.from({ length: 100 }, (_, i) => i),
    "float32",
  );
  const { state } = loop({ times: 3 }, { x }, (s) => ({ state: { x: mul(add(s.x, 0.5), large) } }));
  const bytes = encode({ inputs: { x }, outputs: { y: state.x } });
  const read = decode(bytes);
  expect(Object.values(read.initialisers).map(({ shape }) => shape)).toContainEqual([100]);
  const again = encode(read);
  const inBody = (file: Uint8Array) => Buffer.from(file).includes(Buffer.from(floatBytes(0.5)));
  expect(inBody(bytes) && inBody(again)).toBe(true);
  expect(Object.values(decode(again).initialisers).some(({ node }) => node.data![0] === 0.5)).toBe(
    false,
  );
});

describe("at length", () => {
  const x = input("x", "float32", [4]);
  test("100,000 nodes, each with a constant, are written and read without overflowing the stack", () => {
    let y: Value = x;
    for (let i = 0; i < 100_000; i++) y = mul(y, 1 + i);
    const read = decode(encode({ inputs: { x }, outputs: { y } }));
    expect(read.outputs.y.shape).toEqual([4]);
  });

  test("a body of 20,000 nodes that returns 5,000 of them", () => {
    const yes = () => {
      let h: Value = x;
      const rows: Record<string, Value> = {};
      for (let i = 0; i < 20_000; i++) {
        h = tanh(h);
        if (i % 4 === 0) rows[`r${i}`] = h;
      }
      return rows;
    };
    const flag = greater(apply("ReduceSum", [x], { keepdims: 0 }), 0);
    const outputs = cond(flag, yes, () =>
      Object.fromEntries(Object.keys(yes()).map((key) => [key, x])),
    );
    expect(Object.keys(decode(encode({ inputs: { x }, outputs })).outputs)).toHaveLength(5000);
  });
});
