/** Numbers within the sentences of verdicts. */

/** Four digits; whole where four would need a power of ten. */
export const short = (value: number): string =>
  Math.abs(value) >= 1e4 && Math.abs(value) < 1e9 ? value.toFixed(0) : value.toPrecision(4);

/** Two digits; all before the point from 100 % on. */
export const percent = (share: number): string => {
  const hundred = 100 * share;
  return `${Math.abs(hundred) >= 99.5 ? hundred.toFixed(0) : hundred.toPrecision(2)} %`;
};

/** "1 epoch", "40 epochs". */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** What windows that end earlier say, in words; null where there is none. */
export function agreement(windows: number, agreeing: number): string | null {
  if (windows === 1) return null;
  if (agreeing > 1) return `${agreeing} of ${windows} windows agree`;
  return windows === 2 ? "the window before disagrees" : "the windows before disagree";
}
