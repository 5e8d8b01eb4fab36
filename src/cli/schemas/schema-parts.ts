import { z } from "zod";

// What the documents of several commands are made of.

export const numbers = z.array(z.number());
export const count = z.int().nonnegative();
export const texts = z.array(z.string());
export const maybe = z.number().nullable();

const problem = z.object({
  message: z.string(),
  remark: z.string().optional(),
  flag: z.string().optional(),
  source: z.string().optional(),
  line: count.optional(),
  column: count.optional(),
});
export const failure = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  problems: z.array(problem).optional(),
  exitCode: z.int().optional(),
});

const envelope = (command: string, version: number) => ({
  schema: z.literal(`eigenflow/${command}@${version}`),
  command: z.literal(command),
  version: z.string(),
  elapsed_ms: count,
});

/** A document with a result; with an error as well where a result says that something is wrong. */
export const result = <T extends z.core.$ZodLooseShape>(
  command: string,
  version: number,
  fields: T,
) =>
  z.object({
    ...envelope(command, version),
    ok: z.boolean(),
    error: failure.optional(),
    ...fields,
  });
export const refused = (command: string, version: number) =>
  z.object({ ...envelope(command, version), ok: z.literal(false), error: failure });

/** The spectrum of a stable invariant model, `readSim`. */
export const simFields = {
  modes: z.array(
    z.object({
      kind: z.enum(["one", "rotation", "decaying"]),
      modulus: z.number(),
      angle: z.number(),
      rate: z.number(),
      rotationNumber: z.number(),
      survives: z.boolean().describe("whether it is there in the limit"),
    }),
  ),
  dimension: count.describe("of the invariant set of one start"),
  limit: z.string(),
  relations: z.array(z.object({ factors: numbers, value: z.number() })),
  tolerance: z.number(),
  rank: count,
  surviving: count,
  core: z
    .object({ re: numbers, im: numbers, defect: z.number() })
    .describe("eigenvalues of VU, and ‖VU − I‖"),
};
