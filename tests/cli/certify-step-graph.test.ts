import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { tensorOf } from "../../src/graph/tensor.ts";
import { storedProgram } from "../../src/identification/ren-stored.ts";
import { decodeStep, encodeSequence, encodeStep } from "../../src/identification/step-file.ts";
import type { StepModel } from "../../src/identification/step-model.ts";
import { sealed } from "../../src/identification/weights-hash.ts";
import { ren } from "../../src/models/ren/ren.ts";
import { certifyRen } from "../../src/verification/ren-certificate.ts";
import { folder } from "./eigenflow.ts";
import {
  catchesOtherOperators,
  certified,
  passesRenamed,
  passesUnchanged,
} from "./graph-changes.ts";

/** A network as it is drawn, with its certificate, in units of its own. */
async function network(
  feedback: "acyclic" | "full",
  activation: "tanh" | "relu",
): Promise<StepModel> {
  const guarantee = { kind: "lipschitz", gamma: 2 } as const;
  const rate = 0.95;
  const sizes = { inputs: 2, outputs: 1, states: 3, neurons: 4 };
  const model = ren({ ...sizes, guarantee, rate, feedback, activation });
  const program = await storedProgram(model, 1);
  const { tensors, metric } = await program.run(model.initialise(1));
  await program.release();
  const vector = (...numbers: number[]) => tensorOf(Float32Array.from(numbers), [numbers.length]);
  const all = {
    ...tensors,
    ...{ "u.mean": vector(0.5, 1), "u.scale": vector(2, 3) },
    ...{ "y.mean": vector(-1), "y.scale": vector(4) },
  };
  const claim = { activation, feedback, rate, guarantee };
  return {
    ...{ kind: "ren", inputs: ["a", "b"], outputs: ["y"], sampleTime: 0.1, activation },
    tensors: all,
    certificate: sealed(certifyRen(tensors, metric, claim), all),
    ...(feedback === "full" && { feedback }),
  };
}

const cwd = folder();
describe.each([
  ["acyclic", "tanh"],
  ["full", "tanh"],
  ["acyclic", "relu"],
] as const)("a network of %s neurons, %s", (feedback, activation) => {
  let model: StepModel;
  const file = (entry: string) => join(cwd, `${entry}.onnx`);
  beforeAll(async () => {
    model = await network(feedback, activation);
    writeFileSync(file("step"), encodeStep(model));
    writeFileSync(file("sequence"), encodeSequence(model));
  }, 60_000);

  describe.each(["step", "sequence"])("as a %s", (entry) => {
    test("as it was written, is built again", () => passesUnchanged(file(entry)));
    test("with one operator changed, is caught", () => catchesOtherOperators(file(entry)));
    test("with a value renamed, is the same", () => passesRenamed(file(entry)));
  });

  test("is not that of another activation that its certificate speaks of", async () => {
    const certificate = model.certificate!;
    const other = activation === "tanh" ? "relu" : "tanh";
    const sigma = { ...model, certificate: { ...certificate, activation: other } as const };
    const { code, document } = await certified(encodeStep(sigma));
    expect([code, document.graph.difference]).toEqual([
      6,
      `the certificate speaks of ${other}, the model runs ${activation}`,
    ]);
  });

  test("is not the same model as one file in the form of the other", async () => {
    // A file of a step that says it is one of sequences.
    const bytes = Buffer.from(encodeSequence(model)).toString("latin1");
    const said = bytes.replace('"entry":"sequence"', '"entry":"step"    ');
    const { code, document } = await certified(Buffer.from(said, "latin1"));
    expect(code).toBe(6);
    expect(document.graph.difference).toContain('"u"');
    expect(decodeStep(encodeStep(model)).tensors.A).toEqual(model.tensors.A);
  });
});

test("the text says what s is, and gives six digits", async () => {
  const { text } = await certified(encodeStep(await network("acyclic", "tanh")));
  expect(text).toContain("s = γ‖Δu‖² − ‖Δy‖²/γ");
  const [, digits] = /λmin at least (\S+)/.exec(text)!;
  expect(digits.replace(/e.*/, "").replace(/^0?\.0*/, "").length).toBeLessThanOrEqual(7);
});
