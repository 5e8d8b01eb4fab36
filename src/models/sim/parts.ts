import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { mul, relu, square, sub } from "../../graph/ops/elementwise.ts";
import { affine, matmul } from "../../graph/ops/linear.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { constant } from "../../graph/value.ts";
import type { initialOf } from "../initialise.ts";
import { layerStart } from "../initialise.ts";
import type { Model, Parameters, Pass, Supplies, Wants } from "../model.ts";

/*
 * What both kinds of stable invariant model are made of: a basis that is a model of its own, whose
 * parameters go under a prefix, and the way back from features to states.
 */

export const basisPrefix = "basis.";

/** A basis's parameters as those of the whole, and back. */
export const prefixedBy = <T>(prefix: string, values: Readonly<Record<string, T>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
export const under = <T>(prefix: string, values: Readonly<Record<string, T>>) =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );

type Drawn = ReturnType<typeof initialOf>;

/** The inverse basis g: m → r ReLU r → r ReLU r → r, and the head r → outputs. */
export function readoutParameters(
  [features, width, outputs]: readonly [number, number, number],
  draw: Drawn,
  seed: number,
): Parameters {
  const sizes: [string, number, number][] = [
    ["inverse0", width, features],
    ["inverse1", width, width],
    ["inverse2", width, width],
    ["head", outputs, width],
  ];
  return Object.assign(
    {},
    ...sizes.map(([name, rows, columns]) => layerStart(name, [rows, columns], seed, draw)),
  );
}

/** W_out g(p) + b_out of features p [..., m] → [..., outputs]. */
export function readout(p: Values, features: Value): Value {
  let h = features;
  for (const i of [0, 1, 2]) {
    h = affine(h, p[`inverse${i}.weight`], p[`inverse${i}.bias`]);
    if (i < 2) h = relu(h);
  }
  return affine(h, p["head.weight"], p["head.bias"]);
}

/** γ‖VU − I‖²_F of V [k, m] and U [m, k]: nought where UV is a projector of rank k. */
export function projectorPenalty(p: Values, gamma: number): Value {
  const size = Number(p.V.shape[0]);
  const identity = Array.from({ length: size * size }, (_, i) => +(i % (size + 1) === 0));
  const defect = sub(matmul(p.V, p.U), constant(identity, p.V.dtype, [size, size]));
  return mul(reduceSum(square(defect)), gamma);
}

/** The parameters of a whole with the basis's made explicit. */
export function explicitBasis(basis: Model, parameters: Values, supplies?: Supplies): Values {
  const own = Object.entries(parameters).filter(([name]) => !name.startsWith(basisPrefix));
  const found = basis.explicit(under(basisPrefix, parameters), inner(supplies));
  return { ...prefixedBy(basisPrefix, found), ...Object.fromEntries(own) };
}

/** The basis applied; what it settles goes to the whole under its own prefix. */
export function applyBasis(basis: Model, p: Values, x: Value, pass: Pass): Value {
  const supplies = inner(pass.supplies);
  const y = basis.apply(under(basisPrefix, p), x, { ...pass, supplies });
  if (pass.supplies && supplies)
    Object.assign(pass.supplies.next.settled, prefixedBy(basisPrefix, supplies.next.settled));
  return y;
}

/** Supplies as a basis sees them: what it settles is its own, all else is shared. */
const inner = (supplies: Supplies | undefined): Supplies | undefined =>
  supplies && { ...supplies, next: { ...supplies.next, settled: {} } };

export const settledOf = (basis: Model): readonly string[] =>
  (basis.settled ?? []).map((name) => basisPrefix + name);

/** What a basis wants is asked of training as it is. */
export const wantsOf = (basis: Model): { readonly wants?: Wants } =>
  basis.wants ? { wants: basis.wants } : {};
