import { z } from "zod";
import { endsNames } from "../../signal/basis.ts";

const numbers = z.array(z.number());
const count = z.int().nonnegative();
const maybe = z.number().nullable();

/** What `denoise --json` prints, `files` aside. */
export const denoised = {
  source: z.string(),
  columns: z.object({ x: z.string().nullable(), y: z.string() }),
  samples: count,
  ends: z.enum(endsNames),
  cutoff: count,
  functions: count,
  cycles: z.number(),
  why: z.string(),
  noise: z.number(),
  error: z.object({
    expected: z.number(),
    squaredBias: z.number(),
    variance: z.number(),
    leaveOneOut: z.number(),
  }),
  limit: z.object({ cutoff: count, by: z.enum(["gap", "samples", "most"]) }),
  candidates: z.array(
    z.object({ ends: z.enum(endsNames), cutoff: count, risk: z.number(), leaveOneOut: maybe }),
  ),
  network: z
    .object({
      step: count,
      steps: count,
      heldOut: z.number(),
      linearHeldOut: z.number(),
    })
    .nullable(),
  reconstruction: z.object({
    x: numbers,
    y: numbers,
    denoised: numbers,
    standardError: numbers.nullable(),
  }),
  warnings: z.array(z.string()),
};
