import type { ComplexMatrix } from "../linalg/complex.ts";
import { type Matrix, multiply } from "../linalg/matrix.ts";
import { type Compression, compressTall } from "../linalg/tall.ts";
import { tallProduct } from "../linalg/tall-products.ts";
import type { TallSource } from "../linalg/tall-source.ts";
import { type DmdOptions, dmdOfTrajectory, dmdOptions } from "./dmd.ts";
import { columns } from "./ritz.ts";
import type { Spectrum } from "./spectrum.ts";

export interface TallSpectrum {
  /** Modes and `reduced.observe` are in the k coordinates of the compression, F = Q R. */
  readonly spectrum: Spectrum;
  readonly compression: Compression;
}

/**
 * DMD of snapshots that are too tall for a dense decomposition, or for memory: they are reduced to a
 * triangle in two passes (`compressTall`), and eigenvalues, residuals and amplitudes are those of the
 * triangle. Modes of the state cost one more pass: `tallModes`.
 *
 * @throws DataError, UsageError  as `dmd` and `compressTall`
 */
export async function dmdTall(
  source: TallSource,
  options: Partial<Omit<DmdOptions, "compression">> = {},
): Promise<TallSpectrum> {
  const chosen = dmdOptions("dmdTall", options);
  const compression = await compressTall(source);
  return { spectrum: dmdOfTrajectory(compression.R, chosen, source.rows), compression };
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
  const W = multiply(compression.right, { rows: re.rows, cols: 2 * k, data: both });
  const data = new Float64Array(source.rows * 2 * k);
  await tallProduct(source, W, (block, first) => data.set(block, first * 2 * k));
  const all: Matrix = { rows: source.rows, cols: 2 * k, data };
  return { re: columns(all, 0, k), im: columns(all, k, 2 * k) };
}
