import { InternalError, NumericError } from "../errors.ts";
import { lastColumns } from "./blocks.ts";
import {
  checkInfo,
  integer,
  integers,
  type Library,
  letter,
  loadLibrary,
  onOneThread,
  withWork,
} from "./lapack-library.ts";
import { leadingEigenOf, symmetricEigenOf } from "./lapack-symmetric.ts";
import { type Matrix, requireFinite, transpose } from "./matrix.ts";
import type { Provider } from "./provider.ts";

let loaded: Provider | null | undefined;

/** LAPACK as a provider, or null where it cannot be loaded or does not compute. */
export function lapackProvider(): Provider | null {
  if (loaded === undefined) {
    const library = loadLibrary();
    loaded = library === null ? null : providerOf(library);
    if (loaded !== null && !computes(loaded)) loaded = null;
  }
  return loaded;
}

/** A first small decomposition, to find a library that loads but is not what its name says. */
function computes({ svd }: Provider): boolean {
  const { s } = svd({ rows: 2, cols: 2, data: Float64Array.of(0, 2, 1, 0) });
  return s[0] === 2 && s[1] === 1;
}

/** The last gate before native code, which trusts every size that it is told. */
function requireSound({ rows, cols, data }: Matrix): void {
  const sound = [rows, cols].every((n) => Number.isInteger(n) && n > 0 && n < 2 ** 31);
  if (!sound || !(data instanceof Float64Array) || data.length !== rows * cols)
    throw new InternalError(`${data.length} numbers for a matrix of ${rows} × ${cols}`);
}

/** A copy that LAPACK may overwrite. */
function admit(A: Matrix): Float64Array {
  requireSound(A);
  requireFinite(A);
  return A.data.slice();
}

const admitTransposed = (A: Matrix) => transpose({ ...A, data: admit(A) }).data;

/** Multiply-adds below which more than one thread of OpenBLAS is slower than one, or no quicker. */
const threadedProduct = 1e7;
const threadedDecomposition = 2e8;

// LAPACK is column-major: what it sees in a row-major A is Aᵀ. Where the transpose has the same
// decomposition in another order the factors are exchanged instead of the numbers.
function providerOf(lapack: Library): Provider {
  const under = <T>(limit: number, work: number, call: () => T) =>
    work < limit ? onOneThread(lapack, call) : call();
  const spare = <T>(work: number, call: () => T) => under(threadedProduct, work, call);
  const modest = <T>({ rows, cols }: Matrix, call: () => T) =>
    under(threadedDecomposition, rows * cols * Math.min(rows, cols), call);

  const gemm = (A: Matrix, side: "N" | "T", [rows, inner, cols]: number[], B: Matrix) => {
    for (const M of [A, B]) requireSound(M);
    const data = new Float64Array(rows * cols);
    const [none, other, one, zero] = [
      letter("N"),
      letter(side),
      Float64Array.of(1),
      Float64Array.of(0),
    ];
    const [M, N, K, leading] = [integer(cols), integer(rows), integer(inner), integer(A.cols)];
    spare(rows * inner * cols, () => {
      lapack.dgemm(none, other, M, N, K, one, B.data, M, A.data, leading, zero, data, M);
    });
    return { rows, cols, data };
  };

  const decompose = (A: Matrix, job: "S" | "N") => {
    const { rows: n, cols: m } = A;
    const k = Math.min(m, n);
    const kept = job === "S" ? k : 0;
    const [data, s] = [admit(A), new Float64Array(k)];
    const [left, right] = [new Float64Array(m * kept), new Float64Array(kept * n)];
    const columns = integer(Math.max(1, kept)); // a leading size is never 0
    const room = integers(8 * k);
    const [jobz, M, N] = [letter(job), integer(m), integer(n)];
    modest(A, () =>
      withWork("dgesdd", `${job} ${m} ${n}`, (work, length, info) =>
        lapack.dgesdd(jobz, M, N, data, M, s, left, M, right, columns, work, length, room, info),
      ),
    );
    return { s, left, right, k };
  };

  return {
    name: "lapack",
    library: lapack.file,

    // Aᵀ = V diag(s) Uᵀ: the left factor comes as the rows of Vᵀ, the right one as the rows of U.
    svd(A) {
      const { s, left, right, k } = decompose(A, "S");
      const V = transpose({ rows: k, cols: A.cols, data: left });
      return { U: { rows: A.rows, cols: k, data: right }, s, V };
    },

    singularValues: (A) => decompose(A, "N").s,

    symmetricEigen: (A) => modest(A, () => symmetricEigenOf(lapack, A.rows, admit(square(A)))),

    leadingEigen(A, count) {
      try {
        return modest(A, () => leadingEigenOf(lapack, A.rows, admit(square(A)), count));
      } catch (error) {
        // The quick way to a few vectors fails for some matrices that the way to all does not.
        if (!(error instanceof NumericError)) throw error;
        const { values, vectors } = symmetricEigenOf(lapack, A.rows, admit(A));
        return { values, vectors: lastColumns(vectors, count(values)) };
      }
    },

    eigenvalues: (A) => modest(A, () => eigenOf(lapack, A, "N").values),

    eigen: (A) => modest(A, () => eigenOf(lapack, A, "V")),

    schur: (A) => modest(A, () => schurOf(lapack, A)),

    qr: (A) => modest(A, () => qrOf(lapack, A)),

    triangle: (A) => modest(A, () => lqOf(lapack, A).R),

    // (A B)ᵀ = Bᵀ Aᵀ: the row-major product without a transposition.
    product(A, B) {
      const [rows, inner, cols] = [A.rows, A.cols, B.cols];
      if (inner !== B.rows)
        throw new InternalError(`${rows} × ${inner} cannot multiply ${B.rows} × ${cols}`);
      return gemm(A, "N", [rows, inner, cols], B);
    },

    innerProduct(A, B) {
      const [rows, inner, cols] = [A.cols, A.rows, B.cols];
      if (inner !== B.rows)
        throw new InternalError(`the columns of ${inner} × ${rows} and ${B.rows} × ${cols} differ`);
      return gemm(A, "T", [rows, inner, cols], B);
    },

    // Half of what dgemm would do; Aᵀ is what LAPACK sees, so its columns are our rows.
    gram(A, of) {
      requireSound(A);
      const [size, inner] = of === "columns" ? [A.cols, A.rows] : [A.rows, A.cols];
      const data = new Float64Array(size * size);
      const [lower, side] = [letter("L"), letter(of === "columns" ? "N" : "T")];
      const [N, K, leading] = [integer(size), integer(inner), integer(A.cols)];
      const [one, zero] = [Float64Array.of(1), Float64Array.of(0)];
      spare((inner * size * size) / 2, () => {
        lapack.dsyrk(lower, side, N, K, one, A.data, leading, zero, data, N);
      });
      for (let i = 1; i < size; i++) {
        for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i];
      }
      return { rows: size, cols: size, data };
    },

    upperCholesky(A) {
      const n = A.rows;
      const R = admit(square(A));
      const [N, info] = [integer(n), integer(0)];
      // LAPACK's lower half is our upper one.
      modest(A, () => lapack.dpotrf(letter("L"), N, R, N, info));
      if (info[0] > 0) return null;
      checkInfo("dpotrf", info);
      for (let i = 1; i < n; i++) R.fill(0, i * n, i * n + i);
      return { rows: n, cols: n, data: R };
    },
  };
}

function schurOf(lapack: Library, A: Matrix): ReturnType<Provider["schur"]> {
  const n = A.rows;
  const T = admitTransposed(square(A));
  const [Q, re, im] = [new Float64Array(n * n), new Float64Array(n), new Float64Array(n)];
  const [vectors, unsorted, N, found, flags] = [
    letter("V"),
    letter("N"),
    integer(n),
    integer(0),
    integers(n),
  ];
  withWork("dgees", `${n}`, (w, length, info) => {
    lapack.dgees(vectors, unsorted, null, N, T, N, found, re, im, Q, N, w, length, flags, info);
  });
  return {
    Q: transpose({ rows: n, cols: n, data: Q }),
    T: transpose({ rows: n, cols: n, data: T }),
  };
}

/**
 * Aᵀ = L Q': the rows of LAPACK's factors are R and Q as they stand. Row i < k of what it leaves holds
 * column i of L from the diagonal on, and before it the reflections that make Q.
 */
function lqOf(lapack: Library, A: Matrix) {
  const { rows: n, cols: m } = A;
  const k = Math.min(m, n);
  const [data, tau] = [admit(A), new Float64Array(k)];
  const [M, N] = [integer(m), integer(n)];
  withWork("dgelqf", `${m} ${n}`, (work, length, info) =>
    lapack.dgelqf(M, N, data, M, tau, work, length, info),
  );
  const R = new Float64Array(k * m);
  for (let i = 0; i < k; i++) R.set(data.subarray(i * (m + 1), (i + 1) * m), i * (m + 1));
  return { R: { rows: k, cols: m, data: R }, data, tau };
}

function qrOf(lapack: Library, A: Matrix): ReturnType<Provider["qr"]> {
  const { rows: n, cols: m } = A;
  const { R, data, tau } = lqOf(lapack, A);
  const k = R.rows;
  const Q = k === m ? data : new Float64Array(n * k);
  if (k < m) for (let i = 0; i < n; i++) Q.set(data.subarray(i * m, i * m + k), i * k);
  const [N, K] = [integer(n), integer(k)];
  withWork("dorglq", `${k} ${n}`, (work, length, info) =>
    lapack.dorglq(K, N, K, Q, K, tau, work, length, info),
  );
  return { Q: { rows: n, cols: k, data: Q }, R };
}

function eigenOf(lapack: Library, A: Matrix, job: "V" | "N"): ReturnType<Provider["eigen"]> {
  const n = A.rows;
  const data = admitTransposed(square(A));
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  const right = new Float64Array(job === "V" ? n * n : 1);
  const [none, jobvr, N, unused] = [letter("N"), letter(job), integer(n), new Float64Array(1)];
  const [one, leading] = [integer(1), integer(job === "V" ? n : 1)];
  withWork("dgeev", `${job} ${n}`, (w, length, info) => {
    lapack.dgeev(none, jobvr, N, data, N, re, im, unused, one, right, leading, w, length, info);
  });
  const columns = job === "V" ? transpose({ rows: n, cols: n, data: right }) : A;
  return { values: { re, im }, columns };
}

function square(A: Matrix): Matrix {
  if (A.rows !== A.cols) throw new InternalError(`${A.rows} × ${A.cols} is not square`);
  return A;
}
