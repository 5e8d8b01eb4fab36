import { unknownName } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { DenseLayer } from "../../onnx/foreign/layers.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { nodesOfRun } from "../../onnx/foreign/replace.ts";

/** Consecutive layers that one operator replaces. */
export type Run = readonly DenseLayer[];

/**
 * The layers of `--layers`: names or places from 1, `a,b` each by itself, `2..3` as one operator.
 *
 * @throws UsageError  for no such layer, one that cannot be replaced, one named twice, or a range with
 *   something else between
 */
export function runsOf(model: ForeignModel, dense: readonly DenseLayer[], text: string): Run[] {
  if (dense.length === 0) {
    throw new UsageError(
      "the model has no dense layers",
      "eigenflow inspect lists what it has: dense layers are MatMul or Gemm with constant weights",
    );
  }
  const parts = text.split(",").map((part) => part.trim());
  const runs = parts.map((part) => {
    const [from, to] = /^(\d+)\.\.(\d+)$/.exec(part)?.slice(1).map(Number) ?? [];
    if (from === undefined) return [layerOf(dense, part)];
    if (from > to) throw new UsageError(`--layers ${part}: a range goes from the lower place up`);
    return Array.from({ length: to - from + 1 }, (_, i) => layerOf(dense, String(from + i)));
  });
  const all = runs.flat();
  const twice = all.find((layer, i) => all.indexOf(layer) < i);
  if (twice !== undefined) throw new UsageError(`layer "${twice.name}" is named twice`);
  const odd = all.find(({ reason }) => reason !== null);
  if (odd !== undefined) {
    throw new UsageError(`layer "${odd.name}" cannot be replaced: ${odd.reason}`, known(dense));
  }
  for (const run of runs) nodesOfRun(model, run);
  return runs;
}

function layerOf(dense: readonly DenseLayer[], name: string): DenseLayer {
  const named = dense.find((layer) => layer.name === name);
  if (named !== undefined) return named;
  if (!/^\d+$/.test(name)) {
    const names = dense.map((layer) => layer.name);
    const { message } = unknownName("no layer", name, names);
    throw new UsageError(message, known(dense));
  }
  const placed = dense[Number(name) - 1];
  if (placed !== undefined) return placed;
  throw new UsageError(`no layer ${name}: there are ${dense.length}`, known(dense));
}

const known = (dense: readonly DenseLayer[]): string =>
  `can be replaced: ${
    dense
      .flatMap(({ name, reason }, i) => (reason === null ? [`${i + 1} ${name}`] : []))
      .join(", ") || "none"
  }`;

export const nameOf = (run: Run): string => run.map(({ name }) => name).join(" + ");

/** Numbers that a run of layers stores, and multiply-adds of its products for one row. */
export const costOf = (run: Run): { parameters: number; multiplyAdds: number } => ({
  parameters: run.reduce((n, { weight, bias }) => n + weight.data.length + (bias?.length ?? 0), 0),
  multiplyAdds: run.reduce((n, { weight }) => n + weight.data.length, 0),
});
