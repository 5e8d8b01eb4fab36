import { z } from "zod";
import type { ImageShape } from "../models/layers/convolutional.ts";
import { type Activation, activations, mlp } from "../models/mlp.ts";
import type { Model } from "../models/model.ts";
import { normalisedCnn } from "../models/normalised-cnn.ts";
import { atTime } from "../models/sim/at-time.ts";
import { invariantSim } from "../models/sim/invariant.ts";
import { latentSize } from "../models/sim/modes.ts";
import { sim } from "../models/sim/sim.ts";

/*
 * `model: { kind: sim }`, a stable invariant model: its keys, their ranges and defaults, which are those
 * of the reference on images of digits. What each does is said at `SimOptions` and `Modes`.
 */

const count = z.int().min(1);
const positive = z.number().gt(0);

const basis = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("perceptron").describe("dense layers"),
      widths: z.array(count).default([64, 64]).describe("units of each hidden layer"),
      activation: z
        .enum(Object.keys(activations) as Activation[])
        .default("relu")
        .describe("σ of the hidden layers"),
    }),
    z.strictObject({
      kind: z
        .literal("convolutional")
        .describe("convolutions with batch normalisation, for images"),
      image: z
        .tuple([count, count, count])
        .optional()
        .describe("channels, height, width in pixels; known for mnist"),
      channels: count.default(24).describe("of each convolution"),
    }),
  ])
  .prefault({ kind: "perceptron" });

/** The spectrum that training starts from, where a time is given; in the limit only λ = 1 is left. */
const modes = z.strictObject({
  ones: z.int().min(0).default(0).describe("how many λ = 1"),
  rotations: z.array(z.number()).default([]).describe("ω of each λ = exp(iω), per unit of time"),
  decaying: z
    .array(z.strictObject({ rate: positive, angle: z.number().default(0) }))
    .default([])
    .describe("rate and angle of each λ = exp(−rate + i angle), per unit of time"),
  unit: z
    .boolean()
    .default(false)
    .describe("rotations on circles of radius 1: one torus for all starts"),
});

export const simModel = z.strictObject({
  kind: z.literal("sim").describe("stable invariant model; see stable-invariant-models.md"),
  basis: basis.describe("the network that gives the observables φ(x)"),
  observables: count.default(50).describe("how many of them"),
  fourier: z
    .strictObject({
      count: z.int().min(2).default(104).describe("of features, even: a cosine and a sine each"),
      bandwidth: positive.default(10).describe("of their Gaussian kernel, in the units of φ"),
    })
    .optional()
    .describe("the second tier, random Fourier features of the basis; without it the basis is all"),
  rank: count
    .optional()
    .describe("of the limit; without it half of the observables, or of the Fourier features"),
  width: count.default(32).describe("units of each layer of the inverse basis"),
  time: z
    .union([z.literal("limit"), positive, z.strictObject({ column: z.string() })])
    .default("limit")
    .describe(
      "when the state is read out: in the limit, at one time, or at that in a column of the data",
    ),
  modes: modes.optional().describe("the spectrum that training starts from, where a time is given"),
  projector: z.number().min(0).default(0).describe("γ of γ‖VU − I‖², added to the loss"),
});

type SimConfig = z.output<typeof simModel>;

/** The column that holds the time of each row; null where there is none. */
export const timeColumn = (model: { readonly kind: string; readonly time?: unknown }) =>
  model.kind === "sim" && typeof model.time === "object"
    ? (model as SimConfig & { time: { column: string } }).time.column
    : null;

/** Complains of what does not go together in a stable invariant model. */
export function checkSim(
  { model, data }: { model: { kind: string }; data: { kind: string; inputs?: readonly string[] } },
  complain: (path: string[], message: string) => void,
): void {
  if (model.kind !== "sim") return;
  const { time, modes, rank, fourier, observables } = model as SimConfig;
  const known = fourier?.count ?? observables;
  if (fourier && fourier.count % 2 !== 0)
    complain(["model", "fourier", "count"], `${fourier.count} is odd: sines and cosines are pairs`);
  if (time === "limit") {
    if (modes)
      complain(
        ["model", "modes"],
        "in the limit only λ = 1 is left: set model.time, or rank alone",
      );
  } else {
    if (modes === undefined)
      complain(["model", "time"], "a time other than the limit wants model.modes, the spectrum");
    else if (latentSize(modes) === 0)
      complain(["model", "modes"], "none at all: give ones, rotations or decaying");
    if (rank !== undefined)
      complain(["model", "rank"], "with model.modes it is their number: leave it out");
  }
  const size = modes ? latentSize(modes) : (rank ?? 1);
  if (size > known)
    complain(["model", modes ? "modes" : "rank"], `${size} coordinates of ${known} observables`);
  const column = timeColumn(model as SimConfig);
  if (column === null) return;
  const others = data.inputs?.filter((name) => name !== column) ?? [];
  if (data.kind !== "csv" || others.length === data.inputs?.length || others.length === 0)
    complain(
      ["model", "time", "column"],
      `"${column}" is to be one of data.inputs of kind csv, beside the state that is started from`,
    );
}

/** The model; `image` finds what images of so many features are. */
export function simOf(
  given: SimConfig,
  inputs: number,
  outputs: number,
  image: (features: number) => ImageShape,
): Model {
  const { basis, observables, fourier, rank, width, time, modes, projector } = given;
  const states = timeColumn(given) === null ? inputs : inputs - 1;
  const parts = {
    basis:
      basis.kind === "perceptron"
        ? mlp([states, ...basis.widths, observables], { activation: basis.activation })
        : normalisedCnn({ image: image(states), channels: basis.channels, outputs: observables }),
    ...(fourier && { fourier }),
    width,
    outputs,
    projector,
  };
  if (modes === undefined || time === "limit")
    return sim({ ...parts, ...(rank !== undefined && { rank }) });
  const whole = invariantSim({ ...parts, modes });
  return typeof time === "number" ? atTime(whole, time) : whole;
}
