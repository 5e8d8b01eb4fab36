import { unknownName } from "../errors/suggest.ts";
import type { Value } from "../graph/node.ts";
import { relu, sigmoid, silu, softplus, tanh } from "../graph/ops/elementwise.ts";

/** A nonlinearity σ of one variable, with what the bounds ask of it. */
export interface Activation {
  readonly name: ActivationName;
  /** σ. */
  readonly value: (x: number) => number;
  /** σ′; of ReLU at 0 the value 0, as everywhere. */
  readonly slope: (x: number) => number;
  /** σ of every entry, as a graph. */
  readonly graph: (x: Value) => Value;
  /** inf σ and sup σ. */
  readonly range: readonly [number, number];
  /** sup |σ′|, rounded up. */
  readonly steepest: number;
  /** Where σ has no slope; null where it has one everywhere. */
  readonly kink: number | null;
}

const logistic = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : 1 - 1 / (1 + Math.exp(x)));

const table = {
  tanh: {
    value: Math.tanh,
    slope: (x) => 1 - Math.tanh(x) ** 2,
    graph: tanh,
    range: [-1, 1],
    steepest: 1,
    kink: null,
  },
  relu: {
    value: (x) => Math.max(x, 0),
    slope: (x) => (x > 0 ? 1 : 0),
    graph: relu,
    range: [0, Infinity],
    steepest: 1,
    kink: 0,
  },
  logistic: {
    value: logistic,
    slope: (x) => logistic(x) * (1 - logistic(x)),
    graph: sigmoid,
    range: [0, 1],
    steepest: 0.25,
    kink: null,
  },
  softplus: {
    // log(1 + eˣ) without overflow of eˣ.
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: logistic,
    graph: softplus,
    range: [0, Infinity],
    steepest: 1,
    kink: null,
  },
  silu: {
    value: (x) => x * logistic(x),
    slope: (x) => logistic(x) * (1 + x * (1 - logistic(x))),
    graph: silu,
    range: [-0.28, Infinity],
    steepest: 1.1,
    kink: null,
  },
  linear: {
    value: (x) => x,
    slope: () => 1,
    graph: (x) => x,
    range: [-Infinity, Infinity],
    steepest: 1,
    kink: null,
  },
} as const satisfies Record<string, Omit<Activation, "name">>;

export type ActivationName = keyof typeof table;
export const activationNames = Object.keys(table) as ActivationName[];

/** Names that other libraries have for the same functions. */
const aliases: Readonly<Record<string, ActivationName>> = {
  sigmoid: "logistic",
  expit: "logistic",
  swish: "silu",
  identity: "linear",
  affine: "linear",
};

/** The activation of a name, in any letters. @throws UsageError  for one that is not known */
export function activationOf(name: string): Activation {
  const plain = name.toLowerCase();
  const found = activationNames.find((known) => known === (aliases[plain] ?? plain));
  if (found === undefined) throw unknownName("unknown activation", name, activationNames);
  return { name: found, ...table[found] };
}
