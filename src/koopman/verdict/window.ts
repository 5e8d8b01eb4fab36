import { median } from "../../data/quantiles.ts";
import { columns } from "../../linalg/blocks.ts";
import { multiply, transpose } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/svd.ts";
import { fitAmplitudes, power } from "../dmd/amplitudes.ts";
import { pairsOf } from "../dmd/dmd.ts";
import { delayEmbed } from "../dmd/hankel.ts";
import { noiseFloor } from "../dmd/truncation.ts";
import { withoutSpikes } from "./spikes.ts";

/** One exponential in a loss curve: c λⁿ, n epochs from now. A pair stands once, by both members. */
export interface LossMode {
  readonly re: number; // λ
  readonly im: number;
  readonly contribution: number; // Re c: what of the present loss is this mode's
  readonly contributionIm: number;
  readonly residual: number;
}

/** A window of a loss curve as a sum of exponentials. */
export interface WindowSpectrum {
  readonly length: number; // w
  readonly delays: number;
  readonly noise: number; // σ of the noise, estimated
  readonly least: number; // of the values
  readonly modes: readonly LossMode[]; // largest modulus first
}

/**
 * Standard deviation of white noise on a smooth curve, from its second differences:
 * median |Δ²L − median Δ²L| / (0.6745 √6).
 */
export function noiseOf(values: Float64Array): number {
  const second = Float64Array.from(
    { length: values.length - 2 },
    (_, i) => values[i] - 2 * values[i + 1] + values[i + 2],
  );
  const middle = median(second);
  return median(second.map((x) => Math.abs(x - middle))) / (0.6745 * Math.sqrt(6));
}

/**
 * The exponentials in a window of w values: DMD_RRR of the Hankel matrix with d = w/2 delays, unscaled,
 * so that the loss is weighted as it stands; the rank from the noise, and at most d/3, so that residuals
 * keep a meaning.
 */
export function windowSpectrum(values: Float64Array): WindowSpectrum {
  const length = values.length;
  const delays = Math.floor(length / 2);
  const H = delayEmbed({ rows: 1, cols: length, data: values }, delays);
  const m = H.cols;
  const noise = noiseOf(values);
  const cap = Math.max(1, Math.floor(delays / 3));
  const rank = Math.min(cap, noiseFloor(noise)(singularValues(H), delays, m));
  const { pairs } = pairsOf(
    columns(H, 0, m - 1),
    columns(H, 1, m),
    { truncation: () => rank, scaling: "none" },
    delays,
  );
  const coordinates = multiply(transpose(pairs.basis), H);
  const { values: lambda, vectors } = pairs;
  const alpha = fitAmplitudes({
    values: lambda,
    vectors,
    coordinates,
    weights: new Float64Array(m).fill(1),
  });
  // What stands in the last row of the last column is the present loss.
  const row = pairs.basis.data.subarray((delays - 1) * rank);
  const now = power(lambda, m - 1);
  const modes = Array.from(lambda.re, (re, j): LossMode => {
    let [x, y] = [0, 0];
    for (let i = 0; i < rank; i++) {
      x += row[i] * vectors.re.data[i * rank + j];
      y += row[i] * vectors.im.data[i * rank + j];
    }
    const [a, b] = [
      alpha.re[j] * now.re[j] - alpha.im[j] * now.im[j],
      alpha.re[j] * now.im[j] + alpha.im[j] * now.re[j],
    ];
    return {
      re,
      im: lambda.im[j],
      contribution: x * a - y * b,
      contributionIm: x * b + y * a,
      residual: pairs.residuals[j],
    };
  });
  return { length, delays, noise, least: values.reduce((a, b) => Math.min(a, b)), modes };
}

/**
 * The modes by which to look ahead. That a loss will rise is believed where it has begun to: where it
 * stands above the least of its window by more than noise, 3σ. A window that begins with a fast fall can
 * be fitted by modes outside the unit circle although nothing rises: those that lift the loss, c > 0, are
 * then brought to modulus 1.
 */
export function believed({ modes, least, noise, length }: WindowSpectrum, loss: number) {
  if (loss > least + 3 * noise || forecastLoss(modes, length) <= loss) return modes;
  return modes.map((mode) => {
    const size = Math.hypot(mode.re, mode.im);
    if (size <= 1 || mode.contribution <= 0) return mode;
    return { ...mode, re: mode.re / size, im: mode.im / size };
  });
}

/** The same of a curve without its spikes of one epoch; also where the last is one, c are parts of the loss now. */
export function steadySpectrum(values: Float64Array): WindowSpectrum {
  const calm = withoutSpikes(values, noiseOf(values));
  return later(windowSpectrum(calm), values.length - calm.length);
}

/** The same modes, with contributions to a loss n epochs on: c λⁿ. */
function later(spectrum: WindowSpectrum, n: number): WindowSpectrum {
  if (n === 0) return spectrum;
  const modes = spectrum.modes.map((mode): LossMode => {
    const size = Math.hypot(mode.re, mode.im) ** n;
    const angle = n * Math.atan2(mode.im, mode.re);
    const [x, y] = [size * Math.cos(angle), size * Math.sin(angle)];
    return {
      ...mode,
      contribution: mode.contribution * x - mode.contributionIm * y,
      contributionIm: mode.contribution * y + mode.contributionIm * x,
    };
  });
  return { ...spectrum, modes };
}

/** f(n) = Re Σ c λⁿ, the loss n epochs from now. */
export function forecastLoss(modes: readonly LossMode[], n: number): number {
  return modes.reduce((sum, { re, im, contribution, contributionIm }) => {
    const angle = Math.atan2(im, re) * n;
    const size = Math.hypot(re, im) ** n;
    const turned =
      im === 0
        ? contribution * re ** n
        : size * (contribution * Math.cos(angle) - contributionIm * Math.sin(angle));
    return sum + turned;
  }, 0);
}
