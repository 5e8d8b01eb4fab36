/** The median distance of neighbouring steps, and whether all are alike. 1 of a single step. */
export function spacingOf(steps: ArrayLike<number>): { spacing: number; even: boolean } {
  const gaps = Array.from({ length: Math.max(0, steps.length - 1) }, (_, i) => {
    return steps[i + 1] - steps[i];
  }).sort((a, b) => a - b);
  if (gaps.length === 0) return { spacing: 1, even: true };
  const spacing = gaps[gaps.length >> 1];
  return { spacing, even: gaps[gaps.length - 1] - gaps[0] <= 1e-9 * spacing };
}
