import { median } from "../../data/quantiles.ts";
import type { Reproduced } from "../reproduction.ts";
import { markdownTable } from "../tables.ts";
import { type Drawing, drawerTitles } from "./drawing.ts";
import type { ImageRun } from "./images.ts";
import { memoryTitle, spreadOf } from "./lines.ts";
import type { MemoryRun } from "./memory.ts";
import { imageRecipes } from "./networks.ts";
import { bySeeds, type Comparison } from "./seeds.ts";

export const comparisonSections = (found: Comparison): Reproduced["sections"] => [
  { heading: "MNIST at about 80,000 parameters", text: imageTable(found.images) },
  { heading: "Copy memory", text: memoryTable(found.memory) },
  { heading: "Pictures from coordinates", text: drawingTable(found.drawings) },
];

/** The median over runs, so many digits after the point. */
const middle = <R>(runs: readonly R[], of: (run: R) => number, digits = 0) =>
  median(runs.map(of)).toFixed(digits);

function imageTable(runs: readonly ImageRun[]): string {
  const rows = bySeeds(runs).map((own) => [
    imageRecipes[own[0].plan.name].title,
    String(own[0].parameters),
    spreadOf(own.map(({ accuracy }) => 100 * accuracy.at(-1)!)),
    middle(own, ({ evaluations }) => evaluations, 1),
    middle(own, ({ seconds }) => seconds),
  ]);
  const head = ["network", "parameters", "test accuracy, %", "evaluations", "seconds"];
  return `${markdownTable(head, rows)}

Evaluations: of the layer for one test image, 1 where nothing is solved. Seconds: of training with a test after each epoch, on ${runs[0].plan.threads === 1 ? "one thread" : `${runs[0].plan.threads} threads`}. The feed-forward net is SIM's basis with a perceptron after it: only the map of low rank and the inverse basis are replaced. Frozen features and running statistics are not among the parameters.`;
}

function memoryTable(runs: readonly MemoryRun[]): string {
  const rows = bySeeds(runs).map((own) => [
    String(own[0].plan.delay),
    memoryTitle(own[0]),
    String(own[0].parameters),
    spreadOf(
      own.map(({ recall }) => 100 * recall.at(-1)!),
      1,
    ),
    own.map(({ recall }) => (recall.includes(1) ? recall.indexOf(1) + 1 : "never")).join(", "),
    middle(own, ({ accuracy }) => 100 * accuracy.at(-1)!, 2),
    median(own.map(({ loss }) => loss.at(-1)!)).toExponential(1),
    middle(own, ({ evaluations }) => evaluations, 1),
    middle(own, ({ seconds, recall }) => seconds / recall.length, 1),
  ]);
  const head = [
    ...["T", "network", "parameters", "recall, %", "first 100 % after epoch"],
    ...["accuracy, %", "loss", "evaluations", "seconds an epoch"],
  ];
  const sizes = [...new Set(runs.map(({ plan }) => `${plan.sequences}`))].join(" and ");
  const most = [...new Set(runs.map(({ plan }) => `${plan.epochs} (T = ${plan.delay})`))];
  return `${markdownTable(head, rows)}

${sizes} sequences an epoch, batches of 10, Adam at 0.002, gradients clipped to norm 1; a run ends after the second epoch in a row that recalls everything, or after ${most.join(", ")} epochs. Recall: of the last ten positions; accuracy and loss are of all, of which a model without memory has (T + 10)/(T + 20) right and a loss of 10 ln 8/(T + 20). All networks share the convolutions, whose memory it is; SIM's spectral step, a perceptron or an equilibrium at each step follows. “From N(0, 0.01²)”: V, U, the inverse basis and the head start so in the reference; otherwise all start by their fan-in.`;
}

function drawingTable(drawings: readonly Drawing[]): string {
  const rows = bySeeds(drawings).map((own) => [
    own[0].plan.picture,
    drawerTitles[own[0].plan.name],
    String(own[0].parameters),
    own.flatMap(({ bandwidth }) => bandwidth ?? []).join(", "),
    spreadOf(
      own.map(({ psnr }) => psnr),
      1,
    ),
    middle(own, ({ trained }) => trained, 1),
    middle(own, ({ evaluations }) => evaluations, 1),
    middle(own, ({ seconds }) => seconds, 1),
  ]);
  const head = [
    ...["picture", "network", "parameters", "bandwidth", "test PSNR, dB"],
    ...["training PSNR, dB", "evaluations", "seconds"],
  ];
  return `${markdownTable(head, rows)}

${drawings[0].plan.steps} full-batch steps on the pixels of even rows and columns, tested on those of odd ones; a bandwidth is chosen by even rows and odd columns, after a quarter of the steps. The feed-forward net has four hidden layers of equal width, as many as SIM has ReLUs; the equilibrium models are dense, solved to 1e-2, and the plain one is kept a contraction by a spectral norm of at most 0.9. “SIM, Fourier” takes random Fourier features of the coordinates and has no basis to train; frozen features are not among the parameters. The texture is drawn by the seed.`;
}
