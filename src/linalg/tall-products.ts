import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { cast } from "../graph/ops/elementwise.ts";
import { gemm } from "../graph/ops/linear.ts";
import { input } from "../graph/value.ts";
import { compile } from "../runtime/program.ts";
import { add, type Matrix, transpose } from "./matrix.ts";
import { product, provider } from "./provider.ts";
import { blockRows, eachBlock, type Reals, type TallSource } from "./tall-source.ts";

/**
 * Gᵀ = G = FᵀF [cols × cols], or (F W)ᵀ(F W) for a W [cols × k], in float64: by LAPACK where it is and the
 * data are float64, since it knows that G is symmetric; else by ONNX Runtime. Never by both in turn: the
 * threads of each wait for work on the cores that the other needs.
 */
export async function tallGram(source: TallSource, W: Matrix | null = null): Promise<Matrix> {
  if (byLapack(source)) return symmetricGram(source, W);
  const k = W?.cols ?? source.cols;
  const { F, right, product: P } = operands(source, W);
  const sum = input("sum", "float64", [k, k]);
  const inputs: Values = right === null ? { F, sum } : { F, W: right, sum };
  const transposed = W === null && source.order === "columns";
  const outputs = {
    G: gemm(P, P, sum, { transA: !transposed, transB: transposed }),
  };
  const program = await compile(inputs, outputs, { sizes: { block: blockRows(source) } });
  let data: Float64Array = new Float64Array(k * k);
  try {
    await eachBlock(source, async (block, _, count) => {
      const feeds = {
        F: feed(source, block, count),
        sum: { dtype: "float64", shape: [k, k], data },
        ...(W !== null && { W: feedRight(W) }),
      } as const;
      const { G } = await program.run(feeds);
      data = G.data as Float64Array;
    });
  } finally {
    await program.release();
  }
  return { rows: k, cols: k, data };
}

const byLapack = ({ dtype }: TallSource) => dtype === "float64" && provider().name === "lapack";

async function symmetricGram(source: TallSource, W: Matrix | null): Promise<Matrix> {
  const k = W?.cols ?? source.cols;
  let sum: Matrix = { rows: k, cols: k, data: new Float64Array(k * k) };
  await eachBlock(source, async (block, _, count) => {
    const part = W === null ? blockOf(source, block, count) : timesRight(source, block, count, W);
    sum = add(sum, provider().gram(part, source.order === "rows" ? "columns" : "rows"));
  });
  return sum;
}

const blockOf = ({ cols, order }: TallSource, block: Reals, count: number): Matrix => {
  const data = block as Float64Array;
  return order === "rows" ? { rows: count, cols, data } : { rows: cols, cols: count, data };
};

/** F W of a block, or its transpose where the columns lie one after the other. */
const timesRight = (source: TallSource, block: Reals, count: number, W: Matrix): Matrix => {
  const F = blockOf(source, block, count);
  return source.order === "rows" ? product(F, W) : product(transpose(W), F);
};

/**
 * FᵀF of snapshots of which all but the last are in `gram`: products with the last column alone, so
 * that a snapshot more costs the reading of the data but none of the arithmetic.
 *
 * @throws ShapeError  when `gram` is not of one snapshot less
 */
export async function appendedGram(source: TallSource, gram: Matrix): Promise<Matrix> {
  const m = source.cols;
  if (gram.rows !== m - 1 || gram.cols !== m - 1)
    throw new ShapeError(`products of ${gram.rows} snapshots, ${m - 1} of ${m} are wanted`);
  const last = { rows: m, cols: 1, data: new Float64Array(m) };
  last.data[m - 1] = 1;
  const { F, right, product: P } = operands(source, last);
  const sum = input("sum", "float64", [m, 1]);
  const wide = cast(F, "float64");
  const program = await compile(
    { F, W: right!, sum },
    { G: gemm(wide, P, sum, { transA: source.order === "rows" }) },
    { sizes: { block: blockRows(source) } },
  );
  let column: Float64Array = new Float64Array(m);
  try {
    await eachBlock(source, async (block, _, count) => {
      const total = { dtype: "float64", shape: [m, 1], data: column } as const;
      const feeds = { F: feed(source, block, count), W: feedRight(last), sum: total };
      column = (await program.run(feeds)).G.data as Float64Array;
    });
  } finally {
    await program.release();
  }
  const data = new Float64Array(m * m);
  for (let i = 0; i < m - 1; i++) {
    data.set(gram.data.subarray(i * (m - 1), (i + 1) * (m - 1)), i * m);
    data[i * m + m - 1] = data[(m - 1) * m + i] = column[i];
  }
  data[m * m - 1] = column[m - 1];
  return { rows: m, cols: m, data };
}

/** F W [rows × k], block by block, row by row: `take` is given each block and where it begins. */
export async function tallProduct(
  source: TallSource,
  W: Matrix,
  take: (block: Float64Array, first: number) => void,
): Promise<void> {
  if (byLapack(source)) {
    await eachBlock(source, async (block, first, count) => {
      const part = timesRight(source, block, count, W);
      take((source.order === "rows" ? part : transpose(part)).data, first);
    });
    return;
  }
  const { F, right, product: P } = operands(source, W);
  const program = await compile({ F, W: right! }, { P }, { sizes: { block: blockRows(source) } });
  try {
    await eachBlock(source, async (block, first, count) => {
      const found = await program.run({ F: feed(source, block, count), W: feedRight(W) });
      take(found.P.data as Float64Array, first);
    });
  } finally {
    await program.release();
  }
}

function operands({ cols, dtype, order }: TallSource, W: Matrix | null) {
  const columns = order === "columns";
  const F = input("F", dtype, columns ? [cols, "block"] : ["block", cols]);
  const wide = cast(F, "float64");
  if (W === null) return { F, right: null, product: wide };
  const right: Value = input("W", "float64", [W.rows, W.cols]);
  return { F, right, product: gemm(wide, right, null, { transA: columns }) };
}

const feed = ({ cols, dtype, order }: TallSource, data: Reals, count: number) => ({
  dtype,
  shape: order === "columns" ? [cols, count] : [count, cols],
  data,
});

const feedRight = ({ rows, cols, data }: Matrix) =>
  ({ dtype: "float64", shape: [rows, cols], data }) as const;
