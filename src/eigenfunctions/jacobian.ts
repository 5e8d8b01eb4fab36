import type { Matrix } from "../linalg/matrix.ts";
import type { RecurrentNetwork } from "./network.ts";

/**
 * ∂F/∂x [N × N] of a network without input: −D + W diag σ′(x), in steps (1 − a)I + aW diag σ′(x), of
 * cells with diag σ′(Wx + b) W. The dense one, to check the reduced one against.
 */
export function fullJacobian(network: RecurrentNetwork, x: Float64Array): Matrix {
  const { W, theta, activation, form, time } = network;
  const N = W.rows;
  const data = W.data.slice();
  const slopes =
    form === "cell"
      ? theta.map((shift, i) => {
          let sum = shift;
          for (let j = 0; j < N; j++) sum += W.data[i * N + j] * x[j];
          return activation.slope(sum);
        })
      : x.map(activation.slope);
  const leak = time.kind === "discrete" ? time.leak : 1;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) data[i * N + j] *= leak * slopes[form === "cell" ? i : j];
    data[i * (N + 1)] += time.kind === "discrete" ? 1 - leak : -time.decay[i];
  }
  return { rows: N, cols: N, data };
}
