import { join } from "node:path";
import { mnist } from "../../data/mnist.ts";
import { bandPlot } from "../../report/band.ts";
import { spectrumPanels } from "../../report/spectrum-panels.ts";
import { makeFolder } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { imagesFor } from "../verdict/record.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { type KoopmanPreset, plansOf, startedNetwork } from "./plan.ts";
import { type Observable, type RangeSpectrum, rangeSpectrum } from "./spectra.ts";
import { type Trajectory, trajectoryOf } from "./trajectory.ts";

/** The experiment as plain data. */
export interface KoopmanStudy {
  readonly settings: { readonly preset: string; readonly seed: number } & KoopmanPreset;
  readonly findings: readonly Finding[];
  readonly spectra: readonly RangeSpectrum[];
  readonly runs: readonly Omit<Trajectory, "weights">[];
}

export interface KoopmanOptions {
  readonly preset: string;
  readonly plan: KoopmanPreset;
  readonly seed: number;
  /** Where each run is kept, so that it can go on. */
  readonly folder: string;
  readonly progress: (part: string) => void;
}

/**
 * Koopman spectra of training, after Mohr et al. (2021): the MNIST network started in three ways, spectra of
 * the loss and of the weights over ranges that begin with the run, and the paper's findings as numbers.
 */
export async function koopmanStudy(options: KoopmanOptions) {
  const { plan, seed, folder, progress } = options;
  makeFolder(folder);
  const images = imagesFor(await mnist(), 28, plan.images, seed);
  const runs: Trajectory[] = [];
  for (const one of plansOf(plan, seed)) {
    const path = join(folder, `${one.start}.safetensors`);
    progress(`training from the ${one.start} start`);
    runs.push(await trajectoryOf(one, startedNetwork(one.start), images, { path, progress }));
  }
  progress("spectra");
  return koopmanResults(runs, options);
}

/** Spectra, findings, tables and figures of runs that are there. */
export function koopmanResults(
  runs: readonly Trajectory[],
  { preset, plan, seed }: Pick<KoopmanOptions, "preset" | "plan" | "seed">,
) {
  const spectra = runs.flatMap((run) => [
    ...plan.lossRanges.map((range) => rangeSpectrum(run, "loss", range)),
    ...(["weights", "increments"] as const).flatMap((of) =>
      plan.weightRanges.map((range) => rangeSpectrum(run, of, range)),
    ),
  ]);
  const findings = findingsOf(runs, spectra);
  const study: KoopmanStudy = {
    settings: { preset, seed, ...plan },
    findings,
    spectra,
    runs: runs.map(({ weights: _, ...rest }) => rest),
  };
  return { study, tables: koopmanTables(study), figures: koopmanFigures(study) };
}

const named: Readonly<Record<Observable, string>> = {
  loss: "the training loss, delay-embedded",
  weights: "the weights",
  increments: "the weights' change from epoch to epoch",
};

function koopmanFigures({ runs, spectra, settings }: KoopmanStudy): Record<string, string> {
  const panels = (of: Observable) =>
    spectrumPanels(
      spectra
        .filter((one) => one.of === of)
        .map((one) => ({ ...one, row: one.start, column: `first ${one.range} epochs` })),
      {
        title: `Eigenvalues of ${named[of]}`,
        subtitle: "area: |α| of modes of length 1, of the panel's largest; hollow: below 1 % of it",
      },
    );
  const curves = runs.flatMap(({ plan: { start }, train, test }) =>
    Object.entries({ train, test }).map(([name, middle]) => ({
      name: `${start}, ${name}`,
      x: middle.map((_, t) => t),
      middle,
    })),
  );
  return {
    "losses.svg": bandPlot(curves, {
      title: "Training and test loss from three starts",
      subtitle: `CNN of 65,558 parameters, ${settings.images} images of MNIST, Adam 1e-3, batches of 128`,
      xLabel: "epoch",
      yLabel: "cross-entropy",
    }),
    "loss-spectra.svg": panels("loss"),
    "weights-spectra.svg": panels("weights"),
    "increments-spectra.svg": panels("increments"),
  };
}

function koopmanTables({ settings, findings, spectra, runs }: KoopmanStudy): string {
  const { images, epochs, preset, seed } = settings;
  const percent = (x: number) => `${(100 * x).toFixed(0)} %`;
  return `${[
    "# Koopman spectra of training: the findings of Mohr et al. (2021), computed again",
    `The MNIST network (65,558 parameters) on ${images} images, ${epochs} epochs, Adam at 1e-3, batches of 128, seed ${seed} (preset ${preset}). The paper says neither optimiser, batch, padding nor activation; its runs take 1000 epochs. Weights are projected at random to ${settings.coordinates} coordinates a layer.`,
    markdownTable(
      ["published", "measured as", "ours", "verdict"],
      findings.map(({ published, measure, ours, verdict }) => [published, measure, ours, verdict]),
    ),
    "## Where the importance lies",
    "Importance is |α|, as in the paper, which counts what a mode did at the first snapshot; “the same now” counts |α||λ|^(M−1), what is left of it at the last.",
    markdownTable(
      [
        "start",
        "of",
        "epochs",
        "modes",
        "|λ| ≤ 1/2",
        "|λ − 1| ≤ 1/20",
        "the same now",
        "outside 1.001",
      ],
      spectra.map(({ start, of, range, re, im, nearZero, nearOne, nearOneNow }) => [
        start,
        of,
        String(range),
        String(re.length),
        percent(nearZero),
        percent(nearOne),
        percent(nearOneNow),
        String(re.filter((x, j) => Math.hypot(x, im[j]) > 1.001).length),
      ]),
    ),
    "## Where the runs ended",
    markdownTable(
      ["start", "training loss", "test loss", "test accuracy"],
      runs.map(({ plan, train, test, accuracy }) => [
        plan.start,
        train.at(-1)!.toPrecision(3),
        test.at(-1)!.toPrecision(3),
        percent(accuracy.at(-1)!),
      ]),
    ),
  ].join("\n\n")}\n`;
}
