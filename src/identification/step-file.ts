import { z } from "zod";
import { DataError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, div, mul, sub } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { transpose } from "../graph/ops/movement.ts";
import { constantOf, type Tensor, zerosOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import { activationOf } from "../models/ren/neurons.ts";
import { trajectoryOf } from "../models/ren/recurrence.ts";
import { type DecodedModel, decode } from "../onnx/decode.ts";
import { encode } from "../onnx/encode.ts";
import { type ProxKind, proxKinds } from "../solvers/prox.ts";
import { parseRenCertificate } from "../verification/ren-certificate.ts";
import { renWeights } from "../verification/ren-inequality.ts";
import { fileNeurons, requireResolvent, resolventName } from "./file-neurons.ts";
import type { StepModel } from "./step-model.ts";

/** What the metadata `eigenflow.model` of the file says, as JSON. */
const about = z.object({
  kind: z.enum(["ren", "linear"]),
  entry: z.enum(["step", "sequence"]),
  inputs: z.array(z.string()).min(1),
  outputs: z.array(z.string()).min(1),
  sampleTime: z.number().positive(),
  activation: z.enum(proxKinds as readonly [ProxKind, ...ProxKind[]]),
  feedback: z.enum(["acyclic", "full"]).default("acyclic"),
});

/** What the file holds of the model. */
const stored = [
  ...["A", "B1", "B2", "b_x", "C1", "D11", "D12", "b_v", "C2", "D21", "D22", "b_y"],
  ...["u.mean", "u.scale", "y.mean", "y.scale"],
];

/**
 * One step of the model as an ONNX file of standard operators, without loops unless D11 is full, whose
 * neurons are found by one: inputs `u` [N, inputs] in the units of the data and `x` [N, states], outputs
 * `y` [N, outputs] in the units of the data, of the same sample as u, and `x_next` [N, states], to be given
 * back as `x` with the next sample. x = 0 to begin with.
 *
 * The certificate is in the metadata `eigenflow.certificate`; names, sample time and what the signals are
 * scaled by are in `eigenflow.model`.
 */
export function encodeStep(model: StepModel): Uint8Array {
  const { inputs, outputs, sampleTime, activation, tensors } = model;
  const e = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor, name)]),
  );
  const u = input("u", "float32", ["N", inputs.length]);
  const x = input("x", "float32", ["N", e.A.shape[0]]);
  const scaled = div(sub(u, e["u.mean"]), e["u.scale"]);
  const v = add(affine(x, e.C1, e.b_v), affine(scaled, e.D12));
  const turned = (rows: Value) => transpose(rows, [1, 0]);
  const sigma = activationOf(activation);
  const w = turned(fileNeurons(model)(e.D11, (t) => sigma(t, 1)).solve(turned(v)));
  const next = add(affine(x, e.A, e.b_x), add(affine(w, e.B1), affine(scaled, e.B2)));
  const out = add(affine(x, e.C2, e.b_y), add(affine(w, e.D21), affine(scaled, e.D22)));
  const y = add(mul(out, e["y.scale"]), e["y.mean"]);
  return encode({
    inputs: { u, x },
    outputs: { y, x_next: next },
    doc:
      `One step of ${sampleTime} s: u (${inputs.join(", ")}) and y (${outputs.join(", ")}) of the same ` +
      "sample in the units of the data; feed x_next back as x, from x = 0.",
    metadata: metadataOf(model, "step"),
  });
}

/**
 * The model over whole sequences as an ONNX file of standard operators: inputs `u` [N, T, inputs] in the
 * units of the data and `x` [N, states], outputs `y` [N, T, outputs] and `x_next` [N, states], the state
 * behind the last sample, from which the next stretch goes on. The same numbers as `encodeStep` T times.
 */
export function encodeSequence(model: StepModel): Uint8Array {
  const { inputs, outputs, sampleTime, activation, tensors } = model;
  const e = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor, name)]),
  );
  const u = input("u", "float32", ["N", "T", inputs.length]);
  const x = input("x", "float32", ["N", e.A.shape[0]]);
  const columns = transpose(div(sub(u, e["u.mean"]), e["u.scale"]), [1, 2, 0]);
  const found = trajectoryOf(e, columns, transpose(x, [1, 0]), activation, fileNeurons(model));
  const y = add(mul(transpose(found.y, [2, 0, 1]), e["y.scale"]), e["y.mean"]);
  return encode({
    inputs: { u, x },
    outputs: { y, x_next: transpose(found.last, [1, 0]) },
    doc:
      `T steps of ${sampleTime} s: u (${inputs.join(", ")}) and y (${outputs.join(", ")}) [N, T, ...] of the same ` +
      "samples in the units of the data; x is the state before them, 0 to begin with, x_next the one behind them.",
    metadata: metadataOf(model, "sequence"),
  });
}

function metadataOf(
  { kind, inputs, outputs, sampleTime, activation, feedback, tensors, certificate }: StepModel,
  entry: "step" | "sequence",
): Record<string, string> {
  const scaling = (of: "u" | "y") => ({
    mean: Array.from(tensors[`${of}.mean`].data, Number),
    scale: Array.from(tensors[`${of}.scale`].data, Number),
  });
  return {
    "eigenflow.model": JSON.stringify({
      kind,
      entry,
      inputs,
      outputs,
      sampleTime,
      activation,
      ...(feedback === "full" && { feedback }),
      states: tensors.b_x.shape[0],
      neurons: tensors.b_v.shape[0],
      scaling: { u: scaling("u"), y: scaling("y") },
    }),
    ...(certificate && { "eigenflow.certificate": JSON.stringify(certificate) }),
  };
}

/** The initialisers of a file as tensors, by name. */
const storedTensors = ({ initialisers }: DecodedModel): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(initialisers).map(([name, { dtype, shape, node }]) => [
      name,
      { dtype, shape: shape as readonly number[], data: node.data! },
    ]),
  );

/** What a file takes: one sample, or a sequence of them. */
export type StepEntry = z.output<typeof about>["entry"];

/** What a file says that it takes; null where it is no model of a step. */
export function entryOf({ metadata }: DecodedModel): StepEntry | null {
  try {
    const { entry } = JSON.parse(metadata["eigenflow.model"] ?? "{}");
    return entry === "step" || entry === "sequence" ? entry : null;
  } catch {
    return null;
  }
}

/** Whether a file says that it is a model of a step, or of sequences of them. */
export const isStep = (file: DecodedModel): boolean => entryOf(file) !== null;

/**
 * The model in a file that `encodeStep` or `encodeSequence` wrote.
 *
 * @throws DataError, ShapeError  for another file, and for tensors that do not fit one another
 */
export function decodeStep(file: Uint8Array | DecodedModel, source = "the file"): StepModel {
  const decoded = file instanceof Uint8Array ? decode(file) : file;
  const { metadata } = decoded;
  const found = about.safeParse(parsed(metadata["eigenflow.model"], source));
  if (!found.success)
    throw new DataError(`${source}: is no model of one step`, {
      hint: "wanted is a model.onnx that eigenflow identify wrote",
    });
  // The graph has constants of its own beside them. D11 of a single neuron is 0, and no node reads it.
  const own = Object.entries(storedTensors(decoded)).filter(([name]) => stored.includes(name));
  const tensors: Record<string, Tensor> = {
    D11: zerosOf("float32", [1, 1]),
    ...Object.fromEntries(own),
  };
  const { B2, C2, C1 } = renWeights(tensors);
  const { kind, inputs, outputs, sampleTime, activation, feedback } = found.data;
  const sizes = {
    b_x: B2.rows,
    b_v: C1.rows,
    b_y: outputs.length,
    "u.mean": inputs.length,
    "u.scale": inputs.length,
    "y.mean": outputs.length,
    "y.scale": outputs.length,
  };
  const odd = Object.entries(sizes).find(([name, size]) => tensors[name]?.data.length !== size);
  if (odd !== undefined || B2.cols !== inputs.length || C2.rows !== outputs.length)
    throw new DataError(`${source}: ${odd?.[0] ?? "B2 or C2"} is missing or of another size`);
  for (const name of ["u.scale", "y.scale"]) {
    const at = Array.from(tensors[name].data, Number).findIndex((x) => !(x > 0));
    if (at >= 0)
      throw new DataError(`${source}: ${name}[${at}] is ${tensors[name].data[at]}, no deviation`);
  }
  if (feedback === "full")
    requireResolvent(storedTensors(decoded)[resolventName], tensors.D11, source);
  const json = metadata["eigenflow.certificate"];
  const certificate = json === undefined ? null : parseRenCertificate(parsed(json, source));
  if (certificate !== null && certificate.feedback !== feedback)
    throw new DataError(
      `${source}: its certificate is of ${certificate.feedback} feedback, its model says ${feedback}`,
    );
  const common = { kind, inputs, outputs, sampleTime, activation, tensors, certificate };
  return feedback === "full" ? { ...common, feedback } : common;
}

function parsed(json: string | undefined, source: string): unknown {
  try {
    return JSON.parse(json ?? "null");
  } catch (cause) {
    throw new DataError(`${source}: its metadata are no JSON`, { cause });
  }
}
