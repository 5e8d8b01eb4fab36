import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";

/** How a sample's solve ended, in the order of the codes in `SolveInfo.status`. */
export const solveStatuses = ["max-iterations", "converged", "diverged", "non-finite"] as const;
export type SolveStatus = (typeof solveStatuses)[number];

export const statusCode: Readonly<Record<SolveStatus, number>> = {
  "max-iterations": 0,
  converged: 1,
  diverged: 2,
  "non-finite": 3,
};

/** What is known of a solve, per sample of the batch [N]. */
export interface SolveInfo {
  readonly status: Value; // int64, an index into solveStatuses
  readonly iterations: Value; // int64, steps taken until the sample ended
  readonly residual: Value; // ‖f(z) − z‖₂ at the z returned
}

export interface SolveOptions {
  /** A sample has converged once ‖f(z) − z‖² ≤ rtol² ‖f(z)‖² + atol², norms over all but the first axis. */
  readonly rtol: number;
  readonly atol: number;
  readonly maxIterations: number;
  /** Steps between two tests; a test costs about as much as a step. */
  readonly testEvery: number;
  /** A sample has diverged once its residual is this many times the smallest it had. */
  readonly divergence: number;
}

export const solveDefaults: SolveOptions = {
  rtol: 1e-4,
  atol: 1e-9,
  maxIterations: 100,
  testEvery: 1,
  divergence: 1e6,
};

/** Fills in defaults. @throws UsageError for an unknown name or a value out of range */
export function solveOptions(given: Partial<SolveOptions> = {}): SolveOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in solveDefaults)) {
      throw new UsageError(
        `unknown solver option "${name}"`,
        `known: ${Object.keys(solveDefaults).join(", ")}`,
      );
    }
    const whole = name === "maxIterations" || name === "testEvery";
    const fits = whole ? Number.isInteger(value) && value >= 1 : value >= 0;
    if (!fits) throw new UsageError(`solver option ${name} = ${value}`);
  }
  return { ...solveDefaults, ...given };
}

/** What a number may be. */
export interface Range {
  readonly whole?: boolean;
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
}
export type Ranges<T> = { readonly [K in keyof T]: Range };

/** Fills in the defaults of a method. @throws UsageError for an unknown name or a value out of range */
export function methodOptions<T extends object>(
  method: string,
  defaults: T,
  ranges: Ranges<T>,
  given: Partial<T>,
): T {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaults)) {
      throw new UsageError(
        `${method}: unknown option "${name}"`,
        `known: ${Object.keys(defaults).join(", ")}`,
      );
    }
    const {
      whole = false,
      from = -Infinity,
      above = -Infinity,
      to = Infinity,
    } = ranges[name as keyof T];
    const number = typeof value === "number" && Number.isFinite(value);
    if (!number || value < from || value <= above || value > to || (whole && value % 1 !== 0)) {
      const bounds = [
        whole ? "a whole number" : "a number",
        from > -Infinity && `at least ${from}`,
        above > -Infinity && `above ${above}`,
        to < Infinity && `at most ${to}`,
      ];
      throw new UsageError(
        `${method}: ${name} = ${value}`,
        `wanted: ${bounds.filter(Boolean).join(", ")}`,
      );
    }
  }
  return { ...defaults, ...given };
}
