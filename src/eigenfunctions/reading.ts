import { randomStream } from "../data/random.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { reachAlong } from "./bounds.ts";
import { type Exactness, exactnessOf, randomState, reductionGap } from "./checks.ts";
import { simulate, stability } from "./dynamics.ts";
import {
  type Eigenfunction,
  type Eigenfunctions,
  eigenfunctionsOf,
  phiOf,
} from "./eigenfunctions.ts";
import { type FixedPointOptions, type FixedPoints, fixedPoints } from "./fixed-points.ts";
import { ratios } from "./invariants.ts";
import { commonRate, type RecurrentNetwork } from "./network.ts";
import { type Reduction, reduce } from "./reduction.ts";
import { restingEquations } from "./unequal-decay.ts";
import { transposedTimes } from "./vectors.ts";

/** φ along one simulated trajectory of the whole network, against its law. */
export interface Track {
  /** Index of the eigenfunction in the list; that of the nearest direction is −1. */
  readonly of: number;
  readonly t: readonly number[];
  /** |φ(t)|/|φ(0)|. */
  readonly share: readonly number[];
  /** max |φ(t) − e^{λt}φ(0)|, the integrator's own law standing for e^{λt}. */
  readonly departure: number;
  /**
   * What that can be at most: the bound of the eigenfunction, or, where the activation has none, the
   * same from the states of this very trajectory; to rounding.
   */
  readonly allowed: number;
}

/** All that is read from the weights of a recurrent network. */
export interface Reading {
  readonly network: RecurrentNetwork;
  readonly functions: Eigenfunctions | null; // null for a cell
  readonly exactness: Exactness | null; // null without an exact eigenfunction
  readonly tracks: readonly Track[];
  readonly constants: ReturnType<typeof ratios>;
  readonly reduction: Reduction | null; // null of unequal decay
  /** The largest distance of the whole network from the reduced one along a trajectory, relative. */
  readonly gap: number | null;
  readonly fixed: FixedPoints;
  readonly steps: { readonly dt: number; readonly steps: number };
}

export interface ReadingOptions extends FixedPointOptions {
  readonly tolerance?: number;
}

/** Reads a network: eigenfunctions, their checks, constants of motion, reduction, fixed points. */
export function readNetwork(network: RecurrentNetwork, options: ReadingOptions = {}): Reading {
  refuseUnknown("readNetwork", options, ["tolerance", "starts", "seed"]);
  const { tolerance, starts, seed = 0 } = options;
  const asked = tolerance === undefined ? {} : { tolerance };
  const functions = network.form === "cell" ? null : eigenfunctionsOf(network, asked);
  const exact = functions?.list.filter((one) => one.exact) ?? [];
  const reduction = reduce(network, asked);
  const rate = commonRate(network);
  const discrete = network.time.kind === "discrete";
  const steps = { dt: 0.02 / (rate ?? fastest(network)), steps: discrete ? 50 : 300 };
  const draw = randomStream(seed, "reading");
  const start = randomState(draw, network.W.rows, 1);
  return {
    network,
    functions,
    exactness: exact.length > 0 ? exactnessOf(network, exact, { seed, states: 20 }) : null,
    tracks: functions === null ? [] : tracksOf(network, functions, start, steps),
    constants: functions === null ? [] : ratios(network, functions.list),
    reduction,
    gap: reduction === null ? null : reductionGap(reduction, start, steps),
    fixed: fixedPoints(reduction ?? restingEquations(network, tolerance), {
      seed,
      ...(starts !== undefined && { starts }),
    }),
    steps,
  };
}

const fastest = ({ time }: RecurrentNetwork) =>
  time.kind === "discrete" ? 1 : time.decay.reduce((a, b) => Math.max(a, b), 0);

/** So many eigenfunctions are followed, the first ones of each sort. */
const followed = 3;

function tracksOf(
  network: RecurrentNetwork,
  { list, nearest }: Eigenfunctions,
  start: Float64Array,
  steps: { readonly dt: number; readonly steps: number },
): Track[] {
  const indexed = list.map((one, of) => ({ one, of }));
  const chosen = [
    ...indexed.filter(({ one }) => one.exact).slice(0, followed),
    ...indexed.filter(({ one }) => !one.exact).slice(0, followed),
    ...(nearest === null ? [] : [{ one: nearest, of: -1 }]),
  ];
  const states = simulate(network, start, steps);
  return chosen.map(({ one, of }) => ({ of, ...trackOf(network, one, states, steps.dt) }));
}

/** φ along the states of a simulation, without input, against its law and its bound. */
export function trackOf(
  network: RecurrentNetwork,
  one: Eigenfunction,
  states: readonly Float64Array[],
  dt: number,
): Omit<Track, "of"> {
  const { time, W, activation } = network;
  const discrete = time.kind === "discrete";
  const factor = discrete ? one.eigenvalue : stability(one.eigenvalue * dt);
  const values = states.map((x) => phiOf(one, x));
  const departure = values.reduce(
    (most, value, k) => Math.max(most, Math.abs(value - values[0] * factor ** k)),
    0,
  );
  const rate = discrete ? 1 : -one.eigenvalue;
  const limit = one.bound ?? reachAlong(states, transposedTimes(W, one.u), activation) / rate;
  const largest = states.reduce((most, x) => Math.max(most, ...x.map(Math.abs)), 0);
  return {
    t: states.map((_, k) => (discrete ? k : k * dt)),
    share: values.map((value) => Math.abs(value / values[0])),
    departure,
    // Rounding of N terms, some hundred times.
    allowed: limit + largest * W.rows * 1e-14,
  };
}
