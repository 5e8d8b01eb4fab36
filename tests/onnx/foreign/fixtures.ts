import { readFileSync } from "node:fs";
import type { Value } from "../../../src/graph/node.ts";
import { gelu, leakyRelu, relu, sigmoid, silu, tanh } from "../../../src/graph/ops/elementwise.ts";
import { gemm } from "../../../src/graph/ops/linear.ts";
import { input, tensor } from "../../../src/graph/value.ts";
import type { Model } from "../../../src/onnx/encode.ts";
import type { DenseLayer } from "../../../src/onnx/foreign/layers.ts";
import type { ForeignModel } from "../../../src/onnx/foreign/model.ts";
import { openModel } from "../../../src/onnx/foreign/open.ts";
import { openProgram } from "../../../src/runtime/model-file.ts";

export const folder = "tests/onnx/fixtures";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A stored model with inputs and what PyTorch makes of them. */
export async function fixture(
  name: string,
): Promise<{ model: ForeignModel; x: Stored; y: Stored }> {
  const numbers = name.startsWith("external") ? "mlp-16" : name;
  const model = await openModel(`${folder}/${name}.onnx`);
  return { model, ...JSON.parse(readFileSync(`${folder}/${numbers}.json`, "utf8")) };
}

/** The results of a model on float32 rows, by name. */
export async function resultsOf(
  model: ForeignModel,
  { shape, data }: Stored,
  wanted: readonly string[] = [model.outputs[0].name],
): Promise<Readonly<Record<string, number[]>>> {
  const program = await openProgram(model.bytes, { threads: 1 });
  try {
    const x = { type: "float32", dims: shape, data: Float32Array.from(data) };
    const found = await program.run({ [model.inputs[0].name]: x }, wanted);
    return Object.fromEntries(
      Object.entries(found).map(([name, { data: all }]) => [name, Array.from(all as [], Number)]),
    );
  } finally {
    await program.release();
  }
}

const activations: Readonly<Record<string, (x: Value) => Value>> = {
  relu,
  tanh,
  sigmoid,
  leakyrelu: (x) => leakyRelu(x, 0.1),
  silu,
  gelu,
};

/** Whether the same layers can be written with our operators. */
export const isKnown = ({ activation }: DenseLayer): boolean =>
  activation === null || activation in activations;

/** The same layers as a model of ours. */
export function same(run: readonly DenseLayer[]): Model {
  const x = input("x", "float32", ["N", run[0].weight.rows]);
  const y = run.reduce<Value>((value, { weight: { rows, cols, data }, bias, activation }) => {
    const W = tensor(Float32Array.from(data), [rows, cols]);
    const b = bias && tensor(Float32Array.from(bias), [cols]);
    const linear = gemm(value, W, b);
    return activation === null ? linear : activations[activation](linear);
  }, x);
  return { inputs: { x }, outputs: { y } };
}

/** max |a − b|, for arrays of one length. */
export function apart(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, entry, i) => Math.max(most, Math.abs(entry - b[i])), 0);
}
