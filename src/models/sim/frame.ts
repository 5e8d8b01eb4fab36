import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { type Initial, initialOf } from "../initialise.ts";
import type { Model, Pass } from "../model.ts";
import { type FourierFeatures, fourierFeatures, fourierWeights } from "./fourier.ts";
import {
  applyBasis,
  basisPrefix,
  explicitBasis,
  prefixedBy,
  readoutParameters,
  settledOf,
  wantsOf,
} from "./parts.ts";

interface Sizes {
  readonly basis: Model;
  /** The second tier: frozen random features of the basis. */
  readonly fourier?: FourierFeatures | undefined;
  readonly features: number; // m
  readonly rank: number; // k
  readonly width: number; // of the inverse basis
  readonly outputs: number;
  readonly initial?: Initial | undefined;
}

/** What both kinds of stable invariant model share: φ, and the parameters of φ, V, U, g and the head. */
export function frameOf({ basis, fourier, features, rank, width, outputs, initial }: Sizes) {
  const draw = initialOf(initial ?? { kind: "uniform-fan-in" });
  const parts: Pick<Model, "settled" | "wants" | "initialise" | "explicit"> = {
    settled: [...settledOf(basis), ...(fourier ? ["fourier.weight"] : [])],
    ...wantsOf(basis),
    initialise: (seed) => ({
      ...prefixedBy(basisPrefix, basis.initialise(seed)),
      ...(fourier && { "fourier.weight": fourierWeights(fourier, basis.outputs, seed) }),
      V: draw([rank, features], features, seed, "V"),
      U: draw([features, rank], rank, seed, "U"),
      ...readoutParameters([features, width, outputs], draw, seed),
    }),
    explicit: (parameters, supplies) => explicitBasis(basis, parameters, supplies),
  };
  return {
    parts,
    /** φ(x): inputs [N, inputs] → [N, m] (or [N, T, m]). */
    lift: (p: Values, x: Value, pass: Pass): Value => {
      const first = applyBasis(basis, p, x, pass);
      return fourier ? fourierFeatures(first, p["fourier.weight"]) : first;
    },
  };
}
