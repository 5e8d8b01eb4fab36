import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { decode } from "../../src/onnx/decode.ts";
import { encode } from "../../src/onnx/encode.ts";
import {
  type Bytes,
  floatAttribute,
  floatBytes,
  floatsAttribute,
  graphAttribute,
  inDomain,
  initialiser,
  inputOf,
  int,
  intAttribute,
  intsAttribute,
  message,
  model,
  modelWith,
  named,
  node,
  opset,
  outputOf,
  raw,
  stringAttribute,
  tensor,
  tensorAttribute,
  text,
} from "./bytes.ts";

const x = inputOf("x", 1, ["N", 3]);
const y = outputOf("y", 1, null);

describe("forms of a file that mean the same", () => {
  test.each<[string, Bytes, ArrayLike<number | bigint>]>([
    ["raw bytes", tensor("c", 1, [2], raw(...floatBytes(1.5, -2))), [1.5, -2]],
    ["packed float_data", tensor("c", 1, [2], message(4, floatBytes(1.5, -2))), [1.5, -2]],
    ["float_data one by one", tensor("c", 1, [1], [0x25, ...floatBytes(1.5)]), [1.5]],
    [
      "packed int64_data",
      tensor("c", 7, [2], message(7, [3, ...Array(9).fill(255), 1])),
      [3n, -1n],
    ],
    ["int64_data one by one", tensor("c", 7, [2], int(7, 300), int(7, 4)), [300n, 4n]],
    [
      "double_data",
      tensor("c", 11, [1], message(10, [...new Uint8Array(Float64Array.of(0.1).buffer)])),
      [0.1],
    ],
    ["bools in int32_data", tensor("c", 9, [2], message(5, [0, 1])), [0, 1]],
    ["bools as raw bytes", tensor("c", 9, [2], raw(1, 0)), [1, 0]],
    [
      "packed dims",
      [...message(1, [2, 1]), ...tensor("c", 1, [], raw(...floatBytes(1, 2)))],
      [1, 2],
    ],
    ["nothing", tensor("c", 1, [0, 4]), []],
  ])("a tensor as %s", (_, bytes, numbers) => {
    const shift = text(3, "a name of odd length");
    for (const before of [[], shift, [...shift, ...text(3, "more")]]) {
      const file = Uint8Array.from([...before, ...model(message(5, bytes))]);
      const { c } = decode(file).initialisers;
      expect(Array.from(c.node.data as Float32Array)).toEqual(Array.from(numbers as number[]));
      // The numbers are the model's own: bytes that change afterwards do not change it.
      file.fill(0);
      expect(Array.from(c.node.data as Float32Array)).toEqual(Array.from(numbers as number[]));
    }
  });

  test.each<[string, Bytes, string, readonly number[], number | bigint]>([
    [
      "value",
      tensorAttribute("value", tensor("", 11, [1], raw(0, 0, 0, 0, 0, 0, 240, 63))),
      "float64",
      [1],
      1,
    ],
    ["value_float", floatAttribute("value_float", 2.5), "float32", [], 2.5],
    ["value_floats", floatsAttribute("value_floats", 2.5, 3), "float32", [2], 2.5],
    ["value_int", intAttribute("value_int", -7n), "int64", [], -7n],
    ["value_ints", intsAttribute("value_ints", 4, 5, 6), "int64", [3], 4n],
  ])("a Constant with %s", (_, attribute, dtype, shape, first) => {
    const { outputs } = decode(
      model(node("Constant", [], ["c"], attribute), outputOf("c", 0, null)),
    );
    expect(outputs.c).toMatchObject({ dtype, shape });
    expect(outputs.c.node.data![0]).toBe(first);
  });

  test("an initialiser listed among the inputs, as files before IR version 4 have it", () => {
    const file = model(
      inputOf("w", 1, [1]),
      x,
      initialiser("w", 1, [1], raw(...floatBytes(2))),
      node("Mul", ["x", "w"], ["y"]),
      y,
    );
    expect(Object.keys(decode(file).inputs)).toEqual(["x"]);
    expect(decode(file).outputs.y.shape).toEqual(["N", 3]);
  });

  test("omitted inputs, unused outputs, unknown fields, the domain by its name", () => {
    const file = modelWith(
      [opset(21, "ai.onnx"), text(100, "of the future")],
      inputOf("x", 1, [4, 3]),
      initialiser("half", 7, [2], int(7, 2), int(7, 2)),
      initialiser("zero", 7, [1], int(7, 0)),
      initialiser("one", 7, [1], int(7, 1)),
      node("Split", ["x", "half"], ["", "b"], inDomain("ai.onnx"), text(99, "?")),
      node("Slice", ["b", "zero", "one", "", "one"], ["c"]),
      node("Pad", ["c", "pads", "", ""], ["y"]),
      initialiser("pads", 7, [4], message(7, [0, 1, 0, 0])),
      y,
    );
    expect(decode(file).outputs.y.shape).toEqual([1, 4]);
    expect(decode(file).opsets).toEqual({ "": 21 });
  });

  test("sizes: named, unnamed, two unnamed are two", () => {
    const { inputs } = decode(model(inputOf("x", 1, ["N", "", "", 4]), inputOf("z", 1, ["N"])));
    const [n, a, b, four] = inputs.x.shape;
    expect([n, four, ...inputs.z.shape]).toEqual(["N", 4, "N"]);
    expect(typeof a).toBe("string");
    expect(a).not.toBe(b);
  });

  test.each<[string, number, Bytes, readonly (number | string)[]]>([
    [
      "ReduceMean with axes as an attribute",
      13,
      node("ReduceMean", ["x"], ["y"], intsAttribute("axes", -1)),
      ["N", 1],
    ],
    ["ReduceMax over all", 17, node("ReduceMax", ["x"], ["y"], intAttribute("keepdims", 0)), []],
    ["ReduceSum with empty axes", 18, node("ReduceSum", ["x", "none"], ["y"]), [1, 1]],
    [
      "Split without sizes",
      13,
      node("Split", ["x"], ["y", "b", "c"], intAttribute("axis", 1)),
      ["N", 1],
    ],
    [
      "Split with num_outputs",
      18,
      node("Split", ["x"], ["a", "y"], intAttribute("axis", -1), intAttribute("num_outputs", 2)),
      ["N", 1],
    ],
    ["Squeeze with empty axes", 18, node("Squeeze", ["w", "none"], ["y"]), [2]],
    ["Squeeze without axes", 18, node("Squeeze", ["w"], ["y"]), [2]],
    ["Max of three", 18, node("Max", ["x", "x", "x"], ["y"]), ["N", 3]],
    ["Min of one", 18, node("Min", ["x"], ["y"]), ["N", 3]],
    [
      "Reshape with allowzero = 0",
      18,
      node("Reshape", ["x", "shape"], ["y"], intAttribute("allowzero", 0)),
      [3, "N"],
    ],
  ])("%s", (_, version, bytes, shape) => {
    const file = modelWith(
      [opset(version)],
      x,
      initialiser("none", 7, [0]),
      initialiser("w", 1, [1, 2, 1], raw(...floatBytes(1, 2))),
      initialiser("shape", 7, [2], int(7, 3), int(7, -1)),
      bytes,
      y,
    );
    const read = decode(file);
    expect(read.outputs.y.shape).toEqual(shape);
    expect(decode(encode(read)).outputs.y.shape).toEqual(shape);
  });
});

const relu = node("Relu", ["x"], ["y"], named("act"));
const truth = initialiser("t", 9, [], raw(1));
const times = initialiser("times", 7, [], int(7, 3));
const returned = (name: string) => outputOf(name, 0, null);
const body = (...parts: readonly Bytes[]) => graphAttribute("body", ...parts);

describe("refuses, saying where", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["no bytes", new Uint8Array(0), /byte 0: no opset_import/],
    ["text", new TextEncoder().encode("not a model"), /byte \d+: /],
    ["a missing graph", Uint8Array.from(opset(18)), /byte 0: no graph/],
    ["two graphs", Uint8Array.from([...model(), ...message(7)]), /graph, byte \d+: a second graph/],
    ["a missing opset", modelWith([], x, relu, y), /no opset_import of ONNX's own operators/],
    [
      "opset 12",
      modelWith([opset(12)], x, relu, y),
      /opset\w*\[0\], byte \d+: opset 12, can read 13 to 21/,
    ],
    ["opset 22", modelWith([opset(22)], x, relu, y), /opset 22, can read/],
    [
      "one opset twice",
      modelWith([opset(18), opset(17)], x, relu, y),
      /\[1\], byte \d+: operator set "" stands twice/,
    ],
    [
      "a key twice",
      modelWith([opset(18), ...[1, 2].map(() => message(14, text(1, "k")))], x),
      /metadata\[1\], .*"k" stands twice/,
    ],
    [
      "a wrong wire type",
      model(x, message(1, int(1, 5))),
      /graph\.node\[0\]\.input, byte \d+: wire type Varint where LengthDelimited/,
    ],
    ["an illegal tag", model([7]), /graph, byte 4: illegal tag/],
    [
      "a length past the end",
      model([0x0a, 100]),
      /graph\.node\[0\], byte 4: 100 bytes announced, \d+ are left/,
    ],
    [
      "text that is no UTF-8",
      model(message(1, message(4, [0xff, 0xfe]))),
      /graph\.node\[0\]\.opType, byte \d+: /,
    ],
    [
      "a tensor with too few numbers",
      model(initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3)))),
      /graph\.initializer\[0\], byte 4: 3 numbers for float32\[2, 2\], wanted 4/,
    ],
    ["a tensor with half a number", model(initialiser("w", 1, [1], raw(1, 2))), /0.5 numbers/],
    ["a tensor without numbers", model(initialiser("w", 1, [2])), /0 numbers for float32\[2\]/],
    [
      "a tensor of an unread dtype",
      model(initialiser("w", 10, [1], raw(0, 60))),
      /data type 10 \(float16\); can read float32, int64, bool, float64/,
    ],
    ["a tensor of an unknown dtype", model(initialiser("w", 99, [1])), /data type 99 \(unknown\)/],
    ["a tensor of no dtype", model(message(5, text(8, "w"))), /data type 0 \(none given\)/],
    ["a negative size", model(initialiser("w", 1, [-1])), /a size of -1/],
    [
      "numbers in the wrong field",
      model(initialiser("w", 1, [1], int(7, 1))),
      /a field that is not the one of float32/,
    ],
    [
      "numbers twice",
      model(initialiser("w", 7, [1], int(7, 1), raw(0, 0, 0, 0, 0, 0, 0, 0))),
      /data twice/,
    ],
    ["a bool that is 2", model(initialiser("w", 9, [1], raw(2))), /bool 2, wanted 0 or 1/],
    [
      "external data",
      model(
        initialiser("w", 1, [9], message(13, text(1, "location"), text(2, "w.bin")), int(14, 1)),
      ),
      /initializer\[0\]\.externalData, byte \d+: data in another file are not supported/,
    ],
    [
      "external data by location",
      model(initialiser("w", 1, [9], int(14, 1))),
      /dataLocation, .*another file/,
    ],
    ["an initialiser without a name", model(initialiser("", 1, [0])), /has no name/],
    ["sparse initialisers", model(message(15)), /sparse initialisers are not supported/],
    [
      "an undefined name",
      model(x, node("Add", ["x", "w"], ["y"], named("sum")), y),
      /graph\.node\[0\], byte \d+: Add "sum": nothing is called "w"/,
    ],
    [
      "an undefined output",
      model(x, relu, outputOf("z", 1, null)),
      /graph\.output\[0\], byte \d+: output "z" is made by nothing/,
    ],
    ["a name made twice", model(x, relu, relu, y), /graph\.node\[1\], .*"y" stands twice/],
    ["an input and a node of one name", model(x, inputOf("y", 1, []), relu), /"y" stands twice/],
    ["two inputs of one name", model(x, x), /graph\.input\[1\], .*"x" stands twice/],
    ["two outputs of one name", model(x, relu, y, y), /graph\.output\[1\], .*"y" stands twice/],
    [
      "nodes out of order",
      model(x, node("Relu", ["h"], ["y"]), node("Relu", ["x"], ["h"])),
      /graph\.node\[0\], byte \d+: Relu: input "h" is made only later, by graph\.node\[1\]/,
    ],
    [
      "a cycle",
      model(
        x,
        node("Add", ["x", "b"], ["a"]),
        node("Relu", ["a"], ["c"]),
        node("Relu", ["c"], ["b"]),
      ),
      /graph\.node\[0\], .*"b" is made from its own result, by graph\.node\[2\]: a cycle/,
    ],
    [
      "a node that needs itself",
      model(node("Relu", ["a"], ["a"])),
      /from its own result, by graph\.node\[0\]: a cycle/,
    ],
    [
      "an unsupported operator",
      model(x, node("LSTM", ["x"], ["y"], named("rnn"))),
      /graph\.node\[0\], byte \d+: operator LSTM "rnn" is not supported/,
    ],
    [
      "an operator called constructor",
      model(x, node("constructor", ["x"], ["y"])),
      /operator constructor is not supported/,
    ],
    [
      "an operator of another set",
      modelWith(
        [opset(18), opset(3, "ai.onnx.ml")],
        x,
        node("Relu", ["x"], ["y"], inDomain("ai.onnx.ml")),
      ),
      /operator ai\.onnx\.ml\.Relu is not supported/,
    ],
    [
      "an operator of no imported set",
      model(x, node("Inverse", ["x"], ["y"], inDomain("com.microsoft"))),
      /imports no operator set "com.microsoft"/,
    ],
    [
      "too many inputs",
      model(x, node("Relu", ["x", "x"], ["y"])),
      /Relu has 2 inputs, 1 can be read/,
    ],
    [
      "too few inputs",
      model(x, node("Add", ["x"], ["y"])),
      /Add: Add\(float32\[N, 3\]\): input 1 is missing/,
    ],
    [
      "too many outputs",
      model(x, node("Relu", ["x"], ["y", "z"])),
      /Relu has 2 outputs, 1 can be read/,
    ],
    [
      "shapes that do not fit",
      model(x, inputOf("w", 1, [5]), node("Add", ["x", "w"], ["y"], named("n"))),
      /graph\.node\[0\], byte \d+: Add "n": Add\(float32\[N, 3\], float32\[5\]\): \[N, 3\] and \[5\] do not broadcast: 3 against 5$/,
    ],
    [
      "axes that are no int64",
      model(x, node("ReduceSum", ["x", "x"], ["y"])),
      /input 1 is float32\[N, 3\], wanted int64/,
    ],
    [
      "an unknown attribute",
      model(x, node("Relu", ["x"], ["y"], intAttribute("loud", 1))),
      /graph\.node\[0\]\.attribute\[0\], byte \d+: Relu: attribute "loud" is not supported/,
    ],
    [
      "an attribute twice",
      model(x, node("Softmax", ["x"], ["y"], intAttribute("axis", 1), intAttribute("axis", 0))),
      /attribute\[1\], .*"axis" stands twice/,
    ],
    [
      "an attribute of a wrong kind",
      model(x, node("Softmax", ["x"], ["y"], floatAttribute("axis", 1))),
      /"axis" is of type float, wanted int/,
    ],
    [
      "an attribute without a type",
      model(x, node("Softmax", ["x"], ["y"], message(5, text(1, "axis"), int(3, 1)))),
      /"axis" is of type 0, wanted int/,
    ],
    [
      "an attribute too large",
      model(x, node("Softmax", ["x"], ["y"], intAttribute("axis", 2n ** 60n))),
      /"axis" = 1152921504606846976 is too large/,
    ],
    [
      "a flag that is neither 0 nor 1",
      model(x, node("ReduceSum", ["x"], ["y"], intAttribute("keepdims", -1))),
      /attribute "keepdims" = -1 is not supported/,
    ],
    [
      "an attribute value that we cannot hold",
      model(
        x,
        initialiser("s", 7, [1], int(7, -1)),
        node("Reshape", ["x", "s"], ["y"], intAttribute("allowzero", 1)),
      ),
      /attribute "allowzero" = 1 is not supported/,
    ],
    [
      "a mode that graphs do not have",
      model(
        x,
        initialiser("p", 7, [4], raw(...Array(32).fill(0))),
        node("Pad", ["x", "p"], ["y"], stringAttribute("mode", "edge")),
      ),
      /attribute "mode" = edge is not supported/,
    ],
    [
      "a missing attribute",
      model(x, node("Concat", ["x"], ["y"])),
      /Concat has no attribute "axis"/,
    ],
    [
      "auto_pad",
      model(
        inputOf("i", 1, [1, 1, 4, 4]),
        node(
          "MaxPool",
          ["i"],
          ["y"],
          intsAttribute("kernel_shape", 2, 2),
          stringAttribute("auto_pad", "SAME_UPPER"),
        ),
      ),
      /auto_pad SAME_UPPER/,
    ],
    [
      "strides of the wrong rank",
      model(
        inputOf("i", 1, [1, 1, 4, 4]),
        node(
          "MaxPool",
          ["i"],
          ["y"],
          intsAttribute("kernel_shape", 2, 2),
          intsAttribute("strides", 1),
        ),
      ),
      /would make float32\[1, 1, 3, NaN\]/,
    ],
    [
      "a shape of a million axes",
      model(x, inputOf("s", 7, [1_000_000]), node("Reshape", ["x", "s"], ["y"])),
      /a result of 1000000 axes/,
    ],
    [
      "axes as an attribute from opset 18 on",
      model(x, node("ReduceMax", ["x"], ["y"], intsAttribute("axes", 0))),
      /is an input since opset 18/,
    ],
    [
      "a reduction of nothing",
      model(x, node("ReduceSum", ["x"], ["y"], intAttribute("noop_with_empty_axes", 1))),
      /this reduction does nothing/,
    ],
    [
      "an input without a rank",
      model(inputOf("x", 1, null)),
      /graph\.input\[0\], .*the rank of input "x" is not given/,
    ],
    [
      "an input that is no tensor",
      model(message(11, text(1, "x"), message(2, message(4)))),
      /input "x" is no tensor/,
    ],
    ["an input of an unread dtype", model(inputOf("x", 6, [1])), /data type 6 \(int32\)/],
    [
      "an output declared otherwise",
      model(x, relu, outputOf("y", 11, ["N", 3])),
      /"y" is declared float64\[N, 3\] and is float32\[N, 3\]/,
    ],
    [
      "an output of another size",
      model(x, relu, outputOf("y", 1, ["N", 4])),
      /is declared float32\[N, 4\] and is/,
    ],
    [
      "a Constant of nothing",
      model(node("Constant", [], ["c"])),
      /Constant: no inputs and one attribute/,
    ],
    [
      "a Constant of text",
      model(node("Constant", [], ["c"], stringAttribute("value_string", "a"))),
      /"value_string" is not supported/,
    ],
    [
      "a Constant of another type than it says",
      model(node("Constant", [], ["c"], intAttribute("value_float", 1))),
      /of another type than its name says/,
    ],
    [
      "a Loop without a body",
      model(x, truth, times, node("Loop", ["times", "t", "x"], ["y"])),
      /Loop has no attribute "body"/,
    ],
    [
      "a Loop whose body is a number",
      model(x, truth, times, node("Loop", ["times", "t", "x"], ["y"], intAttribute("body", 1))),
      /attribute "body" is no graph/,
    ],
    [
      "a body with too few inputs",
      model(
        x,
        truth,
        times,
        node(
          "Loop",
          ["times", "t", "x"],
          ["y"],
          body(inputOf("i", 7, []), returned("i"), returned("i")),
        ),
      ),
      /graph\.node\[0\]\.attribute\[0\]\.g, byte \d+: 1 inputs of a body, wanted 3/,
    ],
    [
      "a body with too few outputs",
      model(
        x,
        truth,
        times,
        node(
          "Loop",
          ["times", "t", "x"],
          ["y"],
          body(inputOf("i", 7, []), inputOf("c", 9, []), inputOf("s", 1, null)),
        ),
      ),
      /0 outputs of a body, Loop wants 2/,
    ],
    [
      "an undefined name in a body",
      model(
        x,
        truth,
        times,
        node(
          "Loop",
          ["times", "t", "x"],
          ["y"],
          body(
            inputOf("i", 7, []),
            inputOf("c", 9, []),
            inputOf("s", 1, null),
            node("Add", ["s", "y"], ["r"]),
            outputOf("c", 9, []),
            outputOf("r", 1, null),
          ),
        ),
      ),
      /attribute\[0\]\.g\.node\[0\], byte \d+: Add: input "y" is made from its own result, by graph\.node\[0\]: a cycle/,
    ],
    [
      "a name in a body that stands outside already",
      model(
        x,
        truth,
        times,
        node(
          "Loop",
          ["times", "t", "x"],
          ["y"],
          body(
            inputOf("i", 7, []),
            inputOf("c", 9, []),
            inputOf("x", 1, null),
            returned("c"),
            returned("x"),
          ),
        ),
      ),
      /g\.input\[2\], byte \d+: the name "x" stands twice/,
    ],
    [
      "a Scan of a scalar",
      model(
        inputOf("s", 1, []),
        node("Scan", ["s"], ["y"], intAttribute("num_scan_inputs", 1), body()),
      ),
      /float32\[\] is no sequence/,
    ],
    [
      "a Scan of more than it is given",
      model(x, node("Scan", ["x"], ["y"], intAttribute("num_scan_inputs", 2), body())),
      /2 sequences among 1 inputs/,
    ],
    [
      "branches of different counts",
      model(
        truth,
        x,
        node(
          "If",
          ["t"],
          ["y"],
          graphAttribute("then_branch", outputOf("x", 1, null)),
          graphAttribute("else_branch"),
        ),
      ),
      /attribute\[1\]\.g, .*0 outputs of a body, If wants 1/,
    ],
    [
      "branches of different types",
      model(
        truth,
        x,
        node(
          "If",
          ["t"],
          ["y"],
          graphAttribute("then_branch", outputOf("x", 1, null)),
          graphAttribute("else_branch", outputOf("t", 9, null)),
        ),
      ),
      /result of else 0 becomes bool\[\], wanted float32/,
    ],
  ])("%s", (_, bytes, where) => {
    expect(() => decode(bytes)).toThrow(DataError);
    expect(() => decode(bytes)).toThrow(where);
  });

  test("bodies nested without end", () => {
    let nested: Bytes = [];
    for (let i = 0; i < 60; i++)
      nested = node("If", ["t"], ["y"], graphAttribute("then_branch", nested));
    expect(() => decode(model(nested))).toThrow(/messages nested more than 100 deep/);
    expect(() => decode(model(nested))).toThrow(DataError);
  });
});

test("a long list of nodes is read without recursion", () => {
  const count = 20_000;
  const chain = Array.from({ length: count }, (_, i) =>
    node("Relu", [i ? `h${i}` : "x"], [`h${i + 1}`]),
  );
  const read = decode(model(x, ...chain, outputOf(`h${count}`, 1, ["N", 3])));
  expect(read.outputs[`h${count}`].shape).toEqual(["N", 3]);
});
