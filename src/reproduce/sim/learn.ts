import type { Dataset } from "../../data/dataset.ts";
import { hankelDmd } from "../../koopman/dmd/hankel.ts";
import { relativeGap } from "../../koopman/dmd/truncation.ts";
import { fromRows, transpose } from "../../linalg/matrix.ts";
import { deq } from "../../models/deq.ts";
import { dense } from "../../models/layers/dense.ts";
import { mlp } from "../../models/mlp.ts";
import { type Model, trainedCount } from "../../models/model.ts";
import { invariantSim } from "../../models/sim/invariant.ts";
import { type SimSpectrum, simSpectrum } from "../../models/sim/spectrum.ts";
import { type Flow, flows, orbit, orbits, pairsOf } from "./flows.ts";
import { type Budget, distance, modelMap, trainedOn } from "./run.ts";

export interface LearnPlan extends Budget {
  readonly flow: keyof typeof flows;
  readonly starts: number;
  readonly rows: number;
  /** Starts that it is tested from. */
  readonly held: number;
  /** Whether a DEQ and a feed-forward net of [z₀, t] are trained on the same rows. */
  readonly rivals: boolean;
}

/** What one model says of orbits that it has not seen. */
export interface Outcome {
  readonly model: string;
  readonly parameters: number;
  /** √mean‖error‖² over that of the states, at times of the training and at four to five times them. */
  readonly inside: number;
  readonly beyond: number;
  /** The same error at each of `times`. */
  readonly errors: readonly number[];
  /** Mean distance from what it says at late times to the true limit set, and the other way round. */
  readonly offSet: number;
  readonly uncovered: number;
  /** Largest distance within what it says of one start from t = 1000 to 1010. */
  readonly extent: number;
}

export interface Learned {
  readonly plan: LearnPlan;
  readonly spectrum: SimSpectrum;
  /** Eigenvalues' angles and rates per unit of time: by DMD of one orbit of the data, and of the model's. */
  readonly dmd: { readonly data: readonly DmdMode[]; readonly model: readonly DmdMode[] };
  readonly times: readonly number[];
  readonly outcomes: readonly Outcome[];
  /** Error inside at starts near the unstable point within the limit set, where phase has no value. */
  readonly nearCentre: number;
  /** Distance between going to t at once and by two halves, relative. */
  readonly halves: number;
  /** Orbits to be drawn: of the truth and of the model, from the same starts, and the model's limit. */
  readonly drawn: {
    readonly truth: readonly number[][][];
    readonly model: readonly number[][][];
    readonly limit: readonly number[][];
  };
}

export interface DmdMode {
  readonly angle: number;
  readonly rate: number;
  readonly share: number;
}

const dt = 0.1;
const inside = 120;
const long = 600;
const delays = 40;

/** Modes of positive angle, or real, by delayed DMD of an orbit [T][n]; the strongest first. */
export function dmdModes(path: readonly (readonly number[])[]): DmdMode[] {
  const snapshots = transpose(fromRows(path));
  const { eigenvalues, importance } = hankelDmd(snapshots, delays, {
    dt,
    truncation: relativeGap(1e-4),
  });
  const largest = Math.max(...importance.window);
  return Array.from(eigenvalues.re, (re, j) => ({
    angle: Math.atan2(eigenvalues.im[j], re) / dt,
    rate: -Math.log(Math.hypot(re, eigenvalues.im[j])) / dt,
    share: importance.window[j] / largest,
  }))
    .filter(({ angle, rate }) => angle >= 0 && Number.isFinite(rate))
    .sort((a, b) => b.share - a.share);
}

/** The model that learns a flow: angles from DMD of an orbit's later half, decays from anywhere. */
export const modelOf = (flow: Flow, rotations: readonly number[]) =>
  invariantSim({
    basis: mlp([flow.size, 64, 64, 32], { activation: "tanh" }),
    modes: {
      rotations,
      decaying: [
        { rate: 1, angle: 0 },
        { rate: 1, angle: 1 },
      ],
      unit: true,
    },
    width: 64,
    outputs: flow.size,
    consistency: 0.1,
  });

export async function learned(plan: LearnPlan): Promise<Learned> {
  const { seed, starts } = plan;
  const flow = flows[plan.flow];
  const paths = orbits(flow, starts, dt, inside, seed);
  const heldPaths = orbits(flow, plan.held, dt, long, seed + 1000);
  const heldInside = heldPaths.map((path) => path.slice(0, inside + 1));
  const pairs = { longest: inside, seed };
  const data = {
    train: pairsOf(paths, dt, { ...pairs, count: plan.rows }),
    test: pairsOf(heldInside, dt, { ...pairs, count: 500 }),
  };
  const fromData = dmdModes(paths[0].slice(inside / 3));
  const rotations = startingAngles(fromData, flow.angles.length * +(flow.limit !== "point"));
  const model = modelOf(flow, rotations);
  const parameters = await trainedOn(model, data, plan);
  const map = await modelMap(model, parameters);
  const say = (from: readonly (readonly number[])[], t: number) =>
    map.rows(from.map((z) => [...z, t]));

  const first = heldPaths.slice(0, 12);
  const modelPaths = await Promise.all(
    first.map(([z]) => map.rows(Array.from({ length: 301 }, (_, k) => [...z, k * dt]))),
  );
  const limit = await map.rows(
    Array.from({ length: 1000 }, (_, k) => [...first[0][0], 1000 + k * dt]),
  );
  const outcomes = [await outcomeOf("SIM", model, map.rows, heldPaths, 1)];
  if (plan.rivals) {
    for (const [name, rival] of rivals(flow.size)) {
      const scaled = { train: timeScaled(data.train), test: timeScaled(data.test) };
      const other = await modelMap(rival, await trainedOn(rival, scaled, plan));
      outcomes.push(await outcomeOf(name, rival, other.rows, heldPaths, 1 / (inside * dt)));
      await other.release();
    }
  }
  const centre = heldPaths.map(([z]) => z.map((v) => (0.1 * v) / Math.hypot(...z)));
  const fromCentre = centre.map((z) => orbit(flow, z, dt, 80));
  const nearCentre = errorAt(await say(centre, 8), fromCentre, 80);
  const [whole, half] = [
    await say(
      first.map(([z]) => z),
      10,
    ),
    await say(
      first.map(([z]) => z),
      5,
    ),
  ];
  const halves = distance(await say(half, 5), whole) / distance(whole, zeros(whole));
  await map.release();
  return {
    plan,
    spectrum: simSpectrum(model, parameters),
    dmd: { data: fromData.slice(0, 6), model: dmdModes(modelPaths[0].slice(60, 300)).slice(0, 6) },
    times,
    outcomes,
    nearCentre,
    halves,
    drawn: { truth: first.map((path) => path.slice(0, 201)), model: modelPaths, limit },
  };
}

/** The strongest lasting angles of which none is a whole multiple of one before. */
export function startingAngles(modes: readonly DmdMode[], count: number): number[] {
  const found: number[] = [];
  for (const { angle, rate } of modes) {
    if (found.length === count) break;
    const harmonic = found.some((one) => Math.abs(angle / one - Math.round(angle / one)) < 0.05);
    if (angle > 0.05 && Math.abs(rate) < 0.15 && !harmonic) found.push(angle);
  }
  while (found.length < count) found.push(1 + found.length);
  return found;
}

/**
 * A DEQ and a feed-forward net from [z₀, t] to z_t. The DEQ is kept a contraction (spectral norm 0.9),
 * without which its solves take many times as long and some fail.
 */
const rivals = (n: number): readonly (readonly [string, Model])[] => [
  [
    "DEQ",
    deq({
      ...{ inputs: n + 1, outputs: n, layer: dense({ width: 120 }) },
      normalise: { kind: "spectral", target: 0.9, scale: "shrink" },
      forward: { method: "picard", rtol: 1e-2, maxIterations: 40 },
      backward: { method: "picard", rtol: 1e-2, maxIterations: 40 },
    }),
  ],
  ["feed-forward", mlp([n + 1, 120, 120, n], { activation: "tanh" })],
];

/** Times in units of the longest one of training, as a network wants them. */
const timeScaled = (set: Dataset): Dataset => ({
  ...set,
  features: set.features.map((v, i) => (i % set.width === set.width - 1 ? v / (inside * dt) : v)),
});

const times = Array.from({ length: 31 }, (_, k) => 2 * k);

type Rows = readonly (readonly number[])[];
const zeros = (rows: Rows) => rows.map((row) => row.map(() => 0));
const errorAt = (found: Rows, paths: readonly Rows[], step: number) => {
  const truth = paths.map((path) => path[step]);
  return distance(found, truth) / distance(truth, zeros(truth));
};

async function outcomeOf(
  model: string,
  of: Model,
  rows: (x: Rows) => Promise<number[][]>,
  paths: readonly Rows[],
  unit: number,
): Promise<Outcome> {
  const say = (from: Rows, t: number) => rows(from.map((z) => [...z, t * unit]));
  const from = paths.map(([z]) => z);
  const late = paths.slice(0, 10).flatMap((path) => path.filter((_, k) => k > 300 && k % 7 === 0));
  const size = distance(late, zeros(late)) || 1;
  const errors: number[] = [];
  for (const t of times) {
    const truth = paths.map((path) => path[Math.round(t / dt)]);
    // Relative to the limit's own size; a point has none: to that of the starts.
    const scale = size > 1e-2 ? size : distance(from, zeros(from));
    errors.push(distance(await say(from, t), truth) / scale);
  }
  const root = (list: readonly number[]) =>
    Math.sqrt(list.reduce((sum, e) => sum + e * e, 0) / list.length);
  const said: number[][] = [];
  for (let t = 48; t < 60; t += 0.5) said.push(...(await say(from.slice(0, 10), t)));
  const tail: number[][] = [];
  for (let t = 1000; t <= 1010; t += 0.25) tail.push(...(await say(from.slice(0, 1), t)));
  const nearest = (a: Rows, b: Rows) =>
    a.reduce((sum, p) => sum + Math.min(...b.map((q) => gap(p, q))), 0) / a.length;
  return {
    model,
    parameters: trainedCount(of),
    inside: root(errors.filter((_, k) => times[k] <= inside * dt)),
    beyond: root(errors.filter((_, k) => times[k] >= 4 * inside * dt)),
    errors,
    offSet: nearest(said, late),
    uncovered: nearest(late, said),
    extent: tail.reduce((most, p) => Math.max(most, ...tail.map((q) => gap(p, q))), 0),
  };
}

const gap = (p: readonly number[], q: readonly number[]) =>
  Math.hypot(...p.map((v, i) => v - q[i]));
