/** eigenflow/signal: Fourier coefficients of signals known at irregular points. */
export { type Ends, endsNames } from "./signal/basis.ts";
export { type Candidate, type Denoised, type DenoiseOptions, denoise } from "./signal/denoise.ts";
export { type Series, seriesOf } from "./signal/series.ts";
export {
  ball,
  type Frequency,
  multiplicity,
  type ShellScale,
  shell,
  shellRadius,
  sobolevWeight,
} from "./signal/shells.ts";
export {
  type Domain,
  largestGap,
  onTorus,
  periodOf,
  type TorusPoints,
  voronoiWeights,
} from "./signal/torus.ts";
export {
  fourierTransform,
  type Transform,
  type TransformName,
  transformNames,
  usualTransform,
} from "./signal/transform.ts";
