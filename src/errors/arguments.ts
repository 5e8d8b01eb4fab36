import { UsageError } from "../errors.ts";
import { unknownName } from "./suggest.ts";

/** What was given in place of what was wanted, in a message. */
export function shown(given: unknown): string {
  if (given === undefined) return "left out";
  if (typeof given === "string") return JSON.stringify(given);
  if (typeof given === "function") return "a function";
  if (Array.isArray(given)) return "an array";
  return typeof given === "object" && given !== null ? "an object" : String(given);
}

/** @param wanted  what to give, as the end of a sentence. @throws UsageError  for anything but an object by names */
export function requireObject(
  where: string,
  name: string,
  given: unknown,
  wanted: string,
): Readonly<Record<string, unknown>> {
  const fits = typeof given === "object" && given !== null && !Array.isArray(given);
  requireThat(where, name, given, fits, wanted);
  return given as Record<string, unknown>;
}

/** @throws UsageError  for what is not as it has to be */
export function requireThat(
  where: string,
  name: string,
  given: unknown,
  holds: boolean,
  wanted: string,
): void {
  if (!holds) throw new UsageError(`${where}: ${name}: ${shown(given)}`, `wanted: ${wanted}`);
}

/** Values by their names. @throws UsageError  for one that is no whole number from `from` on */
export function requireWhole(
  where: string,
  given: Readonly<Record<string, unknown>>,
  from = 1,
): void {
  const wanted = from === 1 ? "a positive whole number" : `a whole number of at least ${from}`;
  for (const [name, value] of Object.entries(given))
    requireThat(where, name, value, Number.isInteger(value) && Number(value) >= from, wanted);
}

/** A list of positive whole numbers. @throws UsageError  naming the entry that is none */
export function requireSizes(where: string, name: string, given: unknown): void {
  requireThat(where, name, given, Array.isArray(given), "an array of positive whole numbers");
  (given as unknown[]).forEach((size, i) => {
    requireWhole(where, { [`${name}[${i}]`]: size });
  });
}

/** @throws UsageError  for a number that is not finite, or not above or from a limit on */
export function requireNumber(
  where: string,
  name: string,
  given: unknown,
  { above = -Infinity, from = -Infinity }: { above?: number; from?: number } = {},
): void {
  const fits = typeof given === "number" && Number.isFinite(given);
  const bound = above > -Infinity ? ` above ${above}` : from > -Infinity ? ` from ${from} on` : "";
  const inside = fits && given > above && given >= from;
  requireThat(where, name, given, inside, `a finite number${bound}`);
}

/** @throws UsageError  for a name that is not one of the known */
export function requireOneOf(
  where: string,
  name: string,
  given: unknown,
  known: readonly string[],
): void {
  if (known.includes(given as string)) return;
  if (typeof given === "string") throw unknownName(`${where}: unknown ${name}`, given, known);
  requireThat(where, name, given, false, known.join(", "));
}
