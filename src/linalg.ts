/** eigenflow/linalg: dense float64 algebra, by LAPACK or by ml-matrix. */

export type { ComplexMatrix, ComplexNumbers } from "./linalg/complex.ts";
export {
  type Eigen,
  eigen,
  eigenvalues,
  type Schur,
  schur,
  spectralRadius,
} from "./linalg/eigenvalues.ts";
export {
  complexLeastSquares,
  type LeastSquares,
  leastSquares,
  smallestSingular,
} from "./linalg/least-squares.ts";
export { fromRows, type Matrix, matrix, matrixOf, multiply, transpose } from "./linalg/matrix.ts";
export { type ProviderName, providerInUse, useProvider } from "./linalg/provider.ts";
export { type Qr, qr } from "./linalg/qr.ts";
export { type Svd, singularValues, spectralNorm, svd } from "./linalg/svd.ts";
export { type SymmetricEigen, symmetricEigen, symmetricEigenvalues } from "./linalg/symmetric.ts";
export { type Compression, compressTall } from "./linalg/tall.ts";
export { appendedGram, tallGram, tallProduct } from "./linalg/tall-products.ts";
export { type Reals, type TallSource, tallMatrix, tallSnapshots } from "./linalg/tall-source.ts";
