import { z } from "zod";
import { count, maybe, numbers, texts } from "./schema-parts.ts";

// What `eigenflow eigenfunctions --json` prints beside its envelope.

const phi = z.object({
  eigenvalue: z.number().describe("−μ in continuous time, the multiplier of a step else"),
  singularValue: z.number(),
  exact: z.boolean(),
  bound: maybe.describe("null where the activation has none"),
  offset: z.number(),
  u: numbers.nullable().describe("null where it is too long: then in u.npy"),
  drive: numbers.nullable(),
  autonomous: z.boolean(),
});

/** Of a plain recurrent network. */
export const plainFields = {
  source: z.string(),
  equation: z.string(),
  form: z.enum(["pre-activation", "cell"]),
  time: z.enum(["continuous", "discrete"]),
  leak: maybe,
  activation: z.string(),
  units: count,
  inputs: count,
  rank: count,
  singularValues: numbers,
  tolerance: maybe,
  decision: z.enum(["exact", "approximate", "reduces", "none"]),
  sentence: z.string(),
  assumed: texts,
  eigenfunctions: z.array(phi),
  nearest: phi.nullable(),
  constants: z.array(z.object({ over: count, under: count })).describe("ratios φ_over/φ_under"),
  exactness: z
    .object({
      nullSpace: z.number(),
      generator: z.number(),
      law: z.number(),
      jacobian: z.number(),
    })
    .nullable(),
  tracks: z.array(z.object({ of: z.int(), departure: z.number(), allowed: z.number() })),
  reduction: z
    .object({
      rank: count,
      exact: z.boolean(),
      dropped: z.number(),
      truncation: maybe,
      cost: z.object({ full: count, reduced: count }),
      gap: maybe,
    })
    .nullable(),
  fixedPoints: z.object({
    starts: count,
    unfinished: count,
    unique: z.boolean(),
    points: z.array(
      z.object({
        x: numbers.nullable(),
        y: numbers,
        stability: z.enum(["stable", "unstable", "marginal"]),
        smooth: z.boolean(),
        found: count,
        residual: z.number(),
        re: numbers,
        im: numbers,
      }),
    ),
  }),
  files: texts,
};

/** Of a GRU or LSTM. */
export const gatedFields = {
  source: z.string(),
  gated: z.object({
    kind: z.enum(["gru", "lstm"]),
    units: count,
    gates: z.array(z.object({ name: z.string(), rank: count, norm: z.number() })),
    frozen: z.boolean(),
    departure: z.number(),
    keeps: z.number(),
    steps: count,
    offers: texts,
  }),
};

/** Of the networks of the theorem beyond ζ(x) = x − θ. */
export const familyFields = {
  source: z.string(),
  family: z.object({
    kind: z.int(),
    zeta: z.string(),
    domain: z.array(maybe).describe("null: without end"),
    hypothesis: z.object({
      holds: z.enum(["proven", "not refuted"]),
      least: maybe,
      points: count,
    }),
    units: count,
    rank: count,
    singularValues: numbers,
    functions: z.array(z.object({ eigenvalue: z.number(), u: numbers.nullable() })),
    constants: z.array(numbers),
  }),
};
