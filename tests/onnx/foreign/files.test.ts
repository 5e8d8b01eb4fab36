import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../../src/errors.ts";
import { tanh } from "../../../src/graph/ops/elementwise.ts";
import { gemm } from "../../../src/graph/ops/linear.ts";
import { constant, input } from "../../../src/graph/value.ts";
import { foldBatchNorm } from "../../../src/onnx/foreign/fold.ts";
import { layersOf } from "../../../src/onnx/foreign/layers.ts";
import { readForeign } from "../../../src/onnx/foreign/model.ts";
import { openModel } from "../../../src/onnx/foreign/open.ts";
import { replaceLayers } from "../../../src/onnx/foreign/replace.ts";
import { openProgram } from "../../../src/runtime/model-file.ts";
import {
  type Bytes,
  floatAttribute,
  floatBytes,
  graphAttribute,
  initialiser,
  inputOf,
  int,
  intAttribute,
  message,
  modelWith,
  node,
  opset,
  outputOf,
  raw,
  tensor,
  tensorAttribute,
} from "../bytes.ts";
import { keras, sklearn } from "./exporters.ts";
import { folder, resultsOf, same } from "./fixtures.ts";

const float16 = [0x3c00, 0xc000, 0x3555, 0x0001]; // 1, −2, 0.333, 2⁻²⁴
const two = (bits: readonly number[]) => bits.flatMap((b) => [b & 255, b >> 8]);
const doubles = [...new Uint8Array(Float64Array.of(1, -2, 0.1, 4).buffer)];
const last = node("Gemm", ["h", "v"], ["y"]);
const v = initialiser("v", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4)));
const around = (type = 1) => [inputOf("x", type, ["N", 2]), outputOf("y", type, null)];
const firstWeight = (...graph: readonly Bytes[]) =>
  layersOf(readForeign(modelWith([opset(13)], ...graph, last, v, ...around()))).dense[0];

describe("weights in every form that a file may give them", () => {
  const product = node("MatMul", ["x", "w"], ["h"]);
  test.each<[string, Bytes, readonly number[]]>([
    ["raw_data", initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4))), [1, 2, 3, 4]],
    ["float_data", initialiser("w", 1, [2, 2], message(4, floatBytes(1, 2, 3, 4))), [1, 2, 3, 4]],
    ["double_data", initialiser("w", 11, [2, 2], message(10, doubles)), [1, -2, 0.1, 4]],
    ["float64 as raw_data", initialiser("w", 11, [2, 2], raw(...doubles)), [1, -2, 0.1, 4]],
    [
      "float16",
      initialiser("w", 10, [2, 2], raw(...two(float16))),
      [1, -2, 0.333251953125, 2 ** -24],
    ],
    [
      "float16 as bits in int32_data",
      initialiser("w", 10, [2, 2], ...float16.map((bits) => int(5, bits))),
      [1, -2, 0.333251953125, 2 ** -24],
    ],
    [
      "bfloat16",
      initialiser("w", 16, [2, 2], raw(...two([0x3f80, 0xc000, 0x3eab, 0x4040]))),
      [1, -2, 0.333984375, 3],
    ],
  ])("%s", (_, given, numbers) => {
    expect(Array.from(firstWeight(given, product).weight.data)).toEqual(numbers);
  });

  test("of a Constant node, through a cast, a copy and a transpose", () => {
    const layer = firstWeight(
      node(
        "Constant",
        [],
        ["c0"],
        tensorAttribute("value", tensor("", 10, [2, 2], raw(...two(float16)))),
      ),
      node("Identity", ["c0"], ["c1"]),
      node("Cast", ["c1"], ["c2"], intAttribute("to", 1)),
      node("Transpose", ["c2"], ["w"]),
      product,
    );
    expect(Array.from(layer.weight.data)).toEqual([1, 0.333251953125, -2, 2 ** -24]);
    expect(layer.dtype).toBe("float32");
  });

  test.each<[string, Bytes[], number[], number[] | null]>([
    ["transB", [intAttribute("transB", 1)], [1, 3, 2, 4], [5, 6]],
    [
      "alpha and beta",
      [floatAttribute("alpha", 2), floatAttribute("beta", -1)],
      [2, 4, 6, 8],
      [-5, -6],
    ],
  ])("Gemm with %s", (_, attributes, weight, bias) => {
    const layer = firstWeight(
      initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4))),
      initialiser("b", 1, [1, 2], raw(...floatBytes(5, 6))),
      node("Gemm", ["x", "w", "b"], ["h"], ...attributes),
    );
    expect(Array.from(layer.weight.data)).toEqual(weight);
    expect(Array.from(layer.bias!)).toEqual(bias);
  });

  test("what is no layer of ours is named with the reason", () => {
    const w = initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4)));
    const reasonOf = (...graph: readonly Bytes[]) =>
      layersOf(readForeign(modelWith([opset(13)], w, v, ...graph, last, ...around()))).others[0]
        .reason;
    expect(reasonOf(node("Gemm", ["x", "w"], ["h"], intAttribute("transA", 1)))).toContain(
      "transA",
    );
    expect(reasonOf(node("MatMul", ["w", "x"], ["h"]))).toContain("on the left");
    expect(reasonOf(node("Gemm", ["x", "w", "x"], ["h"]))).toContain('bias "x" is no constant');
    expect(reasonOf(node("LSTM", ["x", "w"], ["h"]))).toBe("LSTM is no dense layer");
  });

  test("a sum that something else sees too is not taken into the layer", () => {
    const graph = [
      initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4))),
      initialiser("b", 1, [2], raw(...floatBytes(5, 6))),
      node("MatMul", ["x", "w"], ["p"]),
      node("Add", ["p", "b"], ["q"]),
      node("Mul", ["p", "x"], ["s"]),
      node("Add", ["q", "s"], ["h"]),
    ];
    const layer = firstWeight(...graph);
    expect(layer).toMatchObject({ bias: null, activation: null, output: "p" });
  });
});

test("a value that a body looks at is no inner value of a layer", () => {
  const branch = (name: string) => [...node("Neg", ["p"], [name]), ...outputOf(name, 1, null)];
  const [layer] = layersOf(
    readForeign(
      modelWith(
        [opset(13)],
        initialiser("w", 1, [2, 2], raw(...floatBytes(1, 2, 3, 4))),
        initialiser("yes", 9, [], raw(1)),
        v,
        node("MatMul", ["x", "w"], ["p"]),
        node("Relu", ["p"], ["h"]),
        node(
          "If",
          ["yes"],
          ["z"],
          graphAttribute("then_branch", branch("a")),
          graphAttribute("else_branch", branch("b")),
        ),
        last,
        ...around(),
        outputOf("z", 1, null),
      ),
    ),
  ).dense;
  expect(layer).toMatchObject({ activation: null, output: "p", reason: null });
});

test("float64 layers are replaced in float64", async () => {
  const model = readForeign(
    modelWith(
      [opset(13)],
      initialiser("w", 11, [2, 2], raw(...doubles)),
      initialiser("u", 11, [2, 2], raw(...doubles)),
      node("Gemm", ["x", "w"], ["h"]),
      node("Tanh", ["h"], ["t"]),
      node("Gemm", ["t", "u"], ["y"]),
      ...around(11),
    ),
  );
  const [layer] = layersOf(model).dense;
  const x = input("x", "float64", ["N", 2]);
  const y = tanh(gemm(x, constant(Array.from(layer.weight.data), "float64", [2, 2])));
  const changed = replaceLayers(model, [layer], { inputs: { x }, outputs: { y } });
  expect(changed.nodes.map(({ op }) => op)).toEqual(["Gemm", "Tanh", "Gemm"]);
  const rows = { type: "float64", dims: [1, 2], data: Float64Array.of(0.3, -0.7) };
  const answers = [];
  for (const { bytes } of [model, changed]) {
    const program = await openProgram(bytes, { threads: 1 });
    answers.push(Array.from((await program.run({ x: rows }, ["y"])).y.data));
    await program.release();
  }
  expect(answers[1]).toEqual(answers[0]);
});

test("float16 layers are replaced with casts around", async () => {
  const half = (name: string, bits: readonly number[]) =>
    initialiser(name, 10, [2, 2], raw(...two(bits)));
  const model = readForeign(
    modelWith(
      [opset(13)],
      node("Cast", ["x"], ["x16"], intAttribute("to", 10)),
      node("MatMul", ["x16", "w"], ["h"]),
      node("Relu", ["h"], ["r"]),
      node("MatMul", ["r", "u"], ["y16"]),
      node("Cast", ["y16"], ["y"], intAttribute("to", 1)),
      half("w", [0x3c00, 0xc000, 0x4000, 0x3c00]),
      half("u", [0x3c00, 0x3c00, 0x4000, 0x3c00]),
      ...around(),
    ),
  );
  const [layer] = layersOf(model).dense;
  expect(layer).toMatchObject({ dtype: "float16", activation: "relu", reason: null });
  const changed = replaceLayers(model, [layer], same([layer]));
  expect(changed.nodes.filter(({ op }) => op === "Cast")).toHaveLength(4);
  const x = { shape: [2, 2], data: [1, 2, -3, 0.5] };
  expect(await resultsOf(changed, x)).toEqual(await resultsOf(model, x));
});

describe("data in another file", () => {
  const copied = () => {
    const to = mkdtempSync(join(tmpdir(), "eigenflow-external-"));
    mkdirSync(join(to, "model"));
    for (const name of ["external.onnx", "external.bin"]) {
      copyFileSync(join(folder, name), join(to, "model", name));
    }
    return { to, at: (name: string) => join(to, "model", name) };
  };
  const renamed = (path: string, location: string) => {
    const bytes = readFileSync(path).toString("latin1");
    writeFileSync(path, bytes.replaceAll("external.bin", location), "latin1");
  };

  test("is put inside: the model is the one that never had it outside", async () => {
    const [whole, parts] = [
      await openModel(`${folder}/mlp-16.onnx`),
      await openModel(`${folder}/external.onnx`),
    ];
    expect([...parts.tensors.keys()]).toEqual([...whole.tensors.keys()]);
    expect([...parts.tensors.values()].every(({ external }) => external === null)).toBe(true);
    const weights = (model: typeof whole) => layersOf(model).dense.map(({ weight }) => weight);
    expect(weights(parts)).toEqual(weights(whole));
  });

  test("that is cut off, missing, or outside the folder is refused", async () => {
    const { to, at } = copied();
    const data = readFileSync(at("external.bin"));
    writeFileSync(at("external.bin"), data.subarray(0, data.length - 1));
    await expect(openModel(at("external.onnx"))).rejects.toThrow(
      /bytes \d+ to 776 of a file that has 775/,
    );
    renamed(at("external.onnx"), "not-there.bi");
    await expect(openModel(at("external.onnx"))).rejects.toThrow("no such file beside the model");
    writeFileSync(join(to, "outside"), data);
    copyFileSync(join(folder, "external.onnx"), at("external.onnx"));
    renamed(at("external.onnx"), "../outside//");
    await expect(openModel(at("external.onnx"))).rejects.toThrow("leaves the model's folder");
    copyFileSync(join(folder, "external.onnx"), at("external.onnx"));
    renamed(at("external.onnx"), "/etc/hostnam");
    await expect(openModel(at("external.onnx"))).rejects.toThrow("leaves the model's folder");
    copyFileSync(join(folder, "external.onnx"), at("external.onnx"));
    symlinkSync(join(to, "outside"), at("link-outward"));
    renamed(at("external.onnx"), "link-outward");
    await expect(openModel(at("external.onnx"))).rejects.toThrow("a link that leaves");
  });
});

test.each([9, 22])("opset %d is refused, with what is read", (version) => {
  expect(() => readForeign(keras(version))).toThrow(`opset ${version}, can read 11 to 21`);
});

describe("a damaged file is a DataError or a model", () => {
  const files = {
    ...Object.fromEntries(
      ["mlp-11", "gelu", "norm-kept", "half", "external"].map((name) => [
        name,
        Uint8Array.from(readFileSync(`${folder}/${name}.onnx`)),
      ]),
    ),
    keras: keras(),
    sklearn: sklearn(),
  };
  const { external: _, ...inside } = files as Record<string, Uint8Array>;
  const settle = (bytes: Uint8Array) => {
    try {
      const model = readForeign(bytes);
      layersOf(model);
      foldBatchNorm(model);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  };

  test.each(Object.entries(inside))("%s, flipped and cut off", (_, bytes) => {
    const place = fc.nat(bytes.length - 1);
    const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(flips, fc.option(place), (all, end) => {
        const changed = bytes.slice(0, end ?? bytes.length);
        for (const [at, value] of all) if (at < changed.length) changed[at] ^= value;
        settle(changed);
      }),
      { seed: 6, numRuns: 400 },
    );
  });

  test("external data, flipped and cut off", async () => {
    const at = mkdtempSync(join(tmpdir(), "eigenflow-fuzz-"));
    copyFileSync(join(folder, "external.bin"), join(at, "external.bin"));
    const { external } = files as Record<string, Uint8Array>;
    const place = fc.nat(external.length - 1);
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (k, value, cut) => {
          const changed = external.slice(0, cut ? k : external.length);
          if (!cut) changed[k] ^= value;
          writeFileSync(join(at, "m.onnx"), changed);
          try {
            layersOf(await openModel(join(at, "m.onnx")));
          } catch (error) {
            if (!(error instanceof DataError)) throw error;
          }
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });
});
