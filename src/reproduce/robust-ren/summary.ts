import { quantile } from "../../data/quantiles.ts";
import type { Fit } from "./fit.ts";
import type { Bound, Network } from "./plan.ts";

/** The fits of one network, from the seeds. */
export interface Group {
  readonly network: Network;
  readonly name: string;
  readonly parameters: number;
  readonly bound: number | null; // γ between standardised signals
  readonly nrmse: Range; // %
  readonly observed: Range;
  readonly attack: Range;
  readonly fits: readonly Fit[];
}

/** Median, least and most. */
export interface Range {
  readonly middle: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export const rangeOf = (values: readonly number[]): Range => ({
  middle: quantile(values, 0.5),
  low: Math.min(...values),
  high: Math.max(...values),
  count: values.length,
});

/** 12.3 (11.9 … 13.0), or the one number there is. */
export const inWords = ({ middle, low, high, count }: Range, digits = 1): string =>
  count === 1
    ? middle.toFixed(digits)
    : `${middle.toFixed(digits)} (${low.toFixed(digits)} … ${high.toFixed(digits)})`;

/** Fits of equal networks together, in the order in which they come. */
export function groupsOf(fits: readonly Fit[]): Group[] {
  const names = [...new Set(fits.map(({ plan }) => named(plan.network)))];
  return names.map((name) => {
    const own = fits.filter(({ plan }) => named(plan.network) === name);
    const range = (of: (fit: Fit) => number) => rangeOf(own.map(of));
    return {
      network: own[0].plan.network,
      name,
      parameters: own[0].parameters,
      bound: own[0].bound,
      nrmse: range(({ nrmse }) => nrmse),
      observed: range(({ observed }) => observed),
      attack: range(({ attack }) => attack.gain),
      fits: own,
    };
  });
}

/** The networks in equilibrium form of one kind, by their bounds. */
export const rensOf = (groups: readonly Group[], feedback: "acyclic" | "full"): Group[] =>
  groups.filter(({ network }) => network.kind === "ren" && network.feedback === feedback);

export const boundOf = ({ network }: Group): Bound | null =>
  network.kind === "ren" ? network.bound : null;

/** Of a bound, what a reader calls it. */
export const boundName = (bound: Bound): string => (bound === "none" ? "∞" : `${bound} %`);

function named(network: Network): string {
  if (network.kind === "ren") return `REN, ${network.feedback}, γ ${boundName(network.bound)}`;
  return network.kind === "lstm" ? `LSTM, ${network.units} units` : `RNN, ${network.units} units`;
}
