import type { Spread } from "../../data/quantiles.ts";
import { rounding } from "./published.ts";

export type Agreement = "within" | "outside";
export const agreement = (holds: boolean): Agreement => (holds ? "within" : "outside");

/** How many standard errors two samples of one population may be apart. */
export const standardErrors = 4;

/** Standard errors of quantiles of n normal numbers of deviation 1, times √n: √(p(1 − p)) / φ(z_p). */
const ofMedian = 1.2533;
const ofBand = 2.1132; // p = 0.05 and 0.95

/**
 * Whether our quantiles of a positive quantity agree with printed ones of other draws of the same
 * kind: their logarithms differ by no more than four standard errors of the two samples and the
 * rounding of print. The deviation is taken from our band, as for normal logarithms.
 *
 * @param draws  ours and theirs
 */
export function agrees(
  ours: Spread,
  { median, band }: { readonly median: string; readonly band?: readonly [string, string] },
  draws: readonly [number, number],
): boolean {
  const deviation = Math.log(ours.high / ours.low) / (2 * 1.6449);
  const perQuantile = standardErrors * deviation * Math.hypot(...draws.map((n) => n ** -0.5));
  const near = (our: number, printed: string, factor: number) => {
    const [theirs, half] = [Number(printed), rounding(printed)];
    const room = perQuantile * factor;
    return our <= (theirs + half) * Math.exp(room) && our >= (theirs - half) * Math.exp(-room);
  };
  return (
    near(ours.middle, median, ofMedian) &&
    (band === undefined || (near(ours.low, band[0], ofBand) && near(ours.high, band[1], ofBand)))
  );
}
