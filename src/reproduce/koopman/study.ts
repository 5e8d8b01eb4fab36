import { join } from "node:path";
import { mnist } from "../../data/mnist.ts";
import { bandPlot } from "../../report/band.ts";
import { spectrumPanels } from "../../report/spectrum-panels.ts";
import { makeFolder } from "../../training/atomic-file.ts";
import type { Reproduced, Reproduction } from "../reproduction.ts";
import { markdownTable } from "../tables.ts";
import { imagesFor } from "../verdict/record.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { type KoopmanPreset, koopmanPresets, plansOf, startedNetwork } from "./plan.ts";
import { type Observable, type RangeSpectrum, rangeSpectrum } from "./spectra.ts";
import { type Trajectory, trajectoryOf } from "./trajectory.ts";

/** The experiment as plain data. */
export interface KoopmanStudy {
  readonly settings: { readonly preset: string; readonly seed: number } & KoopmanPreset;
  readonly findings: readonly Finding[];
  readonly spectra: readonly RangeSpectrum[];
  readonly runs: readonly Omit<Trajectory, "weights">[];
}

/** Koopman spectra of training, after Mohr et al. (2021). */
export const koopmanTraining: Reproduction = {
  name: "koopman-training",
  title: "Koopman spectra of training: the findings of Mohr et al. (2021), computed again",
  about:
    "The MNIST network (65,558 parameters) from three starts, spectra of the loss and of the weights over ranges that begin with the run, the findings as numbers. The paper says neither optimiser, batch, padding nor activation; its runs take 1000 epochs. It gives no thresholds: those here were fixed before the runs.",
  seed: 2021,
  run: async ({ preset, seed, folder, progress }) => {
    const plan = koopmanPresets[preset];
    makeFolder(folder);
    const images = imagesFor(await mnist(), 28, plan.images, seed);
    const runs: Trajectory[] = [];
    for (const one of plansOf(plan, seed)) {
      const path = join(folder, `${one.start}.safetensors`);
      progress(`training from the ${one.start} start`);
      runs.push(await trajectoryOf(one, startedNetwork(one.start), images, { path, progress }));
    }
    progress("spectra");
    return koopmanResults(runs, { preset, plan, seed });
  },
};

/** Spectra, findings, tables and figures of runs that are there. */
export function koopmanResults(
  runs: readonly Trajectory[],
  { preset, plan, seed }: { preset: string; plan: KoopmanPreset; seed: number },
): Reproduced {
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
  return {
    lines: findings.map(({ published, measure, ours, verdict }) => ({
      what: measure,
      published,
      ours,
      standing: verdict === "came out" ? "reached" : "not reached",
    })),
    sections: koopmanSections(study),
    figures: [],
    files: koopmanFigures(study),
    data: study,
  };
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

function koopmanSections({ settings, spectra, runs }: KoopmanStudy): Reproduced["sections"] {
  const { images, epochs, coordinates } = settings;
  const percent = (x: number) => `${(100 * x).toFixed(0)} %`;
  return [
    {
      heading: "Where the importance lies",
      text: [
        `${images} images, ${epochs} epochs, Adam at 1e-3, batches of 128; weights are projected at random to ${coordinates} coordinates a layer. Importance is |α|, as in the paper, which counts what a mode did at the first snapshot; “the same now” counts |α||λ|^(M−1), what is left of it at the last.`,
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
      ].join("\n\n"),
    },
    {
      heading: "Where the runs ended",
      text: markdownTable(
        ["start", "training loss", "test loss", "test accuracy"],
        runs.map(({ plan, train, test, accuracy }) => [
          plan.start,
          train.at(-1)!.toPrecision(3),
          test.at(-1)!.toPrecision(3),
          percent(accuracy.at(-1)!),
        ]),
      ),
    },
  ];
}
