import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { yetToGo } from "../../koopman/verdict/motion.ts";
import { percent as asInSentence } from "../../koopman/verdict/words.ts";
import { eigenvalueFigure } from "../builders/eigenvalues.ts";
import { seriesFigure } from "../builders/series.ts";
import { eigenvalueInWords, inWords, percent } from "../builders/words.ts";
import type { ReportSection, ReportVerdict } from "../content.ts";
import type { Figure } from "../figure.ts";

type Weights = NonNullable<Analysis["weights"]>;

/** What the weights say: the spectrum of their increments, how they moved, how far they have to go. */
export function weightsSection(
  weights: Weights,
  { unit, prefix, title }: { unit: string; prefix: string; title: string },
): ReportSection {
  const { spectrum, norms, increments, steps, snapshots, remaining, persisting } = weights;
  const figures: Figure[] = [];
  if (spectrum.length > 0)
    figures.push(
      eigenvalueFigure({
        name: `${prefix}weights-eigenvalues`,
        title: "Eigenvalues of the weights",
        of: `the increments of the weights, ${snapshots} snapshots`,
        importance: "share of the present motion",
        eigenvalues: spectrum,
      }),
    );
  if (increments.some((value) => value > 0))
    figures.push(
      seriesFigure({
        name: `${prefix}weights-motion`,
        title: "How far the weights move",
        label: "length of an increment",
        unit,
        series: [
          { name: "‖w(i+1) − w(i)‖", steps: steps.slice(-increments.length), values: increments },
        ],
      }),
    );
  return {
    title: `${title}Weights`,
    paragraphs: [
      weights.sentence,
      ...(norms.length === 0
        ? []
        : [whereTheyAre(norms[norms.length - 1], snapshots, remaining, persisting)]),
      ...weights.warnings,
    ],
    figures,
    tables: [
      {
        name: `${prefix}weights-eigenvalues`,
        caption: `Eigenvalues of the increments, per snapshot (${inWords(weights.spacing)} ${unit}s).`,
        columns: ["λ", "|λ|", "share of the motion", "half-life, steps", "residual", "trusted"],
        rows: spectrum
          .filter(({ im }) => im >= 0)
          .map((mode) => [
            eigenvalueInWords(mode),
            mode.modulus,
            mode.importance,
            mode.halfLife,
            mode.residual,
            mode.trusted ? "yes" : "no",
          ]),
      },
      ...(weights.layers.length === 0
        ? []
        : [
            {
              name: `${prefix}layers`,
              caption: "Each tensor by itself.",
              columns: ["tensor", "entries", "rank", "|λ| of the most important", "yet to go, %"],
              rows: weights.layers.map((layer) => [
                layer.name,
                layer.coordinates,
                layer.rank,
                layer.spectrum[0]?.modulus ?? null,
                percentOf(yetToGo(layer)),
              ]),
            },
          ]),
    ],
  };
}

/** The verdict of the weights: how far they have to go, and what the loss says to it. */
export function weightsVerdict(weights: Weights, of: string): ReportVerdict {
  const { decision, sentence, warnings } = weights;
  const ahead = yetToGo(weights);
  return {
    of,
    decision,
    sentence,
    ...(ahead !== null && {
      number: {
        label: "of their length that the weights have yet to go; no margin is known",
        value: asInSentence(ahead),
        margin: "",
      },
    }),
    evidence: warnings,
    cannotSay: [],
  };
}

const percentOf = (share: number | null) => (share === null ? null : 100 * share);

const whereTheyAre = (
  norm: number,
  snapshots: number,
  remaining: number | null,
  persisting: number,
) =>
  `The weights have length ${inWords(norm, 4)} at the last of ${snapshots} snapshots` +
  (remaining === null
    ? "; how far they have to go cannot be told."
    : `; the modes that decay are to move them by another ${percent(remaining)} of it` +
      (persisting === 0
        ? "."
        : `, the others by ${percent(persisting)}, as far ahead as the snapshots go back.`));
