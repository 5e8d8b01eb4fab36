import { existsSync, readFileSync } from "node:fs";
import type { Split } from "../../data/dataset.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { randomProjection } from "../../koopman/snapshots/projection.ts";
import type { Model } from "../../models/model.ts";
import { writeAtomically } from "../../training/atomic-file.ts";
import type { TrainingState } from "../../training/events.ts";
import { fit } from "../../training/fit.ts";
import { layoutOf } from "../../training/flat.ts";
import { adam } from "../../training/optimisers.ts";
import { formatSafetensors, parseSafetensors } from "../../training/safetensors.ts";
import { constantRate } from "../../training/schedules.ts";
import { initialState } from "../../training/state.ts";
import type { TrainingPlan } from "./plan.ts";

/** A run as the spectra need it, up to the epoch that was reached. */
export interface Trajectory {
  readonly plan: TrainingPlan;
  readonly train: readonly number[]; // mean loss over the steps of each epoch
  readonly test: readonly number[]; // loss on the test images after each epoch
  readonly accuracy: readonly number[]; // on the test images after each epoch
  /** Projected weights [k]: at the start, then after each epoch. */
  readonly weights: readonly Float32Array[];
}

/** Epochs between two savings. */
const saveEvery = 10;

/**
 * Trains the network of a plan and keeps loss and projected weights of every epoch. What has been done
 * is saved to `path` now and then; a run that was interrupted goes on from there, to the same numbers
 * up to rounding, which the number of threads changes.
 */
export async function trajectoryOf(
  plan: TrainingPlan,
  model: Model,
  data: Split,
  { path, progress }: { readonly path: string; readonly progress: (part: string) => void },
): Promise<Trajectory> {
  const { counts } = layoutOf(model.initialise(plan.seed));
  const projection = randomProjection(counts, { numbers: plan.coordinates, seed: plan.seed });
  // In single precision from the start, so that what was saved and what was not are the same.
  const project = (theta: Float32Array) => Float32Array.from(projection.project(theta));
  const optimiser = adam();
  const saved = savedAt(path, plan);
  const first = initialState(model, { seed: plan.seed, optimiser });
  const { state: resume, ...done } = saved ?? {
    state: first,
    train: [],
    test: [],
    accuracy: [],
    weights: [project(first.theta)],
  };
  const [train, test, accuracy] = [[...done.train], [...done.test], [...done.accuracy]];
  const weights = [...done.weights];
  if (train.length === plan.epochs) return { plan, train, test, accuracy, weights };
  const events = fit(model, data, {
    seed: plan.seed,
    epochs: plan.epochs,
    batch: plan.batch,
    optimiser,
    schedule: constantRate(plan.rate),
    resume,
  });
  for await (const event of events) {
    if (event.type === "epoch") {
      train.push(event.train.loss);
      test.push(event.test.loss);
      accuracy.push(event.test.accuracy!);
    }
    // The checkpoint that ends an epoch; those within one have none of its numbers yet.
    if (event.type !== "checkpoint" || event.state.epoch !== weights.length) continue;
    const { state } = event;
    weights.push(project(state.theta));
    if (state.epoch % saveEvery === 0 || state.epoch === plan.epochs) {
      save(path, { plan, train, test, accuracy, weights, state });
      progress(`${plan.start}: ${state.epoch} of ${plan.epochs} epochs`);
    }
  }
  return { plan, train, test, accuracy, weights };
}

type Saved = Omit<Trajectory, "plan"> & { readonly state: TrainingState };

function save(path: string, { plan, train, test, accuracy, weights, state }: Saved & Trajectory) {
  const { theta, slots, ...counts } = state;
  const row = (values: readonly number[]) => tensorOf(Float64Array.from(values), [values.length]);
  const k = weights[0].length;
  const all = new Float32Array(weights.length * k);
  weights.forEach((vector, t) => {
    all.set(vector, t * k);
  });
  const tensors = {
    theta: tensorOf(theta, [theta.length]),
    ...Object.fromEntries(slots.map((slot, i) => [`slot.${i}`, tensorOf(slot, [slot.length])])),
    train: row(train),
    test: row(test),
    accuracy: row(accuracy),
    weights: tensorOf(all, [weights.length, k]),
  };
  const metadata = { plan: JSON.stringify(plan), state: JSON.stringify(counts) };
  writeAtomically(path, formatSafetensors({ tensors, metadata }));
}

/** What was saved of this very plan, or null. */
function savedAt(path: string, plan: TrainingPlan): Saved | null {
  if (!existsSync(path)) return null;
  const { tensors, metadata } = parseSafetensors(readFileSync(path), path);
  if (metadata.plan !== JSON.stringify(plan)) return null;
  const numbers = (name: string) => tensors[name].data as Float64Array;
  const vector = (name: string) => tensors[name].data as Float32Array;
  const [rows, k] = tensors.weights.shape;
  return {
    train: [...numbers("train")],
    test: [...numbers("test")],
    accuracy: [...numbers("accuracy")],
    weights: Array.from({ length: rows }, (_, t) => vector("weights").slice(t * k, (t + 1) * k)),
    state: {
      ...JSON.parse(metadata.state),
      theta: vector("theta"),
      slots: adam().slots.map((_, i) => vector(`slot.${i}`)),
    },
  };
}
