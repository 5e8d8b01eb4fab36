import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { certifyFile } from "../../src/cli/certify/certify.ts";
import { predict } from "../../src/cli/train/predict.ts";
import { type Exported, exportModel } from "../../src/config/export.ts";
import { fitStandardisation } from "../../src/data/standardise.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { CertificateError, UsageError } from "../../src/errors.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { cnn } from "../../src/models/cnn.ts";
import { deq } from "../../src/models/deq.ts";
import { dense } from "../../src/models/layers/dense.ts";
import { lbdn } from "../../src/models/lbdn.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { Model } from "../../src/models/model.ts";
import { monotoneConvDeq } from "../../src/models/monotone-conv-deq.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { decode } from "../../src/onnx/decode.ts";

const folder = mkdtempSync(join(tmpdir(), "export-"));
const standardisation = fitStandardisation(twoMoons(50, 1));
const about = { task: "classes", features: ["a", "b"], classNames: ["low", "high"] } as const;

const left = (name: string, { bytes }: Exported): string => {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, bytes);
  return path;
};
const sizes = { inputs: 2, outputs: 2 };

const certified: readonly (readonly [string, Model])[] = [
  ["monotone", monotoneDeq({ ...sizes, width: 5 })],
  ["tanh", monotoneDeq({ ...sizes, width: 5, m: 0.3, activation: "tanh", alpha: "auto" })],
  ["backward", monotoneDeq({ ...sizes, width: 4, backward: "gmres", forward: { rtol: 1e-6 } })],
  ["anderson", monotoneDeq({ ...sizes, width: 4, alpha: 0.7, forward: "anderson" })],
  [
    "forward-backward",
    monotoneDeq({ ...sizes, width: 4, splitting: "forward-backward", alpha: "auto" }),
  ],
  ["bounded", lbdn({ ...sizes, hidden: [6, 5], gamma: 2, activation: "tanh" })],
];

describe.each(certified)("the file of a model made by the library, %s", (name, model) => {
  const exported = exportModel(model, model.initialise(3), { ...about, standardisation });

  test("is certified again from itself, its graph built again", async () => {
    const { certificate, refused } = await exported;
    expect(refused).toBe(null);
    expect(certificate).not.toBe(null);
    const { document, failure } = await certifyFile(left(name, await exported));
    expect(failure).toBe(undefined);
    expect(document).toMatchObject({ holds: true, graph: { basis: "rebuilt", holds: true } });
  });

  test("predicts by names", async () => {
    const csv = join(folder, "in.csv");
    writeFileSync(csv, "b,a\n0.5,1\n-0.2,0\n");
    const { document } = await predict(left(name, await exported), csv, {});
    const { rows, predictions } = document as { rows: number; predictions: { class: string }[] };
    expect(rows).toBe(2);
    for (const found of predictions) expect(["low", "high"]).toContain(found.class);
  });

  test("fails once a weight is another", async () => {
    const { tensors, bytes } = await exported;
    const [weight] = "W" in tensors ? [tensors.W] : [tensors["layer0.in"]];
    const first = Buffer.from(new Uint8Array(weight.data.buffer.slice(0)).slice(0, 4 * 8));
    const at = Buffer.from(bytes).indexOf(first);
    expect(at).toBeGreaterThan(0);
    const changed = bytes.slice();
    new DataView(changed.buffer).setFloat32(at, 40, true);
    const path = join(folder, "changed.onnx");
    writeFileSync(path, changed);
    expect((await certifyFile(path)).failure).toBeInstanceOf(CertificateError);
  });
});

test("images too, of convolutions that are monotone", async () => {
  const injection = { kernel: 3, stride: 1 };
  const model = monotoneConvDeq({ image: [1, 4, 4], channels: [2], outputs: 2, injection });
  const exported = await exportModel(model, model.initialise(1), { task: "classes" });
  expect(exported.refused).toBe(null);
  const { document } = await certifyFile(left("conv", exported));
  expect(document).toMatchObject({ holds: true, graph: { basis: "rebuilt", holds: true } });
});

test.each<readonly [Model, object]>([
  [mlp([2, 4, 2], { activation: "tanh" }), { kind: "mlp", widths: [4], activation: "tanh" }],
  [
    cnn({ image: [1, 4, 4], channels: [2], kernel: 3, padding: "same", hidden: [], outputs: 2 }),
    { kind: "cnn" },
  ],
  [deq({ ...sizes, layer: dense({ width: 3 }) }), { kind: "deq" }],
])("of a kind without certificates there is none, and the kind is written", async (model, said) => {
  const { bytes, certificate, refused } = await exportModel(model, model.initialise(1), {
    task: "values",
    target: "y",
    metadata: { project: "p" },
  });
  expect([certificate, refused]).toEqual([null, null]);
  const { metadata } = decode(bytes);
  const { inputs, outputs } = model;
  expect(JSON.parse(metadata["eigenflow.model"])).toMatchObject({
    ...said,
    ...{ inputs, outputs, task: "values", target: "y" },
  });
  expect(metadata.project).toBe("p");
  expect(metadata["eigenflow.certificate"]).toBe(undefined);
});

test("what a certificate does not speak of is refused, and said", async () => {
  const other = monotoneDeq({ ...sizes, width: 4, splitting: "douglas-rachford" });
  const plain = monotoneDeq({ ...sizes, width: 4 });
  // Changed after it was made: what it says of itself is no longer so.
  const changed: Model = { ...plain, apply: (p, x, pass) => plain.apply(p, mul(x, 2), pass) };
  for (const model of [other, { ...plain, settings: undefined }, changed]) {
    const { certificate, refused } = await exportModel(model, model.initialise(1), about);
    expect(certificate).toBe(null);
    expect(refused).toBeInstanceOf(CertificateError);
  }
  const same: Model = { ...plain, apply: (p, x, pass) => plain.apply(p, x, pass) };
  expect((await exportModel(same, same.initialise(1), about)).certificate).not.toBe(null);
});

test("misuse is refused by name", async () => {
  const model = mlp([2, 2]);
  const call = (options: unknown) =>
    exportModel(model, model.initialise(0), options as Parameters<typeof exportModel>[2]);
  await expect(call(undefined)).rejects.toThrow(UsageError);
  await expect(call({ task: "class" })).rejects.toThrow(/task "class"/);
  await expect(call({ task: "classes", feature: [] })).rejects.toThrow(/feature/);
  const metadata = { "eigenflow.certificate": "{}" };
  await expect(call({ task: "classes", metadata })).rejects.toThrow(/are written here/);
});
