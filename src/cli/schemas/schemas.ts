import { z } from "zod";
import { decisions } from "../../koopman/verdict/verdict.ts";
import { denoised } from "./denoise-schema.ts";
import {
  certifyDocument,
  identifyDocument,
  simulateDocument,
  validateDocument,
} from "./identification-schemas.ts";
import { familyFields, gatedFields, plainFields } from "./schema-eigenfunctions.ts";
import { count, failure, maybe, numbers, refused, result, texts } from "./schema-parts.ts";
import { inspectedModel, replacement } from "./schemas-replacement.ts";
import {
  doctorDocument,
  predictDocument,
  reportDocument,
  reproduceDocument,
  schemaDocument,
  trainDocument,
} from "./schemas-runs.ts";

// What --json prints, as it is published by `eigenflow schema`. Within a version fields are only added.

const decision = z.enum(decisions);

const lossMode = z.object({
  re: z.number(),
  im: z.number(),
  contribution: z.number(),
  contributionIm: z.number(),
  residual: z.number(),
});
const window = {
  length: count,
  delays: count,
  noise: z.number(),
  least: z.number(),
  modes: z.array(lossMode),
};
const verdict = z.object({
  decision,
  sentence: z.string(),
  epoch: z.int(),
  loss: maybe.describe("null where it is not finite, or there is none"),
  spectrum: z.object(window).nullable(),
  prospect: z
    .object({
      improvement: z.number(),
      slowest: maybe,
      slowestResolved: maybe,
      timeConstant: maybe,
      escapeEpochs: maybe,
      escapeToGuessing: maybe,
      rising: z.boolean(),
      epochsToStop: maybe,
      epochsToReference: maybe,
      clustering: maybe,
    })
    .nullable(),
  resting: z.boolean().nullable().describe("whether the weights come to rest; null: not known"),
  windows: count,
  agreeing: count,
  confirmed: z.boolean(),
  forecast: numbers,
  forecastError: maybe,
  margin: z.object({ level: z.number(), shares: numbers }).nullable(),
  cannotSay: texts,
});

const motion = {
  coordinates: count,
  rank: count,
  spectrum: z.array(
    z.object({
      re: z.number(),
      im: z.number(),
      modulus: z.number(),
      residual: z.number(),
      importance: z.number(),
      halfLife: maybe,
      trusted: z.boolean(),
    }),
  ),
  norms: numbers,
  increments: numbers,
  remaining: maybe,
  persisting: z.number(),
  orthogonality: z.number(),
  warnings: texts,
};
const weights = z.object({
  ...motion,
  snapshots: count,
  steps: numbers,
  spacing: z.number(),
  tensors: z.array(z.object({ name: z.string(), shape: z.array(count), first: count, count })),
  layers: z.array(z.object({ ...motion, name: z.string() })),
  decision,
  sentence: z.string(),
  settled: z.boolean(),
  lossAgrees: z.boolean().nullable(),
});

const analysis = {
  source: z.string(),
  kind: z.string(),
  series: z.object({
    name: z.string(),
    steps: numbers,
    values: z.array(maybe),
    spacing: z.number(),
    even: z.boolean(),
    notFinite: z.array(z.object({ step: z.number(), value: z.string() })),
    rateSteps: numbers,
  }),
  options: z.object({
    window: count,
    reference: maybe,
    tolerance: z.number(),
    budget: maybe,
    patience: maybe,
    growing: z.array(count),
    average: count,
  }),
  verdict,
  growing: z.array(
    z.object({
      ...window,
      place: z.enum(["first", "last"]),
      from: z.number(),
      to: z.number(),
      clustering: maybe,
    }),
  ),
  sliding: z.array(
    z.object({
      from: z.number(),
      to: z.number(),
      loss: maybe,
      decision,
      slowest: maybe,
      slowestResolved: maybe,
      improvement: maybe,
      clustering: maybe,
    }),
  ),
  weights: weights.nullable(),
  warnings: texts,
};
const files = texts.describe("what -o has written");

const eigenvalue = z.object({ re: z.number(), im: z.number(), residual: z.number() });
const ofWhat = z.enum(["loss", "val", "weights"]);

/** The documents of commands, by command. */
export const schemas = {
  analyze: z.union([
    result("analyze", 2, { ...analysis, files }),
    result("analyze", 2, {
      runs: z.array(
        z.union([
          z.object({
            path: z.string(),
            ok: z.literal(true),
            schema: z.literal("eigenflow/analyze@2"),
            ...analysis,
          }),
          z.object({ path: z.string(), ok: z.literal(false), error: failure }),
        ]),
      ),
      files,
    }),
    refused("analyze", 2),
  ]),
  watch: z.union([
    result("watch", 1, {
      path: z.string(),
      of: z.enum(["loss", "val"]),
      ending: z.enum(["looked once", "run ended", "until", "fail-on", "interrupted"]),
      verdict: verdict.nullable(),
      changes: z.array(
        z.object({
          step: z.number(),
          values: count,
          decision,
          confirmed: z.boolean(),
          sentence: z.string(),
          loss: maybe,
          agreeing: count,
          windows: count,
          epochsToStop: maybe,
        }),
      ),
    }),
    refused("watch", 1),
  ]),
  inspect: z.union([
    result("inspect", 1, {
      path: z.string(),
      kind: z.string(),
      sources: z.array(
        z.object({ kind: z.string(), path: z.string(), summary: z.string(), caveats: texts }),
      ),
      series: z.array(
        z.object({
          name: z.string(),
          source: z.string(),
          values: count,
          from: z.number(),
          to: z.number(),
          spacing: z.number(),
          even: z.boolean(),
          notFinite: count,
          caveats: texts,
        }),
      ),
      snapshots: z
        .object({
          count,
          from: z.number(),
          to: z.number(),
          spacing: z.number(),
          even: z.boolean(),
          tensors: count,
          others: count,
          numbers: count,
          opaque: texts,
        })
        .nullable(),
      evidence: z.array(
        z.object({
          of: ofWhat,
          level: z.int().min(1).max(5),
          says: z.string(),
          missing: texts,
          command: z.string(),
        }),
      ),
      caveats: texts,
    }),
    inspectedModel,
    refused("inspect", 1),
  ]),
  compare: z.union([
    result("compare", 1, {
      of: ofWhat,
      runs: z.array(z.object({ path: z.string(), eigenvalues: z.array(eigenvalue) })),
      window: z.object({ from: count, to: count, length: count }),
      delays: count,
      distance: z.number(),
      hausdorff: z.number(),
      pValue: z.number(),
      arrangements: maybe,
      within: z.array(maybe),
      pairs: z.array(z.array(z.int())),
      different: z.boolean(),
      conclusive: z.boolean(),
      sentence: z.string(),
      cannotSay: texts,
    }),
    refused("compare", 1),
  ]),
  identify: identifyDocument,
  simulate: simulateDocument,
  validate: validateDocument,
  certify: certifyDocument,
  replace: replacement,
  denoise: z.union([result("denoise", 1, { ...denoised, files }), refused("denoise", 1)]),
  eigenfunctions: z.union([
    result("eigenfunctions", 1, plainFields),
    result("eigenfunctions", 1, gatedFields),
    result("eigenfunctions", 1, familyFields),
    refused("eigenfunctions", 1),
  ]),
  train: trainDocument,
  predict: predictDocument,
  report: reportDocument,
  reproduce: reproduceDocument,
  doctor: doctorDocument,
  schema: schemaDocument,
} as const;
