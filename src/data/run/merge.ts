import { basename, sep } from "node:path";
import type { ReadLog, RunSource, Series } from "./run.ts";

/** Which sources hold numbers in full: the first of these is kept, where two hold the same. */
const preferred = ["eigenflow-metrics", "lightning-csv", "jsonl", "hf-trainer-state", "csv"];
const rank = ({ source: { kind } }: ReadLog) => (preferred.indexOf(kind) + 10) % 10;

/**
 * The series of all sources, those once that several hold: equal steps and, in float32, equal values. A
 * name that two have for different numbers gets the kind of the second behind it.
 */
export function withoutCopies(logs: readonly ReadLog[]): {
  sources: RunSource[];
  series: Series[];
} {
  const series: Series[] = [];
  const sources: RunSource[] = [];
  for (const { source, series: given } of [...logs].sort((a, b) => rank(a) - rank(b))) {
    const fresh = given.filter((one) => !series.some((other) => isCopy(one, other)));
    const copies = given.length - fresh.length;
    for (const one of fresh) {
      const taken = series.some(({ name }) => name === one.name);
      series.push(taken ? { ...one, name: `${one.name} (${source.kind})` } : one);
    }
    const note =
      copies === 0
        ? ""
        : `, ${copies === given.length ? "" : `${copies} of them `}same data, ignored`;
    sources.push({ ...source, summary: source.summary + note });
  }
  return { sources, series };
}

function isCopy(a: Series, b: Series): boolean {
  const n = a.values.length;
  if (n !== b.values.length || n === 0) return false;
  for (let i = 0; i < n; i++) {
    if (a.steps[i] !== b.steps[i]) return false;
    if (!Object.is(Math.fround(a.values[i]), Math.fround(b.values[i]))) return false;
  }
  // Numbers that say little may agree by chance.
  return new Set(a.values).size > 2 || a.name === b.name;
}

/** The source that a series is of: its own file, or else the folder that its file lies in. */
export const sourceOf = (
  { source }: Series,
  sources: readonly RunSource[],
): RunSource | undefined =>
  sources
    .filter(({ path }) => source === path || source.startsWith(path + sep))
    .sort((a, b) => b.path.length - a.path.length)[0];

const isRate = (name: string) => /(^|[/._ -])(lr|learning_?rate)([-/._ ]|$)/i.test(name);

/** Each series with a caveat where the learning rate changes over its steps: its dynamics change with it. */
export function rateChanges(
  series: readonly Series[],
  sources: readonly RunSource[] = [],
): Series[] {
  const rates = series.filter(({ name, values }) => isRate(name) && values.length > 1);
  const log = (one: Series) => sourceOf(one, sources);
  return series.map((one) => {
    if (isRate(one.name)) return one;
    const own = rates.find((rate) => log(rate) === log(one));
    // Another file may count other steps, or be of another run: it is named.
    return own
      ? withRate(one, own)
      : withRate(one, rates[0], ` of ${basename(rates[0]?.source ?? "")}`);
  });
}

/** A rate that lasted for so many values, and another by this factor or more, are two stretches. */
const [lasting, stepping] = [10, 1.25];

/**
 * A series with a caveat where the rate, counted in the same steps, changes, and where it changes for long.
 *
 * @param elsewhere  of a rate from another file: which; its steps may count other things, and part nothing
 */
export function withRate(one: Series, rate: Series | undefined, elsewhere = ""): Series {
  if (rate === undefined) return one;
  const [first, last] = [one.steps[0], one.steps[one.steps.length - 1]];
  const inside = [...rate.steps].filter(
    (step, i) => i > 0 && rate.values[i] !== rate.values[i - 1] && step > first && step <= last,
  );
  if (inside.length === 0) return one;
  const where =
    inside.length > 3 ? `${inside.length} times, a schedule` : `at step ${inside.join(", ")}`;
  const caveat = `the learning rate ("${rate.name}"${elsewhere}) changes ${where}`;
  return {
    ...one,
    caveats: [...one.caveats, `${caveat}${ended(rate)}`],
    ...(elsewhere === "" && { rateSteps: lastingChanges(one.steps, inside, rate) }),
  };
}

/** At so small a share of its largest value a rate moves nothing any more. */
const spent = 0.01;

/** That a schedule has come to its end, which the losses before it cannot know. */
function ended({ values }: Series): string {
  const [most, now] = [values.reduce((a, b) => Math.max(a, b), 0), values[values.length - 1]];
  return now < spent * most && values.length > lasting
    ? `, and is now ${Number(((100 * now) / most).toPrecision(2))} % of its largest: whatever is forecast, little moves at that`
    : "";
}

/**
 * Those changes that part stretches of one rate each: by a quarter or more, and with at least ten values of
 * the series since the change before or until the next. A warm-up or a schedule that changes all the time
 * has none.
 */
function lastingChanges(
  steps: Float64Array,
  changes: readonly number[],
  rate: Pick<Series, "steps" | "values">,
): number[] {
  const at = changes.map((change) => steps.findIndex((step) => step >= change));
  return changes.filter((change, i) => {
    const now = rate.steps.indexOf(change);
    const [a, b] = [rate.values[now - 1], rate.values[now]];
    const [before, after] = [at[i] - (at[i - 1] ?? 0), (at[i + 1] ?? steps.length) - at[i]];
    return Math.max(a / b, b / a) >= stepping && Math.max(before, after) >= lasting;
  });
}
