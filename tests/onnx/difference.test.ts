import { describe, expect, test } from "vitest";
import type { Values } from "../../src/graph/ops/control.ts";
import { loop } from "../../src/graph/ops/control.ts";
import { add, mul, relu, sub, tanh } from "../../src/graph/ops/elementwise.ts";
import { gemm } from "../../src/graph/ops/linear.ts";
import { constant, input, tensor } from "../../src/graph/value.ts";
import { decode } from "../../src/onnx/decode.ts";
import { graphDifference } from "../../src/onnx/difference.ts";
import { encode } from "../../src/onnx/encode.ts";
import { initialiser, message, raw, text } from "./bytes.ts";

interface Change {
  readonly sigma?: typeof relu;
  readonly inner?: typeof add;
  readonly step?: number;
  readonly alpha?: number;
  readonly weight?: string;
  readonly size?: number;
  readonly second?: boolean;
  readonly name?: string;
  readonly first?: number;
  readonly swapped?: boolean;
}

/** y = Σ of a loop over σ(Wx), with constants, a subgraph and an attribute to change. */
function file({
  sigma = relu,
  inner = add,
  step = 0.5,
  alpha = 2,
  weight = "W",
  size = 3,
  second = false,
  name = "y",
  first = 1,
  swapped = false,
}: Change = {}): Uint8Array {
  const x = input("x", "float32", ["N", size]);
  const W = tensor(
    Float32Array.from({ length: 2 * size }, (_, i) => (i === 0 ? first : i)),
    [2, size],
    weight,
  );
  const h = sigma(gemm(x, W, null, { alpha, transB: true }));
  const [a, b] = [mul(h, constant(step, "float32")), tanh(h)];
  const last = loop({ times: 4 }, { z: h }, ({ z }) => ({ state: { z: inner(z, a) } })).state.z;
  const y = swapped ? sub(b, last) : sub(last, b);
  const outputs: Values = { [name]: y, ...(second && { z: h }) };
  return encode({ inputs: { x }, outputs });
}

/** @param tags  of a node's inputs and outputs and of a tensor's name, which are those of other names too */
const renamed = (bytes: Uint8Array, from: string, to: string, tags = [0x0a, 0x12, 0x42]) => {
  const changed = Buffer.from(bytes);
  for (const tag of tags) {
    const pattern = Buffer.from([tag, from.length, ...Buffer.from(from)]);
    for (let at = changed.indexOf(pattern); at >= 0; at = changed.indexOf(pattern, at + 1))
      changed.write(to, at + 2);
  }
  return changed;
};

describe("a graph and the one wanted", () => {
  test("are the same when built twice, whatever values and constants without a name are called", () => {
    expect(graphDifference(file(), file())).toBeNull();
    const { initialisers } = decode(file());
    const unnamed = Object.keys(initialisers).find((name) => name !== "W")!;
    const text = Buffer.from(file()).toString("latin1");
    const free = Array.from({ length: 100 }, (_, k) => `v${k}`).find(
      (name) => name.length === unnamed.length && !text.includes(name),
    )!;
    for (const [from, to] of [
      ["v0", "q0"],
      [unnamed, free],
    ]) {
      const other = renamed(file(), from, to);
      expect(Buffer.from(other).equals(file())).toBe(false);
      expect(graphDifference(other, file())).toBeNull();
    }
  });

  test.each<[Change, RegExp]>([
    [{ sigma: tanh }, /^node \d+ is Tanh where Relu is wanted$/],
    [{ inner: sub }, /^node \d+, body, node \d+ is Sub where Add is wanted$/],
    [{ step: 0.25 }, /^node \d+ \(Mul\): input 1, number 0 is 0.25 where 0.5 is wanted$/],
    [{ first: 7 }, /^node \d+ \(Gemm\): input 1, number 0 is 7 where 1 is wanted$/],
    [{ alpha: 3 }, /\(Gemm\): alpha is 3 where 2 is wanted$/],
    [{ alpha: 1 }, /\(Gemm\): its attributes are transB where alpha, transB is wanted$/],
    [{ weight: "V" }, /input 1 is "V" where "W" is wanted$/],
    [{ size: 4 }, /^input 0 is "x" type 1 \[\?, 4\] where "x" type 1 \[\?, 3\] is wanted$/],
    [{ second: true }, /^the number of outputs is 2 where 1 is wanted$/],
    [{ name: "z" }, /^output 0 is "z"/],
  ])("%o is told", (change, message) => {
    expect(graphDifference(file(change), file())).toMatch(message);
    expect(graphDifference(file(), file(change))).not.toBeNull();
  });

  test("differ by what a node is fed with", () => {
    expect(graphDifference(file({ swapped: true }), file())).not.toBeNull();
  });

  test("differ by numbers only where these count", () => {
    expect(graphDifference(file({ first: 7 }), file(), ["W"])).toBeNull();
    expect(graphDifference(file({ step: 0.25 }), file(), ["W"])).not.toBeNull();
  });

  test("differ by a tensor that no node reads, though another takes its place", () => {
    const x = input("x", "float32", ["N"]);
    const two = () => tensor(Float32Array.of(2), [1]);
    const wanted = encode({ inputs: { x }, outputs: { y: mul(add(x, two()), two()) } });
    const [p, q] = Object.keys(decode(wanted).initialisers);
    const spared = renamed(wanted, q, p, [0x0a]); // as the input of a node only
    expect(graphDifference(spared, wanted)).toBe(`the constant "${q}" is used by no node`);
    const more = initialiser("input.scale", 1, [1], raw(0, 0, 0, 64));
    expect(graphDifference(withGraph(wanted, more), wanted)).toBe(
      'the constant "input.scale" is used by no node',
    );
  });

  test("differ by functions of the file's own and by operator sets", () => {
    const functions = Uint8Array.from([...file(), ...message(25, text(1, "Relu"))]);
    expect(graphDifference(functions, file())).toBe("the file holds 1 functions");
    const older = Buffer.from(file());
    const at = older.indexOf(Buffer.from([0x42, 4, 0x0a, 0, 0x10, 18]));
    older[at + 5] = 17;
    expect(graphDifference(older, file())).toBe(
      "the operator sets are ai.onnx 17 where ai.onnx 18 is wanted",
    );
  });
});

/** The file with more at the end of its graph. */
function withGraph(bytes: Uint8Array, more: readonly number[]): Uint8Array {
  const at = bytes.indexOf(0x3a); // graph: 7, its length in as many bytes as have the highest bit, and one
  const width = bytes.subarray(at + 1).findIndex((byte) => byte < 0x80) + 1;
  const length = bytes
    .subarray(at + 1, at + 1 + width)
    .reduce((sum, byte, i) => sum + (byte & 0x7f) * 128 ** i, 0);
  const start = at + 1 + width;
  return Uint8Array.from([
    ...bytes.subarray(0, at),
    ...message(7, [...bytes.subarray(start, start + length), ...more]),
    ...bytes.subarray(start + length),
  ]);
}
