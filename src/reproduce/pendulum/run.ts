import type { Parameters } from "../../models/model.ts";
import type { SequenceModel } from "../../models/sequence.ts";
import type { Sequences } from "../../training/sequence-fit.ts";
import { drivenData, drivenNoise, drivenSamples, drivenStep, linearOf } from "./driven.ts";
import { type Learned, learn, meanSquare, parameterCount, simulator } from "./learn.ts";
import { measuredStart } from "./measured-start.ts";
import { contestant, type DrivenPlan, isFlow, isRen, type RunPlan } from "./plan.ts";
import { type Proven, proven } from "./proven.ts";
import { irregular, swingSequences, swings } from "./swings.ts";

/** What training and testing cost and came to. */
interface Measured {
  readonly parameters: number; // trained
  readonly acting: number; // of which that many numbers make up the model that is stored
  readonly rate: number; // of Adam, chosen on the validation data; 0 where there is none
  readonly validation: number;
  readonly seconds: number; // of one training
  /** Evaluations of the right-hand side, or steps, for one training trajectory, and products backward. */
  readonly forward: number;
  readonly backward: number;
}

export interface SwingResult extends Measured {
  readonly plan: RunPlan;
  /** Mean square error against the truth over 8 s, from the measured start and from the exact one. */
  readonly loss: number;
  readonly lossFromTruth: number;
  /** Root mean square error of the angle over its deviation, from the measured start. */
  readonly nrmse: number;
  readonly proven: Proven | null;
  /** The first held-out swings, [T × 2] each: what is true and what the model says. */
  readonly examples: readonly { readonly truth: number[]; readonly found: number[] }[];
}

export interface DrivenResult extends Measured {
  readonly plan: DrivenPlan;
  readonly nrmse: number; // of the angle against the truth, held out
  readonly nrmseMeasured: number; // of one trajectory: the noise alone
  readonly largestAngle: number;
  readonly proven: Proven | null;
}

const shown = 3;

/** The rate of Adam that is best on the validation data, and what it led to. */
async function chosen(
  model: SequenceModel,
  train: Sequences,
  validation: Sequences,
  plan: Pick<RunPlan, "steps" | "batch" | "rates" | "seed">,
): Promise<Learned & { readonly rate: number }> {
  const { steps, batch, seed } = plan;
  const tried: (Learned & { rate: number })[] = [];
  for (const rate of plan.rates) {
    const checkEvery = Math.max(1, Math.min(25, steps));
    const found = await learn(model, train, validation, { steps, batch, rate, seed, checkEvery });
    tried.push({ ...found, rate });
  }
  return tried.reduce((a, b) => (b.validation < a.validation ? b : a));
}

async function measuredOf(
  inner: SequenceModel,
  learned: Learned & { readonly rate: number },
  steps: number,
  seed: number,
): Promise<Measured & { readonly proven: Proven | null }> {
  const own: Parameters = Object.fromEntries(
    Object.keys(inner.initialise(0)).map((name) => [name, learned.parameters[name]]),
  );
  const found = isRen(inner) || isFlow(inner) ? await proven(inner, own, seed) : null;
  const parameters = parameterCount(learned.parameters);
  const start = parameters - parameterCount(own);
  const perSample = inner.kind === "neural-ode" || isFlow(inner) ? 4 : 1; // stages of RK4
  const { rate, validation, seconds } = learned;
  return {
    parameters,
    acting: found === null ? parameters : found.acting + start,
    rate,
    validation,
    seconds,
    forward: perSample * steps,
    backward: perSample * steps,
    proven: found,
  };
}

/** Trains a contestant on noisy swings and tests it against the truth of others, longer ones. */
export async function swingRun(plan: RunPlan): Promise<SwingResult> {
  const { swing, seed, sampling } = plan;
  const inner = contestant(plan.model, { outputs: 2, dt: swing.dt });
  const model = measuredStart(inner, 2);
  const { trainSamples: T, testSamples } = swing;
  const draw = (what: string, count: number, samples: number) =>
    swings(swing, what, count, samples, seed);
  const seen = (what: number, count: number) =>
    sampling === 0 ? undefined : irregular(swing.seen, count, T, 1000 * sampling + what);
  const train = draw("train", swing.train, T);
  const validation = draw("validation", swing.validation, T);
  const learned = await chosen(
    model,
    swingSequences(train, train.measured, seen(0, train.count)),
    swingSequences(validation, validation.measured, seen(1, validation.count)),
    plan,
  );
  const test = draw("test", swing.test, testSamples);
  const simulate = await simulator(model, testSamples);
  const found = await simulate.run(learned.parameters, swingSequences(test).u);
  const exact = await simulate.run(learned.parameters, swingSequences(test, test.truth).u);
  await simulate.release();
  const one = (of: Float32Array, i: number) =>
    Array.from(of.subarray(i * testSamples * 2, (i + 1) * testSamples * 2), short);
  return {
    plan,
    ...(await measuredOf(inner, learned, T, seed)),
    loss: meanSquare(found, test.truth),
    lossFromTruth: meanSquare(exact, test.truth),
    nrmse: nrmse(angles(found), angles(test.truth)),
    examples: Array.from({ length: Math.min(shown, test.count) }, (_, i) => ({
      truth: one(test.truth, i),
      found: one(found, i),
    })),
  };
}

/** The same for the driven pendulum, from rest; the linear model there is that of `identifyLinear`. */
export async function drivenRun(plan: DrivenPlan): Promise<DrivenResult> {
  const { seed } = plan;
  const train = drivenData("train", plan.train, seed);
  const validation = drivenData("validation", plan.validation, seed);
  const test = drivenData("test", plan.test, seed);
  const common = {
    plan,
    nrmseMeasured: drivenNoise / deviation(test.truth),
    largestAngle: Math.max(train.largestAngle, test.largestAngle),
  };
  if (plan.model === "linear") {
    const { outputs, seconds, parameters } = linearOf(train.experiments, test.experiments);
    const counts = { parameters, acting: parameters, rate: 0, validation: 0, seconds };
    const evaluations = { forward: drivenSamples, backward: 0 };
    return {
      ...common,
      ...counts,
      ...evaluations,
      nrmse: nrmse(outputs, test.truth),
      proven: null,
    };
  }
  const model = contestant(plan.model, { outputs: 1, dt: drivenStep });
  const learned = await chosen(model, train, validation, plan);
  const simulate = await simulator(model, drivenSamples);
  const found = await simulate.run(learned.parameters, test.u);
  await simulate.release();
  return {
    ...common,
    ...(await measuredOf(model, learned, drivenSamples, seed)),
    nrmse: nrmse(found, test.truth),
  };
}

const short = (x: number) => Number(x.toPrecision(5));
const angles = (swing: Float32Array) => swing.filter((_, k) => k % 2 === 0);
function deviation(y: Float32Array): number {
  const mean = y.reduce((sum, x) => sum + x, 0) / y.length;
  return Math.sqrt(y.reduce((sum, x) => sum + (x - mean) ** 2, 0) / y.length);
}
const nrmse = (found: Float32Array, truth: Float32Array) =>
  Math.sqrt(meanSquare(found, truth)) / deviation(truth);
