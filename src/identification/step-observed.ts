import { hInfinityNorm } from "../lti/norm.ts";
import { isStable, type StateSpace } from "../lti/state-space.ts";
import { type StepModel, unitsOfAttained } from "./step-model.ts";
import { restOfStep } from "./step-rest.ts";
import { type GainSearch, searchedGain } from "./step-search.ts";

/** A gain between two trajectories from equal states that is there to be found. */
export interface ObservedGain {
  readonly gain: number; // between standardised signals; ∞ for a linear model that is unstable
  /** At least so much in the units of the data; with one input and one output exactly. */
  readonly inUnits: number;
  /** A pair of input sequences, small sinusoids about rest, or the H∞ norm of a linear model. */
  readonly by: "search" | "rest" | "norm";
  readonly frequency: number | null; // Hz, of the sinusoids
}

/**
 * The largest gain found between standardised signals, (Σ‖Δy‖²/Σ‖Δu‖²)^½ from equal states: one that is
 * attained, beside γ. Of a linear model it is the H∞ norm. Of a network the larger of two: the H∞ norm of its
 * linearisation at rest under the mean inputs, which small sinusoids about rest come as near to as one likes;
 * and the gain of a pair of input sequences, by gradient ascent from random pairs, half of which differ by a
 * constant, and from rest and sinusoids of the frequency of that norm. The gain of the pairs is computed in
 * float64.
 */
export async function observedGain(
  model: StepModel,
  options: GainSearch = {},
): Promise<ObservedGain> {
  const of = (gain: number, by: ObservedGain["by"], theta: number | null): ObservedGain => ({
    gain,
    inUnits: gain * unitsOfAttained(model),
    by,
    frequency: theta === null ? null : theta / (2 * Math.PI * model.sampleTime),
  });
  if (model.kind === "linear") {
    const system = linearPart(model);
    if (!isStable(system)) return of(Infinity, "norm", null);
    const { lower, theta } = hInfinityNorm(system);
    return of(lower, "norm", theta);
  }
  const rest = restOfStep(model);
  const norm = rest && hInfinityNorm(rest.system);
  const found = await searchedGain(model, rest && { ...rest, theta: norm!.theta }, options);
  return norm !== null && norm.lower >= found
    ? of(norm.lower, "rest", norm.theta)
    : of(found, "search", null);
}

/** How a gain was found, as the end of a sentence. */
export function howObserved({ by, frequency }: ObservedGain): string {
  if (by === "search") return "by search";
  if (by === "norm") return "its H∞ norm";
  return frequency! > 0
    ? `of small sinusoids of ${Number(frequency!.toPrecision(3))} Hz about rest`
    : "of small constant inputs about rest";
}

/** A linear model as the system that it is. */
function linearPart({ tensors, sampleTime: dt }: StepModel): StateSpace {
  const of = (name: string) => {
    const { shape, data } = tensors[name];
    return { rows: shape[0], cols: shape[1], data: Float64Array.from(data, Number) };
  };
  return { A: of("A"), B: of("B2"), C: of("C2"), D: of("D22"), dt };
}
