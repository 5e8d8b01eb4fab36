/** So many epochs are looked at; the motion must die away in the second half of them too. */
const looked = 20;

/**
 * Whether weights come to rest: the way that they move in an epoch, ‖Δθ‖, has halved within the last ten
 * epochs and goes down as fast by the line of least squares through the logarithms of the last twenty. Where
 * the loss is no better than guessing they then stand on a plateau, such as that of dead ReLUs, or coast
 * there on a momentum, whatever exponentials are found in the loss: its spectrum may still hold the fall
 * that led there.
 *
 * @param moved  ‖Δθ‖ of each epoch, the last one now
 * @returns null for fewer than 20 epochs, or a way that is not finite
 */
export function comesToRest(moved: Float64Array): boolean | null {
  const ways = moved.slice(-looked);
  if (ways.length < looked || !ways.every((way) => way >= 0 && way < Infinity)) return null;
  const late = ways.slice(looked / 2);
  if (late.every((way) => way === 0)) return true;
  if (ways.includes(0)) return false;
  const halving = -Math.LN2 / (looked / 2);
  return [ways, late].every((values) => slopeOf(values.map(Math.log)) <= halving);
}

/** Of the line of least squares through n values, per value. */
function slopeOf(values: Float64Array): number {
  const n = values.length;
  const spread = (n * (n * n - 1)) / 12; // Σ (i − (n − 1)/2)²
  return values.reduce((sum, y, i) => sum + (i - (n - 1) / 2) * y, 0) / spread;
}
