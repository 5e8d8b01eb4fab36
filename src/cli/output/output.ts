import pc from "picocolors";
import type { Place, Problem } from "../../config/errors.ts";
import type { EigenflowError } from "../../errors.ts";
import { asEigenflowError, exitCodes } from "./exit.ts";
import { version } from "./version.ts";

/** What a command hands back: a document for --json, the same as text for a reader. */
export interface Outcome {
  readonly document: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** What is wrong although there is a result, such as a claim that does not hold. */
  readonly failure?: EigenflowError;
  /** Of an interrupted run, which is no failure. */
  readonly stopped?: { readonly message: string; readonly hint: string; readonly exitCode: number };
}

const coloured = (stream: { isTTY?: boolean }): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR || process.argv.includes("--no-color")) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0";
  return stream.isTTY === true && TERM !== "dumb";
};
const { red, cyan, bold, dim } = pc.createColors(coloured(process.stderr));

/** stdout is the result and nothing else. */
export const printResult = (text: string): void => {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
};
/** stderr is everything else. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/**
 * Runs a command and prints what comes of it: with `json` exactly one document on stdout, also when
 * it fails; with `jsonl` an error is the last line. Sets the exit code; never throws.
 */
export async function report(
  command: string,
  { json = false, jsonl = false }: { readonly json?: boolean; readonly jsonl?: boolean },
  work: () => Promise<Outcome>,
): Promise<void> {
  const began = performance.now();
  const print = (ok: boolean, rest: object) => {
    const elapsed_ms = Math.round(performance.now() - began);
    printResult(
      JSON.stringify({
        schema: `eigenflow/${command}@${documentVersions[command] ?? 1}`,
        ok,
        command,
        version,
        elapsed_ms,
        ...rest,
      }),
    );
  };
  try {
    const { document, text, failure, stopped } = await work();
    const error = failure ? errorOf(failure) : stopped && { code: "INTERRUPTED", ...stopped };
    if (json) print(error === undefined, { ...(error && { error }), ...document });
    else if (jsonl && error) printResult(JSON.stringify({ type: "error", ...error }));
    else if (text !== "") printResult(text);
    if (failure) printError(failure);
    if (stopped) {
      note(stopped.message);
      note(`${cyan("hint")}: ${stopped.hint}`);
    }
    process.exitCode = failure ? exitCodes[failure.code] : (stopped?.exitCode ?? 0);
  } catch (thrown) {
    const error = asEigenflowError(thrown);
    if (json) print(false, { error: errorOf(error) });
    else if (jsonl) printResult(JSON.stringify({ type: "error", ...errorOf(error) }));
    printError(error);
    process.exitCode = exitCodes[error.code];
  }
}

/** Versions of the documents; within one, fields are only added. */
const documentVersions: Readonly<Record<string, number>> = { analyze: 2, reproduce: 2 };

/** A configuration's error carries the places of all that is wrong. */
const problemsOf = (error: EigenflowError): readonly Problem[] =>
  (error as { problems?: readonly Problem[] }).problems ?? [];

const codeOf = ({ code }: EigenflowError) => (code === "INTERNAL" ? "BUG" : code);

export const errorOf = (error: EigenflowError) => {
  const problems = problemsOf(error).map(({ message, place, remark }) => {
    if (place.kind === "flag") return { message, remark, flag: place.flag };
    const { source, line, column } = place;
    return { message, remark, source, line, column };
  });
  const { message, hint } = error;
  return { code: codeOf(error), message, hint, ...(problems.length > 0 && { problems }) };
};

/** The error as a reader wants it: what, where, what to do. */
function printError(error: EigenflowError): void {
  const head = (message: string) => note(`${bold(red(`error[${codeOf(error)}]`))}: ${message}`);
  const problems = problemsOf(error);
  for (const { message, place, remark } of problems) {
    head(message);
    note(frame(place, remark));
  }
  if (problems.length === 0) head(error.message);
  if (error.hint) note(`${cyan("hint")}: ${error.hint}`);
}

/** The place of a problem, the line it stands on and a mark under it. */
function frame(place: Place, remark = ""): string {
  if (place.kind === "flag") return `  --> ${place.flag}${remark && `\n      ${remark}`}`;
  const { source, line, column, text, length } = place;
  const gutter = String(line).padStart(4);
  // Tabs stay tabs, so that the mark stands under the text whatever a tab is wide.
  const before = text.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const mark = `${before}${red("^".repeat(length))}${remark && ` ${remark}`}`;
  return [
    `  --> ${source}:${line}:${column}`,
    `${dim(`${gutter} |`)} ${text}`,
    `${dim("     |")} ${mark}`,
  ].join("\n");
}
