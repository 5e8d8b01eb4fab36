import { expect, test } from "vitest";
import { NumericError } from "../../src/errors.ts";
import {
  type Expansion,
  expanded,
  fitAmplitudes,
  normalEquations,
  packed,
  power,
  powers,
} from "../../src/koopman/dmd/amplitudes.ts";
import { type ComplexNumbers, complexZeros, setColumn } from "../../src/linalg/complex.ts";
import { matrix, multiply, transpose } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";

// Two real eigenvalues and two pairs, and amplitudes of the same pattern.
const values = {
  re: Float64Array.of(0.99, 0.8, 0.8, -0.5, 0.2, 0.2),
  im: Float64Array.of(0, 0.55, -0.55, 0, 0.9, -0.9),
};
const alpha = {
  re: Float64Array.of(2, 1, 1, -1, 0.3, 0.3),
  im: Float64Array.of(0, -0.5, 0.5, 0, 2, -2),
};
const [k, M] = [7, 50];
const parts = random(k, 12, 3);
const vectors = complexZeros(k, 6);
for (let j = 0; j < 6; j++) {
  const first = values.im[j] < 0 ? j - 1 : j;
  const sign = Math.sign(values.im[j]);
  const column = (from: number, factor: number) =>
    Float64Array.from({ length: k }, (_, i) => factor * parts.data[i * 12 + from]);
  setColumn(vectors, j, { re: column(first, 1), im: column(6 + first, sign) });
}
const weights = Float64Array.from({ length: M }, (_, i) => 1 / (1 + i));
const coordinates = random(k, M, 8);
const expansion: Expansion = { values, vectors, coordinates, weights };

/** Σ_j w_j z_j λ_j^i by complex numbers, and what it has of an imaginary part. */
function direct(z: ComplexNumbers, i: number): { re: number[]; im: number } {
  const re = new Array<number>(k).fill(0);
  let im = 0;
  for (let row = 0; row < k; row++) {
    let odd = 0;
    for (let j = 0; j < 6; j++) {
      const size = Math.hypot(values.re[j], values.im[j]) ** i;
      const angle = Math.atan2(values.im[j], values.re[j]) * i;
      const [c, s] = [size * Math.cos(angle), size * Math.sin(angle)];
      const [x, y] = [c * z.re[j] - s * z.im[j], c * z.im[j] + s * z.re[j]];
      const [a, b] = [vectors.re.data[row * 6 + j], vectors.im.data[row * 6 + j]];
      re[row] += a * x - b * y;
      odd += a * y + b * x;
    }
    im = Math.max(im, Math.abs(odd));
  }
  return { re, im };
}

test("powers from any step on are those by the definition", () => {
  for (const first of [0, 1, 37]) {
    const T = powers(values, first, 40);
    for (let i = 0; i < 40; i++) {
      const D = power(values, first + i);
      for (let j = 0; j < 6; j++) {
        const size = Math.hypot(values.re[j], values.im[j]) ** (first + i);
        const angle = Math.atan2(values.im[j], values.re[j]) * (first + i);
        const real = size * Math.cos(angle);
        expect(Math.abs(D.re[j] - real)).toBeLessThan(1e-14);
        const held = values.im[j] < 0 ? size * Math.sin(-angle) : real;
        expect(Math.abs(T.data[j * 40 + i] - held)).toBeLessThan(1e-14);
      }
    }
  }
});

test("an expansion by real columns is the complex sum", () => {
  const found = expanded(expansion, alpha, 3, 20);
  for (let i = 0; i < 20; i++) {
    const { re, im } = direct(alpha, 3 + i);
    expect(im).toBeLessThan(1e-13);
    expect(Array.from(re, (_, row) => found.data[row * 20 + i])).toBeAllClose(re, { atol: 1e-12 });
  }
});

test("the normal equations are those of the tall problem", () => {
  // Column j of ω P D_i, by a unit amplitude of one unknown.
  const unit = (j: number): ComplexNumbers => {
    const z = { re: new Float64Array(6), im: new Float64Array(6) };
    const first = values.im[j] < 0 ? j - 1 : j;
    if (values.im[j] === 0) z.re[j] = 1;
    else if (first === j) z.re[j] = z.re[j + 1] = 1;
    else [z.im[first], z.im[j]] = [1, -1];
    return z;
  };
  const columns = Array.from({ length: 6 }, (_, j) =>
    Array.from({ length: M }, (_, i) => direct(unit(j), i).re.map((x) => x * weights[i])).flat(),
  );
  const A = matrix(k * M, 6, (row, j) => columns[j][row]);
  const b = matrix(k * M, 1, (row) => {
    const i = Math.floor(row / k);
    return weights[i] * coordinates.data[(row % k) * M + i];
  });
  const { G, g } = normalEquations(expansion, packed(expansion));
  expect(G.data).toBeAllClose(multiply(transpose(A), A).data, { atol: 1e-12 });
  expect(g).toBeAllClose(multiply(transpose(A), b).data, { atol: 1e-12 });
  expect(G.data).toEqual(transpose(G).data);
});

test("amplitudes of an exact expansion are found by every route", () => {
  const exact = expanded(expansion, alpha, 0, M);
  for (const route of ["normal", "orthogonal", "auto"] as const) {
    const found = fitAmplitudes({ ...expansion, coordinates: exact }, route);
    expect(found.re).toBeAllClose(alpha.re, { atol: 1e-11 });
    expect(found.im).toBeAllClose(alpha.im, { atol: 1e-11 });
  }
});

test("a power that overflows is said, real or of a pair", () => {
  for (const im of [0, 1e150]) {
    const grown = { re: Float64Array.of(1e200, 1e200), im: Float64Array.of(im, -im) };
    const two = { re: random(2, 2, 1), im: scaleOfZero(im) };
    const F = {
      values: grown,
      vectors: two,
      coordinates: random(2, 5, 1),
      weights: new Float64Array(5).fill(1),
    };
    for (const route of ["normal", "orthogonal"] as const) {
      expect(() => fitAmplitudes(F, route)).toThrow(NumericError);
      expect(() => fitAmplitudes(F, route)).toThrow("to the power 2 overflows");
    }
  }
});

const scaleOfZero = (factor: number) => matrix(2, 2, (i, j) => (factor === 0 ? 0 : i + j));
