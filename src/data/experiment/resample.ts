import { UsageError } from "../../errors.ts";
import { type Experiment, experimentOf, valuesOf } from "./experiment.ts";
import { interpolate } from "./sampling.ts";

/**
 * The experiment at another sample time, by linear interpolation. To a longer one, inputs and outputs
 * first pass the same low-pass filter without delay (a sinc under a Blackman window, cut at 0.8 of the
 * new Nyquist frequency): what is too fast for the new steps would otherwise come back as slow motion
 * that is not there. A filter common to both leaves their linear relation as it was.
 *
 * @throws UsageError  for a sample time that is no positive number
 * @throws DataError  when fewer than 10 samples would be left
 */
export function resample(experiment: Experiment, sampleTime: number): Experiment {
  if (!(sampleTime > 0 && Number.isFinite(sampleTime)))
    throw new UsageError(`resample: the sample time is ${sampleTime}; wanted a positive number`);
  const { inputs, outputs, u, y, count } = experiment;
  const ratio = sampleTime / experiment.sampleTime;
  if (ratio === 1) return experiment;
  const places = Math.floor((count - 1) / ratio + 1e-9) + 1;
  const index = Float64Array.from({ length: count }, (_, t) => t);
  const apply = (values: Float64Array, width: number) => {
    const out = new Float64Array(places * width);
    for (let j = 0; j < width; j++) {
      const signal = valuesOf(values, width, j);
      const smooth = ratio > 1 ? lowPass(signal, 0.8 / ratio) : signal;
      const taken = interpolate(index, smooth, places, (k) => k * ratio);
      for (let t = 0; t < places; t++) out[t * width + j] = taken[t];
    }
    return out;
  };
  const resampled = experimentOf({
    ...experiment,
    sampleTime,
    u: apply(u, inputs.length),
    y: apply(y, outputs.length),
  });
  return { ...resampled, warnings: experiment.warnings };
}

/**
 * The signal without what is above `cut` times its Nyquist frequency. At the ends the weights of the
 * samples that are there are brought to the sum 1, so that a constant stays.
 */
function lowPass(signal: Float64Array, cut: number): Float64Array {
  const reach = Math.ceil(8 / cut);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const k = i - reach;
    const sinc = k === 0 ? cut : Math.sin(Math.PI * cut * k) / (Math.PI * k);
    const phase = (Math.PI * (k + reach + 1)) / (reach + 1);
    return sinc * (0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase));
  });
  return signal.map((_, t) => {
    let [sum, total] = [0, 0];
    for (let k = Math.max(-reach, -t); k <= reach && t + k < signal.length; k++) {
      sum += weights[k + reach] * signal[t + k];
      total += weights[k + reach];
    }
    return sum / total;
  });
}
