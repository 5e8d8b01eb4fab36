import { median } from "../../data/quantiles.ts";
import type { Figure, Mark, Panel } from "../../report/figure.ts";
import { type Drawing, drawerTitles } from "./drawing.ts";
import type { ImageRun } from "./images.ts";
import { memoryTitle } from "./lines.ts";
import type { MemoryRun } from "./memory.ts";
import { imageRecipes } from "./networks.ts";
import { type Picture, picture, pictureNames } from "./pictures.ts";
import { bySeeds, type Comparison } from "./seeds.ts";

export const comparisonFigures = ({ images, memory, drawings }: Comparison): Figure[] => [
  ...(images.length > 0 ? [imageFigure(images)] : []),
  ...(memory.length > 0 ? [memoryFigure(memory)] : []),
  ...pictureNames
    .map((name) => drawings.filter(({ plan }) => plan.picture === name))
    .filter(({ length }) => length > 0)
    .map(drawingFigure),
];

/** One number an epoch, from epoch 1, with a point at each: few epochs make short lines. */
function curve(y: readonly number[], role: number, name: string): Mark[] {
  const x = y.map((_, i) => i + 1);
  return [
    { type: "line", role, name, x, y },
    { type: "dots", role, x, y },
  ];
}
const epochs = (runs: readonly { readonly plan: { readonly epochs: number } }[]) => ({
  label: "epoch",
  scale: "linear" as const,
  domain: [0.8, Math.max(...runs.map(({ plan }) => plan.epochs)) + 0.2] as const,
});

/** The median over seeds after each epoch; a run that ended early keeps its last number. */
const medians = <R>(runs: readonly R[], of: (run: R) => readonly number[]): number[] =>
  Array.from({ length: Math.max(...runs.map((run) => of(run).length)) }, (_, i) =>
    median(runs.map((run) => 100 * (of(run)[i] ?? of(run).at(-1)!))),
  );
const seedsOf = (runs: readonly (readonly unknown[])[]) => {
  const most = Math.max(...runs.map(({ length }) => length));
  return most === 1 ? "one seed" : `the median of ${most} seeds`;
};

function imageFigure(runs: readonly ImageRun[]): Figure {
  const { images, tested, epochs, threads } = runs[0].plan;
  const groups = bySeeds(runs);
  // A log axis has no 0: no error at all is drawn as half an image.
  const errorOf = ({ accuracy }: ImageRun) => 100 * Math.max(1 - accuracy.at(-1)!, 0.5 / tested);
  const series = groups.map((own, role) => ({
    role,
    title: imageRecipes[own[0].plan.name].title,
    seconds: own.map(({ seconds }) => seconds),
    errors: own.map(errorOf),
  }));
  const says = series.map(({ title, errors }) => `${title} ${median(errors).toFixed(2)} %`);
  return {
    schema: "eigenflow/figure@1",
    name: "sim-mnist",
    title: "MNIST at about 80,000 parameters",
    caption: `Error on ${tested.toLocaleString("en")} test images against the time of training on ${threads === 1 ? "one thread" : `${threads} threads`}, a point for each seed: ${epochs} epoch${epochs === 1 ? "" : "s"} of ${images.toLocaleString("en")} images, the same for all networks.`,
    alt: `Test error against seconds of training for six networks of about 80,000 parameters: ${says.join(", ")}.`,
    size: "page",
    panels: [
      {
        x: { label: "seconds of training", scale: "log" },
        y: { label: "test error, %", scale: "log" },
        marks: series.map(({ role, title, seconds, errors }) => ({
          type: "dots",
          role,
          name: title,
          x: seconds,
          y: errors,
        })),
      },
    ],
  };
}

function memoryFigure(runs: readonly MemoryRun[]): Figure {
  const delays = [...new Set(runs.map(({ plan }) => plan.delay))];
  const titles = [...new Set(runs.map(memoryTitle))];
  const groups = bySeeds(runs);
  const panels = delays.map((delay): Panel => {
    const own = groups.filter(([{ plan }]) => plan.delay === delay);
    return {
      title: `T = ${delay}`,
      x: epochs(own.flat()),
      y: { label: "recall of the last ten, %", scale: "linear", domain: [0, 105] },
      marks: [
        { type: "rule", role: "faint", dash: "dashed", y: 12.5, label: "guessing one of eight" },
        ...own.flatMap((group) =>
          curve(
            medians(group, ({ recall }) => recall),
            titles.indexOf(memoryTitle(group[0])),
            memoryTitle(group[0]),
          ),
        ),
      ],
    };
  });
  const says = groups.map(
    (own) =>
      `T = ${own[0].plan.delay}, ${memoryTitle(own[0])}: ${median(own.map(({ recall }) => 100 * recall.at(-1)!)).toFixed(1)} % at the end`,
  );
  return {
    schema: "eigenflow/figure@1",
    name: "sim-memory",
    title: "Copy memory",
    caption: `Share of the ten digits that are repeated after a delay of T steps, on ${runs[0].plan.tested} test sequences after each epoch of ${runs[0].plan.sequences}, ${seedsOf(groups)}. A run ends after two epochs that recall everything.`,
    alt: `Recall over epochs. ${says.join("; ")}.`,
    size: "page",
    columns: delays.length,
    panels,
  };
}

/** One picture and what the networks make of it, from the first seed. */
function drawingFigure([first, ...others]: readonly Drawing[]): Figure {
  const { picture: name, side, seed, steps } = first.plan;
  const own = [first, ...others.filter(({ plan }) => plan.seed === seed)];
  const says = own.map(({ plan, psnr }) => `${drawerTitles[plan.name]} ${psnr.toFixed(1)} dB`);
  return {
    schema: "eigenflow/figure@1",
    name: `sim-${name}`,
    title: `${name === "text" ? "Text" : "A texture"} from coordinates`,
    caption: `Networks from coordinates to colours, trained on the pixels of even rows and columns (a quarter of the picture) for ${steps} steps; drawn, and measured by PSNR, on those of odd rows and columns; seed ${seed}. The target is generated.`,
    alt: `A generated ${name} and what networks of equal size make of it, PSNR: ${says.join(", ")}.`,
    size: "page",
    columns: 4,
    panels: [
      picturePanel(picture(name, side, seed), "target"),
      ...own.map(({ pixels }, i) =>
        picturePanel({ side, pixels: Float32Array.from(pixels) }, says[i]),
      ),
    ],
  };
}

/** The pixels of odd rows and columns. */
function picturePanel({ side, pixels }: Picture, title: string): Panel {
  const count = side / 2;
  // Rows of cells count from the lower edge, those of pictures from the top.
  const colours = Array.from({ length: count * count }, (_, cell) => {
    const row = side - 1 - 2 * Math.floor(cell / count);
    const column = 2 * (cell % count) + 1;
    const at = 3 * (row * side + column);
    return `#${[0, 1, 2].map((c) => hex(pixels[at + c])).join("")}`;
  });
  const axis = { label: "", scale: "linear", domain: [0, side] } as const;
  const cells = { x: [0, side], y: [0, side], rows: count, columns: count, colours } as const;
  return {
    title,
    x: axis,
    y: axis,
    equal: true,
    marks: [{ type: "cells", role: "ink", ...cells }],
  };
}

/** A share in 0 … 1 as two digits, in 12 steps: few colours, since each is a path of the drawing. */
const hex = (share: number): string =>
  Math.round((Math.round(11 * Math.min(1, Math.max(0, share))) / 11) * 255)
    .toString(16)
    .padStart(2, "0");
