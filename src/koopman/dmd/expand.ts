import { UsageError } from "../../errors.ts";
import type { ComplexNumbers } from "../../linalg/complex.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { coordinatesAt, type Spectrum } from "./spectrum.ts";

/** The expansion at the steps of the data, [n × M]: what the spectrum makes of it. */
export const reconstruct = (spectrum: Spectrum): Matrix => at(spectrum, 0, spectrum.snapshots);

/**
 * The states [n × steps] that follow the last snapshot.
 *
 * @throws UsageError for a number of steps that is not whole and positive
 */
export function forecast(spectrum: Spectrum, steps: number): Matrix {
  if (!(Number.isInteger(steps) && steps > 0))
    throw new UsageError(`a forecast of ${steps} steps: at least 1, and whole`);
  return at(spectrum, spectrum.snapshots, steps);
}

function at(
  { reduced, eigenvalues, amplitudes, condition }: Spectrum,
  first: number,
  count: number,
) {
  const alpha = {
    re: amplitudes.re.map((x, j) => x / (reduced.lengths[j] || 1)),
    im: amplitudes.im.map((y, j) => y / (reduced.lengths[j] || 1)),
  };
  return product(
    reduced.observe,
    coordinatesAt(reduced, eigenvalues, alpha, condition, first, count),
  );
}

/** Continuous-time eigenvalues ω = ln λ / dt; |Im ω| above π/dt is aliased. */
export const continuous = ({ eigenvalues: { re, im }, dt }: Spectrum): ComplexNumbers => ({
  re: re.map((x, j) => Math.log(Math.hypot(x, im[j])) / dt),
  im: re.map((x, j) => Math.atan2(im[j], x) / dt),
});

/** Growth rate of each mode, ln |λ| / dt: positive grows, negative decays. */
export const growthRates = (spectrum: Spectrum): Float64Array => continuous(spectrum).re;

/** Frequency of each mode in cycles per unit of dt. */
export const frequencies = (spectrum: Spectrum): Float64Array =>
  continuous(spectrum).im.map((w) => w / (2 * Math.PI));

/** Time in which each mode halves; infinite on the unit circle, negative (doubling) outside. */
export const halfLives = (spectrum: Spectrum): Float64Array =>
  growthRates(spectrum).map((rate) => -Math.LN2 / rate);
