import { unknownName } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";

/**
 * How a sample's solve ended, in the order of the codes in `SolveInfo.status`. `truncated` is a solve
 * that was asked for a fixed number of steps and does not claim to have converged.
 */
export const solveStatuses = [
  "max-iterations",
  "converged",
  "diverged",
  "non-finite",
  "truncated",
] as const;
export type SolveStatus = (typeof solveStatuses)[number];

export const statusCode: Readonly<Record<SolveStatus, number>> = {
  "max-iterations": 0,
  converged: 1,
  diverged: 2,
  "non-finite": 3,
  truncated: 4,
};

/** What is known of a solve, per sample of the batch [N]. */
export interface SolveInfo {
  readonly status: Value; // int64, an index into solveStatuses
  readonly iterations: Value; // int64, steps taken until the sample ended
  readonly residual: Value; // ‖f(z) − z‖₂ at the z returned
  /** Of a solver that takes a fixed number of steps: which samples [N] ended as `truncated`, bool. */
  readonly truncated?: Value;
  /** Residuals at the tests, [tests, N], where asked for; NaN for a sample that had ended before. */
  readonly trace?: Value;
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
  /** Whether to give the residual of every test. */
  readonly trace: boolean;
}

export const solveDefaults: SolveOptions = {
  rtol: 1e-4,
  atol: 1e-9,
  maxIterations: 100,
  testEvery: 1,
  divergence: 1e6,
  trace: false,
};

/** Fills in defaults. @throws UsageError for an unknown name or a value out of range */
export function solveOptions(given: Partial<SolveOptions> = {}): SolveOptions {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in solveDefaults))
      throw unknownName("unknown solver option", name, Object.keys(solveDefaults));
    if (!fits(name, value)) throw new UsageError(`solver option ${name} = ${value}`);
  }
  return { ...solveDefaults, ...given };
}

function fits(name: string, value: unknown): boolean {
  if (name === "trace") return typeof value === "boolean";
  if (typeof value !== "number") return false;
  const whole = name === "maxIterations" || name === "testEvery";
  return whole ? Number.isInteger(value) && value >= 1 : value >= 0;
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
    if (!(name in defaults))
      throw unknownName(`${method}: unknown option`, name, Object.keys(defaults));
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
