import type {
  Line,
  Reproduced,
  ReproduceOptions,
  Reproduction,
  Standing,
} from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { batchEstimates, exactBias } from "./batches.ts";
import { bestCutoffs, measuredCutoffs } from "./bias.ts";
import { batchFigure, cutoffFigure, reconstructionFigures } from "./figures.ts";
import {
  baselines,
  batchLines,
  cellOf,
  claimLines,
  cutoffLines,
  fixed,
  tableLines,
  tolerance,
  valuesOf,
} from "./lines.ts";
import {
  lossTitles,
  plansOf,
  type SobolevPlan,
  type SobolevPreset,
  sobolevPresets,
} from "./plan.ts";
import { reference } from "./published.ts";
import { type SobolevRun, trainedRun } from "./run.ts";

export const sobolev: Reproduction = {
  name: "sobolev",
  title: "Negative-Sobolev losses: noise, layers and frequencies",
  about:
    "The regression of x + sin 2πx⁴ under noise by 9 hidden layers of 20 neurons, after Mohr, Fonoberova, " +
    "Manojlović, Andrejčuk, Drmač, Kevrekidis & Mezić (2021), “Applications of Koopman mode analysis to " +
    "neural networks”, AAAI-MLPS, figures 3 and 4. The paper prints no numbers and leaves open samples, " +
    "activation, optimiser, steps and the loss that the output has beside Sobolev 1; “reference” is a run of " +
    "the same experiment in another framework, with the choices below, two seeds.",
  seed: 1,
  run: (options) => study(sobolevPresets[options.preset], options),
};

/** Trains what is not stored, two runs at a time, and sets everything beside the reference. */
export async function study(
  preset: SobolevPreset,
  { seed, folder, progress }: Omit<ReproduceOptions, "preset">,
): Promise<Reproduced> {
  const runs = await trained(plansOf(preset, seed), folder, progress);
  progress("bias, variance and batches");
  const cases = bestCutoffs();
  const seeds = Array.from({ length: preset.draws }, (_, i) => seed + i);
  const measured = measuredCutoffs([0.05, 0.5, 1], seeds);
  const estimates = batchEstimates(200 * preset.draws, seed);
  const bias = exactBias(seed);
  const claims = claimLines(runs);
  return {
    lines: [...claims, ...tableLines(runs), ...cutoffLines(cases, measured), ...batchLines(bias)],
    sections: sectionsOf(runs, preset, claims),
    figures: [
      ...reconstructionFigures(runs, preset, claims),
      cutoffFigure(cases, measured),
      batchFigure(estimates),
    ],
    data: { preset, runs, cutoffs: cases, measured, estimates, bias },
  };
}

async function trained(
  plans: readonly SobolevPlan[],
  folder: string,
  progress: (part: string) => void,
): Promise<SobolevRun[]> {
  const stored = storedIn<SobolevRun>(folder);
  const runs: SobolevRun[] = new Array(plans.length);
  let next = 0;
  const worker = async () => {
    while (next < plans.length) {
      const at = next++;
      const plan = plans[at];
      const name = `${plan.loss}-${plan.activation}-${plan.level}-${plan.seed}`;
      const found = stored.read(name, plan);
      runs[at] = found ?? (await trainedRun(plan));
      if (found) continue;
      stored.write(name, runs[at]);
      progress(`${at + 1} of ${plans.length}: ${name}, RMSE ${fixed(runs[at].final)}`);
    }
  };
  await Promise.all([worker(), worker()]);
  return runs;
}

function sectionsOf(
  runs: readonly SobolevRun[],
  preset: SobolevPreset,
  claims: readonly Line[],
): Reproduced["sections"] {
  const told = (heading: string, wanted: Standing) => {
    const some = claims.filter(({ standing }) => standing === wanted);
    const list = some.map(({ what, ours }) => `- ${what}: ${ours}`);
    return `${heading}:\n\n${list.length > 0 ? list.join("\n") : "- nothing of what the paper says"}`;
  };
  const { rows, levels, seeds, steps } = preset;
  const header = ["loss", "activation", ...levels.map((level) => `ε = ${level}`)];
  const table = (of: "final" | "best" | "finalLeft") =>
    markdownTable(
      header,
      rows.map(([loss, activation]) => [
        lossTitles[loss],
        activation,
        ...levels.map((level) => {
          const { median, spread } = cellOf(valuesOf(runs, { loss, activation, level }, of));
          return seeds > 1 ? `${fixed(median)} ± ${fixed(spread)}` : fixed(median);
        }),
      ]),
    );
  const best = Object.entries(reference).map(([row, { best }]) => `${row} ${best.join(" / ")}`);
  return [
    {
      heading: "What was and what was not reproduced",
      text:
        `${told("Reproduced", "reached")}\n\n${told("Not reproduced", "not reached")}\n\nSobolev 1 gives each layer a ` +
        "gradient of its own; its output still has the mean squared error, as the paper is read here, and so " +
        "follows strong noise like L2. Sobolev 2 never sees a frequency above its K. No loss of k ≤ 9 can fix the " +
        `right half of the signal: its RMSE stays above 0.498. The constant mean has ${baselines.mean}, the best ` +
        `straight line ${baselines.line}.`,
    },
    {
      heading: "How it was run",
      text:
        `1000 points x = 2i/1000, a random three quarters to train on, noise ε · 3.0468 · N(0, 1); Glorot-normal weights, ` +
        `biases 0, input x − 1, Adam 1e-3, ${steps} steps on all rows; coefficients by Voronoi weights on the period ` +
        "[0, 2]; s(ℓ) = ℓ, s = −1/2; heads with bias. Each seed draws noise, split and weights. Numbers are " +
        "medians ± half the range. A line counts as reached within the two spreads and " +
        `${100 * tolerance(seeds)} % of the reference${seeds > 1 ? "" : " (a single seed: loosely)"}.`,
    },
    { heading: "RMSE after the last step", text: table("final") },
    {
      heading: "RMSE at the look with the least noisy test error",
      text: `${table("best")}\n\nReference, at ε = 0.05 / 0.5 / 1: ${best.join("; ")}.`,
    },
    { heading: "RMSE on x ≤ 1 after the last step", text: table("finalLeft") },
  ];
}
