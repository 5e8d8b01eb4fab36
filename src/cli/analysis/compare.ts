import { UsageError } from "../../errors.ts";
import {
  compareSeries,
  compareWeights,
  type RunsComparison,
} from "../../koopman/compare/compare-runs.ts";
import { seriesOf, weightsOf } from "../input/run-input.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { table } from "./analysis-text.ts";
import { type AnalyzeFlags, analysisFlags, type Observable, observable } from "./analyze.ts";

export type CompareFlags = Pick<AnalyzeFlags, "of" | "column" | "window">;

/** `eigenflow compare A B`: how far the eigenvalues of two runs are apart, and whether that is chance. */
export async function compare(a: string, b: string, flags: CompareFlags): Promise<Outcome> {
  if (a === "-" || b === "-") throw new UsageError("stdin, -, cannot be compared", "two paths");
  const of = observable(flags.of);
  const options = analysisFlags(flags);
  const found = await compared(a, b, of, flags.column, options);
  const { spectra, pairs, window, delays, distance, pValue } = found;
  const { hausdorff, arrangements, within, different, conclusive, sentence, cannotSay } = found;
  const values = spectra.map(({ eigenvalues, residuals }) =>
    Array.from(eigenvalues.re, (re, i) => ({
      re,
      im: eigenvalues.im[i],
      residual: residuals[i],
    })),
  );
  const runs = [a, b].map((path, i) => ({ path, eigenvalues: values[i] }));
  const shown = (i: number, side: number) => {
    if (i < 0) return "-";
    const { re, im } = values[side][i];
    return im === 0
      ? short(re, 5)
      : `${short(re, 5)} ${im < 0 ? "−" : "+"} ${short(Math.abs(im), 5)}i`;
  };
  const rows = pairs.map(([i, j]) => [shown(i, 0), shown(j, 1)]);
  return {
    document: {
      of,
      runs,
      window,
      delays,
      distance,
      hausdorff,
      pValue,
      arrangements,
      within,
      pairs,
      different,
      conclusive,
      sentence,
      cannotSay,
    },
    text: [
      `${headline(found)}  ${sentence}`,
      "",
      `values ${window.from} to ${window.to} of both, ${delays} delay${delays === 1 ? "" : "s"}: ` +
        `distance ${short(distance, 3)}, p = ${short(pValue, 3)}`,
      "eigenvalues, each beside its partner:",
      ...table([[a, b], ...rows]).map((line) => `  ${line}`),
      ...cannotSay.map((line) => `cannot say  ${line}`),
    ].join("\n"),
  };
}

const headline = ({ different, conclusive, distance }: RunsComparison) => {
  if (different) return "DIFFERENT";
  if (distance === 0) return "SAME EIGENVALUES";
  return conclusive ? "NO DIFFERENCE SEEN" : "CANNOT TELL";
};

async function compared(
  a: string,
  b: string,
  of: Observable,
  column: string | undefined,
  options: { readonly window?: number },
): Promise<RunsComparison> {
  if (of === "weights") return compareWeights(await weightsOf(a), await weightsOf(b), options);
  const choice = { of, column };
  return compareSeries(await seriesOf(a, choice), await seriesOf(b, choice), options);
}
