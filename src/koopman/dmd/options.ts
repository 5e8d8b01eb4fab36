import { UsageError } from "../../errors.ts";

/** @throws UsageError  for a value that is not one of the choices */
export function requireOneOf(where: string, value: unknown, choices: readonly string[]): void {
  if (!choices.includes(value as string))
    throw new UsageError(`${where}: "${value}"`, `one of ${choices.join(", ")}`);
}
