import type { ComplexNumbers } from "./complex.ts";
import type { Matrix } from "./matrix.ts";

type Complex = readonly [re: number, im: number];

/** Eigenvalues of a quasi-triangular T, in the order of its diagonal; conjugate pairs exactly so. */
export function diagonalEigenvalues({ rows: n, data: T }: Matrix): ComplexNumbers {
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    if (!startsPair(n, T, i)) {
      re[i] = T[i * (n + 1)];
      continue;
    }
    const [a, b] = [T[i * n + i], T[i * n + i + 1]];
    const [c, d] = [T[(i + 1) * n + i], T[(i + 1) * n + i + 1]];
    const half = (a - d) / 2;
    re[i] = re[i + 1] = d + half;
    im[i] = Math.sqrt(Math.max(0, -(half * half + b * c)));
    im[i + 1] = -im[i];
    i++;
  }
  return { re, im };
}

/**
 * Eigenvectors of a quasi-triangular T, by back substitution, in the real columns that
 * `Provider.eigen` describes. A repeated eigenvalue without a second eigenvector gives one that is
 * nearly the first, as in LAPACK.
 */
export function triangularEigenvectors(T: Matrix, { re, im }: ComplexNumbers): Matrix {
  const n = T.rows;
  const columns = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const last = im[j] > 0 ? j + 1 : j;
    const x = backSubstitute(T, [re[j], im[j]], last);
    for (let i = 0; i <= last; i++) {
      columns[i * n + j] = x[i][0];
      if (last > j) columns[i * n + j + 1] = x[i][1];
    }
    j = last;
  }
  return { rows: n, cols: n, data: columns };
}

const startsPair = (n: number, T: Float64Array, i: number) => i + 1 < n && T[(i + 1) * n + i] !== 0;

/** x with (T − λ) x = 0, where λ belongs to the diagonal block that ends at `last`. */
function backSubstitute({ rows: n, data: T }: Matrix, value: Complex, last: number): Complex[] {
  const x: Complex[] = Array.from({ length: n }, () => [0, 0]);
  let i = last - 1;
  if (value[1] === 0) {
    x[last] = [1, 0];
  } else {
    const [a, b] = [T[i * n + i], T[i * n + last]];
    const [c, d] = [T[last * n + i], T[last * n + last]];
    const upper = Math.abs(b) >= Math.abs(c);
    x[i] = upper ? [b, 0] : [value[0] - d, value[1]];
    x[last] = upper ? [value[0] - a, value[1]] : [c, 0];
    i--;
  }
  const smallest = 2 ** -53 * (T.reduce((most, t) => Math.max(most, Math.abs(t)), 0) || 1);
  const rest = (row: number, from: number): Complex => {
    let [re, im] = [0, 0];
    for (let k = from; k <= last; k++) {
      re -= T[row * n + k] * x[k][0];
      im -= T[row * n + k] * x[k][1];
    }
    return [re, im];
  };
  while (i >= 0) {
    if (i > 0 && startsPair(n, T, i - 1)) {
      const [a, b] = [T[(i - 1) * n + i - 1], T[(i - 1) * n + i]];
      const [c, d] = [T[i * n + i - 1], T[i * n + i]];
      const [p, q]: Complex[] = [minus(a, value), minus(d, value)];
      const [r, s] = [rest(i - 1, i + 1), rest(i, i + 1)];
      const determinant = awayFromZero(subtract(times(p, q), [b * c, 0]), smallest ** 2);
      x[i - 1] = divide(subtract(times(q, r), times([b, 0], s)), determinant);
      x[i] = divide(subtract(times(p, s), times([c, 0], r)), determinant);
      i -= 2;
    } else {
      x[i] = divide(rest(i, i + 1), awayFromZero(minus(T[i * n + i], value), smallest));
      i -= 1;
    }
    const most = Math.max(...x.slice(i + 1, i + 3).map(([re, im]) => Math.abs(re) + Math.abs(im)));
    if (most > 2 ** 300) for (let k = 0; k <= last; k++) x[k] = times(x[k], [2 ** -300, 0]);
  }
  return x;
}

const minus = (t: number, [re, im]: Complex): Complex => [t - re, -im];
const subtract = (a: Complex, b: Complex): Complex => [a[0] - b[0], a[1] - b[1]];
const times = (a: Complex, b: Complex): Complex => [
  a[0] * b[0] - a[1] * b[1],
  a[0] * b[1] + a[1] * b[0],
];

function divide(a: Complex, b: Complex): Complex {
  const scale = Math.max(Math.abs(b[0]), Math.abs(b[1]));
  const [c, d] = [b[0] / scale, b[1] / scale];
  const square = (c * c + d * d) * scale;
  return [(a[0] * c + a[1] * d) / square, (a[1] * c - a[0] * d) / square];
}

const awayFromZero = (z: Complex, smallest: number): Complex =>
  Math.abs(z[0]) + Math.abs(z[1]) < smallest ? [smallest, 0] : z;
