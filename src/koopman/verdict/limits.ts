import type { Diagnosis, VerdictOptions } from "./verdict.ts";

/** What a diagnosis cannot say. */
export function limits(
  { spectrum, prospect, decision }: Diagnosis,
  { reference, window }: VerdictOptions,
): string[] {
  if (spectrum === null || prospect === null) return [];
  const out: string[] = [];
  if (reference === null && decision !== "continue")
    out.push("whether the loss beats guessing: no reference loss was given");
  if (spectrum.length < window)
    out.push(`as much as ${window} epochs would: only ${spectrum.length} were there`);
  if (prospect.clustering > 0)
    out.push(
      `where the loss would end: an eigenvalue within 1/${spectrum.length} of 1 is a floor or a drift ` +
        "too slow for this window",
    );
  out.push(`anything beyond ${spectrum.length} epochs with confidence`);
  return out;
}
