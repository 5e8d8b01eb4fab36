import { type Experiment, requireAlike } from "../data/experiment/experiment.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { type Matrix, matrix, multiply, subtract } from "../linalg/matrix.ts";
import { fromUnits, inUnits, type LinearModel, predictorIsStable, unitsOf } from "./model.ts";
import { fitInputs } from "./regression.ts";
import { stabilise } from "./stabilise.ts";

export interface ArxOptions {
  readonly outputLags: number; // na: past outputs
  readonly inputLags: number; // nb: inputs
  readonly delay?: number; // nk: of the latest input that counts; 1 when left out, 0: direct
  readonly stable?: boolean; // moves unstable poles inside the unit circle, and fits the rest anew
}

export interface ArxFit {
  readonly model: LinearModel;
  /** A_i [l × l], i = 1 … na, and B_j [l × m], j = delay … delay + nb − 1, before any stabilising. */
  readonly outputCoefficients: readonly Matrix[];
  readonly inputCoefficients: readonly Matrix[];
  readonly residuals: readonly Float64Array[]; // e [count × l] of each experiment; 0 in the first lags
}

/**
 * y_t + Σ A_i y_{t−i} = Σ B_j u_{t−j} + e_t by least squares, for any number of inputs and outputs and
 * several experiments. Consistent where e is white; noise on the outputs alone biases it.
 *
 * Ljung (1999), "System identification: theory for the user", 2nd ed., sections 4.2 and 10.1.
 *
 * @throws UsageError  for lags out of range or experiments that do not fit together
 * @throws DataError  for too few samples, or inputs that do not excite the system enough
 */
export function arx(experiments: readonly Experiment[], options: ArxOptions): ArxFit {
  refuseUnknown("arx", options, ["outputLags", "inputLags", "delay", "stable"]);
  requireAlike(experiments);
  const { outputLags: na, inputLags: nb, delay = 1, stable = false } = options;
  for (const [name, size, least] of [
    ["outputLags", na, 0],
    ["inputLags", nb, 1],
    ["delay", delay, 0],
  ] as const) {
    if (!(Number.isInteger(size) && size >= least))
      throw new UsageError(`arx: ${name} is ${size}, wanted a whole number from ${least}`);
  }
  const [{ inputs, outputs, sampleTime: dt }] = experiments;
  const [m, l] = [inputs.length, outputs.length];
  const lags = Math.max(1, na, nb + delay - 1);
  const units = unitsOf(experiments);
  const scaled = inUnits(experiments, units);
  const width = na * l + nb * m;
  const count = scaled.reduce((sum, { count }) => sum + Math.max(0, count - lags), 0);
  if (count < 2 * width)
    throw new DataError(
      `arx: ${count} equations for ${width} coefficients per output; wanted at least ${2 * width}`,
      { hint: "use fewer lags, or measure longer" },
    );
  const regressor = ({ u, y }: Experiment, t: number, k: number) =>
    k < na * l
      ? -y[(t - 1 - Math.floor(k / l)) * l + (k % l)]
      : u[(t - delay - Math.floor((k - na * l) / m)) * m + ((k - na * l) % m)];
  const places = scaled.flatMap((experiment) =>
    Array.from({ length: Math.max(0, experiment.count - lags) }, (_, i) => ({
      experiment,
      t: lags + i,
    })),
  );
  const Phi = matrix(count, width, (i, k) => regressor(places[i].experiment, places[i].t, k));
  const Y = matrix(count, l, (i, j) => places[i].experiment.y[places[i].t * l + j]);
  requireExcitation(Phi, na * l, inputs);
  const { X } = leastSquares(Phi, Y);
  const rest = subtract(Y, multiply(Phi, X));
  const block = (from: number, cols: number) =>
    matrix(l, cols, (i, j) => X.data[(from + j) * l + i]);
  const As = Array.from({ length: na }, (_, i) => block(i * l, l));
  const Bs = Array.from({ length: nb }, (_, j) => block(na * l + j * m, m));
  const form = stateForm(As, Bs, delay, lags, l, m);
  let { A, B, D, K } = form;
  const { C } = form;
  const warnings: string[] = [];
  const radius = spectralRadius(A);
  if (radius >= 1 && stable) {
    A = stabilise(A);
    ({ B, D } = fitInputs(A, C, scaled, null, delay === 0));
    if (!predictorIsStable({ A, B, C, D, dt }, K)) K = matrix(A.rows, l, () => 0);
    warnings.push(`poles of radius ${radius.toPrecision(4)} were moved inside the unit circle`);
  } else if (radius >= 1) {
    warnings.push(`the model is unstable: its largest pole has radius ${radius.toPrecision(4)}`);
  }
  const physical = fromUnits({ A, B, C, D, dt }, K, units);
  const rescale = (M: Matrix, col: Float64Array) =>
    matrix(M.rows, M.cols, (i, j) => (M.data[i * M.cols + j] * units.y[i]) / col[j]);
  let at = 0;
  return {
    model: { method: "arx", ...physical, inputs, outputs, warnings },
    outputCoefficients: As.map((M) => rescale(M, units.y)),
    inputCoefficients: Bs.map((M) => rescale(M, units.u)),
    residuals: scaled.map((experiment) => {
      const e = new Float64Array(experiment.y.length);
      for (let t = lags; t < experiment.count; t++, at++)
        for (let j = 0; j < l; j++) e[t * l + j] = rest.data[at * l + j] * units.y[j];
      return e;
    }),
  };
}

/** @throws DataError  for inputs whose lags are linearly dependent, which no method can tell apart */
function requireExcitation(Phi: Matrix, first: number, inputs: readonly string[]): void {
  const own = matrix(Phi.rows, Phi.cols - first, (i, k) => Phi.data[i * Phi.cols + first + k]);
  const { rank } = leastSquares(
    own,
    matrix(Phi.rows, 1, () => 0),
    1e-10,
  );
  if (rank === own.cols) return;
  throw new DataError(
    `the inputs (${inputs.join(", ")}) do not excite the system enough: ${own.cols} lagged inputs span ` +
      `only ${rank} directions`,
    {
      hint: "use fewer lags, or an input with more frequencies: a multisine, a random binary sequence",
    },
  );
}

/**
 * The observer form of lags p: x = (x¹, …, xᵖ), xⁱ₊ = −A_i x¹ + xⁱ⁺¹ + (B_i − A_i B_0) u − A_i e,
 * y = x¹ + B_0 u + e.
 */
function stateForm(
  As: readonly Matrix[],
  Bs: readonly Matrix[],
  delay: number,
  p: number,
  l: number,
  m: number,
) {
  const a = (i: number, r: number, c: number) => As[i]?.data[r * l + c] ?? 0; // A_{i+1}
  const b = (j: number, r: number, c: number) => Bs[j - delay]?.data[r * m + c] ?? 0; // B_j
  const n = l * p;
  const at = (row: number): [number, number] => [Math.floor(row / l), row % l];
  return {
    A: matrix(n, n, (row, col) => {
      const [i, r] = at(row);
      return (col < l ? -a(i, r, col) : 0) + +(col === row + l);
    }),
    B: matrix(n, m, (row, col) => {
      const [i, r] = at(row);
      let sum = b(i + 1, r, col);
      for (let k = 0; k < l; k++) sum -= a(i, r, k) * b(0, k, col);
      return sum;
    }),
    C: matrix(l, n, (i, j) => +(i === j)),
    D: matrix(l, m, (i, j) => b(0, i, j)),
    K: matrix(n, l, (row, col) => {
      const [i, r] = at(row);
      return -a(i, r, col);
    }),
  };
}
