import { describe, expect, test } from "vitest";
import { NumericError } from "../../src/errors.ts";
import { relu } from "../../src/graph/ops/elementwise.ts";
import { input } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import { openProgram } from "../../src/runtime/model-file.ts";
import { openSessions } from "../../src/runtime/session.ts";

const x = input("x", "float32", ["N", 2]);
const bytes = encode({ inputs: { x }, outputs: { y: relu(x) } });
const feed = (dims: readonly number[], data: readonly number[]) => ({
  x: { type: "float32", dims, data: Float32Array.from(data) },
});

describe("a model run as it stands in its bytes", () => {
  test("gives the results that are asked for, and its session back", async () => {
    const before = openSessions();
    const program = await openProgram(bytes, { threads: 1 });
    const { y } = await program.run(feed([2, 2], [1, -1, -2, 2]), ["y"]);
    expect(y).toMatchObject({ type: "float32", dims: [2, 2] });
    expect(Array.from(y.data)).toEqual([1, 0, 0, 2]);
    await program.release();
    await program.release();
    expect(openSessions()).toBe(before);
    await expect(program.run(feed([1, 2], [1, 2]), ["y"])).rejects.toThrow("released");
  });

  test("what ONNX Runtime refuses is a NumericError in its words", async () => {
    await expect(openProgram(Uint8Array.of(1, 2, 3))).rejects.toThrow(NumericError);
    const program = await openProgram(bytes, { threads: 1 });
    await expect(program.run(feed([1, 3], [1, 2, 3]), ["y"])).rejects.toThrow(NumericError);
    await program.release();
  });
});
