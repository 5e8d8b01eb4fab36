import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { type Evidence, ladder, evidence as rungs } from "../../data/run/evidence.ts";
import { openRun } from "../../data/run/open-run.ts";
import { counted, type OpenedRun } from "../../data/run/run.ts";
import { parameterTensors } from "../../data/tensors/parameters.ts";
import { spacingOf } from "../../koopman/verdict/spacing.ts";
import { table } from "../analysis/analysis-text.ts";
import { withInput } from "../input/stdin.ts";
import type { Outcome } from "../output/output.ts";

/** `eigenflow inspect PATH`: what is here, and how much it can tell, before anything is computed. */
export async function inspect(path: string): Promise<Outcome> {
  if (extname(path).toLowerCase() === ".onnx" && !(await isFolder(path))) {
    return (await import("./inspect-model.ts")).inspectModel(path);
  }
  return withInput(path, async (file) => {
    const run = await openRun(file);
    const series = run.series.map(({ name, source, steps, values, caveats }) => ({
      name,
      source,
      values: values.length,
      from: steps[0],
      to: steps[steps.length - 1],
      ...spacingOf(steps),
      notFinite: values.filter((value) => !Number.isFinite(value)).length,
      caveats,
    }));
    const snapshots = snapshotsOf(run.snapshots);
    const caveats = [
      ...run.caveats,
      ...run.sources.flatMap((source) => source.caveats.map((line) => `${source.path}: ${line}`)),
      ...series.flatMap(({ name, caveats: some }) => some.map((line) => `${name}: ${line}`)),
    ];
    const evidence = rungs(run).map((rung) => ({ ...rung, command: commandOf(path, rung.of) }));
    if (snapshots !== null && !snapshots.even)
      caveats.push("the snapshots are unevenly spaced: --of weights asks for equal distances");
    return {
      document: {
        path,
        kind: run.kind,
        sources: run.sources,
        series,
        snapshots,
        evidence,
        caveats,
      },
      text: [
        `${path}: ${run.kind}`,
        ...table(run.sources.map(({ path: where, kind, summary }) => [where, kind, summary])).map(
          (line) => `  ${line}`,
        ),
        ...(snapshots === null ? [] : [`  ${snapshotsText(snapshots)}`]),
        "you can:",
        ...table(
          evidence.map(({ command, level, says }) => [
            `  ${command}`,
            `evidence ${level}/${ladder.length}`,
            says,
          ]),
        ),
        ...(evidence.length === 0
          ? [
              `  name a series with --column: ${series.map(({ name }) => name).join(", ") || "none"}`,
            ]
          : []),
        ...missingOf(evidence).map((line) => `missing  ${line}`),
        ...caveats.map((line) => `warning  ${line}`),
      ].join("\n"),
    };
  });
}

const isFolder = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
};

const commandOf = (path: string, of: Evidence["of"]) =>
  `eigenflow analyze ${path}${of === "loss" ? "" : ` --of ${of}`}`;

/** What is missing, once, and of what when that is not the whole. */
function missingOf(all: readonly Evidence[]): string[] {
  const lines = [...new Set(all.flatMap(({ missing }) => missing))];
  return lines.map((line) => {
    const of = all.filter(({ missing }) => missing.includes(line)).map((one) => one.of);
    return of.length === all.length || line.startsWith("no ") ? line : `${line} (${of.join(", ")})`;
  });
}

function snapshotsOf(snapshots: OpenedRun["snapshots"]) {
  if (snapshots.length === 0) return null;
  const all = snapshots[0].files.flatMap((file) => file.tensors);
  const tensors = parameterTensors(all);
  const sizes = tensors.map(({ shape }) => shape.reduce((product, n) => product * n, 1));
  const steps = snapshots.map(({ step }) => step);
  return {
    count: snapshots.length,
    from: steps[0],
    to: steps[steps.length - 1],
    ...spacingOf(steps),
    tensors: tensors.length,
    others: all.length - tensors.length, // an optimiser's state, running statistics
    numbers: sizes.reduce((sum, n) => sum + n, 0),
    opaque: [...new Set(snapshots[0].files.flatMap((file) => file.opaque))],
  };
}

const snapshotsText = ({
  count,
  from,
  to,
  spacing,
  even,
  tensors,
  others,
  numbers,
  opaque,
}: NonNullable<ReturnType<typeof snapshotsOf>>) =>
  `${counted(count, "snapshot")}, ` +
  (count === 1
    ? `step ${from}: `
    : `steps ${from} to ${to}, ${even ? "" : "about "}every ${spacing}: `) +
  `${counted(tensors, "tensor")} of parameters, ${counted(numbers, "number")}` +
  (others === 0 ? "" : `; ${counted(others, "other tensor")} beside them`) +
  (opaque.length === 0 ? "" : ` (nothing executed; left alone: ${opaque.slice(0, 5).join(", ")})`);
