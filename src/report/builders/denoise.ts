import type { Candidate } from "../../signal/denoise.ts";
import type { Figure, Mark } from "../figure.ts";
import { inWords } from "./words.ts";

export interface DenoiseFigureInput {
  readonly xLabel: string;
  readonly yLabel: string;
  /** What was reconstructed by, such as "least squares, K = 12". */
  readonly by: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly fitted: ArrayLike<number>;
  /** Of the reconstruction, where it has any. */
  readonly standardErrors?: ArrayLike<number>;
  readonly candidates: readonly Candidate[];
  readonly chosen: Candidate;
}

/** Samples drawn at most. */
const most = 1000;

/**
 * The samples with what was reconstructed from them, and beside it the error to be expected against the largest
 * frequency K, for each kind of ends.
 */
export function denoiseFigure(input: DenoiseFigureInput): Figure {
  const { x, y, fitted, standardErrors, candidates, chosen, by, xLabel, yLabel } = input;
  const step = Math.ceil(x.length / most);
  const every = Array.from({ length: Math.ceil(x.length / step) }, (_, i) => i * step);
  const pick = (values: ArrayLike<number>) => every.map((i) => values[i]);
  const all = Array.from(x);
  const kinds = [...new Set(candidates.map(({ ends }) => ends))];
  const root = ({ risk }: Candidate) => Math.sqrt(risk);
  return {
    schema: "eigenflow/figure@1",
    name: "denoise",
    title: "Signal and noise",
    caption:
      `Samples${step > 1 ? `, one of ${step},` : ""} and their reconstruction by ${by}` +
      `${standardErrors ? " with two standard errors of the noise on either side" : ""}. Right: root of the expected ` +
      "mean squared error against the largest frequency K, by what is assumed beyond the ends. The least is taken.",
    alt: `${x.length} samples; the error is expected to be least at K = ${chosen.cutoff} with ${chosen.ends} ends, ${inWords(root(chosen))}.`,
    size: "page",
    columns: 2,
    panels: [
      {
        x: { label: xLabel, scale: "linear" },
        y: { label: yLabel, scale: "linear" },
        marks: [
          {
            type: "dots",
            role: "faint",
            name: "samples",
            x: pick(x),
            y: pick(y),
          },
          ...(standardErrors
            ? [
                {
                  type: "band",
                  role: 1,
                  name: "± 2 standard errors",
                  x: all,
                  low: all.map((_, i) => fitted[i] - 2 * standardErrors[i]),
                  high: all.map((_, i) => fitted[i] + 2 * standardErrors[i]),
                } satisfies Mark,
              ]
            : []),
          {
            type: "line",
            role: 1,
            name: "reconstruction",
            x: all,
            y: Array.from(fitted),
            weight: "thick",
            dash: "solid",
          },
        ],
      },
      {
        x: { label: "largest frequency K", scale: "linear" },
        y: { label: "expected error", scale: "log" },
        marks: [
          ...kinds.map((ends, i): Mark => {
            const own = candidates.filter((one) => one.ends === ends);
            return {
              type: "line",
              role: i + 2,
              name: `${ends} ends`,
              x: own.map(({ cutoff }) => cutoff),
              y: own.map(root),
            };
          }),
          { type: "rule", role: "faint", x: chosen.cutoff, label: `K = ${chosen.cutoff}` },
        ],
      },
    ],
  };
}
