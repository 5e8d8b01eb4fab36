import type { RandomStream } from "../../data/random.ts";
import type { ComplexNumbers } from "../../linalg/complex.ts";

type Pairs = readonly (readonly [a: number, b: number])[];

/** A way to make two sets of the same sizes, and of the same kinds of modes, of the modes of both. */
export interface Exchange {
  readonly deal: (stream: RandomStream) => readonly [ComplexNumbers, ComplexNumbers];
  readonly arrangements: number;
}

type Mode = readonly (readonly [re: number, im: number])[]; // one number, or two that are conjugate

/** Real modes are dealt among the real ones of both sets, conjugate pairs among the pairs. */
export function pooled(a: ComplexNumbers, b: ComplexNumbers, pairs: Pairs): Exchange {
  const [left, right] = [a, b].map((set) => modesOf(set, pairs.length));
  const kinds = [1, 2].map((size) => {
    const [mine, theirs] = [left, right].map((modes) => modes.filter((m) => m.length === size));
    return { all: [...mine, ...theirs], mine: mine.length };
  });
  return {
    arrangements: kinds.reduce((ways, { all, mine }) => ways * choose(all.length, mine), 1),
    deal({ permutation }) {
      const sides: [Mode[], Mode[]] = [[], []];
      for (const { all, mine } of kinds) {
        permutation(all.length).forEach((which, place) => {
          sides[place < mine ? 0 : 1].push(all[which]);
        });
      }
      return [gathered(sides[0].flat()), gathered(sides[1].flat())];
    },
  };
}

/** Partners change sides; with them go those that are conjugate to either. */
export function partners(a: ComplexNumbers, b: ComplexNumbers, pairs: Pairs): Exchange {
  const group = pairs.map((_, place) => place);
  [a, b].forEach((set, side) => {
    const where = new Map(pairs.map((pair, place) => [pair[side], place] as const));
    for (const [i, j] of conjugatesOf(set)) {
      const [keep, drop] = [group[where.get(i)!], group[where.get(j)!]];
      group.forEach((g, place) => {
        if (g === drop) group[place] = keep;
      });
    }
  });
  const units = [...new Set(group)];
  const at = (set: ComplexNumbers, i: number) => [set.re[i] ?? 0, set.im[i] ?? 0] as const;
  return {
    arrangements: 2 ** units.length,
    deal({ uniform }) {
      const swapped = new Set(units.filter(() => uniform() < 0.5));
      const sides = pairs.map(([i, j], place) => {
        const both = [at(a, i), at(b, j)] as const;
        return swapped.has(group[place]) ? ([both[1], both[0]] as const) : both;
      });
      return [gathered(sides.map(([x]) => x)), gathered(sides.map(([, y]) => y))];
    },
  };
}

/** The modes of a set, filled up by zeros to n numbers. */
function modesOf(set: ComplexNumbers, n: number): Mode[] {
  const conjugates = conjugatesOf(set);
  const paired = new Set(conjugates.flat());
  const number = (i: number) => [set.re[i] ?? 0, set.im[i] ?? 0] as const;
  const alone = Array.from({ length: n }, (_, i) => i).filter((i) => !paired.has(i));
  return [...alone.map((i) => [number(i)]), ...conjugates.map((pair) => pair.map(number))];
}

/** Indices of numbers that are conjugate to the last bit, each in one pair at most. */
function conjugatesOf({ re, im }: ComplexNumbers): [number, number][] {
  const taken = new Set<number>();
  const out: [number, number][] = [];
  for (let i = 0; i < re.length; i++) {
    if (im[i] === 0 || taken.has(i)) continue;
    const j = re.findIndex((x, k) => !taken.has(k) && x === re[i] && im[k] === -im[i]);
    if (j < 0) continue;
    taken.add(i).add(j);
    out.push([i, j]);
  }
  return out;
}

const gathered = (numbers: readonly (readonly [number, number])[]): ComplexNumbers => ({
  re: Float64Array.from(numbers, ([x]) => x),
  im: Float64Array.from(numbers, ([, y]) => y),
});

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
  return ways;
}
