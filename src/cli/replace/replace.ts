import { resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import type { Lift } from "../../hybrid/lift.ts";
import { eigenvalues } from "../../linalg/eigenvalues.ts";
import { matrix } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/svd.ts";
import { foldBatchNorm } from "../../onnx/foreign/fold.ts";
import { layersOf } from "../../onnx/foreign/layers.ts";
import { openModel, withMetadata } from "../../onnx/foreign/open.ts";
import { writeFile } from "../../training/atomic-file.ts";
import { positive, whole } from "../input/experiment-input.ts";
import { parametersOf } from "../inspect/inspect-model.ts";
import type { Outcome } from "../output/output.ts";
import { version } from "../output/version.ts";
import { answerOf, scoresOn } from "./model-score.ts";
import { type Cost, replacementText } from "./replace-text.ts";
import { readSamples, type SampleFlags, splitRows } from "./replacement-data.ts";
import { hybridOf, pairsOf } from "./replacement-fit.ts";
import { costOf, nameOf, type Run, runsOf } from "./replacement-layers.ts";
import {
  candidatesOf,
  type ObservableFlags,
  type Observables,
  observablesOf,
} from "./replacement-options.ts";
import { type Suggested, suggested } from "./suggest.ts";

export interface ReplaceFlags extends SampleFlags, ObservableFlags {
  readonly layers: string;
  readonly rank?: string;
  readonly ridge?: string;
  readonly foldBatchNorm?: true;
  readonly suggest?: true;
  readonly maxDrop?: string;
  readonly seed?: string;
  readonly out?: string;
}

/** The share of the rows to fit on that --suggest keeps to choose by. */
const chosenBy = 0.2;

/**
 * `eigenflow replace MODEL --layers … --data …`: an operator for layers of a trained model, judged beside
 * the model itself and the affine map, on rows that nothing was fitted to or chosen by.
 */
export async function replace(path: string, flags: ReplaceFlags): Promise<Outcome> {
  const seed = whole("--seed", flags.seed ?? "0");
  const options = {
    ...(flags.ridge !== undefined && { ridge: positive("--ridge", flags.ridge) }),
    ...(flags.rank !== undefined && {
      rank: positive("--rank", String(whole("--rank", flags.rank))),
    }),
  };
  const maxDrop = maxDropOf(flags);
  const asked = observablesOf(flags, seed);
  if (flags.out !== undefined && resolve(flags.out) === resolve(path)) {
    throw new UsageError("-o is the model itself, which is not written over");
  }
  const opened = await openModel(path);
  const model = flags.foldBatchNorm ? foldBatchNorm(opened) : opened;
  const runs = runsOf(model, layersOf(model).dense, flags.layers);
  const samples = await readSamples(flags, answerOf(model).reading === "values", seed);

  let suggestion: Suggested | null = null;
  let observables: Observables = asked;
  if (flags.suggest) {
    const { fit, test: judge } = splitRows(samples.fit, 1 - chosenBy, seed + 1);
    const pairs = await pairsOf(model, runs, fit);
    const candidates = candidatesOf(
      runs.map((run) => run[0].weight.rows),
      seed,
    );
    const scores = await scoresOn(model, judge);
    suggestion = await suggested(model, pairs, scores, candidates, options, maxDrop);
    observables = candidates[suggestion.index];
  }

  const pairs = await pairsOf(model, runs, samples.fit);
  const hybrid = hybridOf(model, pairs, observables, options);
  const { rank: _, ...ridgeOnly } = options;
  const affine = hybridOf(model, pairs, () => ({ kind: "affine" }), ridgeOnly);
  const scores = await scoresOn(model, samples.test);
  const after = await scores.of(hybrid.model);
  const baseline = await scores.of(affine.model);

  const replaced = runs.map((run, i) => replacedDocument(run, hybrid.lifts[i]));
  const document = {
    model: path,
    layers: replaced,
    samples: { fit: samples.fit.count, test: samples.test.count, seed },
    options: { ridge: options.ridge ?? null, rank: options.rank ?? null },
    foldedBatchNorm: flags.foldBatchNorm ?? false,
    measure: scores.measure,
    before: scores.before,
    after,
    drop: 100 * (scores.before - after),
    baseline: { score: baseline, drop: 100 * (scores.before - baseline), ...totals(affine) },
    cost: { before: sumOf(runs), after: totals(hybrid) },
    parameters: { before: parametersOf(opened), after: parametersOf(hybrid.model) },
    suggestion: suggestion && {
      maxDrop,
      reached: suggestion.reached,
      chosenOn: Math.round(chosenBy * samples.fit.count),
      candidates: suggestion.candidates,
    },
    out: flags.out ?? null,
  };
  if (flags.out !== undefined) {
    const metadata = { version, ...document, suggestion: undefined, out: undefined };
    const written = withMetadata(hybrid.model, {
      "eigenflow.hybrid": JSON.stringify(metadata),
      // What was proven or measured of the original holds of it alone.
      "eigenflow.certificate": null,
      "eigenflow.run": null,
      "eigenflow.spectrum": null,
    });
    writeFile(flags.out, written.bytes);
  }
  return { document, text: replacementText(document) };
}

function maxDropOf({ suggest, maxDrop, ...flags }: ReplaceFlags): number {
  if (maxDrop !== undefined && !suggest)
    throw new UsageError("--max-drop is an option of --suggest");
  const chosen = (["observables", "features", "degree", "width"] as const).find((k) => flags[k]);
  if (suggest && chosen !== undefined) {
    throw new UsageError(`--suggest chooses the observables itself: leave --${chosen} out`);
  }
  const points = Number(maxDrop ?? "0.5");
  if (!(points >= 0 && points <= 100) || maxDrop?.trim() === "") {
    throw new UsageError(`--max-drop ${maxDrop}: percentage points from 0 to 100 are wanted`);
  }
  return points;
}

const totals = ({ parameters, multiplyAdds }: Cost) => ({ parameters, multiplyAdds });

const sumOf = (runs: readonly Run[]) => costOf(runs.flat());

/** One operator with what it replaces; eigenvalues where it maps a space into itself. */
function replacedDocument(run: Run, lift: Lift) {
  const { operator, dictionary, inputs, outputs } = lift;
  const linear = matrix(
    outputs,
    operator.cols - 1,
    (i, j) => operator.data[i * operator.cols + j + 1],
  );
  const square = dictionary.kind === "affine" && inputs === outputs;
  const { re, im } = square ? eigenvalues(scaled(lift)) : { re: [], im: [] };
  return {
    name: nameOf(run),
    inputs,
    outputs,
    dictionary,
    observables: operator.cols,
    cost: { before: costOf(run), after: totals(lift) },
    singularValues: Array.from(singularValues(linear)),
    eigenvalues: square ? Array.from(re, (value, i) => ({ re: value, im: im[i] })) : null,
  };
}

/** The operator of an affine lift on inputs as they are. */
const scaled = ({ operator, inputs, scale }: Lift) =>
  matrix(inputs, inputs, (i, j) => operator.data[i * operator.cols + j + 1] / scale[j]);
