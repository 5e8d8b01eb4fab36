import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { agreement } from "../../koopman/verdict/words.ts";
import { trustedResidual } from "../builders/eigenvalues.ts";
import { counted, inWords, percent } from "../builders/words.ts";

/** What was done to a series, with the options and the numbers that came out. */
export function methodsOf(analysis: Analysis, name: string | null): string {
  const { source, kind, series, options, verdict, growing, weights } = analysis;
  const { window, reference, tolerance, budget, patience, average } = options;
  const { steps, values } = series;
  const ofWeights =
    weights === null
      ? ""
      : ` The weights: increments between ${counted(weights.snapshots, "snapshot")}, ${inWords(weights.spacing)} steps apart, ` +
        `${weights.coordinates} coordinates; DMD of the increments after a QR compression, at rank ${weights.rank}; ` +
        `orthogonality of the basis ${inWords(weights.orthogonality, 2)}.`;
  const head = name === null ? "" : `${name}: `;
  if (values.length === 0) return `${head}no loss was at hand${ofWeights}`;
  const parts = [
    `${head}${counted(values.length, "value")} of "${series.name}" (${kind}, ${source}), steps ${inWords(steps[0], 9)} ` +
      `to ${inWords(steps[steps.length - 1], 9)}, ${inWords(series.spacing)} apart` +
      `${series.even ? "" : " at the median"}${average > 1 ? `, each the mean of ${average} logged ones` : ""}.`,
  ];
  const { spectrum } = verdict;
  if (spectrum !== null) {
    const { length, delays, noise, modes } = spectrum;
    parts.push(
      `The last ${length} were stacked with ${delays} delays into a ${delays} × ${length - delays + 1} Hankel matrix; its ` +
        `eigenvalues were computed by DMD with refined Rayleigh–Ritz residuals (DMD_RRR), unscaled, at rank ${modes.length}: the ` +
        `singular values above the noise (σ = ${inWords(noise, 2)}, from second differences), at most ${Math.max(1, Math.floor(delays / 3))}. ` +
        `Contributions are least-squares amplitudes brought to the last value; modes with a residual above ${trustedResidual} took ` +
        "part in no decision.",
    );
  }
  const others = growing.map(
    ({ place, length, modes }) => `${place} ${length} (rank ${modes.length})`,
  );
  if (others.length > 0) parts.push(`Spectra by the same steps: ${others.join(", ")}.`);
  const agreed = agreement(verdict.windows, verdict.agreeing);
  parts.push(
    `Verdict with tolerance ${percent(tolerance)}, window ${window}, ` +
      `${reference === null ? "no loss of guessing" : `loss of guessing ${inWords(reference, 5)}`}, ` +
      `${budget === null ? "no budget" : `budget ${budget}`}, patience ${patience ?? window}` +
      `${agreed === null ? "" : `; repeated on windows that end earlier by quarters: ${agreed}`}.`,
  );
  return `${parts.join(" ")}${ofWeights}`;
}

export const references: readonly string[] = [
  "Z. Drmač, I. Mezić, R. Mohr (2018): Data driven modal decompositions: analysis and enhancements. SIAM Journal on Scientific Computing 40(4), A2253–A2285.",
  "R. Mohr, M. Fonoberova, I. Manojlović, A. Andrejčuk, Z. Drmač, Y. Kevrekidis, I. Mezić (2021): Applications of Koopman mode analysis to neural networks. AAAI-MLPS, CEUR Workshop Proceedings 2964.",
];

/** The same for a bibliography. */
export const bibtex: readonly string[] = [
  `@article{drmac2018,
  author = {Drma{\\v{c}}, Z. and Mezi{\\'c}, I. and Mohr, R.},
  title = {Data driven modal decompositions: analysis and enhancements},
  journal = {SIAM Journal on Scientific Computing},
  volume = {40}, number = {4}, pages = {A2253--A2285}, year = {2018}
}`,
  `@inproceedings{mohr2021,
  author = {Mohr, R. and Fonoberova, M. and Manojlovi{\\'c}, I. and Andrej{\\v{c}}uk, A. and Drma{\\v{c}}, Z. and
    Kevrekidis, Y. and Mezi{\\'c}, I.},
  title = {Applications of {K}oopman mode analysis to neural networks},
  booktitle = {AAAI-MLPS}, series = {CEUR Workshop Proceedings}, volume = {2964}, year = {2021}
}`,
];

/** What such an analysis cannot show, of any run. */
export function limits({ options, warnings }: Analysis): string[] {
  return [
    "A spectrum describes the stretch that it was computed from: after a change of the learning rate or of the data it says nothing.",
    "The loss is one number: eigenvalues of the loss are products of those of the weights, and eigenvalues at 1 stand for a good minimum and for a dead plateau alike.",
    "A falling training loss does not show that the model generalises; for that, a validation loss is needed.",
    ...(options.reference === null
      ? ["Without the loss of guessing a dead start cannot be told from convergence."]
      : []),
    ...warnings,
  ];
}
