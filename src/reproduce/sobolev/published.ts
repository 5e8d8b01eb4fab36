/**
 * The reference run of the experiment, which the paper describes and gives no numbers for: 5000 full-batch
 * steps of Adam at 1e-3 in another framework, mean of two seeds. RMSE against the clean signal after the last
 * step for ε = 0.05, 0.5, 1; at the least noisy test error; and half the distance of the two seeds at the end.
 */
export interface ReferenceRow {
  readonly final: readonly [number, number, number];
  readonly best: readonly [number, number, number];
  readonly spread: readonly [number, number, number];
}

export const referenceLevels = [0.05, 0.5, 1] as const;

/** By loss and activation. */
export const reference: Readonly<Record<string, ReferenceRow>> = {
  "l2 tanh": {
    final: [0.366, 0.557, 0.945],
    best: [0.366, 0.544, 0.716],
    spread: [0, 0.033, 0.029],
  },
  "s1 tanh": {
    final: [0.34, 0.603, 1.06],
    // biome-ignore lint/suspicious/noApproximativeNumericConstant: measured, and not ln 2
    best: [0.342, 0.545, 0.693],
    spread: [0.003, 0.025, 0.112],
  },
  "s1-cumulative tanh": {
    final: [0.379, 0.621, 1.126],
    best: [0.379, 0.539, 0.665],
    spread: [0.021, 0.002, 0.189],
  },
  "s2 tanh": {
    final: [0.499, 0.562, 0.784],
    best: [0.493, 0.543, 0.648],
    spread: [0.002, 0.015, 0.018],
  },
  "s1+2 tanh": {
    final: [0.518, 0.599, 0.797],
    best: [0.513, 0.553, 0.646],
    spread: [0.003, 0.018, 0.034],
  },
  "full tanh": {
    final: [0.47, 0.538, 0.797],
    best: [0.47, 0.546, 0.648],
    spread: [0.007, 0.012, 0.016],
  },
  "l2 sigmoid": {
    final: [0.608, 0.667, 0.684],
    best: [0.608, 0.722, 0.735],
    spread: [0.051, 0.007, 0.004],
  },
  "s1 sigmoid": {
    final: [0.513, 0.661, 0.684],
    best: [0.513, 0.701, 0.681],
    spread: [0.062, 0.011, 0.002],
  },
  "s2 sigmoid": {
    final: [0.555, 0.631, 0.671],
    best: [0.555, 0.664, 0.742],
    spread: [0.046, 0.055, 0.027],
  },
};

/** What the formula of bias and variance gave: RMSE at K = 9, the best K and its RMSE, by ε and N. */
export const referenceCutoffs: Readonly<Record<string, readonly [number, number, number]>> = {
  "0.05 750": [0.498, 79, 0.089],
  "0.5 750": [0.554, 19, 0.536],
  "1 750": [0.695, 3, 0.66],
  "0.5 7500": [0.504, 62, 0.212],
  "1 7500": [0.521, 55, 0.391],
  "1 75000": [0.5, 67, 0.145],
};
