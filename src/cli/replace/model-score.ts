import { DataError } from "../../errors.ts";
import { floats } from "../../onnx/foreign/dense.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { type Made, valuesOf } from "./model-run.ts";
import type { Rows } from "./replacement-data.ts";

/** How a model's answer is read: the class of the largest number, labels as they are, or values. */
export type Reading = "largest" | "sign" | "labels" | "values";

export interface Answer {
  readonly name: string; // of the output
  readonly reading: Reading;
}

/** int64 and text, as classifiers give labels. */
const labelCodes = [7, 8];

/** Which result of a model is its answer: its first of floats, else its first of labels. */
export function answerOf({ outputs, maker }: ForeignModel): Answer {
  const scores = outputs.find(({ code, dims }) => code in floats && (dims?.length ?? 2) <= 2);
  if (scores !== undefined) {
    const last = scores.dims?.at(-1);
    const width = scores.dims?.length === 1 ? 1 : typeof last === "bigint" ? Number(last) : null;
    const binary = maker.get(scores.name)?.op === "Sigmoid";
    const reading = width === 1 ? (binary ? "sign" : "values") : "largest";
    return { name: scores.name, reading };
  }
  const labels = outputs.find(({ code }) => labelCodes.includes(code));
  if (labels === undefined) {
    throw new DataError(
      `none of the outputs ${outputs.map(({ name }) => `"${name}"`).join(", ")} is [rows, numbers] or a label`,
    );
  }
  return { name: labels.name, reading: "labels" };
}

/** What a score counts: rows answered rightly, or R², the share of the variance that is explained. */
export type Measure = "accuracy" | "agreement" | "R2";

export interface Scores {
  readonly measure: Measure;
  readonly before: number;
  /** The score of another model on the same rows. */
  of(model: ForeignModel): Promise<number>;
}

/** Scores by the targets of rows, or by the answers of the original where there are none. */
export async function scoresOn(model: ForeignModel, rows: Rows): Promise<Scores> {
  const answer = answerOf(model);
  const answers = async (one: ForeignModel): Promise<Made> =>
    (await valuesOf(one, rows, [answer.name])).get(answer.name)!;
  const original = await answers(model);
  const { targets, classNames } = rows;
  if (answer.reading === "values" || targets?.kind === "values") {
    const truth =
      targets === null ? original.entries : (targets as { values: ArrayLike<number> }).values;
    if (truth.length !== original.entries.length) {
      throw new DataError(
        `${rows.name}: ${truth.length / rows.count} targets a row, the model gives ${original.width}`,
      );
    }
    const score = (made: Made) => explained(made.entries as number[], truth as ArrayLike<number>);
    return {
      measure: "R2",
      before: score(original),
      of: async (other) => score(await answers(other)),
    };
  }
  const read = (made: Made) => classesOf(made, answer.reading);
  const truth =
    targets === null
      ? read(original)
      : Array.from(targets.labels, (label) =>
          answer.reading === "labels" ? (classNames?.[Number(label)] ?? String(label)) : `${label}`,
        );
  const score = (made: Made) => {
    const found = read(made);
    return found.filter((label, row) => label === truth[row]).length / truth.length;
  };
  return {
    measure: targets === null ? "agreement" : "accuracy",
    before: score(original),
    of: async (other) => score(await answers(other)),
  };
}

function classesOf({ width, entries }: Made, reading: Reading): string[] {
  if (reading === "labels") return entries.map(String);
  const numbers = entries as readonly number[];
  return Array.from({ length: entries.length / width }, (_, row) => {
    if (reading === "sign") return numbers[row] > 0.5 ? "1" : "0";
    const own = numbers.slice(row * width, (row + 1) * width);
    return String(own.indexOf(Math.max(...own)));
  });
}

/** R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², over all numbers. */
function explained(found: readonly number[], truth: ArrayLike<number>): number {
  let [mean, errors, spread] = [0, 0, 0];
  for (let k = 0; k < truth.length; k++) mean += truth[k] / truth.length;
  for (let k = 0; k < truth.length; k++) {
    errors += (found[k] - truth[k]) ** 2;
    spread += (truth[k] - mean) ** 2;
  }
  return spread === 0 ? Number(errors === 0) : 1 - errors / spread;
}
