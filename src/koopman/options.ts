import { unknownName } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";

/** @throws UsageError  naming an option that is not one of the known */
export function refuseUnknown(where: string, options: object, known: readonly string[]): void {
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd !== undefined) throw unknownName(`unknown option of ${where}`, odd, known);
}

/** @throws UsageError  for a value that is not one of the choices */
export function requireOneOf(where: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string))
    throw new UsageError(`${where}: "${value}"`, `one of ${choices.join(", ")}`);
}
