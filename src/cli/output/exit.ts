import { EigenflowError, type ErrorCode } from "../../errors.ts";

/** Exit codes: the contract with scripts and schedulers. A code never changes its meaning. */
export const exitCodes: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  INPUT: 3,
  INVALID: 4,
  NUMERIC: 5,
  CERTIFICATE: 6,
  MISSING_RUNTIME: 8,
  GATE: 10,
};

/** Of a run that was asked to stop, after its checkpoint. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof signalCodes;

/** An error of ours as it is; anything else is a fault of ours. */
export function asEigenflowError(error: unknown): EigenflowError {
  if (error instanceof EigenflowError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new EigenflowError("INTERNAL", message, {
    hint: "this is a fault of eigenflow: please report it with the lines above",
  });
}
