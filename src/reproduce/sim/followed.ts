import { relu } from "../../graph/ops/elementwise.ts";
import type { Model } from "../../models/model.ts";
import {
  applyBasis,
  basisPrefix,
  explicitBasis,
  prefixedBy,
  settledOf,
  wantsOf,
} from "../../models/sim/parts.ts";

/** head(ReLU(basis(x))): a basis as the first layers of a feed-forward net. */
export const followed = (basis: Model, head: Model): Model => ({
  kind: "feed-forward",
  inputs: basis.inputs,
  outputs: head.outputs,
  settled: settledOf(basis),
  ...wantsOf(basis),
  initialise: (seed) => ({
    ...prefixedBy(basisPrefix, basis.initialise(seed)),
    ...head.initialise(seed),
  }),
  explicit: (parameters, supplies) => explicitBasis(basis, parameters, supplies),
  apply: (p, x, pass) => head.apply(p, relu(applyBasis(basis, p, x, pass)), pass),
});
