import { describe, expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { identity, matrix, matrixOf, multiply, transpose } from "../../src/linalg/matrix.ts";
import { kernelBlocks } from "../../src/models/monotone-tiers.ts";
import { tapTable, torus } from "../../src/models/torus.ts";
import { compile } from "../../src/runtime/program.ts";
import { denseBasis, denseConvolution } from "./dense-torus.ts";

const grids = [
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 1],
  [5, 1],
  [14, 1],
  [2, 2],
  [4, 2],
  [6, 2],
  [14, 2],
] as const;

describe("torus", () => {
  test.each(grids)("the basis of side %d, split by %d, is orthonormal", (side, split) => {
    const Q = denseBasis(torus(side, split));
    const unit = identity(side * side);
    expect(multiply(transpose(Q), Q).data).toBeAllClose(unit.data, { rtol: 0, atol: 1e-14 });
  });

  const small = grids.filter(([side]) => side < 14);
  test.each(small)("every shift on side %d, split by %d, is the blocks it gives", (side, split) => {
    const grid = torus(side, split);
    const Q = denseBasis(grid);
    for (let dy = 0; dy < side; dy++) {
      for (let dx = 0; dx < side; dx++) {
        const moved = matrix(side * side, side * side, (p, q) => {
          const [y, x] = grid.places[p];
          const [row, column] = grid.places[q];
          return +(row === (y + dy) % side && column === (x + dx) % side);
        });
        const wanted = multiply(multiply(Q, moved), transpose(Q));
        const blocks = grid.shift(dy, dx);
        const found = new Float64Array(wanted.data.length);
        for (let entry = 0; entry < blocks.length; entry++) {
          const [f, i, j] = [entry >> 2, (entry >> 1) & 1, entry & 1];
          found[(2 * f + i) * wanted.cols + 2 * f + j] = blocks[entry];
        }
        expect(found).toBeAllClose(wanted.data, { rtol: 0, atol: 1e-14 });
      }
    }
  });

  test.each([
    ["one resolution, even side", 4, 1, 1, 1, 3],
    ["one resolution, odd side", 3, 1, 1, 1, 3],
    ["one resolution, in squares", 6, 2, 1, 1, 3],
    ["a kernel wider than the torus", 2, 1, 1, 1, 5],
    ["one resolution in cells of 2 × 2", 2, 1, 2, 2, 3],
    ["stride 2", 3, 1, 2, 1, 3],
    ["stride 2, in squares", 4, 2, 2, 1, 3],
    ["stride 2 between cells of 4 × 4 and 2 × 2", 2, 1, 4, 2, 3],
  ] as const)("blocks of a convolution are the dense matrix: %s", async (...each) => {
    const [, side, split, from, to, k] = each;
    const [nIn, nOut] = [2, 3];
    const kernel = tensorOf(mulberryMatrix(5, nOut, nIn, k, k), [nOut, nIn, k, k]);
    const grid = torus(side, split);
    const value = input("kernel", "float64", kernel.shape);
    const program = await compile(
      { kernel: value },
      { blocks: kernelBlocks(value, grid, { from, to }) },
    );
    const { blocks } = await program.run({ kernel });
    await program.release();

    const dense = denseConvolution(
      kernel as never,
      { cells: side, split },
      { channels: nIn, fine: from },
      { channels: nOut, fine: to },
    );
    const Q = denseBasis(grid);
    // (Q ⊗ I) C (Qᵀ ⊗ I): zero between frequencies, the block within one.
    const [mOut, mIn] = [nOut * to * to, nIn * from * from];
    const spread = (m: number) => {
      const data = new Float64Array(Q.rows * m * Q.cols * m);
      for (let i = 0; i < Q.rows; i++)
        for (let p = 0; p < Q.cols; p++)
          for (let c = 0; c < m; c++)
            data[(i * m + c) * Q.cols * m + p * m + c] = Q.data[i * Q.cols + p];
      return matrixOf(Q.rows * m, Q.cols * m, data);
    };
    const wanted = multiply(multiply(spread(mOut), dense), transpose(spread(mIn)));
    const found = new Float64Array(wanted.data.length);
    (blocks.data as Float64Array).forEach((entry, at) => {
      const [rows, cols] = [2 * mOut, 2 * mIn];
      const [f, i, j] = [Math.floor(at / (rows * cols)), Math.floor(at / cols) % rows, at % cols];
      found[(f * rows + i) * wanted.cols + f * cols + j] = entry;
    });
    expect(found).toBeAllClose(wanted.data, { rtol: 0, atol: 1e-13 });
  });

  test("refuses a side that is none, and even kernels", () => {
    expect(() => torus(0)).toThrow(UsageError);
    expect(() => torus(2.5)).toThrow(UsageError);
    expect(() => torus(3, 2)).toThrow(UsageError);
    expect(() => tapTable(torus(4), { from: 1, to: 1 }, 2)).toThrow(UsageError);
  });
});
