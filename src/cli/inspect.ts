import { openRun } from "../data/run/open-run.ts";
import type { OpenedRun } from "../data/run/run.ts";
import { spacingOf } from "../koopman/spacing.ts";
import { table } from "./analysis-text.ts";
import { evidenceOf, ladder } from "./ladder.ts";
import { grouped } from "./numbers.ts";
import type { Outcome } from "./output.ts";
import { withInput } from "./stdin.ts";

/** `eigenflow inspect PATH`: what is here, and how much it can tell, before anything is computed. */
export async function inspect(path: string): Promise<Outcome> {
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
    const evidence = evidenceOf(run, path);
    const caveats = [
      ...run.caveats,
      ...run.sources.flatMap((source) => source.caveats.map((line) => `${source.path}: ${line}`)),
      ...series.flatMap(({ name, caveats: some }) => some.map((line) => `${name}: ${line}`)),
    ];
    const rows = run.sources.map(({ path: where, kind, summary }) => [where, kind, summary]);
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
        ...table(rows).map((line) => `  ${line}`),
        ...(snapshots === null ? [] : [`  ${snapshotsText(snapshots)}`]),
        "you can:",
        ...table(
          evidence.map(({ command, level, remarks }) => [
            `  ${command}`,
            `evidence ${level}/${ladder.length}`,
            remarks.join("; "),
          ]),
        ),
        ...(evidence.length === 0
          ? [
              `  name a series with --column: ${series.map(({ name }) => name).join(", ") || "none"}`,
            ]
          : []),
        ...caveats.map((line) => `warning  ${line}`),
      ].join("\n"),
    };
  });
}

function snapshotsOf(snapshots: OpenedRun["snapshots"]) {
  if (snapshots.length === 0) return null;
  const tensors = snapshots[0].files.flatMap((file) => file.tensors);
  const sizes = tensors.map(({ shape }) => shape.reduce((product, n) => product * n, 1));
  const steps = snapshots.map(({ step }) => step);
  return {
    count: snapshots.length,
    from: steps[0],
    to: steps[steps.length - 1],
    ...spacingOf(steps),
    tensors: tensors.length,
    numbers: sizes.reduce((sum, n) => sum + n, 0),
    opaque: [...new Set(snapshots[0].files.flatMap((file) => file.opaque))],
  };
}

const snapshotsText = ({
  count,
  from,
  to,
  tensors,
  numbers,
  opaque,
}: NonNullable<ReturnType<typeof snapshotsOf>>) =>
  `${count} snapshots, steps ${from} to ${to}: ${tensors} tensors, ${grouped(numbers)} numbers` +
  (opaque.length === 0 ? "" : ` (nothing executed; left alone: ${opaque.slice(0, 5).join(", ")})`);
