import { DataError } from "../../errors.ts";
import { logAxis, narrowLogAxis, powerOfTen } from "../axis.ts";
import type { FigureAxis } from "../figure.ts";

export interface Tick {
  readonly at: number; // share of the axis
  readonly text: string;
}

/** An axis made ready: where a value stands on it, from 0 at its start to 1 at its end. */
export interface Scale {
  readonly label: string;
  readonly domain: readonly [number, number];
  readonly share: (value: number) => number;
  readonly ticks: (count: number) => readonly Tick[];
}

/**
 * The scale of an axis for the values on it.
 *
 * @throws DataError  for a log axis without a positive value, or an axis without any
 */
export function scaleOf(axis: FigureAxis, values: readonly number[], pad: number): Scale {
  return axis.scale === "log" ? logScale(axis, values) : linearScale(axis, values, pad);
}

function linearScale({ label, domain }: FigureAxis, values: readonly number[], pad: number): Scale {
  let [low, high] = domain ?? extent(values);
  if (low > high) throw new DataError(`figure: no number on the axis "${label}"`);
  if (domain === undefined) {
    const room = low === high ? Math.abs(low) / 2 : (high - low) * pad;
    [low, high] = low === 0 && high === 0 ? [0, 1] : [low - room, high + room];
  }
  const share = (value: number) => (value - low) / (high - low);
  return {
    label,
    domain: [low, high],
    share,
    ticks: (count) =>
      linearTicks(low, high, count).map((value) => ({ at: share(value), text: brief(value) })),
  };
}

/** Less than this many decades are shown as they are, with marks at 1, 2 and 5. */
const narrow = 2.5;

function logScale({ label, domain }: FigureAxis, values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  const [least, most] = extent(positive);
  const wide = positive.length < values.length || Math.log10(most / least) > narrow;
  const found =
    domain === undefined ? (wide ? logAxis : narrowLogAxis)(values, label) : { floored: false };
  const [low, high] = domain ?? (found as { domain: readonly [number, number] }).domain;
  const share = (value: number) =>
    Math.log(Math.max(value, low * 1e-9) / low) / Math.log(high / low);
  const place = (value: number) => (found.floored ? Math.max(0, share(value)) : share(value));
  const text = (value: number) =>
    found.floored && value === low ? "0" : isPower(value) ? powerOfTen(value) : brief(value);
  return {
    label,
    domain: [low, high],
    share: place,
    ticks: (count) =>
      logTicks(low, high, count).map((value) => ({ at: place(value), text: text(value) })),
  };
}

const extent = (values: readonly number[]): [number, number] => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
};

/** About so many round numbers in a range. */
function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const unit = 10 ** Math.floor(Math.log10(rough));
  // The nearest of 1, 2, 5 and 10 by ratio.
  const step =
    unit *
    [1, 2, 5, 10][
      [Math.SQRT2, Math.sqrt(10), Math.sqrt(50)].filter((k) => rough / unit >= k).length
    ];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function logTicks(low: number, high: number, count: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  const decades: number[] = [];
  for (let power = first; power <= last; power += every) decades.push(10 ** power);
  if (decades.length >= 3) return decades;
  const finer: number[] = [];
  for (let power = first - 1; power <= last; power++) {
    for (const k of [1, 2, 5]) finer.push(Number((k * 10 ** power).toPrecision(3)));
  }
  const inside = finer.filter((x) => x >= low * 0.999 && x <= high * 1.001);
  if (inside.length > count + 1 && decades.length >= 2) return decades;
  return inside.length >= 2 ? inside : linearTicks(low, high, count);
}

const isPower = (value: number) => Math.abs(Math.log10(value) % 1) < 1e-9;

/** A number as a tick shows it: 2.5, 1,200 as 1200, 3·10⁻⁵. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const power = Math.floor(Math.log10(size) + 1e-12);
    const lead = Number((value / 10 ** power).toPrecision(4));
    const ten = exponent(power);
    return (lead === 1 ? ten : `${lead}·${ten}`).replace("-", "−");
  }
  return String(Number(value.toPrecision(8))).replace("-", "−");
}

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const exponent = (power: number) =>
  `10${power < 0 ? "⁻" : ""}${[...String(Math.abs(power))].map((d) => raised[Number(d)]).join("")}`;
