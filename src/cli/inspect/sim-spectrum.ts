import { z } from "zod";
import { DataError } from "../../errors.ts";
import { nearProjector, readSim, type SimReading } from "../../models/sim/reading.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { table } from "../analysis/analysis-text.ts";
import { readModelFile, tensorsIn } from "../input/model-file.ts";
import { short } from "../output/numbers.ts";

/** What the metadata `eigenflow.model` of a stable invariant model says. */
const about = z.object({
  kind: z.literal("sim"),
  time: z.union([z.literal("limit"), z.number(), z.object({ column: z.string() })]),
  modes: z
    .object({
      ones: z.int(),
      rotations: z.array(z.number()),
      decaying: z.array(z.object({ rate: z.number(), angle: z.number() })),
      unit: z.boolean(),
    })
    .optional(),
});

type Found = SimReading & { readonly time: z.output<typeof about>["time"] };

/**
 * The spectrum of a stable invariant model of ours, from the tensors in its file; null for other models, and
 * where `eigenflow replace` has put another operator in place of the core.
 *
 * @throws DataError  for a file whose tensors are not those that its metadata speak of
 */
export async function simIn(path: string, { metadata }: ForeignModel): Promise<Found | null> {
  const given = parsed(metadata.get("eigenflow.model") ?? "null");
  if ((given as { kind?: unknown } | null)?.kind !== "sim") return null;
  const { data, error } = about.safeParse(given);
  if (error) throw new DataError(`${path}: its eigenflow.model metadata is malformed`);
  try {
    const tensors = tensorsIn(await readModelFile(path));
    return { ...readSim(tensors, data.modes), time: data.time };
  } catch (cause) {
    if (metadata.has("eigenflow.hybrid")) return null;
    throw new DataError(`${path}: no stable invariant model as its metadata say: ${cause}`, {
      cause,
    });
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

const when = (time: Found["time"]) =>
  time === "limit"
    ? "in the limit"
    : typeof time === "number"
      ? `at t = ${time}`
      : `at the time in ${time.column}`;

/** The spectrum in lines. */
export function simText(found: Found): string[] {
  const { modes, rank, surviving, limit, dimension, core, time, relations } = found;
  const ones = modes.filter(({ kind }) => kind === "one").length;
  const pairs = modes.filter(({ kind }) => kind !== "one");
  return [
    `stable invariant model, read out ${when(time)}; the limit of one start is a ${limit}`,
    ...table([
      ["  eigenvalues", "|λ|", "angle", "turns", "rate", ""],
      ...(ones > 0 ? [[`  ${ones} of λ = 1`, "1", "0", "0", "0", "left in the limit"]] : []),
      ...pairs.map(({ kind, modulus, angle, rotationNumber, rate, survives }) => [
        `  pair, ${kind}`,
        ...[modulus, angle, rotationNumber, rate].map((x) => short(x)),
        survives ? "left in the limit" : "gone in the limit",
      ]),
    ]),
    `  ${surviving} of ${rank} coordinates are left; dimension of the invariant set: ${dimension}` +
      (relations.length > 0 ? `, after ${relations.length} relations between angles` : ""),
    `  eigenvalues of VU ${coreText(core)}; ‖VU − I‖ = ${short(core.defect)} ` +
      (nearProjector(found) ? "(0: UV is a projector)" : "(no projector: see model.projector)"),
  ];
}

function coreText({ re, im }: SimReading["core"]): string {
  const far = Math.max(...re.map((x, i) => Math.hypot(x - 1, im[i])));
  return `within ${short(far)} of 1`;
}
