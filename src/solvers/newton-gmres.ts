import { jvp } from "../autodiff/jacobian.ts";
import { add } from "../graph/ops/elementwise.ts";
import { gmres, gmresDefaults, gmresRanges } from "./gmres.ts";
import type { Method } from "./iterate.ts";
import { guarded, type NewtonOptions, newtonDefaults, newtonRanges } from "./newton.ts";
import { methodOptions, type Ranges } from "./options.ts";

export interface NewtonGmresOptions extends NewtonOptions {
  /** The inner residual wanted, relative to the length of the step. */
  readonly inner: number;
  /** Products with J per step at most, and directions that GMRES keeps. */
  readonly innerIterations: number;
  readonly window: number;
}

export const newtonGmresDefaults: NewtonGmresOptions = {
  ...newtonDefaults,
  inner: 1e-3,
  innerIterations: 40,
  window: gmresDefaults.window,
};
export const newtonGmresRanges: Ranges<NewtonGmresOptions> = {
  ...newtonRanges,
  inner: { above: 0, to: 0.99 },
  innerIterations: { whole: true, from: 1 },
  window: gmresRanges.window,
};

/**
 * Newton's method with its linear systems (I − J)d = f(z) − z solved by GMRES, inexactly and without
 * ever forming J: for large n. A product with J costs about two evaluations of f. Each sample's inner
 * solve ends by itself; where it fails, the best d found is tried.
 *
 * Knoll & Keyes (2004), "Jacobian-free Newton–Krylov methods", J. Comput. Phys. 193.
 */
export function newtonGmres(options: Partial<NewtonGmresOptions> = {}): Method {
  const { inner, innerIterations, window, growth } = methodOptions(
    "newton-gmres",
    newtonGmresDefaults,
    newtonGmresRanges,
    options,
  );
  const linear = gmres({ window }, { rtol: inner, atol: 0, maxIterations: innerIterations });
  return guarded({ growth }, (image, z, excess) => {
    const [d] = linear((v) => [add(jvp([image], [z], [v])[0], excess)], [excess]).z;
    return d;
  });
}
