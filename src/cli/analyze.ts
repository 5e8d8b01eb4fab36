import { openRun } from "../data/run/open-run.ts";
import { pickSeries } from "../data/run/pick.ts";
import { UsageError } from "../errors.ts";
import { type Verdict, type VerdictOptions, verdict } from "../koopman/verdict.ts";
import { short } from "./numbers.ts";
import type { Outcome } from "./output.ts";

export interface AnalyzeFlags {
  readonly of?: string;
  readonly column?: string;
  readonly window?: string;
  readonly reference?: string;
  readonly tolerance?: string;
}

/** `eigenflow analyze PATH`: what the loss of a training run says: go on, stop, or start again. */
export async function analyze(path: string, flags: AnalyzeFlags): Promise<Outcome> {
  const of = flags.of ?? "loss";
  if (of !== "loss" && of !== "val") throw new UsageError(`--of ${of}`, "known: loss, val");
  const options: Partial<VerdictOptions> = {
    ...number("window", flags.window),
    ...number("reference", flags.reference),
    ...number("tolerance", flags.tolerance),
  };
  const run = await openRun(path);
  const series = pickSeries(run, of, flags.column);
  const found = verdict(series.values, options);
  const { source, name: column, values } = series;
  const warnings = [
    ...series.caveats,
    ...run.sources.flatMap(({ caveats }) => caveats),
    ...run.caveats,
  ];
  return {
    document: {
      schema: "eigenflow/verdict@1",
      source,
      column,
      epochs: values.length,
      warnings,
      ...found,
    },
    text: [
      `${found.decision.toUpperCase()}  ${found.sentence}`,
      "",
      `${source}, ${column}: ${values.length} epochs, now ${short(found.loss)}`,
      ...evidence(found),
      ...found.cannotSay.map((line) => `cannot say  ${line}`),
      ...warnings.map((line) => `warning     ${line}`),
    ].join("\n"),
  };
}

function evidence({
  spectrum,
  prospect,
  forecast,
  forecastError,
  windows,
  agreeing,
}: Verdict): string[] {
  if (spectrum === null || prospect === null) return [];
  const { timeConstant, escapeEpochs, epochsToStop } = prospect;
  const horizon = forecast.length;
  const past =
    forecastError === null
      ? ""
      : `; half a window ago it was off by ${short(100 * forecastError, 2)} %`;
  return [
    `confidence  ${agreeing} of ${windows} windows agree`,
    `forecast    ${short(forecast[horizon - 1])} in ${horizon} epochs${past}`,
    ...(epochsToStop === null
      ? []
      : [`remaining   ${epochsToStop} epochs until little is left to gain`]),
    ...(timeConstant === null
      ? []
      : [
          `time const. ${short(timeConstant, 3)} epochs, of the slowest mode that can be told from 1`,
        ]),
    ...(escapeEpochs === null
      ? []
      : [`plateau     left in about ${short(escapeEpochs, 3)} epochs`]),
    "eigenvalues of the loss, with what of the present loss is theirs:",
    ...spectrum.modes
      .filter(({ im }) => im >= 0)
      .map(({ re, im, contribution, residual }) => {
        const value = im === 0 ? short(re, 5) : `${short(re, 5)} ± ${short(im, 5)}i`;
        return `  ${value.padEnd(20)} ${short(contribution).padStart(11)}   residual ${short(residual, 2)}`;
      }),
  ];
}

function number(name: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`--${name} ${text}: a number is wanted`);
  return { [name]: value };
}
