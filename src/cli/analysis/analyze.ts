import { unknownName } from "../../errors/suggest.ts";
import { DataError, type EigenflowError, InputError, UsageError } from "../../errors.ts";
import {
  type Analysis,
  type AnalysisOptions,
  analyseSeries,
  analysisOfWeights,
} from "../../koopman/verdict/analysis.ts";
import { analyseWeights, weightsDefaults } from "../../koopman/verdict/weights.ts";
import { seriesOf, weightsOf } from "../input/run-input.ts";
import { withInput } from "../input/stdin.ts";
import { asEigenflowError } from "../output/exit.ts";
import { errorOf, type Outcome } from "../output/output.ts";
import { analysisText, runsText } from "./analysis-text.ts";
import { writeAnalyses } from "./write-analysis.ts";

export interface AnalyzeFlags {
  readonly of?: string;
  readonly column?: string;
  readonly window?: string;
  readonly reference?: string;
  readonly tolerance?: string;
  readonly average?: string;
  readonly layers?: true;
  readonly out?: string;
}

/** One of several paths: what it says, or why it cannot be said. */
export type AnalyzedRun =
  | { readonly path: string; readonly analysis: Analysis }
  | { readonly path: string; readonly error: EigenflowError };

export const observables = ["loss", "val", "weights"] as const;
export type Observable = (typeof observables)[number];

/**
 * `eigenflow analyze PATH…`: what the loss or the weights of training runs say: go on, stop, or start
 * again, with the evidence. Of several paths those that fail do not keep the others from an answer.
 */
export async function analyze(paths: readonly string[], flags: AnalyzeFlags): Promise<Outcome> {
  const of = observable(flags.of);
  const options = analysisFlags(flags);
  if (paths.filter((path) => path === "-").length > 1)
    throw new UsageError("stdin, -, can be read once only");
  const one = (path: string) =>
    withInput(path, async (file) => renamed(path, await analysed(file, of, options, flags)));
  if (paths.length === 1) {
    const analysis = await one(paths[0]);
    const files = writeAnalyses(flags.out, [{ path: paths[0], analysis }]);
    return {
      document: { ...analysis, files },
      text: [analysisText(analysis, of), ...files.map((file) => `written     ${file}`)].join("\n"),
    };
  }
  const runs: AnalyzedRun[] = [];
  for (const path of paths) {
    try {
      runs.push({ path, analysis: await one(path) });
    } catch (thrown) {
      runs.push({ path, error: asEigenflowError(thrown) });
    }
  }
  const files = writeAnalyses(flags.out, runs);
  const failed = runs.find((run) => "error" in run);
  return {
    document: {
      runs: runs.map((run) =>
        "error" in run
          ? { path: run.path, ok: false, error: errorOf(run.error) }
          : { path: run.path, ok: true, ...run.analysis },
      ),
      files,
    },
    text: [runsText(runs, of), ...files.map((file) => `written     ${file}`)].join("\n"),
    ...(failed && { failure: failed.error }),
  };
}

/** What stands on stdin has no name but "-". */
const renamed = (path: string, analysis: Analysis): Analysis =>
  path === "-" ? { ...analysis, source: "stdin" } : analysis;

async function analysed(
  path: string,
  of: Observable,
  options: Partial<AnalysisOptions>,
  { column, layers }: AnalyzeFlags,
): Promise<Analysis> {
  if (of !== "weights") {
    if (layers) throw new UsageError("--layers is for --of weights");
    const series = await seriesOf(path, { of, column });
    return inFlags(() => analyseSeries(series, options));
  }
  const { data, roundoff, steps, tensors, source, kind } = await weightsOf(path);
  const log = await lossOf(path, column, options);
  const found = await analyseWeights(data, steps, {
    window: options.window ?? weightsDefaults.window,
    tolerance: options.tolerance ?? weightsDefaults.tolerance,
    loss: log?.verdict.decision ?? null,
    roundoff,
    tensors,
    perLayer: layers ?? false,
  });
  const weights = { ...found, warnings: [...data.caveats, ...found.warnings] };
  return log === null ? analysisOfWeights({ source, kind }, weights, options) : { ...log, weights };
}

/** The analysis of the loss beside the weights, where there is one. */
async function lossOf(
  path: string,
  column: string | undefined,
  options: Partial<AnalysisOptions>,
): Promise<Analysis | null> {
  try {
    return analyseSeries(await seriesOf(path, { of: "loss", column }), options);
  } catch (error) {
    // A loss that was named must be there.
    const missing = error instanceof InputError || error instanceof DataError;
    if (column !== undefined || !missing) throw error;
    return null;
  }
}

export function observable(name = "loss"): Observable {
  const found = observables.find((known) => known === name);
  if (found === undefined) throw unknownName("--of", name, observables);
  return found;
}

export function analysisFlags(
  flags: Pick<AnalyzeFlags, "window" | "reference" | "tolerance" | "average">,
): Partial<AnalysisOptions> {
  return {
    ...number("window", flags.window),
    ...number("reference", flags.reference),
    ...number("tolerance", flags.tolerance),
    ...number("average", flags.average),
  };
}

/** What `read` gives; an error of an option of the library in the words of the flag that set it. */
export function inFlags<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const known = /^\w+: (window|reference|tolerance) (.*)$/;
    const [, name, value] = (error instanceof UsageError && known.exec(error.message)) || [];
    throw name === undefined
      ? error
      : new UsageError(`--${name} ${value}`, (error as UsageError).hint);
  }
}

function number(name: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`--${name} ${text}: a number is wanted`);
  return { [name]: value };
}
