import { DataError } from "../../errors.ts";
import { input } from "../../graph/value.ts";
import type { Dictionary } from "../../hybrid/dictionary.ts";
import { fitLift, type Lift, liftValue } from "../../hybrid/lift.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { replaceLayers } from "../../onnx/foreign/replace.ts";
import { matrixOfMade, valuesOf } from "./model-run.ts";
import type { Rows } from "./replacement-data.ts";
import { nameOf, type Run } from "./replacement-layers.ts";

/** What a run of layers takes and gives on data, row by row. */
export interface Pairs {
  readonly run: Run;
  readonly inputs: Matrix; // [rows × inputs]
  readonly outputs: Matrix; // [rows × outputs]
}

/** @throws DataError  for fewer rows than an affine map has numbers for one output */
export async function pairsOf(
  model: ForeignModel,
  runs: readonly Run[],
  rows: Rows,
): Promise<Pairs[]> {
  const ends = runs.map((run) => ({ run, from: run[0].input, to: run[run.length - 1].output }));
  const values = await valuesOf(model, rows, [...new Set(ends.flatMap((e) => [e.from, e.to]))]);
  return ends.map(({ run, from, to }) => {
    const [inputs, outputs] = [matrixOfMade(values.get(from)!), matrixOfMade(values.get(to)!)];
    const [first, last] = [run[0], run[run.length - 1]];
    if (inputs.cols !== first.weight.rows || outputs.cols !== last.weight.cols) {
      throw new DataError(
        `layer "${nameOf(run)}" takes more than one row of numbers for a row of data`,
      );
    }
    if (inputs.rows < inputs.cols + 2) {
      throw new DataError(
        `${rows.name}: ${inputs.rows} rows to fit on, layer "${nameOf(run)}" has ${inputs.cols} inputs`,
        { hint: `at least ${inputs.cols + 2} are wanted, many times that for a fit that holds` },
      );
    }
    return { run, inputs, outputs };
  });
}

export interface Hybrid {
  readonly model: ForeignModel;
  readonly lifts: readonly Lift[];
  readonly parameters: number;
  readonly multiplyAdds: number;
}

/** The model with every run replaced by an operator of these observables. */
export function hybridOf(
  model: ForeignModel,
  pairs: readonly Pairs[],
  dictionary: (inputs: number) => Dictionary,
  options: { readonly ridge?: number; readonly rank?: number },
): Hybrid {
  const lifts = pairs.map(({ inputs, outputs }) =>
    fitLift(inputs, outputs, { dictionary: dictionary(inputs.cols), ...options }),
  );
  const replaced = pairs.reduce((current, { run }, i) => {
    const x = input("x", run[0].dtype === "float64" ? "float64" : "float32", [
      "N",
      lifts[i].inputs,
    ]);
    return replaceLayers(current, run, { inputs: { x }, outputs: { y: liftValue(lifts[i], x) } });
  }, model);
  return {
    model: replaced,
    lifts,
    parameters: lifts.reduce((n, lift) => n + lift.parameters, 0),
    multiplyAdds: lifts.reduce((n, lift) => n + lift.multiplyAdds, 0),
  };
}
