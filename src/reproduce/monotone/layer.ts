import { randomStream } from "../../data/random.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { spectralNorm } from "../../linalg/svd.ts";

/** A monotone layer z = relu(Wz + c) with I − W ⪰ mI. */
export interface MonotoneLayer {
  readonly m: number;
  readonly W: Matrix; // [n × n]
  readonly c: Float64Array; // [n]
  readonly L: number; // ‖I − W‖₂
}

/** W = (1 − m)I − AᵀA + B − Bᵀ with entries of A and B from N(0, 1/n), and c from N(0, 1). */
export function drawLayer(n: number, m: number, seed: number, draw: number): MonotoneLayer {
  const stream = (name: string) => randomStream(seed, "monotone", name, draw);
  const normals = (name: string, count: number, deviation: number) => {
    const { normal } = stream(name);
    return Float64Array.from({ length: count }, () => deviation * normal());
  };
  const square = (name: string): Matrix => ({
    rows: n,
    cols: n,
    data: normals(name, n * n, n ** -0.5),
  });
  const [A, B] = [square("A"), square("B")];
  const transposed = A.data.map((_, k) => A.data[(k % n) * n + Math.floor(k / n)]);
  const gram = product({ ...A, data: transposed }, A).data;
  const data = gram.map((g, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return (i === j ? 1 - m : 0) - g + B.data[k] - B.data[j * n + i];
  });
  const rest = data.map((w, k) => (k % (n + 1) === 0 ? 1 - w : -w));
  const L = spectralNorm({ rows: n, cols: n, data: rest });
  return { m, W: { rows: n, cols: n, data }, c: normals("c", n, 1), L };
}
