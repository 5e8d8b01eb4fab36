import { ShapeError } from "../../errors.ts";
import type { Operator } from "../operators.ts";
import { broadcastShapes, formatShape, sameShape } from "../shape.ts";
import { demand, operator, required, sameDtype } from "./elementwise.ts";

export const linearOperators = {
  /** [...batch, m, k] · [...batch, k, n] → [...batch, m, n] */
  MatMul: operator(([first, second]) => {
    const [a, b] = [required(first, 0), required(second, 1)];
    demand(a, "float");
    if (a.shape.length < 2 || b.shape.length < 2)
      throw new ShapeError("both ranks must be 2 or more");
    const [inner, rows] = [a.shape.at(-1)!, b.shape.at(-2)!];
    if (inner !== rows) {
      throw new ShapeError(
        `${formatShape(a.shape)} times ${formatShape(b.shape)}: inner sizes ${inner} and ${rows} differ`,
      );
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return [{ dtype: sameDtype(a, b), shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] }];
  }),

  /** α A′ B′ + β C, with A′ = Aᵀ where transA, and C broadcast */
  Gemm: operator(
    ([first, second, third], { transA = 0, transB = 0 }) => {
      const [a, b] = [required(first, 0), required(second, 1)];
      demand(a, "float");
      if (a.shape.length !== 2 || b.shape.length !== 2)
        throw new ShapeError("both ranks must be 2");
      const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
      const [rows, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
      if (k !== rows) {
        throw new ShapeError(
          `inner sizes ${k} and ${rows} differ (transA ${transA}, transB ${transB})`,
        );
      }
      sameDtype(a, b);
      if (third) {
        sameDtype(a, third);
        if (!sameShape(broadcastShapes(third.shape, [m, n]), [m, n])) {
          throw new ShapeError(
            `${formatShape(third.shape)} does not broadcast to ${formatShape([m, n])}`,
          );
        }
      }
      return [{ dtype: a.dtype, shape: [m, n] }];
    },
    {
      alpha: { kind: "float", default: 1 },
      beta: { kind: "float", default: 1 },
      transA: { kind: "int", default: 0 },
      transB: { kind: "int", default: 0 },
    },
  ),

  /** Inverse of each matrix over the last two axes; ONNX Runtime's own operator, not in the standard. */
  Inverse: operator(
    ([first]) => {
      const x = required(first, 0);
      demand(x, "float");
      const [n, m] = x.shape.slice(-2);
      if (x.shape.length < 2 || n !== m) throw new ShapeError("a square matrix is wanted");
      return [{ dtype: x.dtype, shape: x.shape }];
    },
    {},
    "com.microsoft",
  ),
} satisfies Record<string, Operator>;
