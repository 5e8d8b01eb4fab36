import { hInfinityNorm } from "../lti/norm.ts";
import { isStable, type StateSpace } from "../lti/state-space.ts";
import { middleRest, steepestRest } from "./step-constants.ts";
import { type StepModel, unitsOfAttained } from "./step-model.ts";
import { type GainSearch, searchedGain } from "./step-search.ts";

/** A gain between two trajectories from equal states that is there to be found. */
export interface ObservedGain {
  readonly gain: number; // between standardised signals; ∞ for a linear model that is unstable
  /** At least so much in the units of the data; with one input and one output exactly. */
  readonly inUnits: number;
  /**
   * A pair of input sequences, small sinusoids about rest under the mean inputs, the same about rest under
   * the constant inputs `about`, or the H∞ norm of a linear model.
   */
  readonly by: "search" | "rest" | "constant" | "norm";
  readonly frequency: number | null; // Hz, of the sinusoids
  readonly about: Readonly<Record<string, number>> | null; // in the units of the data
}

/**
 * The largest gain found between standardised signals, (Σ‖Δy‖²/Σ‖Δu‖²)^½ from equal states: one that is
 * attained, beside γ. Of a linear model it is the H∞ norm. Of a network the largest of three: the H∞ norm of
 * its linearisation at rest under the mean inputs, which small sinusoids about rest, long enough, come as near
 * to as one likes; the same at rest under other constant inputs, the steepest of a hundred-odd; and the gain of
 * a pair of input sequences, by gradient ascent from random pairs, half of which differ by a constant, and from
 * those two rests and sinusoids of the frequencies of those norms. The gain of the pairs is computed in float64.
 */
export async function observedGain(
  model: StepModel,
  options: GainSearch = {},
): Promise<ObservedGain> {
  const of = (
    gain: number,
    by: ObservedGain["by"],
    theta: number | null,
    about: ObservedGain["about"] = null,
  ): ObservedGain => ({
    gain,
    inUnits: gain * unitsOfAttained(model),
    by,
    frequency: theta === null ? null : theta / (2 * Math.PI * model.sampleTime),
    about,
  });
  if (model.kind === "linear") {
    const system = linearPart(model);
    if (!isStable(system)) return of(Infinity, "norm", null);
    const { lower, theta } = hInfinityNorm(system);
    return of(lower, "norm", theta);
  }
  const middle = middleRest(model);
  const steepest = middle && steepestRest(model, middle, options.seed);
  const found = await searchedGain(
    model,
    [...new Set([middle, steepest])].filter((rest) => rest !== null),
    options,
  );
  if (middle === null || steepest === null || found > steepest.gain)
    return of(found, "search", null);
  return steepest === middle
    ? of(middle.gain, "rest", middle.theta)
    : of(steepest.gain, "constant", steepest.theta, inData(model, steepest.u));
}

/** Standardised inputs in the units of the data, by name. */
function inData({ inputs, tensors }: StepModel, u: Float64Array): Record<string, number> {
  const [mean, scale] = ["u.mean", "u.scale"].map((name) => tensors[name].data);
  return Object.fromEntries(
    inputs.map((name, j) => [name, Number(mean[j]) + Number(scale[j]) * u[j]]),
  );
}

/** How a gain was found, as the end of a sentence. */
export function howObserved({ by, frequency, about }: ObservedGain): string {
  if (by === "search") return "by search";
  if (by === "norm") return "its H∞ norm";
  const short = (x: number) => Number(x.toPrecision(3));
  const under =
    about === null
      ? ""
      : ` under ${Object.entries(about)
          .map(([name, value]) => `${name} = ${short(value)}`)
          .join(", ")}`;
  const small = frequency! > 0 ? `sinusoids of ${short(frequency!)} Hz` : "constant inputs";
  return `of small ${small} about rest${under}`;
}

/** A linear model as the system that it is. */
function linearPart({ tensors, sampleTime: dt }: StepModel): StateSpace {
  const of = (name: string) => {
    const { shape, data } = tensors[name];
    return { rows: shape[0], cols: shape[1], data: Float64Array.from(data, Number) };
  };
  return { A: of("A"), B: of("B2"), C: of("C2"), D: of("D22"), dt };
}
