import { DataError } from "../../errors.ts";

/** 2026-01-31T12:00:05.25Z, also with a blank for the T, an offset or no zone, without seconds or a time. */
const iso =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)([.,]\d+)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** Whether a cell looks like a date rather than a number. */
export const isTimestamp = (cell: string): boolean => /^\d{4}-\d\d-\d\d/.test(cell);

/**
 * Seconds since the first of timestamps in ISO 8601, fractions to the last digit that is written. Times
 * without a zone are taken as they stand, one day 86,400 s long, as are those of UTC.
 *
 * @param place  of cell i, for errors
 * @throws DataError  for a cell that is no such time, and for zones in some cells and not in others
 */
export function secondsOf(cells: readonly string[], place: (i: number) => string): Float64Array {
  let first: readonly [number, number] | null = null;
  const zoned = hasZone(cells[0] ?? "");
  return Float64Array.from(cells, (cell, i) => {
    const found = partsOf(cell);
    if (found === null)
      throw new DataError(`${place(i)}: "${cell}" is no time`, {
        hint: "wanted are times such as 2026-01-31T12:00:05.25Z, or numbers of seconds, in all rows alike",
      });
    if (hasZone(cell) !== zoned)
      throw new DataError(
        `${place(i)}: "${cell}" ${zoned ? "has no time zone, others have" : "has a time zone, others have none"}`,
        { hint: "write all times with Z, or none" },
      );
    first ??= found;
    return found[0] - first[0] + (found[1] - first[1]);
  });
}

const hasZone = (cell: string) => iso.exec(cell)?.[6] !== undefined;

/** Whole seconds since 1970, and the fraction apart: together they would lose its last digits. */
function partsOf(cell: string): readonly [number, number] | null {
  const match = iso.exec(cell);
  if (match === null) return null;
  const [, date, hours = "00", minutes = "00", seconds = "00", fraction = "", zone = "Z"] = match;
  const offset = /^z$/i.test(zone)
    ? "Z"
    : zone.replace(/^([+-]\d\d):?(\d\d)?$/, "$1:$2").replace(/:$/, ":00");
  const at = Date.parse(`${date}T${hours}:${minutes}:${seconds}${offset}`);
  // Date.parse takes the 31st of February for the 3rd of March.
  const real = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at) || Number.isNaN(real.getTime()) || real.toISOString().slice(0, 10) !== date)
    return null;
  return [at / 1000, fraction === "" ? 0 : Number(`0.${fraction.slice(1)}`)];
}
