import type { ComplexMatrix } from "../linalg/complex.ts";
import { type Matrix, symmetricPart, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import { qr } from "../linalg/qr.ts";
import { symmetricEigen } from "../linalg/symmetric.ts";
import { type Compression, compressTall } from "../linalg/tall.ts";
import { tallGram, tallProduct } from "../linalg/tall-products.ts";
import type { TallSource } from "../linalg/tall-source.ts";
import { solveUpperTransposed } from "../linalg/triangular.ts";
import { type DmdOptions, dmdOfTrajectory, dmdOptions } from "./dmd.ts";
import { columnNorms, columns, ritzOf } from "./ritz.ts";
import { type Spectrum, spectrumOf } from "./spectrum.ts";

export interface TallSpectrum {
  /** Modes and `reduced.observe` are in the coordinates of the compression's Q. */
  readonly spectrum: Spectrum;
  readonly compression: Compression;
}

/**
 * DMD of snapshots that are too tall for a dense decomposition, or for memory.
 *
 * One pass gives the Gram matrix FᵀF. Where the rule keeps few directions, k ≤ M/4, all well above
 * what a Gram matrix can tell (σ_k > 1e-6 σ₁), its eigenvectors span a basis U, and only [U AU] = F W₀ is
 * made orthonormal, by two cheap passes: values and residuals are then as exact as by QR, whatever U is.
 * Otherwise all of F is compressed (`compressTall`), and the triangle takes the place of the data. Modes
 * of the state cost one more pass: `tallModes`.
 *
 * `reconstructionError` is a difference of squares: below about 1e-7 it is rounding.
 *
 * @param known  FᵀF where it is at hand (`tallGram`, `appendedGram`): a pass less
 * @throws DataError, UsageError  as `dmd` and `compressTall`
 */
export async function dmdTall(
  source: TallSource,
  options: Partial<Omit<DmdOptions, "compression">> = {},
  known: Matrix | null = null,
): Promise<TallSpectrum> {
  const chosen = dmdOptions("dmdTall", options);
  const gram = known ?? (await tallGram(source));
  const narrow = narrowBasis(gram, chosen, source.rows);
  if (narrow === null) {
    const compression = await compressTall(source, null, gram);
    return { spectrum: dmdOfTrajectory(compression.R, chosen, source.rows), compression };
  }
  const { start, singularValues } = narrow;
  const compression = await compressTall(source, start);
  const k = start.cols / 2;
  // F W₀ = [U₀ A U₀] = Q [R₁ R₂]; U₀ = Q Q₁ T with orthonormal Q Q₁, whose image is Q R₂ T⁻¹.
  const { Q: basis, R: T } = qr(columns(compression.R, 0, k));
  const image = transpose(solveUpperTransposed(T, transpose(columns(compression.R, k, 2 * k))));
  const coordinates = product(transpose(product(compression.right, basis)), gram);
  const norms = Float64Array.from({ length: gram.rows }, (_, i) =>
    Math.sqrt(gram.data[i * (gram.rows + 1)]),
  );
  const inside = columnNorms(coordinates);
  const spectrum = spectrumOf(ritzOf(basis, image, singularValues), {
    observe: basis,
    coordinates,
    norms,
    outside: norms.map((norm, i) => Math.sqrt(Math.max(0, norm ** 2 - inside[i] ** 2))),
    snapshots: gram.rows,
    dt: chosen.dt,
    weighting: chosen.weighting,
    route: chosen.route,
    warnings: [],
  });
  return { spectrum, compression };
}

/** W₀ [M × 2k] with F W₀ = [U₀ A U₀], from the Gram matrix; null where that is too inexact. */
function narrowBasis(
  gram: Matrix,
  { truncation, scaling }: DmdOptions,
  rows: number,
): { start: Matrix; singularValues: Float64Array } | null {
  const M = gram.rows;
  if (M < 8 || !gram.data.every(Number.isFinite)) return null;
  const D = Float64Array.from({ length: M - 1 }, (_, i) => {
    const square = gram.data[i * (M + 1)];
    return scaling === "none" ? 1 : 1 / Math.sqrt(square);
  });
  if (!D.every(Number.isFinite)) return null;
  const X = columns({ ...gram, rows: M - 1, data: gram.data.subarray(0, (M - 1) * M) }, 0, M - 1);
  const scaled = X.data.map((x, k) => x * D[k % (M - 1)] * D[Math.floor(k / (M - 1))]);
  const { values, vectors } = symmetricEigen(symmetricPart({ ...X, data: scaled }));
  const s = values.toReversed().map((value) => Math.sqrt(Math.max(0, value)));
  const k = truncation(s, rows, M - 1);
  if (!(k >= 1 && k <= M / 4 && k < rows && s[k - 1] > 1e-6 * s[0])) return null;
  const start = new Float64Array(M * 2 * k);
  for (let i = 0; i < M - 1; i++) {
    for (let j = 0; j < k; j++) {
      const entry = (D[i] * vectors.data[i * (M - 1) + M - 2 - j]) / s[j];
      start[i * 2 * k + j] = entry;
      start[(i + 1) * 2 * k + k + j] = entry; // Y is X one snapshot later
    }
  }
  return { start: { rows: M, cols: 2 * k, data: start }, singularValues: s };
}

/** Modes of the state [n × k], unit columns, in one pass over the data. */
export async function tallModes(
  source: TallSource,
  { spectrum, compression }: TallSpectrum,
): Promise<ComplexMatrix> {
  const { re, im } = spectrum.modes;
  const k = re.cols;
  // Q Z = F (W Z), real and imaginary parts side by side.
  const both = new Float64Array(re.rows * 2 * k);
  for (let i = 0; i < re.rows; i++) {
    both.set(re.data.subarray(i * k, (i + 1) * k), i * 2 * k);
    both.set(im.data.subarray(i * k, (i + 1) * k), i * 2 * k + k);
  }
  const W = product(compression.right, { rows: re.rows, cols: 2 * k, data: both });
  const data = new Float64Array(source.rows * 2 * k);
  await tallProduct(source, W, (block, first) => data.set(block, first * 2 * k));
  const all: Matrix = { rows: source.rows, cols: 2 * k, data };
  return { re: columns(all, 0, k), im: columns(all, k, 2 * k) };
}
