import type { CellKind } from "../../models/recurrent/cells.ts";

/** A bound of the gain in percent of the plant's own, or none: a network that contracts and no more. */
export type Bound = number | "none";

/** The network of one fit. */
export type Network =
  | { readonly kind: "ren"; readonly feedback: "acyclic" | "full"; readonly bound: Bound }
  | { readonly kind: CellKind; readonly units: number };

/** The measurements, the same for all fits. */
export interface DataPlan {
  readonly seed: number;
  readonly samples: number;
  readonly heldOut: number;
}

/** How every network is trained: Adam, the rate falling along half a cosine, gradients clipped at 1. */
export interface Recipe {
  readonly length: number; // of a sequence; each begins a quarter of it after the one before
  readonly washout: number;
  readonly batch: number;
  readonly steps: number;
  readonly rate: number;
  readonly states: number; // of a network in equilibrium form
  readonly neurons: number;
}

/** How gains are searched for. */
export interface Search {
  readonly samples: number; // of a sequence
  readonly windows: number; // of the held-out data to start from
  readonly steps: number; // of each of the ascents
}

/** One training run with all that is measured of it. */
export interface FitPlan {
  readonly version: 1;
  readonly network: Network;
  readonly seed: number;
  readonly data: DataPlan;
  readonly recipe: Recipe;
  readonly search: Search;
}

export interface RobustPreset {
  readonly data: Omit<DataPlan, "seed">;
  readonly recipe: Recipe;
  readonly search: Search;
  readonly bounds: readonly Bound[];
  readonly feedbacks: readonly ("acyclic" | "full")[];
  readonly seeds: number;
  /** Of the networks with a full D11, a fit of which takes about ten times as long. */
  readonly seedsOfFull: number;
  /** Of as many parameters as the network in equilibrium form with the same recipe. */
  readonly unconstrained: readonly Exclude<Network, { kind: "ren" }>[];
}

const recipe: Recipe = {
  length: 128,
  washout: 48,
  batch: 64,
  steps: 600,
  rate: 1e-2,
  states: 8,
  neurons: 24,
};
const unconstrained = [
  { kind: "rnn-tanh", units: 40 },
  { kind: "lstm", units: 20 },
] as const;

export const robustPresets = {
  quick: {
    data: { samples: 6000, heldOut: 2000 },
    recipe: { ...recipe, steps: 450 },
    search: { samples: 400, windows: 3, steps: 30 },
    bounds: [10, 40, "none"],
    feedbacks: ["acyclic"],
    seeds: 1,
    seedsOfFull: 1,
    unconstrained,
  },
  full: {
    data: { samples: 6000, heldOut: 2000 },
    recipe,
    search: { samples: 500, windows: 3, steps: 40 },
    bounds: [10, 20, 40, 60, 100, "none"],
    feedbacks: ["acyclic", "full"],
    seeds: 3,
    seedsOfFull: 1,
    unconstrained,
  },
} as const satisfies Record<string, RobustPreset>;

/** Every fit of a preset: the unconstrained networks first, being the quickest. */
export const plansOf = (preset: RobustPreset, seed: number): FitPlan[] => {
  const { bounds, feedbacks, unconstrained, recipe, search } = preset;
  const networks: Network[] = [
    ...unconstrained,
    ...feedbacks.flatMap((feedback) =>
      bounds.map((bound): Network => ({ kind: "ren", feedback, bound })),
    ),
  ];
  const data = { ...preset.data, seed };
  return networks.flatMap((network) => {
    const full = network.kind === "ren" && network.feedback === "full";
    return Array.from({ length: full ? preset.seedsOfFull : preset.seeds }, (_, k) => ({
      version: 1 as const,
      network,
      seed: seed + k,
      data,
      recipe,
      search,
    }));
  });
};

/** A name for the part's file. */
export const nameOf = ({ network, seed }: FitPlan): string =>
  network.kind === "ren"
    ? `ren-${network.feedback}-${network.bound}-${seed}`
    : `${network.kind}-${seed}`;
