import type { Series } from "./run.ts";
import { counted } from "./run.ts";

/** A number as it was logged; null where the writer says that all from this step on is void. */
export interface Point {
  readonly step: number;
  readonly value: number | null;
}

/**
 * A series of points in the order in which they were logged, whatever their steps do:
 *
 * - steps that go back are a run that was resumed from a checkpoint: what it logs replaces what had been
 *   logged from there on, as in TensorBoard;
 * - of several values at one step the last is kept;
 * - a step that never changes, or a counter that starts again every epoch, is no step: such values are
 *   numbered from 0 in the order of the log, as are values of which that rule would drop most.
 *
 * Each of these is said in a caveat; so are gaps and uneven spacing, which a delay embedding feels.
 *
 * @param continues  steps that start again go on with the same run, instead of replacing it
 */
export function seriesOf(
  name: string,
  source: string,
  points: readonly Point[],
  given: readonly string[] = [],
  { continues = false }: { readonly continues?: boolean } = {},
): Series {
  const caveats = [...given];
  const placed = points.filter(({ step }) => Number.isFinite(step));
  if (placed.length < points.length)
    caveats.push(`${counted(points.length - placed.length, "value")} without a step left out`);
  const why = noStep(placed, continues);
  let kept: readonly Point[];
  if (why === null) {
    const { stack, twice, back, dropped } = replay(placed);
    const logged = placed.filter(({ value }) => value !== null).length;
    if (back === null && stack.length * 2 < logged) {
      kept = renumbered(placed);
      caveats.push(
        `${logged} values at ${counted(stack.length, "step")}: numbered from 0 in the order of the log`,
      );
    } else {
      kept = stack;
      if (back !== null) {
        const times = back.times === 1 ? "" : ` ${back.times} times, first`;
        caveats.push(
          `steps go back${times} from ${back.from} to ${back.to}, as of a resumed run: the later values replace ${counted(dropped, "earlier one")}`,
        );
      }
      if (twice > 0)
        caveats.push(`${counted(twice, "step")} logged more than once: the last value is kept`);
      caveats.push(...spacing(kept));
    }
  } else {
    kept = renumbered(placed);
    caveats.push(`${why}: numbered from 0 in the order of the log`);
  }
  return {
    name,
    source,
    steps: Float64Array.from(kept, ({ step }) => step),
    values: Float64Array.from(kept, ({ value }) => value as number),
    caveats,
  };
}

const renumbered = (points: readonly Point[]): Point[] =>
  points.filter(({ value }) => value !== null).map(({ value }, step) => ({ step, value }));

/** Why the steps count nothing, or null when they do. */
function noStep(points: readonly Point[], continues: boolean): string | null {
  if (points.length < 2 || points.some(({ value }) => value === null)) return null;
  const first = points[0].step;
  const last = points[points.length - 1].step;
  if (points.every(({ step }) => step === first)) return `every value was logged at step ${first}`;
  const ends: number[] = [];
  for (let i = 1; i < points.length; i++) {
    if (points[i].step >= points[i - 1].step) continue;
    if (points[i].step !== first) return null;
    ends.push(points[i - 1].step);
  }
  // One return to the start may be a second run into the same file; several after equal stretches are epochs.
  const epochs = ends.length > 1 && ends.every((end) => end === ends[0]) && last <= ends[0];
  if (ends.length > 0 && (epochs || continues))
    return `the step starts again at ${first} ${ends.length === 1 ? "once" : `${ends.length} times`}`;
  return null;
}

interface Replay {
  readonly stack: readonly Point[];
  readonly twice: number;
  readonly dropped: number;
  readonly back: { readonly from: number; readonly to: number; readonly times: number } | null;
}

/** What stands after each point has voided those at its step and above. */
function replay(points: readonly Point[]): Replay {
  const stack: Point[] = [];
  let [twice, dropped] = [0, 0];
  let back: { from: number; to: number; times: number } | null = null;
  for (const point of points) {
    const top = stack.at(-1);
    if (top !== undefined && point.value !== null && top.step === point.step) {
      twice++;
      stack.pop();
    } else if (top !== undefined && top.step >= point.step) {
      if (back === null) back = { from: top.step, to: point.step, times: 1 };
      else back.times++;
      while (stack.length > 0 && stack[stack.length - 1].step >= point.step) {
        stack.pop();
        dropped++;
      }
    }
    if (point.value !== null) stack.push(point);
  }
  return { stack, twice, dropped, back };
}

/** Whether the steps are equally far apart, but for a few gaps. */
function spacing(points: readonly Point[]): string[] {
  const gaps = points.slice(1).map(({ step }, i) => step - points[i].step);
  if (gaps.length < 2) return [];
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
  const uneven = gaps.filter((gap) => Math.abs(gap - usual) > 0.01 * usual).length;
  if (uneven > 2 && uneven > 0.1 * gaps.length) {
    const [least, most] = gaps.reduce(
      ([low, high], gap) => [Math.min(low, gap), Math.max(high, gap)],
      [Infinity, 0],
    );
    return [`steps are unevenly spaced: ${least} to ${most} apart, the median ${usual}`];
  }
  const wide = gaps.flatMap((gap, i) => (gap > 1.5 * usual ? [i] : []));
  if (wide.length === 0) return [];
  const widest = wide.reduce((best, i) => (gaps[i] > gaps[best] ? i : best));
  const place = `from step ${points[widest].step} to ${points[widest + 1].step}`;
  return [
    `${counted(wide.length, "gap")} in the steps, the widest ${place}; they are ${usual} apart otherwise`,
  ];
}
