import type { Reproduced } from "../reproduction.ts";
import { markdownTable } from "../tables.ts";
import type { DeqReproduction } from "./measure.ts";
import { publishedProblems, solverNames, tolerances } from "./solver-classes.ts";

/** The tables behind the claims. */
export function deqSections({
  settings: { problems },
  layers,
  monotone,
  gap,
  solvers,
  scaling,
  sentences,
}: DeqReproduction): Reproduced["sections"] {
  const parts: { heading: string; text: string }[] = [];
  const section = (heading: string, ...texts: string[]) =>
    parts.push({ heading, text: texts.join("\n\n") });
  for (const { initialisation, fromZero, draws: count, rows } of layers) {
    section(
      `‖z^L − z*‖ after L layers, ${named(initialisation)}`,
      `n = 10, T = 3, tanh, from z = 0; the ${fromZero.found} of ${count} draws whose equilibrium was found from z = 0.`,
      markdownTable(
        ["L", "median", "5 %", "95 %", "in print", "5 %", "95 %", "verdict", "lecture"],
        rows.map(({ layers: L, middle, low, high, published, verdict, lecture, lectureInBand }) => [
          String(L),
          ...[middle, low, high, published.median, published.low, published.high].map(number),
          verdict,
          `${lecture.map(number).join(" to ")}${lectureInBand ? "" : " (not in our band)"}`,
        ]),
      ),
    );
  }
  for (const { initialisation, rows } of monotone) {
    section(
      `Monotonicity and its look-alike, ${named(initialisation)}`,
      markdownTable(
        [
          "draw",
          "error at L = 40",
          "min Re λ(I − W)",
          "λmin(I − (W + Wᵀ)/2)",
          "‖W‖₂",
          "from W alone",
        ],
        rows.map(({ error, smallestRealPart, monotonicity, gain, conclusion }, k) => [
          String(k + 1),
          Number.isNaN(error) ? "not found" : number(error),
          smallestRealPart.toFixed(3),
          monotonicity.toFixed(3),
          gain.toFixed(3),
          conclusion,
        ]),
      ),
    );
  }
  section(
    "Monotonicity of random matrices",
    `Of ${gap.draws} matrices of N(0, 0.25²), ${(100 * gap.share).toFixed(1)} % look monotone by their eigenvalues and are not; in print ${(100 * gap.published).toFixed(0)} %.`,
  );
  for (const tolerance of tolerances) {
    const rows = solvers.filter((row) => row.tolerance === tolerance);
    const names = solverNames.filter((name) => rows.some(({ solver }) => solver === name));
    section(
      `Median evaluations to a relative residual of ${tolerance}`,
      `In brackets how many of ${problems} converged, where not all did; after the slash, in print (of 50). Newton: steps, and one for its start; auto: steps of both its phases.`,
      markdownTable(
        ["problem", ...names],
        [...new Set(rows.map((row) => row.problems))].map((problem) => [
          problem,
          ...names.map((name) => {
            const row = rows.find((one) => one.problems === problem && one.solver === name)!;
            const { evaluations, converged, count, published, verdict } = row;
            const ours = cell(evaluations?.middle, converged, count);
            if (published === null) return ours;
            const printed = cell(published.evaluations, published.converged, publishedProblems);
            return `${ours} / ${printed}${verdict === "worse" ? " WORSE" : ""}`;
          }),
        ]),
      ),
    );
  }
  section(
    "Anderson where the unknown is measured in another unit",
    "n = 87, Gaussian, ρ ≈ 0.94, to 1e-8. In print: 30.5 at every scale; with an absolute ridge of 1e-4, 106 at 1e-3, 81 at 1, 58 at 100.",
    markdownTable(
      ["scale", "median evaluations", "converged"],
      scaling.map(({ scale, median, converged }) => [
        number(scale),
        number(median),
        String(converged),
      ]),
    ),
  );
  section("What the numbers say", sentences.map((sentence) => `- ${sentence}`).join("\n"));
  return parts;
}

const named = (initialisation: string) =>
  initialisation === "default" ? "default initialisation" : "N(0, 1) initialisation";

const cell = (evaluations: number | undefined, converged: number, count: number) =>
  `${evaluations === undefined ? "-" : number(evaluations)}${converged < count ? ` (${converged})` : ""}`;

const number = (x: number | undefined): string => {
  if (x === undefined) return "";
  if (x !== 0 && (Math.abs(x) < 1e-2 || Math.abs(x) >= 1e4))
    return x.toExponential(1).replace(".0e", "e");
  return String(Number(x.toPrecision(3)));
};
