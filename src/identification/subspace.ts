import { type Experiment, requireAlike } from "../data/experiment/experiment.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { type Matrix, matrix, multiply, transpose } from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";
import { singularValues, svd } from "../linalg/svd.ts";
import { solveLower } from "../linalg/triangular.ts";
import { arx } from "./arx.ts";
import { fromUnits, inUnits, type LinearModel, predictorIsStable, unitsOf } from "./model.ts";
import { fitInputs, stacked } from "./regression.ts";
import { stabilise } from "./stabilise.ts";

export interface SubspaceOptions {
  readonly order?: number | "auto"; // states; "auto" when left out
  readonly maxOrder?: number; // that "auto" tries; 10 when left out
  readonly horizon?: number; // samples of past and of future; by the data when left out
  readonly direct?: boolean; // whether u_t acts on y_t (D ≠ 0); false when left out
  readonly noise?: boolean; // whether to estimate K; true when left out
  readonly offset?: boolean; // whether to fit a constant on each output; false when left out
  readonly stable?: boolean; // moves unstable poles inside the unit circle before B and D are fitted
  readonly radius?: number; // of that circle; 1 when left out
}

/** What an order that was tried came to. */
export interface OrderTried {
  readonly order: number;
  readonly meanSquare: number; // of the simulation error, outputs of root mean square 1
  readonly criterion: number; // Schwarz's; the smallest is chosen
}

export interface SubspaceFit {
  readonly model: LinearModel;
  readonly order: number;
  readonly offset: Float64Array; // [l]; zero unless fitted
  readonly horizon: number;
  /** Signal over noise of the directions of state: of clean data, as many as states are not zero. */
  readonly singularValues: Float64Array;
  readonly tried: readonly OrderTried[];
}

const known = ["order", "maxOrder", "horizon", "direct", "noise", "offset", "stable", "radius"];

/**
 * A state-space model by a subspace method (PO-MOESP with the weights of CVA): the column space of
 * the observability matrix from the part of the future outputs that the past of inputs and outputs
 * tells, once the future inputs are projected away; A and C from its shift structure; B and D by least squares on the
 * simulated outputs; K on innovations of a long ARX model.
 *
 * Verhaegen & Dewilde (1992) and Verhaegen (1994), "Identification of the deterministic part of MIMO
 * state space models given in innovations form from input-output data", Automatica 30(1); Van Overschee
 * & De Moor (1996), "Subspace identification for linear systems", chapter 4. The order:
 * the smallest of Schwarz's criterion N log V_n + (parameters) log N over the simulation errors V_n,
 * among those whose singular value is not zero to rounding; initial states count as parameters.
 *
 * @throws UsageError  for an option out of range
 * @throws DataError  for too few samples, or inputs that do not excite the system enough
 */
export function subspace(
  experiments: readonly Experiment[],
  options: SubspaceOptions = {},
): SubspaceFit {
  refuseUnknown("subspace", options, known);
  requireAlike(experiments);
  const { order = "auto", direct = false, noise = true, offset = false, stable = false } = options;
  // Inside of it by enough to be refined.
  const inside = Math.min(0.999, 1 - 1.5 * (1 - (options.radius ?? 1)));
  const most = order === "auto" ? (options.maxOrder ?? 10) : order;
  if (!(Number.isInteger(most) && most >= 1))
    throw new UsageError(`subspace: an order of ${most}; wanted a whole number from 1, or "auto"`);
  const [{ inputs, outputs, sampleTime: dt }] = experiments;
  const units = unitsOf(experiments);
  const scaled = inUnits(experiments, units);
  const horizon = chooseHorizon(scaled, most, order === "auto", options.horizon);
  const space = observabilitySpace(scaled, horizon, offset);
  const { s } = space;
  const limit = Math.min(most, (horizon - 1) * outputs.length);
  const rank = s.filter((value) => value > 1e-9 * s[0]).length;
  const l = outputs.length;

  const at = (n: number) => {
    const { A, C } = shiftStructure(space, n, l);
    return { A: stable ? stabilise(A, inside) : A, C };
  };
  const samples = scaled.reduce((sum, { count }) => sum + count * l, 0);
  const tried = orders(order, Math.min(limit, rank)).map((n): OrderTried => {
    const { A, C } = at(n);
    const { meanSquare, segments } = fitInputs(A, C, scaled, null, direct, offset);
    const parameters = n * (inputs.length + l + segments);
    // Below 1e-20 an error is rounding, of which no order is better than another.
    const criterion =
      samples * Math.log(Math.max(meanSquare, 1e-20)) + parameters * Math.log(samples);
    return { order: n, meanSquare, criterion };
  });
  const chosen = tried.reduce((best, next) => (next.criterion < best.criterion ? next : best));
  const { A, C } = at(chosen.order);
  const e = noise ? innovations(scaled, horizon, direct) : null;
  let fit = fitInputs(A, C, scaled, e, direct, offset);
  const warnings: string[] = [];
  if (!predictorIsStable({ A, B: fit.B, C, D: fit.D, dt }, fit.K)) {
    warnings.push("the noise model was dropped: its predictions do not forget where they began");
    fit = fitInputs(A, C, scaled, null, direct, offset);
  }
  const radius = spectralRadius(A);
  if (radius >= 1)
    warnings.push(`the model is unstable: its largest pole has radius ${radius.toPrecision(4)}`);
  const physical = fromUnits({ A, B: fit.B, C, D: fit.D, dt }, fit.K, units);
  return {
    model: { method: "subspace", ...physical, inputs, outputs, warnings },
    order: chosen.order,
    offset: fit.offset.map((c, j) => c * units.y[j]),
    horizon,
    singularValues: s,
    tried,
  };
}

const orders = (order: number | "auto", most: number) =>
  order === "auto" ? Array.from({ length: Math.max(1, most) }, (_, i) => i + 1) : [order];

/**
 * Samples of past and future: enough for the order, few enough for the data and for the order to
 * which the inputs excite.
 */
function chooseHorizon(
  experiments: readonly Experiment[],
  order: number,
  auto: boolean,
  given?: number,
): number {
  const [{ inputs, outputs }] = experiments;
  const [m, l] = [inputs.length, outputs.length];
  const least = auto ? 2 : Math.ceil(order / l) + 1;
  const fits = (i: number) =>
    experiments.reduce((sum, { count }) => sum + Math.max(0, count - 2 * i + 1), 0) >=
    2 * i * (m + l);
  if (given !== undefined && !(Number.isInteger(given) && given >= least))
    throw new UsageError(`subspace: a horizon of ${given}; wanted a whole number from ${least}`);
  const wanted = given ?? Math.max(Math.ceil(order / l) + 2, 12);
  let horizon = wanted;
  while (horizon > least && !fits(horizon)) horizon--;
  if (!fits(horizon) || (given !== undefined && horizon < given))
    throw new DataError(
      `too few samples for order ${order}: a horizon of ${given ?? least} needs ` +
        `${2 * (given ?? least) * (m + l + 1)} in one experiment`,
      { hint: "ask for a lower order or a shorter horizon, or measure longer" },
    );
  while (horizon >= least && !excites(experiments, 2 * horizon)) horizon--;
  if (horizon < least || (given !== undefined && horizon < given))
    throw new DataError(
      `the inputs (${inputs.join(", ")}) do not excite the system enough for order ${auto ? 1 : order}${whyNot(experiments)}`,
      {
        hint: "use an input with more frequencies: a multisine, a random binary sequence, many steps",
      },
    );
  return horizon;
}

/** The inputs that never change, by name. */
function whyNot(experiments: readonly Experiment[]): string {
  const [{ inputs }] = experiments;
  const still = inputs.filter((_, j) =>
    experiments.every(({ u }) => u.every((value, k) => k % inputs.length !== j || value === u[j])),
  );
  const where = experiments.length === 1 ? experiments[0].name : "every experiment";
  return still.length === 0
    ? ""
    : `: ${still.join(", ")} ${still.length === 1 ? "is" : "are"} constant in ${where}`;
}

/** Whether the inputs are persistently exciting of order k: k lags of them are independent. */
export function excites(experiments: readonly Experiment[], k: number): boolean {
  const m = experiments[0].inputs.length;
  const factor = stackedFactor(experiments, k, k * m, ({ u }, t, j) => u[t * m + j]);
  if (factor.rows < k * m) return false;
  const s = singularValues(factor);
  return s[s.length - 1] > 1e-8 * s[0];
}

/** R of the QR decomposition of the windows of `length` samples, all experiments below one another. */
function stackedFactor(
  experiments: readonly Experiment[],
  length: number,
  width: number,
  entry: (experiment: Experiment, t: number, j: number) => number,
): Matrix {
  let factor: Matrix = { rows: 0, cols: width, data: new Float64Array(0) };
  for (const experiment of experiments) {
    const windows = experiment.count - length + 1;
    if (windows < 1) continue;
    const own = new Float64Array(windows * width);
    for (let t = 0; t < windows; t++)
      for (let j = 0; j < width; j++) own[t * width + j] = entry(experiment, t, j);
    factor = qr(stacked([factor.data, own], width)).R;
  }
  return factor;
}

/** L U spans the observability matrix. */
interface Observability {
  readonly L: Matrix; // [i l × i l], lower triangular: the noise of the future outputs is L times a white one
  readonly U: Matrix;
  readonly s: Float64Array;
}

/**
 * The part of the future outputs that the past tells, in units of what it does not tell (Larimore's
 * canonical variates): noise is then as large in all directions, so that it cannot pass for a state.
 */
function observabilitySpace(
  experiments: readonly Experiment[],
  i: number,
  offset: boolean,
): Observability {
  const [{ inputs, outputs }] = experiments;
  const [m, l] = [inputs.length, outputs.length];
  const [future, past] = [i * m + +offset, i * (m + l)];
  const [told, width] = [future + past, future + past + i * l];
  // Windows of [1, future inputs | past inputs, past outputs | future outputs].
  const R = stackedFactor(experiments, 2 * i, width, ({ u, y }, t, j) => {
    if (j < future) return j === i * m ? 1 : u[(t + i) * m + j];
    if (j < future + i * m) return u[t * m + j - future];
    if (j < told) return y[t * l + j - future - i * m];
    return y[(t + i) * l + j - told];
  });
  const at = (row: number, col: number) => (row < R.rows ? R.data[row * width + told + col] : 0);
  const signal = matrix(i * l, past, (row, col) => at(future + col, row));
  // Clean data have no noise to measure by: what is less than 1e-8 of the signal counts as that.
  const floor = 1e-8 * singularValues(signal)[0] || 1;
  const noise = matrix(2 * i * l, i * l, (row, col) =>
    row < i * l ? at(told + row, col) : row - i * l === col ? floor : 0,
  );
  const L = transpose(qr(noise).R);
  const { U, s } = svd(solveLower(L, signal));
  return { L, U, s };
}

/** Γ = L U_n S_n^{1/2}; C its first block row, A from Γ without the last = Γ without the first. */
function shiftStructure({ L, U, s }: Observability, n: number, l: number) {
  if (n > U.cols || !(s[n - 1] > 0))
    throw new DataError(
      `subspace: the data hold no more than ${U.cols} states, ${n} are asked for`,
      {
        hint: "ask for a lower order or a longer horizon",
      },
    );
  const Gamma = multiply(
    L,
    matrix(U.rows, n, (i, j) => U.data[i * U.cols + j] * Math.sqrt(s[j])),
  );
  const rows = U.rows - l;
  const upper = { rows, cols: n, data: Gamma.data.slice(0, rows * n) };
  const lower = { rows, cols: n, data: Gamma.data.slice(l * n) };
  return {
    A: leastSquares(upper, lower).X,
    C: { rows: l, cols: n, data: Gamma.data.slice(0, l * n) },
  };
}

/** What a long ARX model cannot tell of the outputs; null where that is nothing, or cannot be had. */
function innovations(
  experiments: readonly Experiment[],
  horizon: number,
  direct: boolean,
): readonly Float64Array[] | null {
  try {
    const { residuals } = arx(experiments, {
      outputLags: horizon,
      inputLags: horizon,
      delay: direct ? 0 : 1,
    });
    const most = Math.max(...residuals.map((e) => e.reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
    return most > 1e-6 ? residuals : null;
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
