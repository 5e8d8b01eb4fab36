import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatNpy, parseNpy } from "../../src/data/npy.ts";
import { simulate } from "../../src/eigenfunctions/dynamics.ts";
import { gatedOffers, readGated } from "../../src/eigenfunctions/gated.ts";
import { recurrentNetwork } from "../../src/eigenfunctions/network.ts";
import { simulateReduced } from "../../src/eigenfunctions/reduced-run.ts";
import { reduce } from "../../src/eigenfunctions/reduction.ts";
import { parseMatrix } from "../../src/eigenfunctions/weights/matrix-csv.ts";
import { readBeside, readWeights } from "../../src/eigenfunctions/weights/read.ts";
import { matrixOf } from "../../src/linalg/matrix.ts";
import { formatSafetensors } from "../../src/training/safetensors.ts";

const fixture = (name: string) => join("tests/eigenfunctions/fixtures", name);
const folder = mkdtempSync(join(tmpdir(), "eigenflow-weights-"));
const file = (name: string, contents: string | Uint8Array) => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};

describe("a cell of PyTorch, from its checkpoint and from its ONNX export", () => {
  const hidden = parseNpy(readFileSync(fixture("hidden.npy")), "hidden.npy").data as Float32Array;

  test.each(["rnn.pt", "rnn.onnx"])(
    "%s: runs as PyTorch ran it, whole and in 2 coordinates",
    async (name) => {
      const { W, bias, cell, kind, inputs, dtype } = await readWeights(fixture(name));
      expect([kind, cell, dtype, W.rows, inputs?.cols]).toEqual(["plain", true, "float32", 8, 3]);
      const network = recurrentNetwork(W, { theta: bias!, form: "cell", leak: 1 });
      const h0 = Float64Array.from(hidden.subarray(0, 8));
      const states = simulate(network, h0, { dt: 1, steps: 6 });
      expect(states.flatMap((h) => [...h])).toBeAllClose(hidden, { rtol: 1e-5, atol: 1e-6 });
      const reduction = reduce(network, { tolerance: 1e-5 })!;
      expect([reduction.rank, reduction.exact]).toEqual([2, false]);
      // v = W h + b before the last step, h = tanh v after it.
      const { v } = simulateReduced(reduction, h0, { dt: 1, steps: 5 });
      expect(v(5).map(Math.tanh)).toBeAllClose(hidden.subarray(48), { rtol: 1e-4, atol: 1e-5 });
    },
  );

  test("both hold the same weights, and gates are in their own orders", async () => {
    const [pt, onnx] = await Promise.all(
      ["rnn.pt", "rnn.onnx"].map((n) => readWeights(fixture(n))),
    );
    expect(onnx.W.data).toEqual(pt.W.data);
    expect(onnx.bias).toBeAllClose(pt.bias!, { rtol: 1e-6 });
    expect(onnx.activation).toBe("tanh");
    const gated = await readWeights(fixture("gru.onnx"));
    expect([gated.kind, gated.order]).toEqual(["gru", "onnx"]);
    const { gates, departure, frozen } = readGated("gru", gated.W, gated.order, gated.bias);
    expect(gates.map(({ name }) => name)).toEqual(["update", "reset", "candidate"]);
    expect(frozen).toBe(false);
    expect(departure).toBeGreaterThan(1e-6);
  });
});

test("gates that do not look at the state are found, and the share they keep is theirs", () => {
  const W = matrixOf(6, 2, Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0.5, 1));
  const reading = readGated("gru", W, "torch", [0, 0, 1, 1, 0, 0]);
  expect(reading.frozen).toBe(true);
  expect(reading.keeps).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  expect(gatedOffers(reading)[0]).toContain("leaky cell");
});

describe("files", () => {
  const numbers = Float64Array.of(1, 2, 3, 4);

  test("of numbers, of arrays, of named tensors; turned where asked", async () => {
    const paths = [
      file("a.csv", "# weights\n1, 2\n3;4\n"),
      file("a.npy", formatNpy(numbers, [2, 2])),
      file(
        "a.safetensors",
        formatSafetensors({
          tensors: {
            "rnn.weight_hh_l0": {
              dtype: "float32",
              shape: [2, 2],
              data: Float32Array.from(numbers),
            },
            "rnn.weight_ih_l0": { dtype: "float32", shape: [2, 2], data: new Float32Array(4) },
            "rnn.bias_hh_l0": { dtype: "float32", shape: [2], data: Float32Array.of(5, 6) },
          },
          metadata: {},
        }),
      ),
    ];
    for (const path of paths) expect((await readWeights(path)).W.data).toEqual(numbers);
    const turned = await readWeights(paths[1], { transposed: true });
    expect([...turned.W.data]).toEqual([1, 3, 2, 4]);
    expect((await readWeights(paths[2])).bias).toEqual(Float64Array.of(5, 6));
    expect((await readBeside(paths[2], "rnn.bias_hh_l0", "--bias")).data).toEqual(
      Float64Array.of(5, 6),
    );
    expect((await readBeside(paths[1], paths[0], "--input")).data).toEqual(numbers);
  });

  test.each([
    ["1,2\n3\n", "a.csv:2: 1 numbers where the first row has 2"],
    ["1,2\n3,x\n", 'a.csv:2: column 2: "x" is no finite number'],
    ["1,2\n3,inf\n", "no finite number"],
    ["\n# none\n", "is empty"],
  ])("%j is refused", (text, message) => {
    expect(() => parseMatrix(text, "a.csv")).toThrow(message);
  });

  test.each([
    ["five.npy", [5, 2], "5 × 2: recurrent weights are square"],
    ["cube.npy", [2, 2, 2], "a matrix is wanted"],
  ])("%s of shape %j is refused", async (name, shape, message) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const path = file(name, formatNpy(new Float64Array(size).fill(1), shape));
    await expect(readWeights(path)).rejects.toThrow(message);
  });

  test("weights that are not finite, and names that are not there", async () => {
    const path = file("nan.npy", formatNpy(Float64Array.of(1, NaN, 3, 4), [2, 2]));
    await expect(readWeights(path)).rejects.toThrow("entry (0, 1) is NaN");
    await expect(readWeights(fixture("rnn.pt"), { tensor: "weight_hh_10" })).rejects.toThrow(
      'did you mean "weight_hh_l0"?',
    );
    await expect(readWeights(join(folder, "gone.npy"))).rejects.toThrow("gone.npy");
    await expect(readWeights(file("bad.onnx", "no model"))).rejects.toThrow("bad.onnx");
  });
});
