import { DataError } from "../errors.ts";
import { largestGap, onTorus } from "./torus.ts";

/**
 * What a signal does beyond its ends: it begins again ("periodic"); it does so once a straight line has been
 * taken off ("line"); or it comes back the way it went ("even"), which makes a series of cosines. A signal
 * that ends elsewhere than it began has a jump on the circle, and a jump costs frequencies that fall as 1/k.
 */
export const endsNames = ["periodic", "line", "even"] as const;
export type Ends = (typeof endsNames)[number];

/** A family of functions on an interval, nested by the largest frequency K. */
export interface Basis {
  readonly ends: Ends;
  /** Functions up to K. */
  readonly size: (K: number) => number;
  /** Function j at x. */
  readonly at: (x: number, j: number) => number;
  /** Cycles over the length of the data that frequency k stands for. */
  readonly cycles: (k: number) => number;
  /** The largest K that the largest gap between samples allows, 1/(2K) of the circle; and that gap in x. */
  readonly limit: number;
  readonly gap: { readonly length: number; readonly at: number };
}

/**
 * The basis for sorted samples. "periodic": 1, cos 2πkt, sin 2πkt with t = (x − x₁)/(x_N − x₁ + mean step);
 * "line": the same and t − ½, so that the line is fitted with the rest and not drawn through two noisy ends;
 * "even": cos πkt with t = (x − x₁)/(x_N − x₁), whose circle is twice the data.
 */
export function basisOf(ends: Ends, x: Float64Array): Basis {
  const [low, last] = [x[0], x[x.length - 1]];
  const span = last - low;
  const period = ends === "even" ? span : span * (1 + 1 / (new Set(x).size - 1));
  const t = (value: number) => (value - low) / period;
  const { gap, at } = circleGap(ends, x, period);
  const common = {
    ends,
    limit: Math.floor(1 / (2 * gap) + 1e-9),
    gap: {
      length: gap * (ends === "even" ? 2 * period : period),
      at: low + at * (ends === "even" ? 2 * period : period),
    },
  };
  if (ends === "even")
    return {
      ...common,
      size: (K) => K + 1,
      at: (value, j) => Math.cos(Math.PI * j * t(value)),
      cycles: (k) => k / 2,
    };
  const extra = ends === "line" ? 1 : 0;
  return {
    ...common,
    size: (K) => 2 * K + 1 + extra,
    at: (value, j) => {
      if (j === 0) return 1;
      if (j === extra) return t(value) - 0.5;
      const k = Math.ceil((j - extra) / 2);
      const angle = 2 * Math.PI * k * t(value);
      return (j - extra) % 2 === 1 ? Math.cos(angle) : Math.sin(angle);
    },
    cycles: (k) => (k * span) / period,
  };
}

/** The largest gap on the circle of the basis. Reflected, the data has none at its ends. */
function circleGap(ends: Ends, x: Float64Array, period: number): { gap: number; at: number } {
  const low = x[0];
  if (ends !== "even") return largestGap(onTorus(x, [[low, low + period]]));
  let [gap, at] = [0, 0];
  for (let i = 1; i < x.length; i++) {
    const between = (x[i] - x[i - 1]) / (2 * period);
    if (between > gap) [gap, at] = [between, (x[i - 1] - low) / (2 * period)];
  }
  return { gap, at };
}

/** @throws DataError  for a K beyond what the largest gap allows */
export function requireLimit({ ends, limit, gap }: Basis, K: number): void {
  if (K <= limit) return;
  throw new DataError(
    `no sample between x = ${short(gap.at)} and ${short(gap.at + gap.length)}: the gap allows K ≤ ${limit}, ${K} is asked for`,
    {
      hint:
        limit < 1
          ? `take the parts on either side of the gap by themselves${ends === "even" ? "" : ", or even ends"}`
          : `ask for ${limit} at most, or take the parts on either side of the gap by themselves`,
    },
  );
}

const short = (x: number) => String(Number(x.toPrecision(4)));
