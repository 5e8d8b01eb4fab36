import type { Experiment } from "../../data/experiment/experiment.ts";
import { constantOf, type Tensor, tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import { storedProgram } from "../../identification/ren-stored.ts";
import { stepPredictor } from "../../identification/step-model.ts";
import type { Parameters } from "../../models/model.ts";
import { recurrent } from "../../models/recurrent/recurrent.ts";
import { type Ren, ren } from "../../models/ren/ren.ts";
import type { SequenceModel } from "../../models/sequence.ts";
import { compile } from "../../runtime/program.ts";
import { adam } from "../../training/optimisers.ts";
import { cosineRate } from "../../training/schedules.ts";
import { cutSequences, fitSequences } from "../../training/sequence-fit.ts";
import { certifyRen } from "../../verification/ren-certificate.ts";
import { distance, largestGain, type Pair, type Trained, worstAttack } from "./observe.ts";
import type { Bound, FitPlan, Network, Recipe } from "./plan.ts";
import type { PlantData } from "./plant.ts";

/** What is measured of one training run; gains between standardised signals. */
export interface Fit {
  readonly plan: FitPlan;
  readonly parameters: number;
  readonly nrmse: number; // %, free simulation of the held-out data
  /** The bound that is proven of the stored weights, and the margin of the proof; null where there is none. */
  readonly bound: number | null;
  readonly margin: number | null;
  readonly observed: number; // the largest gain that was found
  readonly attack: Pair; // the worst change of held-out inputs by ‖Δu‖ = `attackSize`
}

/** Of the published ablation. */
export const attackSize = 0.05;

/** Samples of the held-out data that pass before a simulation from 0 is judged. */
const warmUp = 200;

/** Trains the network of a plan and measures it. */
export async function fitOf(plan: FitPlan, data: PlantData): Promise<Fit> {
  const { network, recipe, seed, search } = plan;
  const gamma = network.kind === "ren" ? gammaOf(network.bound, data) : null;
  const model = modelOf(network, recipe, gamma);
  const { length, batch, steps, rate, washout } = recipe;
  const sequences = (values: Float64Array) =>
    cutSequences(column(values), length, Math.ceil(length / 4));
  const all = { u: sequences(data.train.u), y: sequences(data.train.y) };
  const { parameters } = await fitSequences(model, all, {
    seed,
    steps,
    batch: Math.min(batch, all.u.shape[0]),
    optimiser: adam(),
    schedule: cosineRate(rate),
    washout,
    clipNorm: 1,
    stepsPerCall: 50,
  });
  const { explicit, margin } = await storedOf(model, parameters, seed);
  const trained = { model, explicit };
  const attack = await worstAttack(trained, data.check.u, search, attackSize);
  const found = [await largestGain(trained, data.check.u, search), attack];
  const gains = found.map((pair) =>
    isRen(model) ? gainInDouble(model, explicit, pair) : pair.gain,
  );
  return {
    plan,
    parameters: Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0),
    nrmse: nrmse(await simulated(trained, data.check.u), data.check),
    bound: gamma,
    margin,
    observed: Math.max(...gains),
    attack: { ...attack, gain: gains[1] },
  };
}

/** A bound in the units of the standardised signals. */
export const gammaOf = (bound: Bound, { gain }: PlantData): number | null =>
  bound === "none" ? null : (bound / 100) * gain.alongData;

export const modelOf = (
  network: Network,
  { states, neurons }: Recipe,
  gamma: number | null,
): SequenceModel | Ren =>
  network.kind === "ren"
    ? ren({
        ...{ inputs: 1, outputs: 1, states, neurons, feedback: network.feedback },
        guarantee: gamma === null ? { kind: "contracting" } : { kind: "lipschitz", gamma },
        // The published tolerance of the solves in training.
        solve: { rtol: 1e-4, maxIterations: 120, testEvery: 6 },
      })
    : recurrent({ cell: network.kind, inputs: 1, outputs: 1, units: network.units });

const isRen = (model: SequenceModel): model is Ren => model.kind === "ren";
const column = (values: Float64Array): Tensor =>
  tensorOf(Float32Array.from(values), [values.length, 1]);

/** The numbers that the model computes with; of a network in equilibrium form, proven from float32. */
async function storedOf(
  model: SequenceModel | Ren,
  parameters: Parameters,
  seed: number,
): Promise<{ explicit: Trained["explicit"]; margin: number | null }> {
  if (!isRen(model)) return { explicit: parameters, margin: null };
  const stored = await storedProgram(model, seed);
  try {
    const { tensors, metric } = await stored.run(parameters);
    const { form, activation, guarantee } = model;
    const { feedback, rate } = form;
    const proven = certifyRen(tensors, metric, { activation, feedback, rate, guarantee });
    return { explicit: tensors, margin: proven.measured - proven.roundingMargin };
  } finally {
    await stored.release();
  }
}

async function simulated({ model, explicit }: Trained, u: Float64Array): Promise<number[]> {
  const weights = Object.fromEntries(
    Object.entries(explicit).map(([name, tensor]) => [name, constantOf(tensor)]),
  );
  const given = {
    u: input("u", "float32", [1, u.length, 1]),
    x0: input("x0", "float32", [1, model.states]),
  };
  const { y } = model.simulate(weights, given.u, given.x0);
  const program = await compile(given, { y }, { threads: 1 });
  try {
    const found = await program.run({
      u: tensorOf(Float32Array.from(u), [1, u.length, 1]),
      x0: tensorOf(new Float32Array(model.states), [1, model.states]),
    });
    return Array.from(found.y.data, Number);
  } finally {
    await program.release();
  }
}

/** 100 ‖y − ŷ‖/‖y − ȳ‖ after the warm-up. */
function nrmse(found: readonly number[], { y }: Experiment): number {
  const measured = Array.from(y.subarray(warmUp));
  const mean = measured.reduce((sum, v) => sum + v, 0) / measured.length;
  const rest = measured.map(() => mean);
  return (100 * distance(measured, found.slice(warmUp))) / distance(measured, rest);
}

/** The gain of the pair computed again in float64 from the stored weights: what γ is a bound of. */
function gainInDouble({ form, activation }: Ren, tensors: Trained["explicit"], { u, v }: Pair) {
  const [zero, one] = [0, 1].map((value) => tensorOf(Float32Array.of(value), [1]));
  const { simulate } = stepPredictor({
    ...{ kind: "ren", inputs: ["u"], outputs: ["y"], sampleTime: 1, activation },
    feedback: form.feedback,
    tensors: { ...tensors, "u.mean": zero, "u.scale": one, "y.mean": zero, "y.scale": one },
    certificate: null,
  });
  const start = new Float64Array(form.states);
  const [y, z] = [u, v].map((input) => Array.from(simulate(Float64Array.from(input), start).y));
  return distance(z, y) / distance(v, u);
}
