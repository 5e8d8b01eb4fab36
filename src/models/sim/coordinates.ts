import { UsageError } from "../../errors.ts";
import type { Model } from "../model.ts";

/** The inputs themselves as a basis, for random Fourier features right on them. No parameters. */
export function coordinates(inputs: number): Model {
  if (!(Number.isInteger(inputs) && inputs > 0))
    throw new UsageError(`coordinates: ${inputs} inputs`, "a positive whole number is wanted");
  return {
    kind: "coordinates",
    inputs,
    outputs: inputs,
    initialise: () => ({}),
    explicit: () => ({}),
    apply: (_, x) => x,
  };
}
