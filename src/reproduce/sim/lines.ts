import { median } from "../../data/quantiles.ts";
import { trainedCount } from "../../models/model.ts";
import type { Line, Standing } from "../reproduction.ts";
import { type Drawing, drawerTitles } from "./drawing.ts";
import type { ImageRun } from "./images.ts";
import type { MemoryRun } from "./memory.ts";
import { type ImageNetwork, imageRecipes, memoryNetwork, memoryTitles } from "./networks.ts";
import { bySeeds, type Comparison } from "./seeds.ts";

/** Trained parameters, which the architectures of the reference implementation have. */
export function countLines(): Line[] {
  const counts = [
    ["MNIST, single-tier", 81_480, imageRecipes.single.model()],
    ["MNIST, two-tier", 80_466, imageRecipes["two-tier"].model()],
    ["copy memory, single-tier", 17_294, memoryNetwork("single", 100, null)],
    ["copy memory, two-tier", 17_294, memoryNetwork("two-tier", 100, null)],
  ] as const;
  return counts.map(([what, published, model]) => {
    const ours = trainedCount(model);
    return {
      what: `${what}: trained parameters`,
      published: published.toLocaleString("en"),
      ours: ours.toLocaleString("en"),
      standing: ours === published ? "reached" : "not reached",
    };
  });
}

/** With fewer images an accuracy is no comparison with print. */
const allImages = 60_000;
const family = [98.1, 99.1, "98.1 to 99.1 (monotone DEQs, 84 K, 40 epochs)"] as const;
/** Accuracies of monotone networks of the same budget in print, per cent. */
const references: Partial<
  Record<ImageNetwork, readonly [least: number, most: number, printed: string]>
> = {
  single: family,
  "two-tier": family,
  monotone: [98.1, 98.1, "98.1 ± 0.1 (84 K, 40 epochs)"],
  "conv-monotone": [99.1, 99.1, "99.1 ± 0.1 (84 K, 40 epochs)"],
};

/** One line for each network of each task. */
export const comparisonLines = ({ images, memory, drawings }: Comparison): Line[] => [
  ...bySeeds(images).map(imageLine),
  ...bySeeds(memory).map(memoryLine),
  ...bySeeds(drawings).map(drawingLine),
];

function imageLine(runs: readonly ImageRun[]): Line {
  const [{ plan, parameters }] = runs;
  const accuracies = runs.map(({ accuracy }) => 100 * accuracy.at(-1)!);
  const reference = plan.images >= allImages ? references[plan.name] : undefined;
  const passes = `${plan.epochs} epoch${plan.epochs === 1 ? "" : "s"}`;
  return {
    what: `MNIST, ${imageRecipes[plan.name].title}, ${thousands(parameters)} parameters: test accuracy, %`,
    published: reference?.[2] ?? "",
    ours: `${spreadOf(accuracies)}; ${passes} of ${plan.images.toLocaleString("en")} images`,
    standing: reference ? accuracyStanding(median(accuracies), reference) : "",
  };
}

/** Within the tenth of a point that the printed accuracies scatter by. */
function accuracyStanding(
  ours: number,
  [least, most]: readonly [number, number, string],
): Standing {
  if (ours > most + 0.1) return "better";
  return ours >= least - 0.1 ? "reached" : "not reached";
}

/** Promised of SIM at T = 100: all ten positions of all test sequences, within ten epochs, from every seed. */
function memoryLine(runs: readonly MemoryRun[]): Line {
  const [{ plan, parameters }] = runs;
  const promised = plan.delay === 100 && (plan.name === "single" || plan.name === "two-tier");
  const solved = runs.map(({ recall }) => recall.indexOf(1) + 1).filter((epoch) => epoch > 0);
  const after =
    solved.length === 0
      ? `never 100 in ${plan.epochs} epochs`
      : `100 after epoch ${solved.join(", ")}${solved.length < runs.length ? `, ${runs.length - solved.length} seed never` : ""}`;
  return {
    what: `copy memory, T = ${plan.delay}, ${memoryTitle(runs[0])}, ${thousands(parameters)} parameters: recall of the last ten, %`,
    published: promised ? "100 within 10 epochs (promised)" : "",
    ours: `${spreadOf(
      runs.map(({ recall }) => 100 * recall.at(-1)!),
      1,
    )}; ${after}; all positions ${median(runs.map(({ accuracy }) => 100 * accuracy.at(-1)!)).toFixed(2)}`,
    standing: promised
      ? solved.length === runs.length && Math.max(...solved) <= 10
        ? "reached"
        : "not reached"
      : "",
  };
}

/** A network of copy memory with its start, where that is not the usual one. */
export const memoryTitle = ({ plan: { name, deviation } }: MemoryRun): string =>
  memoryTitles[name] + (deviation === null ? "" : ` from N(0, ${deviation}²)`);

function drawingLine(runs: readonly Drawing[]): Line {
  const [{ plan, parameters }] = runs;
  return {
    what: `${plan.picture} of ${plan.side}×${plan.side}, ${drawerTitles[plan.name]}, ${thousands(parameters)} parameters: PSNR, dB`,
    published: "",
    ours: spreadOf(
      runs.map(({ psnr }) => psnr),
      1,
    ),
    standing: "",
  };
}

const thousands = (count: number) => `${Math.round(count / 1000)} K`;

/** Median and extent. */
export const spreadOf = (values: readonly number[], digits = 2): string =>
  values.length === 1
    ? `${values[0].toFixed(digits)} (1 seed)`
    : `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}, ${values.length} seeds)`;
