import { believed, forecastLoss, type LossMode, type WindowSpectrum } from "./window.ts";

/** What a window of a loss curve says of the epochs to come. Epochs are counted from its end. */
export interface Prospect {
  /** (f(0) − f(P))/L: the share of the loss that the next P epochs will take off. */
  readonly improvement: number;
  /** The largest |λ| below 1 that matters to the loss now; null when there is none. */
  readonly slowest: number | null;
  /** The same among those farther than 1/w from 1: closer ones are a floor or a drift too slow to tell. */
  readonly slowestResolved: number | null;
  /** −1/ln of `slowestResolved`, in epochs. */
  readonly timeConstant: number | null;
  /** Epochs until a mode that makes the loss fall ever faster has taken 10 % of it. */
  readonly escapeEpochs: number | null;
  /** Until it has brought the loss below 0.9 of guessing; where that is unknown or beaten, `escapeEpochs`. */
  readonly escapeToGuessing: number | null;
  /** Whether a mode makes the loss grow. */
  readonly rising: boolean;
  /** Epochs until the next P take off no more than ε; null: more than 3 w. */
  readonly epochsToStop: number | null;
  /** Epochs until the loss of guessing is reached; null where it has been, or never will be. */
  readonly epochsToReference: number | null;
  /** Share of |c| within 1/w of the eigenvalue 1: near 1 at a good minimum and on a dead plateau alike. */
  readonly clustering: number;
}

export interface ProspectOptions {
  readonly horizon: number; // P
  readonly tolerance: number; // ε
  readonly reference: number | null; // the loss of guessing
}

/** Modes with a larger residual than this take part in no decision. */
export const trustedResidual = 0.1;
const growing = 1.001;
/** A loss below this is better than guessing. */
export const guessed = (reference: number) => 0.9 * reference;
/** So far ahead is looked for the reference loss. */
const farthest = 10_000;

const modulus = ({ re, im }: LossMode) => Math.hypot(re, im);
const size = (mode: LossMode) => Math.hypot(mode.contribution, mode.contributionIm);

/** The quantities that the decision is made from, of modes and the present loss L > 0. */
export function prospectOf(
  spectrum: WindowSpectrum,
  loss: number,
  { horizon, tolerance, reference }: ProspectOptions,
): Prospect {
  const { length } = spectrum;
  const modes = believed(spectrum, loss);
  const f = (n: number) => forecastLoss(modes, n);
  const trusted = modes.filter(({ residual }) => residual <= trustedResidual);
  const decaying = trusted.filter((mode) => modulus(mode) < 1 && size(mode) >= 1e-3 * loss);
  const unresolved = (mode: LossMode) => Math.hypot(1 - mode.re, mode.im) < 1 / length;
  const largest = (some: readonly LossMode[]) =>
    some.length === 0 ? null : Math.max(...some.map(modulus));
  const slowestResolved = largest(decaying.filter((mode) => !unresolved(mode)));

  const escapes = trusted.filter(
    (mode) => modulus(mode) > growing && mode.contribution < 0 && size(mode) >= 1e-5 * loss,
  );
  /** Epochs until the first of them has taken so much. */
  const escapeBy = (amount: number) => {
    const epochs = (mode: LossMode) => Math.log(amount / size(mode)) / Math.log(modulus(mode));
    return escapes.length === 0 ? null : Math.max(0, Math.min(...escapes.map(epochs)));
  };
  const above = reference === null ? 0 : loss - guessed(reference);
  return {
    improvement: (f(0) - f(horizon)) / loss,
    slowest: largest(decaying),
    slowestResolved,
    timeConstant: slowestResolved === null ? null : -1 / Math.log(slowestResolved),
    escapeEpochs: escapeBy(0.1 * loss),
    escapeToGuessing: escapeBy(above > 0 ? above : 0.1 * loss),
    rising: trusted.some((mode) => modulus(mode) > growing && mode.contribution > 1e-3 * loss),
    epochsToStop: first(3 * length, (n) => f(n) - f(n + horizon) <= tolerance * f(n)),
    epochsToReference:
      reference === null || loss <= reference ? null : first(farthest, (n) => f(n) <= reference),
    clustering: clusteringOf(modes, 1 / length),
  };
}

/** E₁(δ) = Σ_{|λ−1| < δ} |c| / Σ |c|, δ being the radius. */
export function clusteringOf(modes: readonly LossMode[], radius: number): number {
  const sum = (some: readonly LossMode[]) => some.reduce((total, mode) => total + size(mode), 0);
  return sum(modes.filter((mode) => Math.hypot(1 - mode.re, mode.im) < radius)) / sum(modes);
}

function first(limit: number, holds: (n: number) => boolean): number | null {
  for (let n = 0; n <= limit; n++) if (holds(n)) return n;
  return null;
}
