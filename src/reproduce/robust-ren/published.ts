/**
 * Table I of Revay, Wang & Manchester (2023), "Recurrent equilibrium networks", arXiv:2104.05942v3: the F16
 * ground vibration test, n = 75, q = 150, about 118,000 parameters. Per bound the observed gain and the NRMSE in
 * percent; the last column is the contracting class.
 */
export const publishedBounds = [10, 20, 40, 60, 100, "none"] as const;
export const publishedTable = {
  acyclic: {
    observed: [8.8, 17.5, 36.7, 44.9, 60.6, 91.0],
    nrmse: [30.0, 25.7, 20.1, 18.5, 17.2, 16.2],
  },
  full: {
    observed: [9.1, 17.1, 36.0, 44.6, 57.9, 85.3],
    nrmse: [30.3, 26.8, 21.8, 19.9, 19.3, 16.8],
  },
} as const;

/** Gains under the attack ‖Δu‖ < 0.05 there. */
export const publishedAttack = { rnn: 980, lstm: 290, ren40: 37, ren10: 8.6 } as const;
