import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { schemas } from "../../src/cli/schemas/schemas.ts";
import { exportModel } from "../../src/config/export.ts";
import { formatNpy } from "../../src/data/npy.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { readForeign } from "../../src/onnx/foreign/model.ts";
import { withMetadata } from "../../src/onnx/foreign/open.ts";
import { keras, sklearn, spread } from "../onnx/foreign/exporters.ts";
import { resultsOf } from "../onnx/foreign/fixtures.ts";
import { folder } from "./eigenflow.ts";
import { called } from "./in-process.ts";

const stored = resolve("examples/regions");
const torch = resolve("tests/onnx/fixtures");
const [model, data, test1] = ["regions.onnx", "regions.csv", "regions-test.csv"].map((name) =>
  join(stored, name),
);
const cwd = folder();
writeFileSync(join(cwd, "keras.onnx"), keras());
writeFileSync(join(cwd, "sklearn.onnx"), sklearn());
const four = Float32Array.from(spread(4 * 120, 0.4), (x, k) => x + Math.cos(k * k));
writeFileSync(join(cwd, "four.npy"), formatNpy(four, [120, 4]));
writeFileSync(join(cwd, "five.csv"), `a,b,c,d,e\n${"1,2,3,4,5\n".repeat(9)}`);
writeFileSync(join(cwd, "one.csv"), "a,b\n1,2\n3,4\n5,6\n");

const json = async (...args: string[]) => {
  const { stdout, code } = await called([...args, "--json"], { cwd });
  return { code, document: JSON.parse(stdout) };
};
const base = ["replace", model, "--layers", "2", "--data", data, "--labels", "class"];

/** Accuracy by ONNX Runtime alone. */
async function accuracyOf(path: string): Promise<number> {
  const rows = readFileSync(test1, "utf8").trim().split("\n").slice(1);
  const cells = rows.map((row) => row.split(","));
  const session = await InferenceSession.create(path);
  const x = Float32Array.from(cells.flatMap(([a, b]) => [Number(a), Number(b)]));
  const { y } = await session.run({ x: new Tensor("float32", x, [rows.length, 2]) });
  await session.release();
  const right = cells.filter(([, , name], row) => {
    const scores = Array.from(y.data.slice(3 * row, 3 * row + 3) as Float32Array);
    return "ABC"[scores.indexOf(Math.max(...scores))] === name;
  });
  return right.length / rows.length;
}

describe("a classifier of PyTorch", () => {
  test("a layer replaced: the file gives in ONNX Runtime what was printed", async () => {
    const out = join(cwd, "hybrid.onnx");
    const { code, document } = await json(...base, "--test", test1, "-o", out);
    expect(code).toBe(0);
    expect(schemas.replace.parse(document)).toEqual(document);
    expect(document.measure).toBe("accuracy");
    expect(document.before).toBe(await accuracyOf(model));
    expect(document.after).toBe(await accuracyOf(out));
    expect(document.samples).toEqual({ fit: 1500, test: 1000, seed: 0 });
    // The lift is near the original, the affine map is not.
    expect(document.drop).toBeLessThan(2);
    expect(document.baseline.drop).toBeGreaterThan(3);
    expect(document.cost.before).toEqual({ parameters: 136, multiplyAdds: 128 });
    const { metadata } = readForeign(readFileSync(out));
    expect(JSON.parse(metadata.get("eigenflow.hybrid")!)).toMatchObject({
      after: document.after,
      layers: [{ name: "/2/Gemm", singularValues: document.layers[0].singularValues }],
    });
  });

  test("affine observables are the affine baseline", async () => {
    const { document } = await json(...base, "--observables", "affine");
    expect(document.after).toBe(document.baseline.score);
    expect(document.samples).toMatchObject({ fit: 1200, test: 300 });
    expect(document.layers[0].observables).toBe(17);
  });

  test("--suggest takes the cheapest that keeps the bound, and says where none does", async () => {
    const { document } = await json(...base, "--suggest", "--max-drop", "3");
    expect(schemas.replace.parse(document)).toEqual(document);
    const { candidates, reached } = document.suggestion;
    expect(reached).toBe(true);
    const proposed = candidates.findIndex((one: { proposed: boolean }) => one.proposed);
    expect(candidates[proposed].drop).toBeLessThanOrEqual(3);
    for (const one of candidates.slice(0, proposed)) expect(one.drop).toBeGreaterThan(3);
    const costs = candidates.map((one: { multiplyAdds: number }) => one.multiplyAdds);
    expect(costs).toEqual([...costs].sort((a, b) => a - b));
    expect(document.layers[0].dictionary).toEqual(candidates[proposed].dictionaries[0]);
    const none = (await json(...base, "--suggest", "--max-drop", "0")).document.suggestion;
    const drops: number[] = none.candidates.map((one: { drop: number }) => one.drop);
    const chosen = none.candidates.find((one: { proposed: boolean }) => one.proposed);
    expect(none.reached).toBe(Math.min(...drops) <= 0);
    if (!none.reached) expect(chosen.drop).toBe(Math.min(...drops));
  });

  test("several layers, each by itself or as one operator", async () => {
    const each = await json(...base.with(3, "1,/2/Gemm"));
    expect(each.document.layers.map((l: { name: string }) => l.name)).toEqual([
      "/0/Gemm",
      "/2/Gemm",
    ]);
    const one = await json(...base.with(3, "1..2"));
    expect(one.document.layers).toMatchObject([
      { name: "/0/Gemm + /2/Gemm", inputs: 2, outputs: 8 },
    ]);
    expect(one.document.cost.before.multiplyAdds).toBe(160);
  });

  test("what was proven of the original is not said of the hybrid", async () => {
    const [proven, out] = [join(cwd, "proven.onnx"), join(cwd, "unproven.onnx")];
    const claims = { "eigenflow.certificate": "{}", other: "kept" };
    writeFileSync(proven, withMetadata(readForeign(readFileSync(model)), claims).bytes);
    await called(["replace", proven, ...base.slice(2), "-o", out], { cwd });
    const { metadata } = readForeign(readFileSync(out));
    expect([...metadata.keys()]).toEqual(["other", "eigenflow.hybrid"]);
  });

  test("the same seed gives the same file", async () => {
    const files = ["a.onnx", "b.onnx"].map((name) => join(cwd, name));
    for (const out of files) await called([...base, "-o", out], { cwd });
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true);
  });
});

describe("other models and data", () => {
  test.each<[string, string[], object]>([
    [
      "Keras, rows without labels",
      ["keras.onnx", "--layers", "2", "--data", "four.npy"],
      { measure: "agreement", before: 1 },
    ],
    [
      "scikit-learn, by its labels",
      ["sklearn.onnx", "--layers", "2", "--data", "four.npy"],
      { measure: "agreement", before: 1 },
    ],
    [
      "a fixed batch",
      [`${torch}/silu-fixed.onnx`, "--layers", "2", "--data", data, "--labels", "class"],
      {},
    ],
    [
      "images",
      [`${torch}/conv.onnx`, "--layers", "2", "--data", "images.npy"],
      { measure: "agreement" },
    ],
    [
      "a named data set",
      [`${torch}/mlp-13.onnx`, "--layers", "3", "--data", "two-moons"],
      { measure: "accuracy" },
    ],
    [
      "several target columns",
      ["keras.onnx", "--layers", "1", "--data", "many.csv", "--labels", "u,v,w"],
      { measure: "R2" },
    ],
    [
      "folded batch normalisation",
      [`${torch}/norm.onnx`, "--layers", "second", "--data", "four.npy", "--fold-batch-norm"],
      { foldedBatchNorm: true },
    ],
  ])("%s", async (_, args, expected) => {
    writeFileSync(
      join(cwd, "images.npy"),
      formatNpy(
        Float32Array.from(spread(64 * 80), (x, k) => x + Math.cos(k * k)),
        [80, 8, 8],
      ),
    );
    const rows = Array.from({ length: 60 }, (_, i) => [
      ...four.slice(4 * i, 4 * i + 4),
      0.2,
      0.3,
      0.5,
    ]);
    writeFileSync(join(cwd, "many.csv"), `a,b,c,d,u,v,w\n${rows.join("\n")}\n`);
    const wanted = ["--observables", "relu", "--features", "20", "-o", join(cwd, "other.onnx")];
    const { code, document } = await json("replace", ...args, ...wanted);
    expect(document.error).toBeUndefined();
    expect(code).toBe(0);
    expect(document).toMatchObject(expected);
    expect(schemas.replace.parse(document)).toEqual(document);
  });
});

test("labels that a classifier gives are compared with the classes of the file by name", async () => {
  const rows = Array.from({ length: 120 }, (_, i) => Array.from(four.subarray(4 * i, 4 * i + 4)));
  const given = await resultsOf(readForeign(sklearn()), { shape: [120, 4], data: rows.flat() });
  const text = rows.map((row, i) => [...row, given.output_label[i]].join(","));
  writeFileSync(join(cwd, "labelled.csv"), `a,b,c,d,kind\n${text.join("\n")}\n`);
  const { document } = await json(
    ...["replace", "sklearn.onnx", "--layers", "MatMul", "--data", "labelled.csv"],
    ...["--labels", "kind", "--observables", "polynomial", "--degree", "3"],
  );
  expect(document).toMatchObject({ measure: "accuracy", before: 1 });
  expect(document.layers[0].dictionary).toEqual({ kind: "polynomial", degree: 3 });
});

test("a column of text that is no target is named, with the flag that makes it one", async () => {
  const args = ["replace", model, "--layers", "2", "--data", data];
  const { code, document } = await json(...args);
  expect(code).toBe(4);
  expect(document.error.message).toContain('column "class" holds text');
  expect(document.error.hint).toBe("--labels class names it as the target");
  // A slip in a column of numbers is no name of a class.
  writeFileSync(join(cwd, "slip.csv"), "a,b\n1,2\n3,x\n5,6\n");
  const slip = await json(...args.with(-1, "slip.csv"));
  expect(slip.document.error.message).toBe('slip.csv:3: column "b": "x" is not a number');
  expect(slip.document.error.hint).toMatch(/^correct the cell/);
});

describe("inspect of a model", () => {
  test("layers with what tells them apart, and why one is left", async () => {
    const { document } = await json("inspect", model);
    expect(schemas.inspect.parse(document)).toEqual(document);
    expect(document.layers).toMatchObject([
      { name: "/0/Gemm", inputs: 2, outputs: 16, rank: 2, replaceable: true, spectralRadius: null },
      { name: "/2/Gemm", activation: "tanh", parameters: 136 },
      {
        name: "/4/Gemm",
        replaceable: false,
        reason: "it is the last layer: what it gives is the answer",
      },
    ]);
    const { stdout } = await called(["inspect", model], { cwd });
    expect(stdout).toContain("ONNX model of pytorch, opset 13, 211 parameters");
    expect(stdout).toMatch(
      /2 {2}\/2\/Gemm +16 x 8 +tanh +136 +14\.09 +0\.9832 +8 +- +can be replaced/,
    );
  });

  test("the operator of an equilibrium is called that, and no last layer", async () => {
    const made = monotoneDeq({ inputs: 2, outputs: 2, width: 7 });
    const { bytes } = await exportModel(made, made.initialise(1), { task: "classes" });
    writeFileSync(join(cwd, "equilibrium.onnx"), bytes);
    const { document } = await json("inspect", "equilibrium.onnx");
    const layers = document.layers as { inputs: number; outputs: number; reason: string | null }[];
    const reasonOf = (inputs: number, outputs: number) =>
      layers.find((layer) => layer.inputs === inputs && layer.outputs === outputs)?.reason;
    expect(reasonOf(2, 7)).toBe(null);
    expect(reasonOf(7, 7)).toMatch(/inside Loop_\d+ too: the operator of an equilibrium/);
    expect(reasonOf(7, 2)).toMatch(/last layer/);
  });

  test("convolutions are named and left", async () => {
    const { stdout } = await called(["inspect", `${torch}/conv.onnx`], { cwd });
    expect(stdout).toContain("left as they are:");
    expect(stdout).toMatch(/\/0\/Conv +Conv +3 x 1 x 3 x 3 +27 parameters +Conv is no dense layer/);
  });
});

describe("refusals", () => {
  const other = (layers: string, ...rest: string[]) => [...base.with(3, layers), ...rest];
  test.each<[string, string[], number, RegExp]>([
    [
      "an unknown layer",
      other("/2/Gem"),
      2,
      /did you mean "\/2\/Gemm".*can be replaced: 1 \/0\/Gemm, 2 \/2\/Gemm/s,
    ],
    ["a place that is not there", other("7"), 2, /no layer 7: there are 3/],
    ["the last layer", other("3"), 2, /"\/4\/Gemm" cannot be replaced: it is the last layer/],
    ["a layer twice", other("1,1..2"), 2, /named twice/],
    ["a range backwards", other("2..1"), 2, /from the lower place up/],
    ["no dense layers", ["replace", "flat.onnx", ...base.slice(2)], 2, /no dense layers/],
    [
      "data of another width",
      ["replace", model, "--layers", "1", "--data", "five.csv"],
      4,
      /five\.csv: rows of 5 features, input "x" takes \[N, 2\]/,
    ],
    [
      "too few rows",
      ["replace", model, "--layers", "2", "--data", "one.csv"],
      4,
      /2 rows to fit on, layer "\/2\/Gemm" has 16 inputs/,
    ],
    ["an unknown column", [...base.slice(0, -1), "klass"], 4, /no column "klass"/],
    ["unknown observables", [...base, "--observables", "fourrier"], 2, /did you mean "fourier"/],
    [
      "a flag of other observables",
      [...base, "--observables", "affine", "--features", "3"],
      2,
      /--features is of fourier and relu/,
    ],
    ["--max-drop alone", [...base, "--max-drop", "1"], 2, /option of --suggest/],
    [
      "--suggest with observables",
      [...base, "--suggest", "--features", "3"],
      2,
      /leave --features out/,
    ],
    ["writing over the model", [...base, "-o", model], 2, /is the model itself/],
    [
      "a model that is not there",
      ["replace", "gone.onnx", ...base.slice(2)],
      3,
      /gone\.onnx: no such file/,
    ],
    ["no ONNX", ["replace", "one.csv", ...base.slice(2)], 4, /ONNX model/],
    ["a folder that is not there", [...base, "-o", "no/where.onnx"], 3, /cannot be written/],
  ])("%s", async (_, args, code, message) => {
    const { relu } = await import("../../src/graph/ops/elementwise.ts");
    const { input } = await import("../../src/graph/value.ts");
    const { encode } = await import("../../src/onnx/encode.ts");
    const x = input("x", "float32", ["N", 2]);
    writeFileSync(join(cwd, "flat.onnx"), encode({ inputs: { x }, outputs: { y: relu(x) } }));
    const found = await called(args, { cwd });
    expect(found.stderr).toMatch(message);
    expect(found.code).toBe(code);
    expect(found.stdout).toBe("");
    expect(existsSync(join(cwd, "no"))).toBe(false);
  });
});
