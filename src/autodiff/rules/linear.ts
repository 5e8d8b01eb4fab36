import { mul, neg } from "../../graph/ops/elementwise.ts";
import { gemm, matmul } from "../../graph/ops/linear.ts";
import { matrixTranspose } from "../../graph/ops/movement.ts";
import { attribute } from "../../graph/value.ts";
import { floatAttribute, of, unbroadcast } from "../broadcast.ts";
import type { Rule } from "../rules.ts";

export const linearRules = {
  // y = a b  ⇒  ā = ȳ bᵀ and b̄ = aᵀ ȳ
  MatMul: of((_, ybar, a, b) =>
    a.shape.length === 2 && b.shape.length === 2
      ? [gemm(ybar, b, null, { transB: true }), gemm(a, ybar, null, { transA: true })]
      : [
          unbroadcast(matmul(ybar, matrixTranspose(b)), a),
          unbroadcast(matmul(matrixTranspose(a), ybar), b),
        ],
  ),

  // y = α A B + β C with A = a or aᵀ, B = b or bᵀ: Ā = α ȳ Bᵀ, transposed back where a was, B̄ alike
  Gemm: (node, [ybar]) => {
    const [a, b, c] = node.inputs;
    const alpha = attribute<number>(node, "alpha");
    const beta = floatAttribute(node, "beta");
    const [transA, transB] = [
      !!attribute<number>(node, "transA"),
      !!attribute<number>(node, "transB"),
    ];
    return [
      transA
        ? gemm(b!, ybar!, null, { alpha, transA: transB, transB: true })
        : gemm(ybar!, b!, null, { alpha, transB: !transB }),
      transB
        ? gemm(ybar!, a!, null, { alpha, transA: true, transB: transA })
        : gemm(a!, ybar!, null, { alpha, transA: !transA }),
      c ? unbroadcast(beta === 1 ? ybar! : mul(ybar!, beta), c) : null,
    ];
  },

  // d(x⁻¹) = −x⁻¹ dx x⁻¹
  Inverse: of((y, ybar) => {
    const transposed = matrixTranspose(y);
    return [neg(matmul(matmul(transposed, ybar), transposed))];
  }),
} satisfies Record<string, Rule>;
