import type { Dictionary } from "../../hybrid/dictionary.ts";
import { table } from "../analysis/analysis-text.ts";
import { grouped, percent } from "../output/numbers.ts";
import type { Measure } from "./model-score.ts";
import { observablesText } from "./replacement-options.ts";
import type { Suggested } from "./suggest.ts";

export interface Cost {
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** What the text needs of the document. */
export interface Replacement {
  readonly model: string;
  readonly layers: readonly {
    readonly name: string;
    readonly inputs: number;
    readonly outputs: number;
    readonly dictionary: Dictionary;
    readonly observables: number;
  }[];
  readonly samples: { readonly fit: number; readonly test: number };
  readonly measure: Measure;
  readonly before: number;
  readonly after: number;
  readonly drop: number;
  readonly baseline: Cost & { readonly score: number; readonly drop: number };
  readonly cost: { readonly before: Cost; readonly after: Cost };
  readonly suggestion: (Omit<Suggested, "index"> & { readonly maxDrop: number }) | null;
  readonly out: string | null;
}

const measures: Readonly<Record<Measure, string>> = {
  accuracy: "accuracy",
  agreement: "agreement with the original",
  R2: "R²",
};

/** The document of `eigenflow replace` for a reader. */
export function replacementText(found: Replacement): string {
  const { layers, samples, measure, before, after, drop, baseline, cost, suggestion, out } = found;
  const row = (
    name: string,
    score: number,
    lost: number | null,
    { parameters, multiplyAdds }: Cost,
  ) => [
    `  ${name}`,
    percent(score),
    lost === null ? "" : points(lost),
    grouped(parameters),
    grouped(multiplyAdds),
  ];
  const lines = layers.map(
    ({ name, inputs, outputs, dictionary, observables }) =>
      `  ${name}: ${inputs} x ${outputs}, now ${grouped(observables)} observables (${observablesText(dictionary)})`,
  );
  return [
    `${found.model}: ${layers.length === 1 ? "one operator" : `${layers.length} operators`} fitted to ` +
      `${grouped(samples.fit)} rows, judged on ${grouped(samples.test)} others`,
    ...lines,
    ...table([
      ["", measures[measure], "lost", "parameters", "multiply-adds"],
      row("original", before, null, cost.before),
      row("replaced", after, drop, cost.after),
      row("affine least squares", baseline.score, baseline.drop, baseline),
    ]),
    "parameters and multiply-adds are those of the layers that are replaced",
    ...(suggestion === null ? [] : suggestionText(suggestion, drop)),
    ...(out === null ? [] : [`written to ${out}`]),
  ].join("\n");
}

const points = (lost: number): string => `${lost.toFixed(2)} points`;

function suggestionText(
  { candidates, reached, maxDrop }: NonNullable<Replacement["suggestion"]>,
  drop: number,
) {
  const head = reached
    ? `the cheapest that loses at most ${maxDrop} points on rows kept to choose by:`
    : `none loses at most ${maxDrop} points on rows kept to choose by; the best:`;
  return [
    head,
    ...table(
      candidates.map(({ dictionaries, multiplyAdds, drop, proposed }) => [
        `  ${proposed ? "*" : " "} ${[...new Set(dictionaries.map(observablesText))].join("; ")}`,
        `${grouped(multiplyAdds)} multiply-adds`,
        points(drop),
      ]),
    ),
    ...(reached && drop > maxDrop
      ? [`on the rows it is judged on it loses more than that: ${points(drop)}`]
      : []),
  ];
}
