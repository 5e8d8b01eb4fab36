import { afterEach, expect, test } from "vitest";
import { EigenflowError, InternalError, ShapeError, UsageError } from "../../src/errors.ts";
import { eigen } from "../../src/linalg/eigenvalues.ts";
import { lapackProvider } from "../../src/linalg/lapack.ts";
import {
  checkInfo,
  integer,
  type Library,
  loadLibrary,
  onOneThread,
} from "../../src/linalg/lapack-library.ts";
import { multiply, multiplyTransposed, transpose } from "../../src/linalg/matrix.ts";
import { mlMatrixProvider } from "../../src/linalg/ml-matrix.ts";
import {
  innerProduct,
  product,
  provider,
  providerInUse,
  useProvider,
} from "../../src/linalg/provider.ts";
import { qr } from "../../src/linalg/qr.ts";
import { svd } from "../../src/linalg/svd.ts";
import { random } from "./matrices.ts";

const lapack = lapackProvider();
const title = (name: string) =>
  lapack === null ? `${name}; apt-get install libopenblas0-pthread` : name;

afterEach(() => useProvider("auto"));

test("ml-matrix can be forced, and says how to get the faster one", () => {
  useProvider("ml-matrix");
  expect(provider()).toBe(mlMatrixProvider);
  expect(providerInUse().faster).toBe("apt-get install libopenblas0-pthread");
});

test("an unknown provider is refused by name", () => {
  expect(() => useProvider("blas" as "auto")).toThrow(UsageError);
  expect(() => useProvider("blas" as "auto")).toThrow('"blas"');
});

test.skipIf(lapack !== null)("LAPACK cannot be forced where there is none", () => {
  expect(() => useProvider("lapack")).toThrow(EigenflowError);
  expect(providerInUse().name).toBe("ml-matrix");
});

test.skipIf(lapack === null)(title("LAPACK is preferred where it loads"), () => {
  useProvider("auto");
  expect(providerInUse()).toEqual({ name: "lapack", library: lapack?.library });
});

test.skipIf(lapack === null)(title("the two agree where the answer is unique"), () => {
  const A = random(8, 5, 2);
  const B = random(6, 6, 3);
  const by = (name: "lapack" | "ml-matrix") => {
    useProvider(name);
    const { values, vectors } = eigen(B);
    const { Q, R } = qr(A);
    return [svd(A).s, Q.data, R.data, values.re, values.im, vectors.re.data, vectors.im.data];
  };
  const [ours, theirs] = [by("ml-matrix"), by("lapack")];
  for (let i = 0; i < ours.length; i++) expect(ours[i]).toBeAllClose(theirs[i], { atol: 1e-12 });
});

test.skipIf(lapack === null)(title("no matrix of a wrong size reaches native code"), () => {
  const wrong = [
    { rows: 3, cols: 3, data: new Float64Array(8) },
    { rows: -1, cols: 2, data: new Float64Array(2) },
    { rows: 2.5, cols: 2, data: new Float64Array(5) },
    { rows: 2, cols: 2, data: [1, 2, 3, 4] as unknown as Float64Array },
    { rows: 2, cols: 2, data: new Float32Array(4) as unknown as Float64Array },
  ];
  for (const A of wrong) {
    for (const f of [lapack!.svd, lapack!.singularValues, lapack!.qr, lapack!.eigen])
      expect(() => f(A)).toThrow(InternalError);
    expect(() => lapack!.product(A, A)).toThrow(InternalError);
  }
  const oblong = random(2, 3, 1);
  for (const f of [lapack!.eigen, lapack!.schur, lapack!.symmetricEigen, lapack!.upperCholesky])
    expect(() => f(oblong)).toThrow("not square");
});

test.skipIf(lapack === null)(title("a large product is LAPACK's, and the same"), () => {
  const [A, B] = [random(40, 30, 1), random(30, 50, 2)];
  expect(lapack!.product(A, B).data).toBeAllClose(multiply(A, B).data);
  expect(product(A, B).data).toBeAllClose(multiply(A, B).data);
  expect(() => product(A, A)).toThrow(ShapeError);
  expect(() => lapack!.product(A, A)).toThrow("cannot multiply");
});

test.skipIf(lapack === null)(title("a large product of columns is LAPACK's, and the same"), () => {
  const [A, B] = [random(300, 11, 1), random(300, 13, 2)];
  expect(lapack!.innerProduct(A, B).data).toBeAllClose(multiplyTransposed(A, B).data);
  expect(innerProduct(A, B).data).toBeAllClose(multiplyTransposed(A, B).data);
  expect(() => innerProduct(A, random(30, 2, 1))).toThrow(ShapeError);
  expect(() => lapack!.innerProduct(A, random(30, 2, 1))).toThrow(InternalError);
});

test.skipIf(lapack === null)(title("a matrix of a shape seen before is decomposed anew"), () => {
  for (const seed of [1, 2, 3]) {
    for (const [rows, cols] of [
      [9, 4],
      [4, 9],
      [30, 30],
    ]) {
      const A = random(rows, cols, seed);
      const { U, s, V } = svd(A);
      const scaled = { ...V, data: V.data.map((v, k) => v * s[k % s.length]) };
      expect(multiplyTransposed(transpose(U), transpose(scaled)).data).toBeAllClose(A.data);
    }
  }
});

test("threads: one for what is small, then as many as before, whatever happens", () => {
  let [threads, during] = [4, 0];
  const get = () => threads;
  const set = (count: number) => {
    threads = count;
  };
  const library = { threads: { get, set } } as unknown as Library;
  expect(
    onOneThread(library, () => {
      during = threads;
      return "done";
    }),
  ).toBe("done");
  expect([during, threads]).toEqual([1, 4]);
  expect(() =>
    onOneThread(library, () => {
      throw new InternalError("no");
    }),
  ).toThrow("no");
  expect(threads).toBe(4);
  expect(onOneThread({ ...library, threads: null }, () => 1)).toBe(1);
});

test.skipIf(lapack === null)(title("OpenBLAS keeps its number of threads"), () => {
  const { threads } = loadLibrary()!;
  const before = threads?.get();
  useProvider("lapack");
  svd(random(20, 20, 1));
  expect(threads?.get()).toBe(before);
});

test("what LAPACK reports becomes an error that names the routine", () => {
  expect(() => checkInfo("dgeev", integer(0))).not.toThrow();
  expect(() => checkInfo("dgeev", integer(-5))).toThrow("dgeev refuses its argument 5");
  expect(() => checkInfo("dgeev", integer(2))).toThrow("dgeev did not converge (info 2)");
});
