import { vjp } from "../../autodiff/gradient.ts";
import { requireObject } from "../../errors/arguments.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import type { Value } from "../../graph/node.ts";
import { add, square } from "../../graph/ops/elementwise.ts";
import { affine, gemm, matmul } from "../../graph/ops/linear.ts";
import { filled, squeeze, unsqueeze } from "../../graph/ops/movement.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import type { Activation } from "../mlp.ts";
import { activationOf, bias, constantly, type Layer, positiveWhole, weight } from "./layer.ts";
import { groupNorm } from "./norm.ts";

export interface DenseOptions {
  readonly width: number;
  readonly activation?: Activation;
}

/** z = σ(W z + U x + b), z [width]. */
export function dense(options: DenseOptions): Layer {
  requireObject("dense", "options", options, "{ width }");
  refuseUnknown("dense", options, ["width", "activation"]);
  const { width, activation = "tanh" } = options;
  positiveWhole("dense", { width });
  const sigma = activationOf("dense", activation);
  return (inputs) => ({
    kind: "dense",
    state: [[width]],
    parameters: {
      W: weight([width, width], true),
      U: weight([width, inputs]),
      b: bias(width, inputs),
    },
    inject: ({ U, b }, x) => [affine(x, U, b)],
    apply: ({ W }, [z], [c]) => [sigma(gemm(z, W, c, { transB: true }))],
    read: ([z]) => z,
    features: width,
    // J = diag(σ′) W, so that ‖J‖² is Σᵢ σ′ᵢ² ‖Wᵢ‖².
    squaredJacobian: ({ W }, [z], [c]) => {
      const u = gemm(z, W, c, { transB: true });
      const [slope] = vjp([sigma(u)], [u], [filled(1, u)]) as Value[];
      const rows = reduceSum(square(W), [1]);
      return squeeze(matmul(square(slope), unsqueeze(rows, [1])), [1]);
    },
  });
}

export interface PerceptronOptions {
  readonly width: number;
  readonly hidden: number;
  readonly activation?: Activation;
}

/** z = W₂ σ(W₁ z + U x + b₁) + b₂, z [width], with `hidden` units. */
export function perceptron(options: PerceptronOptions): Layer {
  requireObject("perceptron", "options", options, "{ width, hidden }");
  refuseUnknown("perceptron", options, ["width", "hidden", "activation"]);
  const { width, hidden, activation = "relu" } = options;
  positiveWhole("perceptron", { width, hidden });
  const sigma = activationOf("perceptron", activation);
  return (inputs) => ({
    kind: "perceptron",
    state: [[width]],
    parameters: {
      W1: weight([hidden, width], true),
      U: weight([hidden, inputs]),
      b1: bias(hidden, inputs + width),
      W2: weight([width, hidden], true),
      b2: bias(width, hidden),
    },
    inject: ({ U, b1 }, x) => [affine(x, U, b1)],
    apply: ({ W1, W2, b2 }, [z], [c]) => [affine(sigma(gemm(z, W1, c, { transB: true })), W2, b2)],
    read: ([z]) => z,
    features: width,
  });
}

export interface ResidualOptions {
  readonly width: number;
  readonly hidden?: number;
  readonly activation?: Activation;
}

/** z = LN(z + W₂ σ(W₁ z + b₁) + U x + b₂), z [width]; LN is normalisation over a sample's units. */
export function residual(options: ResidualOptions): Layer {
  requireObject("residual", "options", options, "{ width }");
  refuseUnknown("residual", options, ["width", "hidden", "activation"]);
  const { width, hidden = width, activation = "relu" } = options;
  positiveWhole("residual", { width, hidden });
  const sigma = activationOf("residual", activation);
  return (inputs) => ({
    kind: "residual",
    state: [[width]],
    parameters: {
      W1: weight([hidden, width], true),
      b1: bias(hidden, width),
      W2: weight([width, hidden], true),
      U: weight([width, inputs]),
      b2: bias(width, inputs),
      // J is about the gain over the spread of what is normalised: below 1 it starts as a contraction.
      gain: constantly(width, 0.5),
      shift: constantly(width, 0),
    },
    inject: ({ U, b2 }, x) => [affine(x, U, b2)],
    apply: ({ W1, b1, W2, gain, shift }, [z], [c]) => {
      const branch = gemm(sigma(affine(z, W1, b1)), W2, c, { transB: true });
      return [groupNorm(add(z, branch), 1, gain, shift)];
    },
    read: ([z]) => z,
    features: width,
  });
}
