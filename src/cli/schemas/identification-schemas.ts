import { z } from "zod";
import { count, maybe, numbers, refused, result, texts } from "./schema-parts.ts";

const correlation = z.object({
  of: z.string(),
  lags: z.array(z.int()),
  values: numbers,
  bound: z.number(),
  outside: count,
  pValue: z.number(),
  passed: z.boolean(),
});
const how = z
  .enum(["search", "rest", "constant", "norm"])
  .describe(
    "a pair of input sequences, small sinusoids about rest under the mean inputs or under other constant ones, the H∞ norm of a linear model",
  );
const about = z
  .record(z.string(), z.number())
  .nullable()
  .describe("those constant inputs, in the units of the data");
const fit = maybe.describe("%; null where the model leaves the finite numbers");
const validation = {
  fits: z.array(
    z.object({
      horizon: z.union([z.literal("simulate"), z.int().positive()]),
      fit,
      outputs: z.array(
        z.object({
          experiment: z.string(),
          output: z.string(),
          rmse: maybe,
          nrmse: maybe,
          fit,
        }),
      ),
    }),
  ),
  noiseModel: z.boolean(),
  residuals: z.object({
    level: z.number(),
    white: z.boolean(),
    independent: z.boolean(),
    whiteness: z.array(correlation),
    crossCorrelation: z.array(correlation),
  }),
};

const square = z.array(numbers);
const guarantee = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("contracting") }),
  z.object({ kind: z.literal("lipschitz"), gamma: z.number() }),
  z.object({ kind: z.literal("input-passive"), nu: z.number() }),
  z.object({ kind: z.literal("output-passive"), rho: z.number() }),
  z.object({ kind: z.literal("passive"), nu: z.number(), rho: z.number() }),
  z.object({ kind: z.literal("dissipative"), Q: square, S: square, R: square }),
]);
const proven = { rate: z.number(), overshoot: z.number(), guarantee, margin: maybe };

export const identifyDocument = z.union([
  result("identify", 1, {
    model: z.enum(["ren", "linear"]),
    data: z.object({
      inputs: texts,
      outputs: texts,
      sampleTime: z.number(),
      samples: z.object({ estimation: count, heldOut: count }),
    }),
    models: z.array(
      z.object({
        name: z.string(),
        estimation: z.object(validation),
        heldOut: z.object(validation),
      }),
    ),
    linear: z.object({
      order: count,
      poles: z.array(z.object({ re: z.number(), im: z.number(), abs: z.number() })),
      hInfinity: z.object({ lower: z.number(), upper: z.number() }).nullable(),
    }),
    training: z
      .object({
        states: count,
        neurons: count,
        feedback: z.enum(["acyclic", "full"]).describe("of the neurons among each other"),
        startedFrom: z.enum(["linear", "random"]),
        status: z.enum(["completed", "stopped early", "interrupted"]),
        epochs: count,
        best: count,
      })
      .optional()
      .describe("of a network"),
    certificate: z
      .object(proven)
      .nullable()
      .describe("null where the linear model is unstable: nothing contracts"),
    gain: z.object({
      bound: maybe,
      observed: maybe.describe("between standardised signals; null where it is infinite"),
      observedInUnitsOfData: maybe,
      observedBy: how,
      observedAbout: about,
      frequency: maybe.describe("Hz, of sinusoids about rest"),
      inUnitsOfData: z.number().describe("what a bound is multiplied by"),
    }),
    warnings: texts,
    files: texts.describe("what -o has written"),
  }),
  refused("identify", 1),
]);

export const simulateDocument = z.union([
  result("simulate", 1, {
    samples: count,
    outputs: texts,
    initial: z
      .union([z.enum(["zero", "estimate"]), count])
      .describe("the state that it began with; a number: samples run from zero and left out"),
    y: numbers.describe("[samples × outputs], row after row"),
    out: z.string().optional(),
  }),
  refused("simulate", 1),
]);

export const validateDocument = z.union([
  result("validate", 1, validation),
  refused("validate", 1),
]);

const graph = z
  .object({
    basis: z
      .enum(["rebuilt", "trust"])
      .describe("built again from the file's metadata and weights and compared, or taken on trust"),
    holds: z.boolean().nullable().describe("null where it is taken on trust"),
    difference: z.string().nullable().describe("the first, where the graph is another"),
  })
  .describe("whether the nodes of the file compute the model that is spoken of");

export const certifyDocument = z.union([
  result("certify", 1, {
    holds: z.boolean(),
    ...proven,
    weightsMatch: z
      .boolean()
      .nullable()
      .describe(
        "whether the weights are to the last bit those that were certified; null where no hash was kept",
      ),
    graph,
    gain: z.object({
      bound: maybe,
      inUnitsOfData: z.number(),
      observed: z.number().optional(),
      observedInUnitsOfData: z.number().optional(),
      observedBy: how.optional(),
      observedAbout: about.optional(),
    }),
  }),
  result("certify", 1, {
    holds: z.boolean(),
    iteration: z.object({ activation: z.string(), splitting: z.string(), alpha: z.number() }),
    checks: z.array(
      z.object({
        kind: z.string(),
        holds: z.boolean(),
        claimed: z.number(),
        found: maybe,
        margin: maybe,
        sentence: z.string(),
      }),
    ),
    graph,
    attained: z.object({ gain: z.number(), bound: maybe }).optional(),
  }),
  result("certify", 1, {
    holds: z.boolean(),
    activation: z.string(),
    sizes: z.array(count).describe("of the inputs, the hidden layers and the outputs"),
    bound: z.number(),
    sentence: z.string(),
    layers: z.array(z.object({ gain: z.number(), margin: maybe })),
    output: z.number(),
    found: z.number().describe("the product of the gains, the output's norm and 1/min scale"),
    graph,
    attained: z.object({ gain: z.number(), bound: z.number() }).optional(),
  }),
  result("certify", 1, {
    holds: z.boolean(),
    conclusion: z.string(),
    can: z.string(),
    cannot: z.string(),
    layer: z.looseObject({ activation: z.string(), slope: z.number() }),
    graph,
  }),
  refused("certify", 1),
]);
