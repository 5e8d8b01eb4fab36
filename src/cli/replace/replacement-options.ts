import { unknownName } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import { type Dictionary, observableCount } from "../../hybrid/dictionary.ts";
import { positive, whole } from "../input/experiment-input.ts";

export interface ObservableFlags {
  readonly observables?: string;
  readonly features?: string;
  readonly degree?: string;
  readonly width?: string;
}

/** Observables for a layer of so many inputs. */
export type Observables = (inputs: number) => Dictionary;

const kinds = ["fourier", "relu", "polynomial", "affine"] as const;
const usualFeatures = 200;

/** Which flag belongs to which observables. */
const belongs: Readonly<Record<keyof Omit<ObservableFlags, "observables">, readonly string[]>> = {
  features: ["fourier", "relu"],
  degree: ["polynomial"],
  width: ["fourier"],
};

/** @throws UsageError  for an unknown kind, a number out of range, or a flag of other observables */
export function observablesOf(flags: ObservableFlags, seed: number): Observables {
  const { observables: kind = "fourier", features, degree, width } = flags;
  if (!(kinds as readonly string[]).includes(kind)) {
    throw unknownName("--observables", kind, kinds);
  }
  for (const [flag, of] of Object.entries(belongs)) {
    if (flags[flag as keyof typeof belongs] !== undefined && !of.includes(kind)) {
      throw new UsageError(`--${flag} is of ${of.join(" and ")} observables, not of ${kind}`);
    }
  }
  const count = features === undefined ? usualFeatures : whole("--features", features);
  if (count === 0) throw new UsageError("--features 0: at least 1; --observables affine has none");
  const scale = width === undefined ? null : positive("--width", width);
  if (degree !== undefined && degree !== "2" && degree !== "3") {
    throw new UsageError(`--degree ${degree}: 2 or 3 is wanted`);
  }
  switch (kind as (typeof kinds)[number]) {
    case "affine":
      return () => ({ kind: "affine" });
    case "polynomial":
      return () => ({ kind: "polynomial", degree: degree === "3" ? 3 : 2 });
    case "relu":
      return () => ({ kind: "relu", features: count, seed });
    case "fourier":
      return (inputs) => fourier(inputs, count, seed, scale);
  }
}

/** Standardised inputs are about √(2 · inputs) apart, so that a length scale of √inputs sees them apart. */
const fourier = (
  inputs: number,
  features: number,
  seed: number,
  width: number | null = null,
): Dictionary => ({ kind: "fourier", features, width: width ?? Math.sqrt(inputs), seed });

/** More products than this are no cheap replacement. */
const mostProducts = 2000;

/** What --suggest tries. */
export function candidatesOf(inputs: readonly number[], seed: number): Observables[] {
  const sizes = [8, 16, 32, 64, 128, 256];
  const fits = (degree: 2 | 3) =>
    inputs.every((n) => observableCount({ kind: "polynomial", degree }, n) <= mostProducts);
  return [
    () => ({ kind: "affine" }),
    ...([2, 3] as const).filter(fits).map(
      (degree): Observables =>
        () => ({ kind: "polynomial", degree }),
    ),
    ...sizes.map(
      (features): Observables =>
        () => ({ kind: "relu", features, seed }),
    ),
    ...sizes.map(
      (features): Observables =>
        (n) =>
          fourier(n, features, seed),
    ),
  ];
}

/** How a reader calls observables. */
export function observablesText(dictionary: Dictionary): string {
  switch (dictionary.kind) {
    case "affine":
      return "affine";
    case "polynomial":
      return `polynomial, degree ${dictionary.degree}`;
    case "relu":
      return `relu, ${dictionary.features} features`;
    case "fourier":
      return `fourier, ${dictionary.features} features`;
  }
}
