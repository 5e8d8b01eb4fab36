import { z } from "zod";
import { presetNames } from "../../reproduce/reproduction.ts";
import { solveStatuses } from "../../solvers/options.ts";
import { count, maybe, refused, result, simFields, texts } from "./schema-parts.ts";

// What train, predict, report, reproduce, doctor and schema print with --json.

const solves = z.object({
  meanIterations: z.number(),
  mostIterations: count,
  unconverged: z.number(),
  truncated: z.number().optional(),
});
const metrics = z.object({
  loss: maybe.describe("null where it is not finite"),
  accuracy: z.number().optional(),
  gradientNorm: maybe.optional(),
  forward: solves.optional(),
  backward: solves.optional(),
});
const config = z.looseObject({}).describe("every key of a configuration, with its value");

export const trainDocument = z.union([
  result("train", 1, {
    status: z.enum([
      "completed",
      "stopped",
      "stopped-by-verdict",
      "given-up",
      "non-finite",
      "solver-failed",
    ]),
    reason: z.string(),
    run: z.string(),
    epochs: count,
    steps: count,
    test: metrics.nullable(),
    secondsPerEpoch: maybe,
    model: z.string().nullable(),
    certificate: z
      .looseObject({ schema: z.enum(["eigenflow/certificate@1", "eigenflow/gain-certificate@1"]) })
      .nullable(),
    spectrum: z.object(simFields).nullable().optional().describe("of a stable invariant model"),
    refused: z.string().optional().describe("why the model has no certificate"),
    report: z.string().optional(),
    resume: z.string().optional().describe("the command that goes on with a stopped run"),
  }),
  result("train", 1, {
    dryRun: z.literal(true),
    config,
    rows: z.object({ train: count, test: count }),
    inputs: count,
    outputs: count,
    parameters: count,
    steps: count,
  }),
  result("train", 1, { config }),
  refused("train", 1),
]);

export const predictDocument = z.union([
  result("predict", 1, {
    rows: count,
    unconverged: count,
    predictions: z.array(
      z.object({
        row: count,
        class: z.union([z.string(), count]).optional(),
        numbers: z.array(maybe).describe("probabilities, or what is predicted"),
        limit: z
          .array(maybe)
          .optional()
          .describe("the same as t → ∞, of a stable invariant model that is read out at a time"),
        status: z.enum(solveStatuses).optional(),
        iterations: count.optional(),
        residual: maybe.optional(),
      }),
    ),
    out: z.string().optional(),
  }),
  refused("predict", 1),
]);

export const reportDocument = z.union([
  result("report", 1, {
    page: z.string(),
    markdown: z.string().optional(),
    figures: texts,
    verdicts: z.array(z.object({ of: z.string(), decision: z.string(), sentence: z.string() })),
  }),
  refused("report", 1),
]);

const reproduced = {
  name: z.string(),
  title: z.string(),
  about: z.string(),
  version: z.string(),
  preset: z.enum(presetNames),
  seed: count,
  minutes: z.number(),
  lines: z.array(
    z.object({
      what: z.string(),
      published: z.string(),
      ours: z.string(),
      standing: z.enum(["reached", "better", "not reached", "corrected", ""]),
      note: z.string().optional(),
    }),
  ),
  figures: z.array(z.object({ file: z.string(), caption: z.string() })),
};

export const reproduceDocument = z.union([
  result("reproduce", 2, {
    ...reproduced,
    sections: z.array(z.object({ heading: z.string(), text: z.string() })),
    data: z.unknown().describe("all numbers; as each reproduction has them"),
    files: texts,
  }),
  result("reproduce", 2, {
    preset: z.enum(presetNames),
    results: z.array(z.object({ ...reproduced, files: texts.optional() })),
  }),
  result("reproduce", 2, {
    reproductions: z.array(z.object({ name: z.string(), title: z.string(), about: z.string() })),
  }),
  refused("reproduce", 2),
]);

export const doctorDocument = z.union([
  result("doctor", 1, {
    checks: z.array(
      z.object({
        name: z.string(),
        found: z.string().nullable(),
        use: z.string(),
        install: z.string().optional(),
      }),
    ),
  }),
  refused("doctor", 1),
]);

export const schemaDocument = z.union([
  result("schema", 1, { schemas: texts }),
  result("schema", 1, { name: z.string(), published: z.looseObject({}) }),
  refused("schema", 1),
]);
