import { DataError } from "../../errors.ts";
import type { Figure, Mark } from "../figure.ts";
import { counted, eigenvalueInWords, inWords } from "./words.ts";

/** An exponential c λⁿ, n steps from the last value of its window; a pair by both members. */
export interface Exponential {
  readonly re: number; // λ
  readonly im: number;
  readonly contribution: number; // Re c
  readonly contributionIm: number;
}

/** So many modes have a line each. */
const most = 5;

/**
 * What each mode contributes where it was fitted and as far ahead: Re Σ c λⁿ of the mode and its conjugate, for
 * the five that contribute most.
 *
 * @throws DataError  for no mode
 */
export function modesFigure({
  modes,
  fitted,
  end,
  spacing = 1,
  ...input
}: {
  readonly name?: string;
  readonly title?: string;
  readonly of: string;
  readonly unit?: string;
  readonly modes: readonly Exponential[];
  /** Values that the last row of the delays was fitted to: before them an expansion does not hold. */
  readonly fitted: number;
  readonly end: number; // step of its last
  readonly spacing?: number; // steps between values
}): Figure {
  const unit = input.unit ?? "epoch";
  const single = modes.filter(({ im }) => im >= 0);
  if (single.length === 0) throw new DataError(`modesFigure: no mode of ${input.of}`);
  const times = Array.from({ length: 2 * fitted }, (_, i) => i - fitted + 1);
  const steps = times.map((n) => end + n * spacing);
  const courses = single
    .map((mode) => ({ mode, y: times.map((n) => courseAt(mode, n)) }))
    .filter(({ y }) => y.every(Number.isFinite))
    .map((course) => ({ ...course, top: Math.max(...course.y.slice(0, fitted).map(Math.abs)) }))
    .sort((a, b) => b.top - a.top);
  const shown = courses.slice(0, most);
  const lines = shown.map(
    ({ mode, y }, role): Mark => ({
      type: "line",
      role,
      name: `λ = ${eigenvalueInWords(mode)}`,
      x: steps,
      y,
    }),
  );
  const [first] = shown;
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "modes",
    title: input.title ?? "Modes over time",
    caption:
      `What each mode contributes to ${input.of} over the values it was fitted to (left of the line) and as far ahead, ` +
      `the ${counted(shown.length, "mode")} of most weight of ${single.length}.`,
    alt:
      `${counted(single.length, "mode")} of ${input.of}. ` +
      shown
        .map(
          ({ mode, y }) =>
            `λ = ${eigenvalueInWords(mode)}: ${inWords(y[0])} at first, ` +
            `${inWords(y[fitted - 1])} at the last value.`,
        )
        .join(" ") +
      (first ? "" : " None stays finite there."),
    size: "column",
    panels: [
      {
        x: { label: unit, scale: "linear" },
        y: { label: "contribution", scale: "linear" },
        marks: [
          { type: "rule", role: "faint", y: 0 },
          { type: "rule", role: "faint", x: end, dash: "dashed", label: "last value" },
          ...lines,
        ],
      },
    ],
  };
}

/** Re of c λⁿ, of both members where there are two; n may be negative. */
function courseAt({ re, im, contribution, contributionIm }: Exponential, n: number): number {
  const size = Math.hypot(re, im) ** n;
  const angle = Math.atan2(im, re) * n;
  const real = contribution * Math.cos(angle) - contributionIm * Math.sin(angle);
  return size * real * (im === 0 ? 1 : 2);
}

/** What a window said when it ended at a step; null where it said nothing. */
export interface Slide {
  readonly to: number;
  readonly slowest: number | null;
  readonly slowestResolved: number | null;
  readonly improvement: number | null;
  readonly decision: string;
}

/**
 * The spectrum as its window slides over the run: the slowest eigenvalue that matters, the slowest that
 * can be told from 1, and what the next window is to take off the loss.
 *
 * @throws DataError  for no window that has a spectrum
 */
export function slidingFigure({
  slides,
  window,
  tolerance,
  ...input
}: {
  readonly name?: string;
  readonly title?: string;
  readonly of: string;
  readonly unit?: string;
  readonly slides: readonly Slide[];
  readonly window: number;
  readonly tolerance: number; // ε: less improvement than this is not worth going on for
}): Figure {
  const unit = input.unit ?? "epoch";
  const x = slides.map(({ to }) => to);
  const told = slides.filter(({ slowest }) => slowest !== null);
  if (slides.every(({ improvement }) => improvement === null))
    throw new DataError(`slidingFigure: no window of ${input.of} has a spectrum`);
  const changes = changesOf(slides);
  const last = slides[slides.length - 1];
  const rules = changes.slice(1).map(
    ({ step, decision }): Mark => ({
      type: "rule",
      role: "faint",
      x: step,
      dash: "dotted",
      label: decision,
    }),
  );
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "sliding",
    title: input.title ?? "The spectrum as its window slides",
    caption:
      `Windows of ${window} values of ${input.of}, each at its last ${unit}. Left: modulus of the slowest ` +
      `eigenvalue that matters, and of the slowest farther than 1/${window} from 1. Right: the share of the loss that ` +
      `the next ${window} are to take off; below the dashed line it is not worth it.`,
    alt:
      `${counted(slides.length, "window")} of ${window} values. ` +
      (told.length > 0
        ? `The slowest eigenvalue goes from ${inWords(told[0].slowest!, 4)} to ${inWords(told[told.length - 1].slowest!, 4)}. `
        : "") +
      (last.improvement === null
        ? ""
        : `At the end the next ${window} are to take ${inWords(100 * last.improvement, 2)} % off. `) +
      `Verdicts: ${changes.map(({ step, decision }) => `${decision} from ${unit} ${inWords(step, 6)}`).join(", ")}.`,
    size: "page",
    columns: 2,
    panels: [
      {
        title: "slowest eigenvalue",
        x: { label: unit, scale: "linear" },
        y: { label: "modulus", scale: "linear" },
        marks: [
          { type: "rule", role: "faint", y: 1, dash: "dashed" },
          {
            type: "line",
            role: 0,
            name: "slowest that matters",
            x,
            y: slides.map((one) => one.slowest),
          },
          {
            type: "line",
            role: 1,
            name: "slowest told from 1",
            x,
            y: slides.map((one) => one.slowestResolved),
          },
        ],
      },
      {
        title: "improvement in the next window",
        x: { label: unit, scale: "linear" },
        y: { label: "share of the loss", scale: "linear" },
        marks: [
          { type: "rule", role: "faint", y: tolerance, dash: "dashed" },
          ...rules,
          {
            type: "line",
            role: 2,
            name: "improvement",
            x,
            y: slides.map((one) => one.improvement),
          },
        ],
      },
    ],
  };
}

/** Where a verdict differs from the one before, the first included. */
export const changesOf = (slides: readonly Pick<Slide, "to" | "decision">[]) =>
  slides
    .filter(({ decision }, i) => i === 0 || decision !== slides[i - 1].decision)
    .map(({ to, decision }) => ({ step: to, decision }));
