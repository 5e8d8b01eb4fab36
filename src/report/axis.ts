import * as Plot from "@observablehq/plot";
import { DataError } from "../errors.ts";

/** A scale of one axis: the ends of what is shown, and the marks on it. */
export interface Axis {
  readonly kind: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[] | undefined; // Plot's choice where undefined
  readonly format: ((x: number) => string) | undefined;
  /** Where a value stands: a log axis has zero and below on its lower end. */
  readonly place: (x: number) => number;
  /** Whether zero or less was given to a log axis. */
  readonly floored: boolean;
}

/**
 * A log axis over the positive numbers among the values, widened to whole decades. Zeros stand one
 * decade below the smallest positive number, so that "0" is seen as the end of the scale.
 *
 * @throws DataError  where no value is positive and finite
 */
export function logAxis(values: Iterable<number>, what: string): Axis {
  let [least, most, floored] = [Infinity, 0, false];
  for (const x of values) {
    if (!Number.isFinite(x)) continue;
    if (x <= 0) floored = true;
    else [least, most] = [Math.min(least, x), Math.max(most, x)];
  }
  if (most === 0) throw new DataError(`${what}: no positive finite number for a log axis`);
  const low = Math.floor(Math.log10(least) + 1e-9) - (floored ? 1 : 0);
  const high = Math.max(low + 1, Math.ceil(Math.log10(most) - 1e-9));
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const ticks: number[] = [];
  for (let power = low; power <= high; power += step) ticks.push(10 ** power);
  const floor = 10 ** low;
  return {
    kind: "log",
    domain: [floor, 10 ** high],
    ticks,
    format: (x) => (floored && x === floor ? "0" : powerOfTen(x)),
    place: (x) => Math.max(x, floor),
    floored,
  };
}

/** A log axis over less than a few decades: not widened, with marks at 1, 2 and 5. */
export function narrowLogAxis(values: Iterable<number>, what: string): Axis {
  const positive = [...values].filter((x) => x > 0 && x < Infinity);
  if (positive.length === 0)
    throw new DataError(`${what}: no positive finite number for a log axis`);
  const domain = [Math.min(...positive) / 1.25, Math.max(...positive) * 1.25] as const;
  const ticks: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(domain[0])); decade <= domain[1]; decade *= 10) {
    for (const k of [1, 2, 5]) ticks.push(Number((k * decade).toPrecision(3)));
  }
  return {
    kind: "log",
    domain,
    ticks: ticks.filter((x) => x >= domain[0] && x <= domain[1]),
    format: (x) => String(x),
    place: (x) => x,
    floored: false,
  };
}

/** A linear axis over the finite values. @throws DataError  where there is none */
export function linearAxis(values: Iterable<number>, what: string, pad = 0.04): Axis {
  let [least, most] = [Infinity, -Infinity];
  for (const x of values) {
    if (Number.isFinite(x)) [least, most] = [Math.min(least, x), Math.max(most, x)];
  }
  if (least > most) throw new DataError(`${what}: no finite number to draw`);
  const room = least === most ? Math.max(1, Math.abs(least)) / 2 : (most - least) * pad;
  return {
    kind: "linear",
    domain: [least - room, most + room],
    ticks: undefined,
    format: undefined,
    place: (x) => x,
    floored: false,
  };
}

/** Where a value stands along an axis, from 0 at its start to 1 at its end. */
export function share({ kind, domain: [low, high], place }: Axis, x: number): number {
  const at = place(x);
  return kind === "log" ? Math.log(at / low) / Math.log(high / low) : (at - low) / (high - low);
}

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 0.01, 1, 100 as they are, else 10⁻⁶. */
export function powerOfTen(x: number): string {
  const power = Math.round(Math.log10(x));
  if (power >= -2 && power <= 3) return String(Number(x.toPrecision(3)));
  const digits = [...String(Math.abs(power))].map((digit) => raised[Number(digit)]).join("");
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}

/** The axis as an option of Plot; `labelOffset` in px from the frame. */
export const plotScale = (
  { kind, domain, ticks, format }: Axis,
  label: string,
  labelOffset = 36,
) => ({
  type: kind,
  domain: [...domain],
  label,
  labelOffset,
  tickSize: 4,
  labelAnchor: "center" as const,
  labelArrow: "none" as const,
  ...(ticks && { ticks: [...ticks] }),
  ...(format && { tickFormat: format }),
});

/** The x axis as a mark: Plot thins out the labels of a log axis unless their text is given. */
export const xAxisMark = ({ ticks, format }: Axis, label: string) =>
  Plot.axisX(ticks && [...ticks], {
    ...(format && { text: (x: number) => format(x) }),
    label,
    labelAnchor: "center",
    labelArrow: "none",
    labelOffset: 36,
    tickSize: 4,
  });
