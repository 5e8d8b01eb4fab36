import { type Experiment, requireAlike, valuesOf } from "../data/experiment/experiment.ts";
import { applyScaling, fitScaling, type SignalScaling } from "../data/experiment/prepare.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, NumericError, UsageError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import type { Guarantee } from "../models/ren/guarantee.ts";
import { type RenOptions, ren } from "../models/ren/ren.ts";
import { adam } from "../training/optimisers.ts";
import { cosineRate } from "../training/schedules.ts";
import { fitSequences, type SequenceState } from "../training/sequence-fit.ts";
import { certifyRen } from "../verification/ren-certificate.ts";
import { identifyLinear } from "./identify.ts";
import { roundedUp, scalingTensors, standardForm } from "./linear-step.ts";
import { lengthFor, sequencesOf } from "./ren-sequences.ts";
import { identityScaling, simulatedFit } from "./ren-simulated.ts";
import { canStart, paddedStart } from "./ren-start.ts";
import { storedProgram } from "./ren-stored.ts";
import type { StepModel } from "./step-model.ts";
import { sealed } from "./weights-hash.ts";

export interface RenFitOptions {
  /** States of the network; the order of the linear model that it starts from when left out. */
  readonly states?: number;
  readonly neurons?: number; // 16 when left out
  /** D11 strictly lower triangular, solved by substitution, or full, by iteration; "acyclic". */
  readonly feedback?: "acyclic" | "full";
  /** ᾱ. When left out 0.98, or nearer to 1 where the linear model's slowest pole asks for it. */
  readonly contraction?: number;
  /** γ: ‖Δy‖ ≤ γ ‖Δu‖ between standardised signals, deviations of y per deviation of u. */
  readonly lipschitz?: number;
  /** Passes over the sequences, of 8 steps or more, at most; 200 when left out. */
  readonly epochs?: number;
  /** Epochs without a better fit on the data kept for stopping, after which it ends; 50 when left out. */
  readonly patience?: number;
  readonly seed?: number; // 0 when left out
  readonly length?: number; // samples of a training sequence
  readonly batch?: number; // sequences of a step; 8 when left out
  readonly rate?: number; // of Adam; 2e-2 when left out
  /** The share of each experiment, its end, that is not trained on and says when to stop; 0.2. */
  readonly stopShare?: number;
  readonly signal?: AbortSignal;
  /** Told after each epoch: how many there are, and the fit so far, %. */
  readonly progress?: (epoch: number, of: number, fit: number) => void;
  /** Told after each epoch that is not the last of all that the training goes on from. */
  readonly keep?: (state: RenFitState) => void;
  /** Where a training of the same data and options goes on; it ends with the same bytes as without a break. */
  readonly from?: RenFitState;
}

/** A training between two epochs. */
export interface RenFitState {
  readonly sequences: SequenceState;
  readonly history: readonly number[];
  readonly best: { readonly at: number; readonly parameters: Readonly<Record<string, Tensor>> };
}

const known = Object.keys({
  states: true,
  neurons: true,
  feedback: true,
  contraction: true,
  lipschitz: true,
  epochs: true,
  patience: true,
  seed: true,
  length: true,
  batch: true,
  rate: true,
  stopShare: true,
  signal: true,
  progress: true,
  keep: true,
  from: true,
} satisfies Record<keyof RenFitOptions, true>);

export interface RenFit {
  readonly model: StepModel; // with its certificate
  /** %, 100 (1 − nrmse), by simulation of the data kept for stopping: a little too good, being chosen by. */
  readonly fit: number;
  readonly startedFrom: "linear" | "random";
  /** Fit of the data kept for stopping before training and after each epoch. */
  readonly history: readonly number[];
  readonly best: number; // the epoch whose parameters were kept; 0 for the start
  /** Samples of each experiment that were trained on; those behind say when to stop. */
  readonly trainedOn: readonly number[];
  readonly status: "completed" | "stopped early" | "interrupted";
  readonly warnings: readonly string[];
}

/**
 * A recurrent equilibrium network from data, certified: contracting at the rate asked for, with the
 * Lipschitz bound asked for. Signals are standardised; training starts from the linear model where the
 * network may be one, runs on sequences whose beginnings do not count, and keeps the parameters that
 * simulate best the end of each experiment, which it does not train on.
 *
 * @throws UsageError  for an option that is unknown or out of range
 * @throws DataError  for data too short, or inputs that do not excite the system enough
 * @throws NumericError  when training leaves the finite numbers at once
 */
export async function identifyRen(
  experiments: readonly Experiment[],
  options: RenFitOptions = {},
): Promise<RenFit> {
  refuseUnknown("identifyRen", options, known);
  requireAlike(experiments);
  const { epochs = 200, patience = 50, seed = 0, batch = 8 } = options;
  const { stopShare = 0.2, signal, progress, keep, from } = options;
  for (const [name, value] of Object.entries({ epochs, patience, batch }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`identifyRen: ${name} = ${value}; wanted a whole number from 1`);
  if (!(stopShare > 0 && stopShare < 1))
    throw new UsageError(`identifyRen: stopShare = ${stopShare}; wanted between 0 and 1`);

  requireMoving(experiments);

  const scaling = fitScaling(experiments);
  const scaled = experiments.map((experiment) => applyScaling(experiment, scaling));
  const plan = planOf(experiments, scaling, options);
  const warnings = [...plan.warnings];
  const model = plan.model;

  const ends = scaled.map(({ count }) => Math.round((1 - stopShare) * count));
  const length = options.length ?? lengthFor(plan.radius, Math.min(...ends));
  const sequences = sequencesOf(scaled, ends, length);
  const count = sequences.u.shape[0];
  const size = Math.min(batch, count);
  const perEpoch = Math.max(8, Math.floor(count / size));

  const stored = await storedProgram(model, seed);
  const history: number[] = [...(from?.history ?? [])];
  let best: RenFitState["best"] | null = from?.best ?? null;
  const judge = async (parameters: Readonly<Record<string, Tensor>>): Promise<boolean> => {
    const { tensors } = await stored.run(parameters);
    const fit = simulatedFit(scaled, ends, { ...tensors, ...identityScaling(scaling) }, model);
    const better = best === null || fit > history[best.at];
    history.push(fit);
    if (better) best = { at: history.length - 1, parameters: { ...parameters } };
    const epoch = history.length - 1;
    progress?.(epoch, epochs, fit);
    return epoch - (best?.at ?? 0) >= patience;
  };
  try {
    if (from === undefined) await judge(model.initialise(seed));
    const run = await fitSequences(model, sequences, {
      seed,
      steps: epochs * perEpoch,
      batch: size,
      optimiser: adam(),
      schedule: cosineRate(options.rate ?? 2e-2),
      washout: Math.floor(length / 4),
      clipNorm: 1,
      learnStart: true,
      stepsPerCall: perEpoch,
      afterCall: async (parameters, _, sequences) => {
        const ends = await judge(withoutStarts(parameters));
        if (!ends) keep?.({ sequences, history: [...history], best: best! });
        return ends;
      },
      ...(from && { from: from.sequences }),
      ...(signal && { signal }),
    });
    if (run.status === "non-finite" && history.length === 1)
      throw new NumericError(
        "training left the finite numbers in its first epoch",
        "take a smaller rate",
      );
    if (run.status === "non-finite")
      warnings.push("training left the finite numbers; what was best before is kept");
    const { at, parameters } = best!;
    if (at === 0 && run.status !== "non-finite" && !signal?.aborted)
      warnings.push(unimproved(plan, length));
    const { tensors, metric } = await stored.run(parameters);
    const { feedback, rate } = model.form;
    const { activation } = model;
    const claim = { activation, feedback, rate };
    const certificate = certifyRen(tensors, metric, { ...claim, guarantee: model.guarantee });
    const [{ inputs, outputs, sampleTime }] = experiments;
    const all = { ...tensors, ...scalingTensors(scaling) };
    const signals = { inputs, outputs, sampleTime };
    return {
      model: {
        ...{ kind: "ren", ...signals, activation, tensors: all },
        certificate: sealed(certificate, all),
        ...(feedback === "full" && { feedback }),
      },
      fit: history[at],
      startedFrom: plan.startedFrom,
      history,
      best: at,
      trainedOn: ends,
      status:
        run.status === "completed"
          ? "completed"
          : signal?.aborted
            ? "interrupted"
            : "stopped early",
      warnings,
    };
  } finally {
    await stored.release();
  }
}

/** Why training may have found nothing better than its start. */
function unimproved({ startedFrom, radius }: ReturnType<typeof planOf>, length: number): string {
  const memory = Math.round(1 / (1 - radius));
  return (
    `no epoch simulated the data kept for stopping better than the ${startedFrom} start, which is the model` +
    (memory > length
      ? `: the slowest pole takes ${memory} samples to fall to a third, and a sequence of training has ${length}; a longer sample time (every k-th row) would help`
      : "")
  );
}

/** @throws DataError  where no input changes more than once */
function requireMoving(experiments: readonly Experiment[]): void {
  const changes = (values: Float64Array) =>
    values.reduce((sum, value, t) => sum + +(t > 0 && value !== values[t - 1]), 0);
  const [{ inputs }] = experiments;
  const moves = experiments.some(({ u }) =>
    inputs.some((_, j) => changes(valuesOf(u, inputs.length, j)) > 1),
  );
  if (moves) return;
  throw new DataError(
    `the inputs (${inputs.join(", ")}) are constant or a single step in what is estimated on: that tells ` +
      "nothing of how the system bends",
    {
      hint: "measure with a multisine, a random binary sequence or many steps; a linear model may do with one step",
    },
  );
}

/** The network, and what it starts from. */
function planOf(
  experiments: readonly Experiment[],
  scaling: SignalScaling,
  { states, neurons = 16, contraction, lipschitz, feedback = "acyclic" }: RenFitOptions,
) {
  const [{ inputs, outputs }] = experiments;
  // A pole that takes less than a tenth off over all of the data is none that they tell of.
  const longest = Math.max(...experiments.map(({ count }) => count));
  const linear = identifyLinear(experiments, {
    stable: true,
    radius: 1 - 0.1 / longest,
    refine: "simulation",
    ...(states !== undefined && { maxOrder: states }),
  });
  const { system } = standardForm(linear, experiments);
  const radius = spectralRadius(system.A);
  const rate = contraction ?? Math.max(0.98, roundedUp((1 + radius) / 2));
  const { offset } = linear.operatingPoint.outputs;
  const rest = offset.map(
    (value, j) => (value - scaling.outputs.offset[j]) / scaling.outputs.scale[j],
  );
  const start = paddedStart(system, rest);
  const guarantee: Guarantee =
    lipschitz === undefined ? { kind: "contracting" } : { kind: "lipschitz", gamma: lipschitz };
  const size: RenOptions = {
    inputs: inputs.length,
    outputs: outputs.length,
    states: states ?? linear.order,
    neurons,
    rate,
    guarantee,
    feedback,
    // Solves of training: as exact as its gradients need be.
    solve: { rtol: 1e-4, maxIterations: 120, testEvery: 6 },
  };
  const warnings =
    radius >= rate
      ? [
          `the linear model that simulates the data best has a pole of modulus ${Number(radius.toPrecision(7))}: a network that contracts at ` +
            `${rate} cannot follow it; ask for ${roundedUp((1 + radius) / 2)}`,
        ]
      : [];
  for (const epsilon of [1e-3, 1e-4, 1e-5]) {
    const form = ren({ ...size, epsilon }).form;
    if (canStart(start, form)) {
      const model = ren({ ...size, epsilon, start });
      return { model, startedFrom: "linear" as const, radius, warnings };
    }
  }
  return { model: ren(size), startedFrom: "random" as const, radius, warnings };
}

const withoutStarts = (parameters: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== "x0"));
