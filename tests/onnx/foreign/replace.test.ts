import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../../src/errors.ts";
import { input } from "../../../src/graph/value.ts";
import { foldBatchNorm } from "../../../src/onnx/foreign/fold.ts";
import { layersOf } from "../../../src/onnx/foreign/layers.ts";
import { type ForeignModel, readForeign } from "../../../src/onnx/foreign/model.ts";
import { tapped, withMetadata } from "../../../src/onnx/foreign/open.ts";
import { replaceLayers } from "../../../src/onnx/foreign/replace.ts";
import { keras, sklearn, spread } from "./exporters.ts";
import { apart, fixture, isKnown, resultsOf, same } from "./fixtures.ts";

const torch = [
  ...["mlp-11", "mlp-12", "mlp-13", "mlp-14", "mlp-15", "mlp-16"],
  ...["gelu", "silu-fixed", "norm", "norm-kept", "conv", "half", "tokens", "external"],
];
const summary = (model: ForeignModel) =>
  layersOf(model).dense.map(({ name, weight: { rows, cols }, activation, reason }) =>
    [name, `${rows}x${cols}`, activation, reason === null].join(" "),
  );

describe("models of torch.onnx.export", () => {
  test.each(torch)("%s gives what PyTorch gave", async (name) => {
    const { model, x, y } = await fixture(name);
    const { scores } = await resultsOf(model, x);
    expect(apart(scores, y.data)).toBeLessThan(1e-6);
  });

  test.each(torch.filter((name) => name !== "tokens"))(
    "%s gives the same with each layer replaced by itself, one after the other",
    async (name) => {
      const { model, x, y } = await fixture(name);
      const layers = layersOf(model).dense.filter((one) => one.reason === null && isKnown(one));
      expect(layers.length).toBeGreaterThan(0);
      let changed = model;
      for (const layer of layers) {
        changed = replaceLayers(changed, [layer], same([layer]));
        const { scores } = await resultsOf(changed, x);
        expect(apart(scores, y.data)).toBeLessThan(1e-6);
      }
    },
  );

  test("layers have their shapes, activations and names", async () => {
    expect(summary((await fixture("gelu")).model)).toEqual([
      "/0/Gemm 2x8 gelu true",
      "/2/Gemm 8x6 gelu true",
      "/4/Gemm 6x4 gelu true",
      "/6/Gemm 4x3 gelu true",
      "/8/Gemm 3x2  false",
    ]);
    const conv = (await fixture("conv")).model;
    expect(summary(conv)).toEqual([
      "/5/Gemm 27x12 elu true",
      "/8/Gemm 12x8 leakyrelu true",
      "/10/Gemm 8x4  false",
    ]);
    expect(layersOf(conv).others).toMatchObject([{ op: "Conv", parameters: 27 }]);
    expect(summary((await fixture("norm")).model)[0]).toBe("first 4x10  true");
  });

  test("rows of tokens are not replaced, and it is said why", async () => {
    const { model } = await fixture("tokens");
    expect(layersOf(model).dense.map(({ reason }) => reason)).toEqual([
      "its input has 3 axes, not samples and features",
      "its input has 3 axes, not samples and features",
    ]);
  });

  test("float16 weights are the numbers that they are", async () => {
    const { model } = await fixture("half");
    const [{ weight, dtype }] = layersOf(model).dense;
    expect(dtype).toBe("float32"); // computed with after a cast
    for (const w of weight.data) expect(Math.round(w * 2 ** 24) / 2 ** 24).toBe(w);
    expect(weight.data.every((w) => w !== 0)).toBe(true);
  });
});

describe("runs of layers", () => {
  test("consecutive ones become one operator, its constants gone with it", async () => {
    const { model, x, y } = await fixture("mlp-13");
    const [, second, third, fourth] = layersOf(model).dense;
    const run = [second, third, fourth];
    const changed = replaceLayers(model, run, same(run));
    expect(apart((await resultsOf(changed, x)).scores, y.data)).toBeLessThan(1e-6);
    expect(changed.nodes.map(({ op }) => op).join(" ")).toBe(
      "Gemm Relu Gemm Relu Gemm Relu Gemm Relu Gemm",
    );
    // The constants of the old ones are gone.
    expect([...changed.tensors.keys()]).not.toContain("2.weight");
    expect([...changed.tensors.keys()]).toContain("0.weight");
  });

  test("layers that are not neighbours are no run", async () => {
    const { model } = await fixture("mlp-13");
    const [first, , third] = layersOf(model).dense;
    expect(() => replaceLayers(model, [first, third], same([first]))).toThrow(UsageError);
    expect(() => replaceLayers(model, [], same([first]))).toThrow("no layer is named");
  });

  test("a replacement of other widths is refused", async () => {
    const { model } = await fixture("mlp-13");
    const [first, second] = layersOf(model).dense;
    expect(() => replaceLayers(model, [first], same([second]))).toThrow(ShapeError);
    const x = input("x", "float32", ["N", 2]);
    expect(() => replaceLayers(model, [first], { inputs: { x }, outputs: {} })).toThrow(
      "has output none, wanted [N, 8]",
    );
  });
});

describe("batch normalisation", () => {
  test.each(["norm", "norm-kept"])("of %s is folded into the layers before it", async (name) => {
    const { model, x, y } = await fixture(name);
    const folded = foldBatchNorm(model);
    expect(folded.nodes.map(({ op }) => op).join(" ")).toBe("Gemm Relu Gemm Tanh Gemm");
    expect(apart((await resultsOf(folded, x)).scores, y.data)).toBeLessThan(1e-6);
    expect(summary(folded)).toEqual([
      "first 4x10 relu true",
      "second 10x8 tanh true",
      "third 8x3  false",
    ]);
    expect(foldBatchNorm(folded)).toBe(folded);
  });

  test("along the channels of images is left alone", async () => {
    const { model } = await fixture("conv");
    expect(foldBatchNorm(model)).toBe(model);
  });
});

describe("models of other exporters", () => {
  const x = { shape: [6, 4], data: spread(24, 0.3) };

  test.each([11, 13, 15, 18, 21])(
    "Keras, opset %d: MatMul, Add and an activation; Softmax is none",
    async (version) => {
      const model = readForeign(keras(version));
      expect(summary(model)).toEqual([
        "sequential/dense_0 4x6 elu true",
        "sequential/dense_1 6x5 sigmoid true",
        "sequential/dense_2 5x3  false",
      ]);
      const layer = layersOf(model).dense[1];
      const changed = replaceLayers(model, [layer], same([layer]));
      const [before, after] = [await resultsOf(model, x), await resultsOf(changed, x)];
      expect(apart(before.dense_2, after.dense_2)).toBeLessThan(1e-6);
      for (let row = 0; row < 6; row++) {
        const sum = before.dense_2.slice(3 * row, 3 * row + 3).reduce((a, b) => a + b);
        expect(sum).toBeCloseTo(1, 5);
      }
    },
  );

  test("scikit-learn: what stands around the layers stays, to the byte", async () => {
    const model = readForeign(sklearn());
    expect(summary(model)).toEqual([
      "MatMul 4x7 relu true",
      "MatMul1 7x5 tanh true",
      "MatMul2 5x3  false",
    ]);
    const run = layersOf(model).dense.slice(0, 2);
    const changed = replaceLayers(model, run, same(run));
    const { output_label: before } = await resultsOf(model, x);
    const { output_label: after } = await resultsOf(changed, x);
    expect(after).toEqual(before);
    expect(before.every((label) => [3, 5, 8].includes(label))).toBe(true);
    const kept = (m: ForeignModel) =>
      m.nodes
        .filter(({ op }) =>
          ["Cast", "ArgMax", "ArrayFeatureExtractor", "Reshape", "ZipMap"].includes(op),
        )
        .map(({ offset, end }) => Buffer.from(m.bytes.subarray(offset, end)).toString("hex"));
    expect(kept(changed)).toEqual(kept(model));
  });
});

test("inner values can be looked at; the results stay what they were", async () => {
  const { model, x, y } = await fixture("mlp-11");
  const { dense } = layersOf(model);
  const values = dense.flatMap((layer) => [layer.input, layer.output]);
  const seen = await resultsOf(tapped(model, values), x, ["scores", dense[1].output]);
  expect(apart(seen.scores, y.data)).toBeLessThan(1e-6);
  expect(seen[dense[1].output]).toHaveLength(5 * 6);
  expect(Math.min(...seen[dense[1].output])).toBe(0); // after the ReLU
  expect(() => tapped(model, ["nothing"])).toThrow('makes no value "nothing"');
});

test("metadata are added, and replaced under the same key", async () => {
  const { model } = await fixture("mlp-11");
  const once = withMetadata(model, { a: "1", b: "2" });
  const twice = withMetadata(once, { a: "3" });
  expect(Object.fromEntries(twice.metadata)).toEqual({ a: "3", b: "2" });
  const back = withMetadata(once, { a: null, b: null });
  expect(Buffer.from(back.bytes).equals(model.bytes)).toBe(true);
  // Nothing else has changed.
  expect(Buffer.from(once.bytes.subarray(0, model.bytes.length)).equals(model.bytes)).toBe(true);
});
