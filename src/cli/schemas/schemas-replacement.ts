import { z } from "zod";
import { count, maybe, numbers, refused, result, simFields } from "./schema-parts.ts";

const shape = z.array(z.union([z.number(), z.string()])).nullable();
const value = z.object({ name: z.string(), shape });

/** `eigenflow inspect MODEL.onnx` */
export const inspectedModel = result("inspect", 1, {
  path: z.string(),
  kind: z.literal("onnx"),
  producer: z.string(),
  opset: count,
  inputs: z.array(value),
  outputs: z.array(value),
  parameters: count,
  layers: z.array(
    z.object({
      place: count,
      name: z.string(),
      inputs: count,
      outputs: count,
      activation: z.string().nullable(),
      dtype: z.string(),
      input: z.string(),
      output: z.string(),
      parameters: count,
      largest: z.number(),
      smallest: z.number(),
      rank: count,
      tolerance: z.number(),
      spectralRadius: maybe,
      replaceable: z.boolean(),
      reason: z.string().nullable(),
      foldable: z.boolean(),
    }),
  ),
  others: z.array(
    z.object({
      name: z.string(),
      op: z.string(),
      shape: z.array(count),
      parameters: count,
      reason: z.string(),
    }),
  ),
  spectrum: z
    .object({
      ...simFields,
      time: z
        .union([z.literal("limit"), z.number(), z.object({ column: z.string() })])
        .describe("when the state is read out"),
    })
    .optional()
    .describe("of a stable invariant model"),
});

const dictionary = z.object({
  kind: z.enum(["affine", "polynomial", "fourier", "relu"]),
  degree: count.optional(),
  features: count.optional(),
  width: z.number().optional(),
  seed: z.number().optional(),
});
const cost = { parameters: count, multiplyAdds: count };
const beforeAfter = z.object({ before: z.object(cost), after: z.object(cost) });

/** `eigenflow replace` */
export const replacement = z.union([
  result("replace", 1, {
    model: z.string(),
    layers: z.array(
      z.object({
        name: z.string(),
        inputs: count,
        outputs: count,
        dictionary,
        observables: count,
        cost: beforeAfter,
        singularValues: numbers,
        eigenvalues: z.array(z.object({ re: z.number(), im: z.number() })).nullable(),
      }),
    ),
    samples: z.object({ fit: count, test: count, seed: z.number() }),
    options: z.object({ ridge: maybe, rank: maybe }),
    foldedBatchNorm: z.boolean(),
    measure: z.enum(["accuracy", "agreement", "R2"]),
    before: z.number(),
    after: z.number(),
    drop: z.number().describe("percentage points"),
    baseline: z.object({ score: z.number(), drop: z.number(), ...cost }),
    cost: beforeAfter,
    parameters: z.object({ before: count, after: count }),
    suggestion: z
      .object({
        maxDrop: z.number(),
        reached: z.boolean(),
        chosenOn: count,
        candidates: z.array(
          z.object({
            dictionaries: z.array(dictionary),
            ...cost,
            score: z.number(),
            drop: z.number(),
            proposed: z.boolean(),
          }),
        ),
      })
      .nullable(),
    out: z.string().nullable(),
  }),
  refused("replace", 1),
]);
