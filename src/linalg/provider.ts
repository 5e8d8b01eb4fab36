import { EigenflowError, UsageError } from "../errors.ts";
import type { ComplexNumbers } from "./complex.ts";
import { lapackProvider } from "./lapack.ts";
import { type Matrix, multiply, multiplyTransposed } from "./matrix.ts";
import { mlMatrixProvider } from "./ml-matrix.ts";

/**
 * The decompositions that a library does for us. Arguments are finite, with entries of order 1 and
 * fitting shapes: the public functions beside this file check and scale, and bring the results of
 * both providers to one form.
 */
export interface Provider {
  readonly name: ProviderName;
  readonly library: string; // what was loaded
  /** A B. */
  product(A: Matrix, B: Matrix): Matrix;
  /** Aᵀ B. */
  innerProduct(A: Matrix, B: Matrix): Matrix;
  /** AᵀA of the columns, or AAᵀ of the rows. */
  gram(A: Matrix, of: "columns" | "rows"): Matrix;
  /** A = U diag(s) Vᵀ, thin, s descending. */
  svd(A: Matrix): { U: Matrix; s: Float64Array; V: Matrix };
  /** s alone, descending. */
  singularValues(A: Matrix): Float64Array;
  /** A = V diag(values) Vᵀ of a symmetric A, values ascending. */
  symmetricEigen(A: Matrix): { values: Float64Array; vectors: Matrix };
  /** All of those values, and the vectors of the largest, `count` of them: the largest first. */
  leadingEigen(
    A: Matrix,
    count: (values: Float64Array) => number,
  ): { values: Float64Array; vectors: Matrix };
  eigenvalues(A: Matrix): ComplexNumbers;
  /**
   * Right eigenvectors in real columns: a real eigenvalue has one; a pair stands with the positive
   * imaginary part first, and its two columns are Re v and Im v of the first.
   */
  eigen(A: Matrix): { values: ComplexNumbers; columns: Matrix };
  /** A = Q T Qᵀ, T upper triangular but for blocks of 2 × 2 with complex eigenvalues. */
  schur(A: Matrix): { Q: Matrix; T: Matrix };
  /** A = Q R, thin: Q [rows × k], R [k × cols], k = min(rows, cols). */
  qr(A: Matrix): { Q: Matrix; R: Matrix };
  /** That R alone. */
  triangle(A: Matrix): Matrix;
  /** Upper R with A = RᵀR, or null where a pivot is not positive. Nothing is proven by it. */
  upperCholesky(A: Matrix): Matrix | null;
}

export type ProviderName = "lapack" | "ml-matrix";

const names: readonly string[] = ["auto", "lapack", "ml-matrix"];

let chosen: Provider | undefined;

/** The provider in use, chosen on first need. */
export function provider(): Provider {
  chosen ??= choose(globalThis.process?.env.EIGENFLOW_LINALG || "auto");
  return chosen;
}

/**
 * Decides who does the dense algebra from here on: the system's LAPACK, ml-matrix, or, by "auto",
 * the first where it can be loaded. The environment variable EIGENFLOW_LINALG does the same for a
 * whole process.
 *
 * @throws UsageError  for another name
 * @throws EigenflowError (MISSING_RUNTIME)  for "lapack" where there is none
 */
export function useProvider(name: ProviderName | "auto"): void {
  chosen = choose(name);
}

/** Which provider computes here, and the line that gets a faster one where that is the slow one. */
export function providerInUse(): { name: ProviderName; library: string; faster?: string } {
  const { name, library } = provider();
  return name === "lapack" ? { name, library } : { name, library, faster: installLapack };
}

/** The line that gets LAPACK on Debian and Ubuntu. */
export const installLapack = "apt-get install libopenblas0-pthread";

function choose(name: string): Provider {
  if (!names.includes(name))
    throw new UsageError(`no linear algebra is called "${name}"`, `one of ${names.join(", ")}`);
  if (name === "ml-matrix") return mlMatrixProvider;
  const lapack = lapackProvider();
  if (lapack !== null) return lapack;
  if (name === "auto") return mlMatrixProvider;
  throw new EigenflowError("MISSING_RUNTIME", "no LAPACK can be loaded on this machine", {
    hint: installLapack,
  });
}

/** Up to so many multiply-adds a product is not worth the way to native code. */
const worthNative = 20_000;

/**
 * A B, by the provider where it is large; the order of summation is the provider's. Where a bound of
 * the rounding is proven from the order, or every bit must be the same everywhere, see `multiply`.
 *
 * @throws ShapeError  when A has not as many columns as B has rows
 */
export const product = (A: Matrix, B: Matrix): Matrix =>
  A.rows * A.cols * B.cols <= worthNative || A.cols !== B.rows
    ? multiply(A, B)
    : provider().product(A, B);

/** Aᵀ B, else as `product`. @throws ShapeError  when A has not as many rows as B */
export const innerProduct = (A: Matrix, B: Matrix): Matrix =>
  A.rows * A.cols * B.cols <= worthNative || A.rows !== B.rows
    ? multiplyTransposed(A, B)
    : provider().innerProduct(A, B);
