import { UsageError } from "../../errors.ts";

/** @throws UsageError  naming a parameter that is not positive, or of `others` one that is negative */
export function positive(
  what: string,
  parameters: Readonly<Record<string, number>>,
  others: Readonly<Record<string, number>> = {},
): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError(`${what}: ${name} is ${value}, wanted a positive number`);
  }
  for (const [name, value] of Object.entries(others)) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new UsageError(`${what}: ${name} is ${value}, wanted a number from 0`);
  }
}
