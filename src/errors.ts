/**
 * What went wrong, as a closed list. Each code has one exit code of the command line
 * (`cli/exit.ts`), so a script or a scheduler can tell a typo from a lost worker.
 */
export type ErrorCode =
  | "USAGE"
  | "INPUT"
  | "INVALID"
  | "NUMERIC"
  | "CERTIFICATE"
  | "MISSING_RUNTIME"
  | "GATE"
  | "INTERNAL";

/** Base of every error that Eigenflow throws on purpose. `hint` is what to do about it. */
export class EigenflowError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** Shapes, dtypes or axes that do not fit together; thrown where the misfit is made. */
export class ShapeError extends EigenflowError {
  constructor(message: string, hint?: string) {
    super("INVALID", message, { hint });
  }
}

/** An argument, option or name that is not one of those allowed. */
export class UsageError extends EigenflowError {
  constructor(message: string, hint?: string) {
    super("USAGE", message, { hint });
  }
}

/** A file that is missing or cannot be read at all. */
export class InputError extends EigenflowError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super("INPUT", message, options);
  }
}

/** Bytes, rows or a configuration that were read and are wrong; the message says where. */
export class DataError extends EigenflowError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super("INVALID", message, options);
  }
}

/** A computation of ours that did not converge or left the finite numbers. */
export class NumericError extends EigenflowError {
  constructor(message: string, hint?: string) {
    super("NUMERIC", message, { hint });
  }
}

/** A claim about a model that does not hold. */
export class CertificateError extends EigenflowError {
  constructor(message: string, hint?: string) {
    super("CERTIFICATE", message, { hint });
  }
}

/** A state that was asked to be told by the exit code has been reached. */
export class GateError extends EigenflowError {
  constructor(message: string, hint?: string) {
    super("GATE", message, { hint });
  }
}

/** ONNX Runtime is not installed; the hint is the line that installs it. */
export class MissingRuntimeError extends EigenflowError {
  constructor(packageName: string, cause: unknown) {
    super("MISSING_RUNTIME", `ONNX Runtime is not installed: cannot load "${packageName}"`, {
      hint: `ONNXRUNTIME_NODE_INSTALL=skip npm install ${packageName}`,
      cause,
    });
  }
}

/** An impossible state: a fault of ours, not of the caller. */
export class InternalError extends EigenflowError {
  constructor(message: string) {
    super("INTERNAL", `internal: ${message}`, { hint: "please report this" });
  }
}
