import type { Reproduced, ReproduceOptions, Reproduction } from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { attackFigure, boundFigure } from "./figures.ts";
import { type Fit, fitOf } from "./fit.ts";
import { linesOf } from "./lines.ts";
import { nameOf, plansOf, type RobustPreset, robustPresets } from "./plan.ts";
import { type PlantData, plantData } from "./plant.ts";
import { type Group, groupsOf, inWords } from "./summary.ts";

/** `eigenflow reproduce robust-ren`. */
export const robustRen: Reproduction = {
  name: "robust-ren",
  title:
    "Robustness against accuracy of recurrent equilibrium networks (Revay, Wang & Manchester, 2023)",
  about:
    "Networks with a proven bound γ of their gain, trained on a simulated plant for each bound, and how much gain a search " +
    "finds in them. The paper's data are the F16 ground vibration test, which is not shipped here; ours are two " +
    "masses with hardening springs, driven so that its incremental gain is well above that at rest. Bounds are in percent of the " +
    "plant's gain along the held-out data, so that 10 … 100 mean about what they do in the paper, where the network " +
    "without a bound has a gain of 91. Errors on different data are not comparable, and are not judged.",
  seed: 1,
  run: (options) => robustStudy(robustPresets[options.preset], options),
};

/** All fits of a preset, each kept in the folder once it is done. */
export async function robustStudy(
  preset: RobustPreset,
  { seed, folder, progress }: Omit<ReproduceOptions, "preset">,
): Promise<Reproduced> {
  const plans = plansOf(preset, seed);
  progress("simulating the plant");
  const data = plantData(plans[0].data);
  const kept = storedIn<Fit>(folder);
  const fits: Fit[] = [];
  for (const [k, plan] of plans.entries()) {
    const name = nameOf(plan);
    const done = kept.read(name, plan);
    if (done === null) progress(`${k + 1} of ${plans.length}: ${name}`);
    const fit = done ?? (await fitOf(plan, data));
    if (done === null) kept.write(name, fit);
    fits.push(fit);
  }
  return robustResults(fits, data.gain);
}

/** Lines, table and figures of fits that are there. */
export function robustResults(fits: readonly Fit[], gain: PlantData["gain"]): Reproduced {
  const groups = groupsOf(fits);
  const { samples, heldOut } = fits[0].plan.data;
  const { steps, length, batch } = fits[0].plan.recipe;
  return {
    lines: linesOf(groups),
    sections: [
      {
        heading: "All networks",
        text: [
          table(groups),
          `Gains are between standardised signals; the plant's is ${gain.atRest.toFixed(2)} at rest and ${gain.alongData.toFixed(2)} along the held-out data, of small differences, and grows with the amplitude. Median, least and most of the seeds.`,
          `${samples} samples to train on, ${heldOut} held out; ${steps} steps of Adam on ${batch} sequences of ${length} samples, the same for all networks.`,
        ].join("\n\n"),
      },
    ],
    figures: [boundFigure(groups, gain), attackFigure(groups)],
    data: {
      plant: gain,
      fits: fits.map(({ attack, ...fit }) => ({ ...fit, attack: attack.gain })),
    },
  };
}

const table = (groups: readonly Group[]): string =>
  markdownTable(
    [
      "network",
      "parameters",
      "seeds",
      "bound γ",
      "observed gain",
      "of γ",
      "gain under attack",
      "NRMSE, %",
    ],
    groups.map(({ name, parameters, fits, bound, observed, attack, nrmse }) => [
      name,
      String(parameters),
      String(fits.length),
      bound === null ? "" : bound.toFixed(2),
      inWords(observed, 2),
      bound === null ? "" : `${((100 * observed.middle) / bound).toFixed(0)} %`,
      inWords(attack, 2),
      inWords(nrmse),
    ]),
  );
