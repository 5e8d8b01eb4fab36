/**
 * Short decimals on the safe side of a number, so that a printed claim is the claim that is checked:
 * at most 6 significant digits, off by less than one in the sixth.
 */
const digits = 6;

/** The short decimal at or below x ≥ 0. */
export function roundDown(x: number): number {
  const near = Number(x.toPrecision(digits));
  return near <= x ? near : neighbour(x, near, -1);
}

/** The short decimal at or above x ≥ 0. */
export function roundUp(x: number): number {
  const near = Number(x.toPrecision(digits));
  return near >= x ? near : neighbour(x, near, 1);
}

/**
 * The short decimal at or above a rate x in [0, 1], counted in digits of 1 − x, which say more than
 * those of a rate near 1. At most 1; short of 1 wherever float64 has room.
 */
export function roundUpBelowOne(x: number): number {
  const gap = roundDown(1 - x);
  return gap === 0 ? 1 : Number((1 - gap).toFixed(digits - 1 - exponentOf(gap)));
}

function neighbour(x: number, near: number, direction: 1 | -1): number {
  const last = Number(`1e${exponentOf(x) - digits + 1}`);
  return Number((near + direction * last).toPrecision(digits));
}

/** The power of ten of the first digit of x > 0. */
const exponentOf = (x: number): number => Number(x.toExponential().split("e")[1]);
