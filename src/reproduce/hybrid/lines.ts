import { quantile } from "../../data/quantiles.ts";
import { yinYangBinary } from "../../data/yin-yang.ts";
import { networkOf, parameterCount } from "../../hybrid/network.ts";
import { scalingModel } from "../../hybrid/scaling.ts";
import { startedMlp } from "../../hybrid/train.ts";
import type { Line, Standing } from "../reproduction.ts";
import { markdownTable } from "../tables.ts";
import type { MnistLayer, MnistResult } from "./mnist.ts";
import { publishedGrid, publishedMnist, publishedYinYang } from "./published.ts";
import type { LayerName, YinYangResult } from "./yin-yang.ts";

const percent = (share: number) => (100 * share).toFixed(1);

/** Median (least to most, how many). */
function spreadOf(values: readonly number[]): string {
  if (values.length === 0) return "none";
  const [least, middle, most] = [0, 0.5, 1].map((p) => percent(quantile(values, p)));
  return values.length === 1
    ? `${middle} (1 net)`
    : `${middle} (${least}–${most}, ${values.length} nets)`;
}

const floor = (holds: boolean): Standing => (holds ? "reached" : "not reached");

/** What needs no training: the data's random numbers, and the sizes of the networks. */
export function exactLines(): Line[] {
  const { features, targets } = yinYangBinary(5, 42);
  const labels = targets.kind === "classes" ? [...targets.labels].join("") : "";
  const ours = `${features[0].toFixed(6)}, ${features[1].toFixed(6)}; ${labels}`;
  const exact = (what: string, published: string, found: string): Line => ({
    what,
    published,
    ours: found,
    standing: floor(published === found),
  });
  const count = (widths: readonly number[]) =>
    parameterCount(networkOf(startedMlp(widths).initialise(1)));
  const yinYang = count([2, 8, 6, 4, 3, 2]);
  const mnist = count([784, 256, 128, 64, 32, 10]);
  const scaled = (inputs: number, outputs: number) => {
    const weights = { rows: outputs, cols: inputs, data: new Float64Array(inputs * outputs) };
    const model = scalingModel({ weights, bias: new Float64Array(outputs) }, "he");
    return Object.values(model.initialise(1)).reduce((sum, { data }) => sum + data.length, 0);
  };
  return [
    exact("data of seed 42: first point, first five classes", "0.796543, 0.183435; 01111", ours),
    exact("parameters: Yin-Yang, MNIST", "129, 244522", `${yinYang}, ${mnist}`),
    exact(
      "trained and all parameters with the 6×4 layer scaled",
      "420 of 549",
      `${scaled(6, 4)} of ${yinYang + scaled(6, 4)}`,
    ),
    exact(
      "the same of the 64×32 layer",
      "41600 of 286122",
      `${scaled(64, 32)} of ${mnist + scaled(64, 32)}`,
    ),
  ];
}

/** The least that pairs within a trajectory should reach, in shares. */
const withinLeast: Readonly<Record<LayerName, number>> = { "8×6": 0.965, "6×4": 0.98, "4×3": 0.98 };

export function yinYangLines({ nets }: YinYangResult): Line[] {
  const figures = nets.map(({ figure }) => figure);
  const lines: Line[] = [
    {
      what: "Yin-Yang, original network, %",
      published: "98.4",
      ours: spreadOf(figures),
      standing: floor(quantile(figures, 0.5) >= 0.984),
      note: "networks below it are trained, counted and left out",
    },
  ];
  for (const name of Object.keys(publishedYinYang) as LayerName[]) {
    const good = nets.filter(({ layers }) => layers[name].good);
    const of = (variant: string) => good.map(({ layers }) => layers[name].accuracies[variant]);
    const published = publishedYinYang[name];
    const [glued, within, affine] = [of("glued h=10"), of("within h=10"), of("affine")];
    const outside = `in print one network; ${good.length} of ${nets.length} blocks keep the network within 0.5 points`;
    lines.push({
      what: `${name} replaced as printed (glued, h = 10), %`,
      published: String(published),
      ours: spreadOf(glued),
      standing: gluedStanding(glued, published / 100),
      note: outside,
    });
    lines.push({
      what: `${name}, affine least squares of its input, %`,
      published: "",
      ours: spreadOf(nets.map(({ layers }) => layers[name].accuracies.affine)),
      standing: "",
      ...(affine.length > 0 &&
        quantile(affine, 0.5) > published / 100 && {
          note: "without a block, delays or an operator: above what is printed for them",
        }),
    });
    lines.push({
      what: `${name}, pairs within a trajectory, h = 10, %`,
      published: `≥ ${percent(withinLeast[name])}`,
      ours: spreadOf(within),
      standing: floor(within.length > 0 && quantile(within, 0.5) >= withinLeast[name]),
    });
    const losses = nets.map(({ original, layers }) => original - layers[name].accuracies.fourier);
    lines.push({
      what: `${name}, 200 Fourier features and one linear map: points lost`,
      published: "≤ 0.5",
      ours: spreadOf(losses),
      standing: floor(quantile(losses, 0.5) <= 0.005),
    });
  }
  return lines;
}

/** Within the spread of our networks, above all of them in print, or below. */
function gluedStanding(ours: readonly number[], published: number): Standing {
  if (ours.length === 0) return "not reached";
  if (Math.min(...ours) > published) return "better";
  return floor(Math.max(...ours) >= published);
}

const named = ({ shape }: MnistLayer) => shape.join("×");
const best = (layer: MnistLayer) =>
  Math.max(...Object.values(layer.normalised).flatMap((row) => Object.values(row)));

export function mnistLines({ original, layers }: MnistResult): Line[] {
  return [
    {
      what: "MNIST, original network, %",
      published: String(publishedMnist),
      ours: percent(original),
      standing: floor(original >= publishedMnist / 100),
    },
    ...layers.flatMap((layer): Line[] => {
      const printed = Math.max(...publishedGrid[named(layer)][500]);
      return [
        {
          what: `${named(layer)} replaced as printed, best cell, %`,
          published: String(printed),
          ours: percent(best(layer)),
          standing: floor(best(layer) >= printed / 100),
          note: `${Object.keys(layer.normalised).at(-1)} trajectories; with the block alone ${percent(layer.scaled)}`,
        },
        {
          what: `${named(layer)}, affine least squares of its input, %`,
          published: "",
          ours: percent(layer.affine),
          standing: "",
          note: `terminal regression at h = 10: ${percent(layer.terminal)}`,
        },
        {
          what: `${named(layer)}, random ReLU features and one linear map: points lost`,
          published: "≤ 0.5",
          ours: percent(original - layer.lift),
          standing: floor(original - layer.lift <= 0.005),
        },
      ];
    }),
  ];
}

/** The table of section "variants": medians and spreads over networks. */
export function variantTable({ nets }: YinYangResult): string {
  const names = Object.keys(publishedYinYang) as LayerName[];
  const variants = Object.keys(nets[0].layers[names[0]].accuracies);
  const windowed = (variant: string) => /^(glued|within)/.test(variant);
  const rows = variants.map((variant) => [
    variant,
    ...names.map((name) =>
      spreadOf(
        nets
          .filter(({ layers }) => !windowed(variant) || layers[name].good)
          .map(({ layers }) => layers[name].accuracies[variant]),
      ),
    ),
  ]);
  const printed = ["published", ...names.map((name) => String(publishedYinYang[name]))];
  return markdownTable(["what replaces the layer", ...names], [printed, ...rows]);
}

/** The grid of one layer: in print, with a normalised fit, and with the fit on pixels. */
export function gridTable(layer: MnistLayer): string {
  const { normalised, raw } = layer;
  const delays = Object.keys(Object.values(normalised).at(-1)!);
  const rows = Object.keys(normalised).flatMap((count) => {
    const printed = publishedGrid[named(layer)][Number(count)];
    const of = (grid: MnistLayer["normalised"], name: string) => [
      count,
      name,
      ...delays.map((h) => (h in grid[count] ? percent(grid[count][h]) : "")),
    ];
    return [
      ...(printed
        ? [[count, "published", ...delays.map((h) => printed[Number(h) - 1].toFixed(1))]]
        : []),
      of(normalised, "ours"),
      ...(raw ? [of(raw, "ours, fitted on raw pixels")] : []),
    ];
  });
  return markdownTable(["trajectories", "", ...delays.map((h) => `h = ${h}`)], rows);
}
