import { type Experiment, requireAlike } from "../data/experiment/experiment.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { add, type Matrix, matrix, multiply, subtract } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";
import { balance } from "../lti/balance.ts";
import { fromUnits, inUnits, type LinearModel, predictorIsStable, unitsOf } from "./model.ts";
import {
  type Block,
  blocksOf,
  type Candidate,
  linearise,
  moved,
  residualsOf,
} from "./sensitivity.ts";

export interface PredictionErrorOptions {
  /** Of which error: one step ahead, with K free, or of the free simulation, with K = 0. */
  readonly focus?: "prediction" | "simulation";
  readonly direct?: boolean; // whether D is free; where the start has one, when left out
  readonly stable?: boolean; // keeps all poles inside the unit circle
  readonly radius?: number; // of that circle; 1 when left out
  readonly maxIterations?: number; // 50 when left out
  readonly tolerance?: number; // of the relative decrease; 1e-9 when left out
}

export interface PredictionErrorFit {
  readonly model: LinearModel;
  readonly status: "converged" | "max-iterations" | "stalled";
  readonly costs: readonly number[]; // mean square of the weighted errors, the start first
  readonly initialStates: readonly Float64Array[]; // x₀ [n] of each experiment
}

const known = ["focus", "direct", "stable", "radius", "maxIterations", "tolerance"];

/**
 * A linear model refined by minimising Σ ‖e_t‖² of its predictor over A, B, C, D, K and the initial
 * states, all of their entries free, by Levenberg and Marquardt's method with exact sensitivities.
 * Steps out of the set of models whose predictor is stable (and, with `stable`, whose poles are) are
 * refused. The coordinates of the state stay undetermined, which the damping takes care of; where the
 * noise is white and normal, the minimum is the maximum of likelihood. Outputs weigh by the inverse of
 * what the start leaves of them.
 *
 * Ljung (1999), "System identification", 2nd ed., chapters 7 and 10; McKelvey, Helmersson & Ribarits
 * (2004), "Data driven local coordinates for multivariable linear systems", Automatica 40(9).
 *
 * @throws UsageError  for experiments of other signals, or a start that is not stable where it must be
 * @throws DataError  for fewer samples than parameters
 */
export function predictionError(
  experiments: readonly Experiment[],
  start: LinearModel,
  options: PredictionErrorOptions = {},
): PredictionErrorFit {
  refuseUnknown("predictionError", options, known);
  requireAlike(experiments);
  const { focus = "prediction", stable = false, radius = 1 } = options;
  const { maxIterations = 50, tolerance = 1e-9 } = options;
  const { direct = start.system.D.data.some((d) => d !== 0) } = options;
  if (focus !== "prediction" && focus !== "simulation")
    throw new UsageError(`predictionError: focus "${focus}" is neither prediction nor simulation`);
  const [{ inputs, outputs }] = experiments;
  const { B, C } = start.system;
  if (inputs.length !== B.cols || outputs.length !== C.rows)
    throw new UsageError(
      `predictionError: the start has ${B.cols} inputs and ${C.rows} outputs, the data have ` +
        `${inputs.length} and ${outputs.length}`,
    );
  const units = unitsOf(experiments);
  const scaled = inUnits(experiments, units);
  const own = fromUnits(start.system, start.K, units, true);
  const K = focus === "simulation" ? matrix(B.rows, C.rows, () => 0) : own.K;
  const n = B.rows;
  const blocks: Block[] = blocksOf(n, inputs.length, outputs.length, focus, direct);
  const feasible = (c: Candidate) =>
    predictorIsStable({ ...c, dt: 1 }, c.K) && (!stable || spectralRadius(c.A) < radius);
  let at: Candidate = { ...own.system, K, starts: scaled.map(() => new Float64Array(n)) };
  if (!feasible(at))
    throw new UsageError(
      "predictionError: the start is not stable, and its errors have no bound",
      'start from a stable model (stable: true), or use the focus "prediction" with a noise model',
    );
  at = balancedStart(at);
  const parameters = blocks.reduce((sum, { size }) => sum + size, 0) + n * scaled.length;
  const samples = scaled.reduce((sum, { count }) => sum + count * outputs.length, 0);
  if (samples < parameters)
    throw new DataError(
      `too few samples: ${samples} of the outputs for the ${parameters} parameters of a linear model of order ${n}`,
      {
        hint: "ask for a lower order, or measure longer",
      },
    );

  // The initial states enter linearly: solved for before anything is judged by its error.
  const even = new Float64Array(outputs.length).fill(1);
  at = moved(at, blocks, stepOf(at, [], scaled, even, 0), []);
  const weights = weightsOf(at, scaled);
  let cost = costOf(at, scaled, weights);
  const costs = [cost / samples];
  let [damping, status]: [number, PredictionErrorFit["status"]] = [1e-4, "max-iterations"];
  for (let k = 0; k < maxIterations; k++) {
    const { normal, right } = normalEquations(at, blocks, scaled, weights);
    let better: { candidate: Candidate; cost: number } | null = null;
    while (better === null && damping < 1e12) {
      const candidate = moved(at, blocks, damped(normal, right, damping));
      const next = feasible(candidate) ? costOf(candidate, scaled, weights) : Infinity;
      if (next < cost) better = { candidate, cost: next };
      else damping *= 8;
    }
    if (better === null) {
      status = costs.length > 1 || cost / samples < 1e-20 ? "converged" : "stalled";
      break;
    }
    const decrease = (cost - better.cost) / cost;
    at = better.candidate;
    cost = better.cost;
    costs.push(cost / samples);
    damping = Math.max(damping / 10, 1e-14);
    if (decrease < tolerance || cost / samples < 1e-28) {
      status = "converged";
      break;
    }
  }
  const physical = fromUnits({ ...at, dt: start.system.dt }, at.K, units);
  return {
    model: { method: "prediction-error", ...physical, inputs, outputs, warnings: start.warnings },
    status,
    costs,
    initialStates: at.starts,
  };
}

/**
 * The same model in coordinates in which its predictor x₊ = (A − KC) x + B u + K y (D aside) is balanced: entries
 * of one size, which the damping can treat alike.
 */
function balancedStart(at: Candidate): Candidate {
  const { A, B, C, D, K } = at;
  const m = B.cols;
  const both = matrix(B.rows, m + K.cols, (i, j) =>
    j < m ? B.data[i * m + j] : K.data[i * K.cols + j - m],
  );
  const none = matrix(C.rows, both.cols, () => 0);
  const predictor = { A: subtract(A, multiply(K, C)), B: both, C, D: none, dt: 1 };
  const { T, inverse } = balance(predictor);
  return {
    A: multiply(multiply(T, A), inverse),
    B: multiply(T, B),
    C: multiply(C, inverse),
    D,
    K: multiply(T, K),
    starts: at.starts.map((x) => multiply(T, { rows: x.length, cols: 1, data: x }).data),
  };
}

/** 1/‖e_j‖ of what the start leaves of each output, kept from weighing noise that is not there. */
function weightsOf(at: Candidate, experiments: readonly Experiment[]): Float64Array {
  const l = at.C.rows;
  const squares = new Float64Array(l);
  let count = 0;
  for (const [which, experiment] of experiments.entries()) {
    residualsOf(at, experiment, at.starts[which]).forEach((e, k) => {
      squares[k % l] += e * e;
    });
    count += experiment.count;
  }
  const largest = Math.sqrt(Math.max(...squares) / count) || 1;
  return squares.map((sum) => largest / Math.max(Math.sqrt(sum / count), 1e-3 * largest));
}

function costOf(at: Candidate, experiments: readonly Experiment[], weights: Float64Array): number {
  const l = weights.length;
  let sum = 0;
  experiments.forEach((experiment, which) => {
    residualsOf(at, experiment, at.starts[which]).forEach((e, k) => {
      sum += (weights[k % l] * e) ** 2;
    });
  });
  return Number.isFinite(sum) ? sum : Infinity;
}

/** JᵀJ and −Jᵀe over all experiments, e = y − ŷ. */
function normalEquations(
  at: Candidate,
  blocks: readonly Block[],
  experiments: readonly Experiment[],
  weights: Float64Array,
) {
  const size = blocks.reduce((sum, block) => sum + block.size, 0) + at.A.rows * experiments.length;
  let normal: Matrix = matrix(size, size, () => 0);
  let right: Matrix = matrix(size, 1, () => 0);
  experiments.forEach((experiment, which) => {
    const part = linearise(at, blocks, experiment, which, experiments.length, weights);
    normal = add(normal, part.normal);
    right = add(right, part.right);
  });
  return { normal, right };
}

/** The step of (JᵀJ + λ diag(JᵀJ)) s = Jᵀe; directions without effect get the mean diagonal. */
function damped(normal: Matrix, right: Matrix, damping: number): Float64Array {
  const n = normal.rows;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += normal.data[i * (n + 1)] / n;
  const data = normal.data.slice();
  for (let i = 0; i < n; i++)
    data[i * (n + 1)] += damping * (data[i * (n + 1)] + 1e-3 * mean) + 1e-15 * mean;
  return solve({ ...normal, data }, right).data;
}

const stepOf = (
  at: Candidate,
  blocks: readonly Block[],
  experiments: readonly Experiment[],
  weights: Float64Array,
  damping: number,
) => {
  const { normal, right } = normalEquations(at, blocks, experiments, weights);
  return damped(normal, right, damping);
};
