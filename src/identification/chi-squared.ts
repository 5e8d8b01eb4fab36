/**
 * P(χ²_ν > x), the upper tail: Q(ν/2, x/2) by its series or its continued fraction (Lentz). Press et
 * al. (2007), "Numerical recipes", 3rd ed., section 6.2.
 */
export function chiSquaredTail(x: number, freedom: number): number {
  if (!(x > 0)) return 1;
  const [a, z] = [freedom / 2, x / 2];
  const front = Math.exp(a * Math.log(z) - z - logGamma(a));
  if (z < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= z / (a + k);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let [b, c] = [z + 1 - a, 1e300];
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k < 1000; k++) {
    const factor = -k * (k - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** log Γ(a) for a > 0, by Stirling's series from 10 on. */
function logGamma(a: number): number {
  let [shift, x] = [0, a];
  for (; x < 10; x++) shift -= Math.log(x);
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}

/** The z with P(|N(0, 1)| ≤ z) = level, by halving. */
export function normalBound(level: number): number {
  let [low, high] = [0, 40];
  for (let k = 0; k < 100; k++) {
    const middle = (low + high) / 2;
    if (chiSquaredTail(middle * middle, 1) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
