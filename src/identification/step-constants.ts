import { randomStream } from "../data/random.ts";
import { NumericError } from "../errors.ts";
import { eigenvalues } from "../linalg/eigenvalues.ts";
import { hInfinityNorm } from "../lti/norm.ts";
import { gainAt } from "../lti/response.ts";
import type { StateSpace } from "../lti/state-space.ts";
import type { Linearised } from "./linearise.ts";
import type { StepModel } from "./step-model.ts";
import { restNear, restOfStep, standardised } from "./step-rest.ts";

/**
 * Where a model rests under constant inputs u, standardised, and the gain of small signals about there: at
 * most the H∞ norm, attained at θ radians a sample.
 */
export type Rest = Linearised & {
  readonly u: Float64Array;
  readonly gain: number;
  readonly theta: number;
};

/** Of constant inputs: standard deviations of those drawn, how many of each, and how far is looked. */
const [spreads, draws, farthest] = [[0.5, 1, 2, 3], 8, 6];
/** Points to climb from, and how many further ones each may try. */
const [climbed, tries] = [2, 30];

/**
 * The constant inputs about which a model amplifies small signals most, of those that were looked at: the
 * mean inputs, single inputs up and down, random ones, the way between the two of these whose outputs at
 * rest differ most for their distance (between them the slope is somewhere as large), and a pattern search
 * from the best. Hundred-odd points, each judged at the frequencies of its poles.
 *
 * @param middle  where the model rests under the mean inputs
 */
export function steepestRest(model: StepModel, middle: Rest, seed = 0): Rest {
  const standard = standardised(model);
  const m = model.inputs.length;
  const at = (u: Float64Array, near: Rest): Rest | null => {
    if (Math.max(...u.map(Math.abs)) > farthest) return null;
    const found = restNear(standard, u, near.x);
    return found && { ...found, u, ...quickNorm(found.system) };
  };
  const random = randomStream(seed, "constant inputs");
  const axes = [1, -1, 2.5, -2.5].flatMap((size) =>
    Array.from({ length: m }, (_, j) =>
      Float64Array.from({ length: m }, (_, i) => (i === j ? size : 0)),
    ),
  );
  const drawn = spreads.flatMap((size) =>
    Array.from({ length: draws }, () =>
      Float64Array.from({ length: m }, () => size * random.normal()),
    ),
  );
  const seen = [middle, ...[...axes, ...drawn].flatMap((u) => at(u, middle) ?? [])];
  const [a, b] = steepestPair(seen);
  for (const share of [0.25, 0.5, 0.75]) {
    const between = at(
      a.u.map((value, i) => value + share * (b.u[i] - value)),
      a,
    );
    if (between) seen.push(between);
  }
  const best = seen.sort((p, q) => q.gain - p.gain).slice(0, climbed);
  const top = best.map((start) => climb(start, at)).reduce((p, q) => (q.gain > p.gain ? q : p));
  if (top === middle) return middle;
  // A gain that the whole axis of frequencies was asked for, and not less than what the poles' gave.
  const { lower, theta } = hInfinityNorm(top.system);
  return lower > top.gain ? { ...top, gain: lower, theta } : top;
}

/** Every input up and down by a step, which is halved where none of it helps. */
function climb(start: Rest, at: (u: Float64Array, near: Rest) => Rest | null): Rest {
  let best = start;
  for (let tried = 0, step = 0.5; tried < tries && step > 0.01; ) {
    const before = best;
    for (let k = 0; k < 2 * start.u.length && tried < tries; k++, tried++) {
      const moved = best.u.map((value, i) => value + (i === k >> 1 ? (k % 2 ? -step : step) : 0));
      const next = at(moved, best);
      if (next !== null && next.gain > best.gain) best = next;
    }
    if (best === before) step /= 2;
  }
  return best;
}

/** The two whose outputs differ most for the distance of their inputs. */
function steepestPair(seen: readonly Rest[]): [Rest, Rest] {
  let [pair, slope]: [[Rest, Rest], number] = [[seen[0], seen[0]], 0];
  seen.forEach((a, i) => {
    for (const b of seen.slice(i + 1)) {
      const ratio = distance(a.y, b.y) / distance(a.u, b.u);
      if (ratio > slope) [pair, slope] = [[a, b], ratio];
    }
  });
  return pair;
}

/** The largest gain at the angles of the poles, at 0 and at π: nearly the H∞ norm, in a fraction of its time. */
function quickNorm(system: StateSpace): { gain: number; theta: number } {
  const { re, im } = eigenvalues(system.A);
  const angles = [0, Math.PI, ...Array.from(re, (x, i) => Math.abs(Math.atan2(im[i], x)))];
  let [gain, theta] = [0, 0];
  for (const angle of new Set(angles)) {
    const found = gainOrZero(system, angle);
    if (found > gain) [gain, theta] = [found, angle];
  }
  return { gain, theta };
}

function gainOrZero(system: StateSpace, angle: number): number {
  try {
    return gainAt(system, angle);
  } catch (error) {
    if (error instanceof NumericError) return 0; // a pole on the circle, to rounding
    throw error;
  }
}

/**
 * Where a model rests under the mean inputs, with its H∞ norm there; null as `restOfStep`, but for models so
 * slow that simulating them does not come to an end.
 */
export function middleRest(model: StepModel): Rest | null {
  const u = new Float64Array(model.inputs.length);
  const zero = new Float64Array(model.tensors.b_x.shape[0]);
  const rest = restOfStep(model) ?? restNear(standardised(model), u, zero);
  if (rest === null) return null;
  const { lower, theta } = hInfinityNorm(rest.system);
  return { ...rest, u, gain: lower, theta };
}

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]));
