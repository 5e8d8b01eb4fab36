import { abs, add, mul, relu, tanh } from "../../graph/ops/elementwise.ts";
import { affine } from "../../graph/ops/linear.ts";
import { bias, type Layer, weight } from "../../models/layers/layer.ts";
import { monotoneWeight } from "../../models/monotone-deq.ts";
import { reflectedResolvent } from "../../solvers/splitting.ts";

interface Sizes {
  readonly length: number; // T
  readonly features: number; // d of each step
  readonly width: number; // n
}

/** z = tanh(W z + U x + b) at each step of a sequence by itself: x [N, T, d], z [N, T, n]. */
export const denseSteps =
  ({ length, features, width }: Sizes): Layer =>
  () => ({
    kind: "dense-steps",
    state: [[length, width]],
    parameters: {
      W: weight([width, width], true),
      U: weight([width, features]),
      b: bias(width, features),
    },
    inject: ({ U, b }, x) => [affine(x, U, b)],
    apply: ({ W }, [z], [c]) => [tanh(add(affine(z, W), c))],
    read: ([z]) => z,
    features: width,
  });

/** Of Peaceman–Rachford, the quickest in print for m = 1. */
const alpha = 0.5;

/**
 * z = ReLU(W z + U x + b) at each step by itself, W = B − Bᵀ − AᵀA: monotone with m = 1, so that z exists
 * and is unique. The state is the dual variable of Peaceman–Rachford splitting, which contracts:
 * u = R |u| + α(R + I)(U x + b), z = ReLU(u), R the reflected resolvent of I − W.
 */
export const monotoneSteps =
  ({ length, features, width }: Sizes): Layer =>
  () => ({
    kind: "monotone-steps",
    state: [[length, width]],
    parameters: {
      A: weight([width, width]),
      B: weight([width, width]),
      U: weight([width, features]),
      b: bias(width, features),
    },
    inject: ({ A, B, U, b }, x) => {
      const R = reflectedResolvent(monotoneWeight(A, B, 1), alpha);
      const c = affine(x, U, b);
      return [R, mul(add(affine(c, R), c), alpha)];
    },
    apply: (_, [u], [R, shift]) => [add(affine(abs(u), R), shift)],
    read: ([u]) => relu(u),
    features: width,
  });
