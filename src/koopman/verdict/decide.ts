import { guessed, type Prospect } from "./diagnosis.ts";
import type { ForecastMargin } from "./forecast-margin.ts";
import type { Decision, VerdictOptions } from "./verdict.ts";
import { believed, forecastLoss, type WindowSpectrum } from "./window.ts";
import { counted, percent, short } from "./words.ts";

/** A wider margin says nothing of the end of a fall: its forecasts were made before that began. */
const telling = 0.5;

/** What a decision is made from besides the spectrum. */
export interface Evidence {
  /** Of the forecast: of the decision it changes nothing, the sentence says what it leaves open. */
  readonly margin?: ForecastMargin | null;
  /** Whether the weights come to rest. */
  readonly resting?: boolean | null;
}

/** Exponentials are followed for a window; for two where the noise, σ, is below this share of the loss. */
const clear = 0.01;

/** The decision of a window with its sentence; the order of the questions is that of `verdict`. */
export function decide(
  spectrum: WindowSpectrum,
  prospect: Prospect,
  loss: number,
  { tolerance, reference, budget, patience }: VerdictOptions,
  { margin = null, resting = null }: Evidence = {},
): [Decision, string] {
  const { improvement, escapeEpochs, escapeToGuessing, epochsToReference } = prospect;
  const w = spectrum.length;
  const modes = believed(spectrum, loss);
  const ahead = forecastLoss(modes, w);
  const escaping = escapeToGuessing !== null && escapeToGuessing <= (patience ?? w);
  const noBetter = reference !== null && loss >= guessed(reference);
  if (prospect.rising && ahead > loss * (1 + tolerance))
    return [
      "rising",
      `The loss is rising, from ${short(loss)} to about ${short(ahead)} in ${w} epochs: on validation ` +
        "data over-fitting, on training data a step too large.",
    ];
  if (noBetter && resting)
    return [
      "restart",
      `The loss, ${short(loss)}, is no better than guessing (${short(reference)}), and the weights come to rest. ` +
        "Start again from other weights.",
    ];
  if (improvement > tolerance) {
    const unreached = reference !== null && loss > reference;
    if (unreached && budget !== null && (epochsToReference ?? Infinity) > budget)
      return [
        "restart",
        `The loss improves, but needs ${epochsToReference ?? "more than 10000"} epochs to beat ` +
          `guessing; the budget is ${budget}. Start again from other weights.`,
      ];
    const reach = Math.min(patience ?? w, spectrum.noise < clear * loss ? 2 * w : w);
    const foreseen = patience === null ? 0 : forecastLoss(modes, reach);
    if (noBetter && foreseen >= guessed(reference) && !escaping)
      return [
        "restart",
        `The loss improves, but ${reach} epochs on it will be about ${short(foreseen)}, ` +
          `no better than guessing (${short(reference)}). Start again from other weights.`,
      ];
    const share = margin?.shares[w - 1] ?? 0;
    if (ahead + share * Math.abs(ahead) >= forecastLoss(modes, 0) - tolerance * loss)
      return [
        "continue",
        `The forecast is a fall by ${percent(improvement)} in the next ${w} epochs, but ` +
          (share < telling
            ? `its margin, ± ${percent(share)}, includes one below the ${percent(tolerance)} asked for: it may be done.`
            : "forecasts before were off by as much: how far it falls cannot be told yet."),
      ];
    const until = untilOf(prospect, (n) => forecastLoss(modes, n), tolerance * loss, w);
    return [
      "continue",
      `The loss will fall by ${percent(improvement)} in the next ${w} epochs${until}.`,
    ];
  }
  if (noBetter && !escaping)
    return [
      "restart",
      `The loss, ${short(loss)}, is no better than guessing (${short(reference)}), and ` +
        (escapeToGuessing === null
          ? "nothing grows that would change it"
          : `will beat it in about ${counted(Math.round(escapeToGuessing), "epoch")} only`) +
        ". Start again from other weights.",
    ];
  if (escaping && escapeEpochs !== null)
    return [
      "continue",
      Math.round(escapeEpochs) === 0
        ? "A plateau that the loss is leaving now."
        : `A plateau, but the loss will leave it: 10 % less in about ${counted(Math.round(escapeEpochs), "epoch")}.`,
    ];
  if (improvement < -tolerance)
    return [
      "stop",
      `The loss will not fall any more, rather rise to about ${short(ahead)} in the next ${w} epochs.`,
    ];
  return [
    "stop",
    `The next ${w} epochs will take ${percent(Math.max(0, improvement))} off the loss, less than the ` +
      `${percent(tolerance)} asked for.`,
  ];
}

/** For how long training pays; of an end within the window, that the fall is over by then, if it is. */
function untilOf(
  { epochsToStop: end }: Prospect,
  f: (n: number) => number,
  little: number,
  w: number,
): string {
  if (end === null) return `; training pays for more than ${3 * w} epochs`;
  if (end >= w) return `; training pays for about ${end} epochs`;
  return end > 0 && f(end) <= f(w) + little ? `, all but little of it in the first ${end}` : "";
}
