import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vjp } from "../../src/autodiff/gradient.ts";
import { UsageError } from "../../src/errors.ts";
import { type OpType, operators } from "../../src/graph/operators.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { controlCases } from "./cases/control.ts";
import type { Case } from "./cases/draw.ts";
import { elementwiseCases } from "./cases/elementwise.ts";
import { indexingCases } from "./cases/indexing.ts";
import { matrixCases } from "./cases/matrix.ts";
import { movementCases } from "./cases/movement.ts";
import { windowCases } from "./cases/window.ts";
import { checkDerivative } from "./differences.ts";

/**
 * Uses of every operator; leaving one out is a type error. Everything is checked in float64 but
 * what ONNX Runtime 1.30 has in float32 only: Atanh, Erf, OneHot, Conv, ConvTranspose, AveragePool
 * (and Cast, whose derivative is about float32). Of these, all but Atanh, Erf and Cast's are linear
 * in each input, so that a difference with a long step is exact up to rounding.
 */
const cases: { readonly [T in OpType]: fc.Arbitrary<Case> } = {
  ...elementwiseCases,
  ...matrixCases,
  ...movementCases,
  ...indexingCases,
  ...windowCases,
  ...controlCases,
};

describe("every rule agrees with central differences, at first and second order", () => {
  test("every operator is drawn", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(operators).sort());
  });

  test.each(Object.keys(operators) as OpType[])("%s", async (op) => {
    await fc.assert(
      fc.asyncProperty(cases[op], async ({ problem, derivative }) => {
        const { inputs, outputs } = problem;
        if (derivative === "checked") {
          const product = await checkDerivative(problem);
          if (product.outputs.length > 0) await checkDerivative(product);
          return;
        }
        const wrt = Object.values(inputs);
        const products = () =>
          vjp(
            outputs,
            wrt,
            outputs.map((y) => filled(1, y)),
          );
        if (derivative === "none") expect(products()).toEqual(wrt.map(() => null));
        else expect(products).toThrow(UsageError);
      }),
      { seed: 20260101, numRuns: 40, endOnFailure: true },
    );
  });
});
