import type { Prospect } from "./diagnosis.ts";
import type { Decision, VerdictOptions } from "./verdict.ts";
import { believed, forecastLoss, type WindowSpectrum } from "./window.ts";
import { percent, short } from "./words.ts";

/** A loss below this is better than guessing. */
const guessed = (reference: number) => 0.9 * reference;

/** The decision of a window with its sentence; the order of the questions is that of `verdict`. */
export function decide(
  spectrum: WindowSpectrum,
  prospect: Prospect,
  loss: number,
  { tolerance, reference, budget, patience }: VerdictOptions,
): [Decision, string] {
  const { improvement, escapeEpochs, epochsToReference, epochsToStop } = prospect;
  const w = spectrum.length;
  const modes = believed(spectrum, loss);
  const ahead = forecastLoss(modes, w);
  const escaping = escapeEpochs !== null && escapeEpochs <= (patience ?? w);
  if (prospect.rising && ahead > loss * (1 + tolerance))
    return [
      "rising",
      `The loss is rising, from ${short(loss)} to about ${short(ahead)} in ${w} epochs: on validation ` +
        "data over-fitting, on training data a step too large.",
    ];
  if (improvement > tolerance) {
    const unreached = reference !== null && loss > reference;
    if (unreached && budget !== null && (epochsToReference ?? Infinity) > budget)
      return [
        "restart",
        `The loss improves, but needs ${epochsToReference ?? "more than 10000"} epochs to beat ` +
          `guessing; the budget is ${budget}. Start again from other weights.`,
      ];
    // Farther than a window ahead a forecast is no evidence.
    const foreseen = patience === null ? 0 : forecastLoss(modes, Math.min(patience, w));
    if (
      reference !== null &&
      loss >= guessed(reference) &&
      foreseen >= guessed(reference) &&
      !escaping
    )
      return [
        "restart",
        `The loss improves, but ${Math.min(patience ?? w, w)} epochs on it will be about ${short(foreseen)}, ` +
          `no better than guessing (${short(reference)}). Start again from other weights.`,
      ];
    const until =
      epochsToStop === null ? `more than ${3 * w} epochs` : `about ${epochsToStop} epochs`;
    return [
      "continue",
      `The loss will fall by ${percent(improvement)} in the next ${w} epochs; training pays for ${until}.`,
    ];
  }
  if (reference !== null && loss >= guessed(reference) && !escaping)
    return [
      "restart",
      `The loss, ${short(loss)}, is no better than guessing (${short(reference)}), and ` +
        (escapeEpochs === null
          ? "nothing grows that would change it"
          : `leaves the plateau in about ${Math.round(escapeEpochs)} epochs only`) +
        ". Start again from other weights.",
    ];
  if (escaping)
    return [
      "continue",
      `A plateau, but the loss will leave it: 10 % less in about ${Math.round(escapeEpochs)} epochs.`,
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
