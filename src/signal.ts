/** eigenflow/signal: Fourier coefficients of signals known at irregular points. */
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
