import { beside, columns } from "../../linalg/blocks.ts";
import { type ComplexMatrix, complexZeros } from "../../linalg/complex.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { innerProduct, product } from "../../linalg/provider.ts";
import { qr } from "../../linalg/qr.ts";
import { type Compression, compressTall } from "../../linalg/tall.ts";
import { tallGram, tallProduct } from "../../linalg/tall-products.ts";
import type { TallSource } from "../../linalg/tall-source.ts";
import { packed, spread } from "./amplitudes.ts";
import { type DmdOptions, dmdOfTrajectory, dmdOptions } from "./dmd.ts";
import { fitFromProducts, imageOf, narrowBasis } from "./narrow.ts";
import { ritzOf } from "./ritz.ts";
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
  const { before, after, singularValues } = narrow;
  const start = beside([before, after]);
  const products = innerProduct(start, product(gram, start));
  const compression = await compressTall(source, start, products);
  const k = before.cols;
  // F W₀ = [U₀ A U₀] = Q [R₁ R₂]; U₀ = Q Q₁ T with orthonormal Q Q₁, whose image is Q R₂ T⁻¹.
  const { Q: basis, R: T } = qr(columns(compression.R, 0, k));
  const image = imageOf(columns(compression.R, k, 2 * k), T);
  const coordinates = innerProduct(product(compression.right, basis), gram);
  const pairs = ritzOf(basis, image, singularValues);
  const spectrum = spectrumOf(pairs, fitFromProducts(gram, basis, coordinates, chosen));
  return { spectrum, compression };
}

/** Modes of the state [n × k], unit columns, in one pass over the data. */
export async function tallModes(
  source: TallSource,
  { spectrum, compression }: TallSpectrum,
): Promise<ComplexMatrix> {
  // Q Z = F (W Z) in real columns: of a pair the real and the imaginary part of the first.
  const { eigenvalues: values, modes: vectors } = spectrum;
  const parts = packed({ values, vectors });
  const modes = complexZeros(source.rows, parts.cols);
  const W = product(compression.right, parts);
  await tallProduct(source, W, (block, first) => spread(block, values, modes, first));
  return modes;
}
