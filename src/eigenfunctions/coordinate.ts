import { unknownName } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";

/** A change ζ of one variable, C¹ with ζ′ ≠ 0 on the domain. */
export interface Coordinate {
  readonly name: string;
  /** ζ. */
  readonly value: (x: number) => number;
  /** ζ′. */
  readonly slope: (x: number) => number;
  /** Where ζ is defined, ends excluded. */
  readonly domain: readonly [number, number];
  /** Where it is proven that ζ′ ≠ 0; of a function of the caller's own nothing is. */
  readonly proven?: readonly [number, number];
}

const everywhere = [-Infinity, Infinity] as const;

/** Coordinates of which ζ′ ≠ 0 is known: x, log x, x + x³/3, sinh x, x³ (but at 0). */
export const coordinates: Readonly<Record<string, Coordinate>> = {
  identity: {
    name: "identity",
    value: (x) => x,
    slope: () => 1,
    domain: everywhere,
    proven: everywhere,
  },
  log: {
    name: "log",
    value: Math.log,
    slope: (x) => 1 / x,
    domain: [0, Infinity],
    proven: [0, Infinity],
  },
  cubic: {
    name: "cubic",
    value: (x) => x + x ** 3 / 3,
    slope: (x) => 1 + x ** 2,
    domain: everywhere,
    proven: everywhere,
  },
  sinh: {
    name: "sinh",
    value: Math.sinh,
    slope: Math.cosh,
    domain: everywhere,
    proven: everywhere,
  },
  cube: {
    name: "cube",
    value: (x) => x ** 3,
    slope: (x) => 3 * x ** 2,
    domain: everywhere,
    proven: [0, Infinity],
  },
};

/** A coordinate by its name. @throws UsageError  for one that is not known */
export function coordinateOf(name: string): Coordinate {
  const found = coordinates[name];
  if (found === undefined || !Object.hasOwn(coordinates, name))
    throw unknownName("unknown coordinate", name, Object.keys(coordinates));
  return found;
}

/** What is known of ζ′ ≠ 0 on an interval. */
export interface Hypothesis {
  /** "not refuted": no zero and no change of sign was met, which is no proof. */
  readonly holds: "proven" | "not refuted";
  readonly least: number | null; // of |ζ′| at the points looked at
  readonly points: number; // 0 of what is proven
}

/** Points at which a coordinate of the caller's own is looked at. */
const looked = 2001;

/**
 * Checks ζ′ ≠ 0 on the open interval (low, high).
 *
 * @throws UsageError  for an interval that is none, or leaves the domain of ζ
 * @throws DataError  where ζ′ is 0, changes its sign or is not finite, with the place
 */
export function checkCoordinate(
  { name, slope, domain, proven }: Coordinate,
  [low, high]: readonly [number, number],
): Hypothesis {
  if (!(low < high)) throw new UsageError(`the domain (${low}, ${high}) is no interval`);
  if (low < domain[0] || high > domain[1])
    throw new UsageError(
      `ζ = ${name} is defined on (${domain[0]}, ${domain[1]}), not on all of (${low}, ${high})`,
    );
  if (proven !== undefined && proven[0] <= low && proven[1] >= high)
    return { holds: "proven", least: null, points: 0 };
  const [from, to] = [Math.max(low, -1e3), Math.min(high, 1e3)];
  // Strictly inside, 0 among them where it is inside.
  const places = Array.from(
    { length: looked },
    (_, k) => from + ((to - from) * (k + 1)) / (looked + 1),
  );
  if (low < 0 && high > 0) places.push(0);
  places.sort((a, b) => a - b);
  let least = Infinity;
  let sign = 0;
  for (const x of places) {
    const found = slope(x);
    if (!Number.isFinite(found) || found === 0 || (sign !== 0 && Math.sign(found) !== sign))
      throw new DataError(
        `ζ = ${name} is no coordinate on (${low}, ${high}): ζ′ ${found === 0 ? "is 0" : Number.isFinite(found) ? "changes its sign" : `is ${found}`} at ${x}`,
        { hint: "narrow the domain to where ζ′ ≠ 0: states must stay in it" },
      );
    sign = Math.sign(found);
    least = Math.min(least, Math.abs(found));
  }
  return { holds: "not refuted", least, points: places.length };
}
