import { lastColumns } from "./blocks.ts";
import { checkInfo, integer, integers, type Library, letter, withWork } from "./lapack-library.ts";
import { transpose } from "./matrix.ts";
import type { Provider } from "./provider.ts";

// Each is given its matrix as a copy that LAPACK may overwrite.

/** All eigenvalues, ascending, and all eigenvectors, by divide and conquer. */
export function symmetricEigenOf(
  lapack: Library,
  n: number,
  vectors: Float64Array,
): ReturnType<Provider["symmetricEigen"]> {
  const [values, N] = [new Float64Array(n), integer(n)];
  // Working memory of integers, by the manual of dsyevd.
  const count = 3 + 5 * n;
  const room = integers(count);
  const [jobz, lower, roomLength] = [letter("V"), letter("L"), integer(count)];
  withWork("dsyevd", `${n}`, (work, length, info) => {
    lapack.dsyevd(jobz, lower, N, vectors, N, values, work, length, room, roomLength, info);
  });
  return { values, vectors: transpose({ rows: n, cols: n, data: vectors }) };
}

/**
 * All eigenvalues and a few eigenvectors: reduced to tridiagonal form T, whose eigenvalues alone are
 * quick, and whose leading eigenvectors come one by one (Dhillon & Parlett's representations).
 */
export function leadingEigenOf(
  lapack: Library,
  n: number,
  A: Float64Array,
  count: (values: Float64Array) => number,
): ReturnType<Provider["leadingEigen"]> {
  const [diagonal, off, tau] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const [lower, N] = [letter("L"), integer(n)];
  withWork("dsytrd", `${n}`, (work, length, info) => {
    lapack.dsytrd(lower, N, A, N, diagonal, off, tau, work, length, info);
  });
  const values = diagonal.slice();
  const info = integer(0);
  lapack.dsterf(N, values, off.slice(), info);
  checkInfo("dsterf", info);
  const k = count(values);
  if (k === 0) return { values, vectors: { rows: n, cols: 0, data: new Float64Array(0) } };

  const vectors = new Float64Array(n * k); // column by column
  const [unused, found, zero] = [new Float64Array(n), integers(1), Float64Array.of(0)];
  const [first, last, K] = [integer(n - k + 1), integer(n), integer(k)];
  const [support, relative] = [integers(2 * k), integer(0)];
  const room = integers(10 * n);
  const [jobz, range, roomLength] = [letter("V"), letter("I"), integer(10 * n)];
  withWork("dstemr", `${n} ${k}`, (work, length, status) => {
    lapack.dstemr(
      ...[jobz, range, N, diagonal, off, zero, zero, first, last, found, unused],
      ...[vectors, N, K, support, relative, work, length, room, roomLength, status],
    );
  });
  const [left, plain] = [letter("L"), letter("N")];
  withWork("dormtr", `${n} ${k}`, (work, length, status) => {
    lapack.dormtr(left, lower, plain, N, K, A, N, tau, vectors, N, work, length, status);
  });
  const ascending = transpose({ rows: k, cols: n, data: vectors });
  return { values, vectors: lastColumns(ascending, k) };
}
