import type { Experiment } from "../../data/experiment/experiment.ts";
import {
  type Roles,
  readExperiments,
  readSignals,
  type Signals,
} from "../../data/experiment/read.ts";
import { DataError, EigenflowError, UsageError } from "../../errors.ts";

/** Which columns of a file of measurements are what, as flags. */
export interface ExperimentFlags {
  readonly inputs?: string;
  readonly outputs?: string;
  readonly ts?: string;
  readonly time?: string;
  readonly experiment?: string;
  readonly missing?: string;
  readonly irregular?: string;
}

/** The experiments in files, by the flags and what a model has fixed. @throws as `readExperiments`, in the words of the flags */
export async function experimentsOf(
  paths: readonly string[],
  flags: ExperimentFlags,
  fixed: Partial<Pick<Roles, "inputs" | "outputs" | "sampleTime">> = {},
): Promise<Experiment[]> {
  const { inputs = "", outputs = "", ts, time, experiment, missing, irregular } = flags;
  try {
    return await readExperiments(paths, {
      inputs: names(inputs),
      outputs: names(outputs),
      ...(ts !== undefined && { sampleTime: positive("--ts", ts) }),
      ...(time !== undefined && { time }),
      ...(experiment !== undefined && { experiment }),
      ...(missing !== undefined && { missing: choice("--missing", missing, "interpolate") }),
      ...(irregular !== undefined && { irregular: choice("--irregular", irregular, "resample") }),
      ...fixed,
    });
  } catch (error) {
    throw inFlags(error, fixed.sampleTime);
  }
}

/** Columns of a file for a simulation, by the flags. @throws as `readSignals`, in the words of the flags */
export async function signalsOf(
  path: string,
  names: readonly string[],
  { missing }: Pick<ExperimentFlags, "missing">,
): Promise<Signals> {
  const asked = missing === undefined ? "refuse" : choice("--missing", missing, "interpolate");
  try {
    return await readSignals(path, names, asked);
  } catch (error) {
    throw inFlags(error);
  }
}

/** Names of columns between commas; one with a comma of its own stands in double quotes, as in CSV. */
export function names(list: string): string[] {
  const parts = list.match(/\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]+/g) ?? [];
  return parts
    .map((part) => part.trim())
    .map((name) => (/^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name))
    .filter((name) => name !== "");
}

export function positive(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && Number.isFinite(value)))
    throw new UsageError(`${flag} ${text}: a positive number is wanted`);
  return value;
}

export function whole(flag: string, text: string): number {
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text)))
    throw new UsageError(`${flag} ${text}: a whole number is wanted`);
  return Number(text);
}

function choice<T extends string>(flag: string, given: string, other: T): T | "refuse" {
  if (given !== "refuse" && given !== other)
    throw new UsageError(`${flag} ${given}`, `known: refuse, ${other}`);
  return given as T | "refuse";
}

const wording: readonly (readonly [RegExp, string])[] = [
  [/missing: "interpolate"/, "--missing interpolate"],
  [/irregular: "resample"/, "--irregular resample"],
  [/give sampleTime in seconds/, "give --ts in seconds"],
  [/leave `time` out and give `sampleTime`/, "leave --time out and give --ts"],
  [/leave sampleTime out/, "leave --ts out"],
  [/"(.*)" looks like the column of times/, 'give --ts in seconds, or --time "$1"'],
];

/** The error with a hint that names flags where it named options of the library. */
function inFlags(error: unknown, sampleTime?: number): unknown {
  if (!(error instanceof EigenflowError) || error.hint === undefined) return error;
  const own = /leave sampleTime out/.test(error.hint) && sampleTime !== undefined;
  const worded = wording.reduce((text, [from, to]) => text.replace(from, to), error.hint);
  const comma = /no column/.test(error.message) && /"[^",]+, *[^",]+"/.test(error.hint);
  const hint = own
    ? `bring the data to the sample time of the model, ${Number(sampleTime.toPrecision(6))} s`
    : `${worded}${comma ? `; a name that has a comma stands in quotes: -y '"a, b"'` : ""}`;
  if (error instanceof UsageError) return new UsageError(error.message, hint);
  return error instanceof DataError ? new DataError(error.message, { hint, cause: error }) : error;
}
