import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { below, columns, scaleColumns } from "../../linalg/blocks.ts";
import { type Matrix, matrixOf, requireFinite, subtract, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";
import {
  type DmdOptions,
  dmdDefaults,
  dmdOptions,
  requireSnapshots,
  spectrumOfTrajectory,
} from "../dmd/dmd.ts";
import { ritzOf } from "../dmd/ritz.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import type { Truncation } from "../dmd/truncation.ts";

export interface ControlOptions extends Pick<DmdOptions, "weighting" | "route" | "dt"> {
  /** How many directions of the states are kept. */
  readonly truncation: Truncation;
  /** B [n × q] where it is known: only A is fitted then. */
  readonly known: Matrix | null;
}

const { truncation, weighting, route, dt } = dmdDefaults;
export const controlDefaults: ControlOptions = { truncation, weighting, route, dt, known: null };

/** x_{t+1} = A x_t + B u_t. */
export interface ControlledSpectrum {
  /** Of A. Amplitudes, reconstruction and forecast are of the states without what the inputs did. */
  readonly spectrum: Spectrum;
  readonly B: Matrix; // [n × q]
  /** ‖Y − A X − B U‖_F/‖Y‖_F */
  readonly misfit: number;
  readonly warnings: readonly string[];
}

/**
 * DMD with control: the map A of the state and B of inputs (a learning rate, say) that together best
 * take each snapshot to the next, [A B] = Y [X; U]⁺ in the leading directions of X. Without the inputs
 * their work would be taken for that of A.
 *
 * Proctor, Brunton & Kutz (2016), "Dynamic mode decomposition with control", SIAM J. Appl. Dyn. Syst. 15,
 * 142–161.
 *
 * @param snapshots  x_1 … x_M as columns [n × M]
 * @param inputs  u_1 … u_{M−1} as columns [q × M−1]; u_i acts between x_i and x_{i+1}
 * @throws ShapeError  for inputs of another count, or a B of another shape
 * @throws DataError, UsageError  as `dmd`
 */
export function dmdWithControl(
  snapshots: Matrix,
  inputs: Matrix,
  options: Partial<ControlOptions> = {},
): ControlledSpectrum {
  refuseUnknown("dmdWithControl", options, Object.keys(controlDefaults));
  const { known, truncation: rule, ...rest } = { ...controlDefaults, ...options };
  const chosen = dmdOptions("dmdWithControl", rest);
  requireSnapshots(snapshots);
  requireFinite(inputs);
  const [{ rows: n, cols: M }, { rows: q }] = [snapshots, inputs];
  if (inputs.cols !== M - 1)
    throw new ShapeError(`${inputs.cols} inputs between ${M} snapshots: ${M - 1} are wanted`);
  if (known !== null && (known.rows !== n || known.cols !== q))
    throw new ShapeError(`B is ${known.rows} × ${known.cols}, ${n} × ${q} is wanted`);
  const [X, Y] = [columns(snapshots, 0, M - 1), columns(snapshots, 1, M)];
  const { U, s } = svd(X);
  const k = s[0] === 0 ? 0 : rule(s, n, M - 1);
  if (!(k >= 1)) throw new DataError("the snapshots are all zero, or the truncation keeps none");
  const basis = columns(U, 0, k);
  const inner = product(transpose(basis), X);
  const warnings: string[] = [];
  const { image, B } =
    known === null
      ? fitted(Y, inner, inputs, warnings)
      : {
          image: fitted(subtract(Y, product(known, inputs)), inner, null, warnings).image,
          B: known,
        };
  if (k === n)
    warnings.push(
      `the rank kept, ${n}, is the dimension of the state: residuals vanish for whatever data`,
    );
  const left = subtract(subtract(Y, product(image, inner)), product(B, inputs));
  const pairs = ritzOf(basis, image, s);
  const free = withoutInputs(snapshots, image, basis, B, inputs);
  return {
    spectrum: spectrumOfTrajectory(pairs, free, chosen, warnings),
    B,
    misfit: Math.hypot(...left.data) / (Math.hypot(...Y.data) || 1),
    warnings,
  };
}

/**
 * States [n × T + 1] from x_0 on under inputs u_0 … u_{T−1}: in the directions that were kept.
 *
 * @throws ShapeError  for a state or inputs of another size
 */
export function simulate(
  { spectrum, B }: Pick<ControlledSpectrum, "spectrum" | "B">,
  start: ArrayLike<number>,
  inputs: Matrix,
): Matrix {
  const { observe, operator } = spectrum.reduced;
  const n = observe.rows;
  if (start.length !== n) throw new ShapeError(`a state of ${start.length} numbers, not of ${n}`);
  if (inputs.rows !== B.cols)
    throw new ShapeError(`inputs of ${inputs.rows} numbers, B has ${B.cols} columns`);
  const back = transpose(observe);
  const x = matrixOf(n, 1, Float64Array.from(start));
  return product(observe, driven(operator, product(back, x), product(product(back, B), inputs)));
}

/** [A U B] = Y [Ũ; inputs]⁺ */
function fitted(Y: Matrix, inner: Matrix, inputs: Matrix | null, warnings: string[]) {
  const k = inner.rows;
  // Rows brought to one length: the unit of an input must not decide what counts as zero.
  const rows = inputs === null ? inner : below([inner, inputs]);
  const lengths = Float64Array.from({ length: rows.rows }, (_, i) => {
    return Math.hypot(...rows.data.subarray(i * rows.cols, (i + 1) * rows.cols)) || 1;
  });
  const scaled = { ...rows, data: rows.data.map((x, i) => x / lengths[Math.floor(i / rows.cols)]) };
  const { U, s, V } = svd(scaled);
  const kept = s.filter((x) => x > Math.max(rows.rows, rows.cols) * 2 ** -52 * s[0]).length;
  if (kept < rows.rows)
    warnings.push(
      "the inputs follow from the states (or there are too few snapshots): what is A's and what is " +
        "B's cannot be told apart; vary the inputs, or give B",
    );
  const inverse = scaleColumns(
    columns(V, 0, kept),
    s.slice(0, kept).map((x) => 1 / x),
  );
  const both = product(product(Y, inverse), transpose(columns(U, 0, kept)));
  const all = scaleColumns(
    both,
    lengths.map((x) => 1 / x),
  );
  return { image: columns(all, 0, k), B: columns(all, k, all.cols) };
}

/** The snapshots less the states that the inputs alone would have led to from 0. */
function withoutInputs(F: Matrix, image: Matrix, basis: Matrix, B: Matrix, inputs: Matrix): Matrix {
  const back = transpose(basis);
  const zero = { rows: basis.cols, cols: 1, data: new Float64Array(basis.cols) };
  const forced = driven(product(back, image), zero, product(product(back, B), inputs));
  return subtract(F, product(basis, forced));
}

/** c_{t+1} = S c_t + d_t, [k × T + 1]. */
function driven(S: Matrix, start: Matrix, drive: Matrix): Matrix {
  const [k, T] = [S.rows, drive.cols];
  const data = new Float64Array(k * (T + 1));
  let c = start;
  for (let t = 0; t <= T; t++) {
    for (let i = 0; i < k; i++) data[i * (T + 1) + t] = c.data[i];
    if (t === T) break;
    const next = product(S, c);
    c = { ...next, data: next.data.map((x, i) => x + drive.data[i * T + t]) };
  }
  return { rows: k, cols: T + 1, data };
}
