/** P(T ≤ x) of a standard normal: 1/2 + φ(x) Σ x^{2k+1}/(1·3·…·(2k+1)). For |x| < 8. */
function normalShare(x: number): number {
  let [term, sum] = [x, x];
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= x ** 2 / (2 * k + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(x ** 2) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The x that a standard normal stays below with probability p, 1e-12 < p < 1 − 1e-12. */
export function normalQuantile(p: number): number {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The same of Student's t with ν degrees of freedom, by its expansion in 1/ν: to 1 % at 95 % from
 * ν = 4 on, to 1e-4 from ν = 10.
 *
 * Abramowitz & Stegun (1964), "Handbook of Mathematical Functions", 26.7.5.
 */
export function studentQuantile(p: number, freedom: number): number {
  const x = normalQuantile(p);
  const terms = [
    (x ** 3 + x) / 4,
    (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96,
    (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384,
    (79 * x ** 9 + 776 * x ** 7 + 1482 * x ** 5 - 1920 * x ** 3 - 945 * x) / 92160,
  ];
  return terms.reduce((sum, term, k) => sum + term / freedom ** (k + 1), x);
}
