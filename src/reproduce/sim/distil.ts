import type { Dataset } from "../../data/dataset.ts";
import { randomStream } from "../../data/random.ts";
import { splitBySeed } from "../../data/split.ts";
import { twoMoons } from "../../data/two-moons.ts";
import { UsageError } from "../../errors.ts";
import { concat, split } from "../../graph/ops/movement.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { fromRows, type Matrix, matrix, multiply, transpose } from "../../linalg/matrix.ts";
import { deq } from "../../models/deq.ts";
import { dense } from "../../models/layers/dense.ts";
import type { Model, Parameters } from "../../models/model.ts";
import { coordinates } from "../../models/sim/coordinates.ts";
import { fourierWeights } from "../../models/sim/fourier.ts";
import { type LimitMap, limitMap } from "../../models/sim/limit-map.ts";
import { sim } from "../../models/sim/sim.ts";
import { type Budget, distance, mapOf, modelMap, trainedOn } from "./run.ts";

export interface DistilPlan extends Budget {
  /** Ranks k that are tried. */
  readonly ranks: readonly number[];
  /** Rows of x whose iterations are observed; as many others are tested on. */
  readonly rows: number;
}

/** Error of the replacements against the solver, √mean‖· − z*‖²/√mean‖z*‖², by rank. */
export interface Distillation {
  readonly plan: DistilPlan;
  /** Largest modulus of what vanishes, by the fitted map; misfit and ridge as in `limitMap`. */
  readonly radius: number;
  readonly misfit: number;
  readonly ridge: number;
  /** The same error of the solver at its own tolerance, against one of 1e-7. */
  readonly solver: number;
  readonly ranks: readonly {
    readonly rank: number;
    /** readout · V φ(x): no training at all. */
    readonly linear: number;
    /** g trained behind frozen φ, V and U. */
    readonly distilled: number;
    /** The same architecture trained whole on the same targets, for as many steps. */
    readonly whole: number;
  }[];
}

const width = 8;
const readoutWidth = 32;
const steps = 10;
const fourier = { count: 96, bandwidth: 0.7 };
const joint = { count: 64, bandwidth: 2 };

/** A trained DEQ on two moons, replaced by stable invariant models fitted to its iterations. */
export async function distillation(plan: DistilPlan): Promise<Distillation> {
  const { seed, rows } = plan;
  const teacher = deq({ inputs: 2, outputs: 2, layer: dense({ width }), forward: { rtol: 1e-4 } });
  const learned = await trainedOn(teacher, splitBySeed(twoMoons(400, seed, 0.1), 0.8, seed), {
    ...plan,
    rate: 1e-2,
    batch: 32,
    epochs: 25,
  });
  const solved = async (rtol: number) => {
    const open = deq({
      ...{ inputs: 2, outputs: width, layer: dense({ width }), head: "none" },
      forward: { rtol },
    });
    return modelMap(open, learned);
  };
  const [exact, usual] = [await solved(1e-7), await solved(1e-4)];
  const places = Array.from({ length: 2 * rows }, (_, i) => {
    const random = randomStream(seed, "places", i);
    return [3.5 * random.uniform() - 1.25, 2.5 * random.uniform() - 1];
  });
  const equilibria = await exact.rows(places);
  const [seen, held] = [places.slice(0, rows), places.slice(rows)];
  const target = equilibria.slice(rows);
  const size = distance(
    target,
    target.map(() => Array<number>(width).fill(0)),
  );
  const solver = distance((await usual.rows(places)).slice(rows), target) / size;
  await exact.release();
  await usual.release();

  const weights = fourierWeights(fourier, 2, seed);
  const observed = await observedSteps(learned, seen, seed);
  const phi = (x: readonly (readonly number[])[]) => fromRows(x.map((row) => lifted(row, weights)));
  const fixed = phi(Array.from({ length: steps }, () => seen).flat());
  const data = setsOf(seen, equilibria.slice(0, rows), held, target);
  const ranks: Distillation["ranks"][number][] = [];
  let map: LimitMap | undefined;
  for (const rank of plan.ranks) {
    map = limitMap({ ...observed, fixed }, rank);
    const { V, U, readout } = map;
    const linear = distance(phiTimes(phi(held), V, readout), target) / size;
    const student = sim({
      basis: coordinates(2),
      fourier,
      rank,
      width: readoutWidth,
      outputs: width,
    });
    const error = async (model: Model) => {
      const student = await modelMap(model, await trainedOn(model, data, plan));
      const distanceTo = distance(await student.rows(held), target) / size;
      await student.release();
      return distanceTo;
    };
    const given = {
      ...{ "fourier.weight": weights, V: asTensor(V), U: asTensor(U) },
      "inverse0.weight": whitened(V, phi(seen), seed),
    };
    const frozen: Model = {
      ...student,
      settled: ["fourier.weight", "V", "U"],
      initialise: (s) => ({ ...student.initialise(s), ...given }),
    };
    ranks.push({ rank, linear, distilled: await error(frozen), whole: await error(student) });
  }
  if (map === undefined) throw new UsageError("distillation: no rank to try");
  const { radius, misfit, ridge } = map;
  return { plan, radius, misfit, ridge, solver, ranks };
}

/** [cos Wa, sin Wa]/√(m/2) in float64. */
function lifted(a: readonly number[], { data, shape: [rows, columns] }: Parameters[string]) {
  const angles = Array.from({ length: rows }, (_, i) =>
    a.reduce((sum, v, j) => sum + Number(data[i * columns + j]) * v, 0),
  );
  const scale = 1 / Math.sqrt(rows);
  return [...angles.map((v) => scale * Math.cos(v)), ...angles.map((v) => scale * Math.sin(v))];
}

/** Steps of the layer from 0 at each x, step after step, seen as z and Fourier features of (z, x). */
async function observedSteps(
  learned: Parameters,
  places: readonly (readonly number[])[],
  seed: number,
) {
  const layer = dense({ width })(2);
  const step = await mapOf(learned, width + 2, (p, s) => {
    const [z, x] = split(s, 1, [width, 2]);
    return concat([layer.apply(p, [z], layer.inject(p, x))[0], x], 1);
  });
  const weights = fourierWeights(joint, width + 2, seed + 1);
  const observe = (s: readonly number[]) => [...s.slice(0, width), ...lifted(s, weights)];
  let states = places.map((x) => [...Array<number>(width).fill(0), ...x]);
  const [before, after]: number[][][] = [[], []];
  for (let k = 0; k < steps; k++) {
    const next = await step.rows(states);
    before.push(...states.map(observe));
    after.push(...next.map(observe));
    states = next;
  }
  await step.release();
  return { before: fromRows(before), after: fromRows(after), states: width };
}

/**
 * Where the inverse basis starts: random weights of V φ brought to variance 1. The directions that the
 * limit depends on are small among the features, and an ordinary start would not see them.
 */
function whitened(V: Matrix, phi: Matrix, seed: number) {
  const random = randomStream(seed, "whitened");
  const c = multiply(phi, transpose(V));
  const deviation = Array.from({ length: V.rows }, (_, k) => {
    const column = Array.from({ length: c.rows }, (_, n) => c.data[n * c.cols + k]);
    const mean = column.reduce((a, b) => a + b) / c.rows;
    return Math.sqrt(column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / c.rows) + 1e-12;
  });
  const R = matrix(
    readoutWidth,
    V.rows,
    (_, k) => random.normal() / (deviation[k] * V.rows ** 0.5),
  );
  return asTensor(multiply(R, V));
}

const asTensor = ({ rows, cols, data }: Matrix) => tensorOf(Float32Array.from(data), [rows, cols]);

function phiTimes(phi: Matrix, V: Matrix, readout: Matrix): number[][] {
  return Array.from({ length: phi.rows }, (_, n) => {
    const c = Array.from({ length: V.rows }, (_, k) => {
      let sum = 0;
      for (let j = 0; j < V.cols; j++) sum += V.data[k * V.cols + j] * phi.data[n * phi.cols + j];
      return sum;
    });
    return Array.from({ length: readout.rows }, (_, i) =>
      c.reduce((sum, v, k) => sum + readout.data[i * readout.cols + k] * v, 0),
    );
  });
}

type Rows = readonly (readonly number[])[];
const setsOf = (x: Rows, z: Rows, heldX: Rows, heldZ: Rows) => {
  const set = (features: Rows, values: Rows): Dataset => ({
    name: "equilibria",
    features: Float32Array.from(features.flat()),
    count: features.length,
    width: 2,
    targets: { kind: "values", values: Float32Array.from(values.flat()), width },
  });
  return { train: set(x, z), test: set(heldX, heldZ) };
};
