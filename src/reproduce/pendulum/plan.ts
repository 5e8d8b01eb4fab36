import { neuralOde } from "../../models/neural-ode.ts";
import { recurrent } from "../../models/recurrent/recurrent.ts";
import { type ContinuousRen, continuousRen } from "../../models/ren/flow.ts";
import { type Ren, ren } from "../../models/ren/ren.ts";
import type { SequenceModel } from "../../models/sequence.ts";
import type { PresetName } from "../reproduction.ts";
import { linearModel } from "./linear-model.ts";
import type { SwingPlan } from "./swings.ts";

export const contestants = ["linear", "REN", "continuous REN", "LSTM", "neural ODE"] as const;
export type Contestant = (typeof contestants)[number];

/** ᾱ of a step of 0.05 s, and α per second of V: both let the state decay as e^(−0.4 t) or faster. */
export const contraction = { rate: 0.98, decay: 0.8 } as const;

export interface Contest {
  readonly outputs: number;
  readonly dt: number;
}

/**
 * A model of the size of the published one, n = 4 states and q = 5 neurons: about 110 numbers act, about
 * 150 in the LSTM of 4 units and the neural ODE of 24, whose state is the pendulum's.
 */
export function contestant(name: Contestant, { outputs, dt }: Contest): SequenceModel {
  const size = { inputs: 1, outputs, states: 4, neurons: 5 };
  const integration = { method: "rk4" } as const;
  switch (name) {
    case "linear":
      return linearModel(1, 4, outputs);
    case "REN":
      return ren({ ...size, rate: contraction.rate ** (dt / 0.05), epsilon: 1e-4 });
    case "continuous REN":
      return continuousRen({ ...size, decay: contraction.decay, dt, integration });
    case "LSTM":
      return recurrent({ cell: "lstm", inputs: 1, units: 4, outputs });
    case "neural ODE":
      return neuralOde({ inputs: 1, states: 2, outputs, hidden: [24], dt, integration });
  }
}

export const isRen = (model: SequenceModel): model is Ren => model.kind === "ren";
export const isFlow = (model: SequenceModel): model is ContinuousRen =>
  model.kind === "continuous-ren";

/** One contestant trained on one draw of the data. */
export interface RunPlan {
  readonly model: Contestant;
  readonly swing: SwingPlan;
  readonly seed: number;
  readonly sampling: number; // 0: all samples are seen; k: the k-th irregular sampling
  readonly steps: number;
  readonly batch: number;
  readonly rates: readonly number[]; // of Adam; the best on the validation data counts
}

export interface DrivenPlan {
  readonly model: Contestant;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly rates: readonly number[];
}

export interface StudyPlan {
  readonly runs: readonly RunPlan[];
  readonly driven: readonly DrivenPlan[];
}

interface Sizes {
  readonly steps: number;
  readonly rates: readonly number[];
  readonly test: number;
  readonly driven: readonly [number, number, number];
  readonly drivenSteps: number;
  /** Who is trained beyond the main setting and seed. */
  readonly repeated: readonly Contestant[];
  readonly samplings: number;
}

const sizes: Readonly<Record<PresetName, Sizes>> = {
  quick: {
    steps: 500,
    rates: [3e-2],
    test: 100,
    driven: [60, 15, 30],
    drivenSteps: 400,
    repeated: ["REN"],
    samplings: 10,
  },
  full: {
    steps: 1200,
    rates: [1e-2, 3e-2],
    test: 200,
    driven: [300, 50, 150],
    drivenSteps: 1200,
    repeated: contestants,
    samplings: 10,
  },
};

/** 200 trajectories of 3 s to learn from, a fifth of which choose; tested over 8 s. */
const main: Omit<SwingPlan, "test"> = {
  damping: "code",
  noise: 0.05,
  train: 160,
  validation: 40,
  dt: 0.05,
  trainSamples: 60,
  testSamples: 160,
  seen: 1,
};

export function planOf(preset: PresetName, seed: number): StudyPlan {
  const { steps, rates, test, driven, drivenSteps, repeated, samplings } = sizes[preset];
  const base = { swing: { ...main, test }, seed, sampling: 0, steps, batch: 32, rates };
  const settings = [
    { damping: "code", noise: 0.1 },
    { damping: "text", noise: 0.05 },
    { damping: "text", noise: 0.1 },
  ] as const;
  const [train, validation, held] = driven;
  return {
    runs: [
      ...contestants.map((model) => ({ ...base, model })),
      ...[1, 2].flatMap((k) => repeated.map((model) => ({ ...base, model, seed: seed + k }))),
      ...settings.flatMap((of) =>
        repeated.map((model) => ({ ...base, model, swing: { ...base.swing, ...of } })),
      ),
      ...Array.from({ length: samplings }, (_, k) => ({
        ...base,
        model: "REN" as const,
        sampling: k + 1,
        swing: { ...base.swing, seen: 0.5 },
      })),
    ],
    driven: contestants.map((model) => ({
      model,
      train,
      validation,
      test: held,
      seed,
      steps: drivenSteps,
      batch: 32,
      rates,
    })),
  };
}
