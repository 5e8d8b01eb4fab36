import type { WindowAnalysis } from "../../koopman/verdict/analysis.ts";
import type { LossMode } from "../../koopman/verdict/window.ts";
import { type Eigenvalue, trustedResidual } from "../builders/eigenvalues.ts";
import { eigenvalueInWords } from "../builders/words.ts";
import type { ReportTable } from "../content.ts";

export const lossEigenvalues = (modes: readonly LossMode[]): Eigenvalue[] =>
  modes.map(({ re, im, contribution, contributionIm, residual }) => ({
    re,
    im,
    importance: Math.hypot(contribution, contributionIm),
    residual,
  }));

/** Steps until a mode is half as large; null where it does not decay. */
export const halfLife = (modulus: number): number | null =>
  modulus < 1 && modulus > 0 ? -Math.LN2 / Math.log(modulus) : null;

/** The eigenvalues of a window, a pair in one row, the most important first. */
export function eigenvalueTable(
  { place, length, from, to, modes }: WindowAnalysis,
  prefix: string,
  loss: number,
): ReportTable {
  const share = place === "last" && loss > 0;
  const rows = modes
    .filter(({ im }) => im >= 0)
    .map((mode) => {
      const { re, im, contribution, contributionIm, residual } = mode;
      const size = Math.hypot(contribution, contributionIm) * (im === 0 ? 1 : 2);
      return { mode, size, modulus: Math.hypot(re, im), residual };
    })
    .sort((a, b) => b.size - a.size)
    .map(({ mode, size, modulus, residual }) => [
      eigenvalueInWords(mode),
      modulus,
      size,
      ...(share ? [(100 * size) / loss] : []),
      halfLife(modulus),
      residual,
      residual <= trustedResidual ? "yes" : "no",
    ]);
  return {
    name: `${prefix}eigenvalues-${place}-${length}`,
    caption: `Eigenvalues of the ${place} ${length} values, steps ${from} to ${to}; |c| is what a mode contributes at the end of the window.`,
    columns: [
      "λ per value",
      "|λ|",
      "|c|",
      ...(share ? ["% of the loss"] : []),
      "half-life, values",
      "residual",
      "trusted",
    ],
    rows,
  };
}
