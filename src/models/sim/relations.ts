/** Whole numbers k, not all 0, and how far k · ω is from 0. */
export interface Relation {
  readonly factors: readonly number[];
  readonly value: number;
}

/** Tuples tried at most; the largest whole number shrinks where there are many angles. */
const mostTuples = 200_000;

/**
 * All k with coprime entries of at most `largest`, the first that is not 0 positive, and
 * |k · ω| ≤ tolerance ‖k‖₁. By trying them: for q angles (2·largest + 1)^q, with a smaller bound
 * from seven angles on.
 */
export function angleRelations(
  angles: readonly number[],
  { tolerance, largest }: { readonly tolerance: number; readonly largest: number },
): Relation[] {
  const q = angles.length;
  let bound = largest;
  while (bound > 1 && (2 * bound + 1) ** q > mostTuples) bound--;
  const found: Relation[] = [];
  const factors = Array<number>(q).fill(0);
  const visit = (i: number) => {
    if (i < q) {
      for (factors[i] = -bound; factors[i] <= bound; factors[i]++) visit(i + 1);
      return;
    }
    const first = factors.find((k) => k !== 0) ?? 0;
    if (first <= 0 || factors.reduce(commonDivisor, 0) !== 1) return;
    const value = factors.reduce((sum, k, j) => sum + k * angles[j], 0);
    const length = factors.reduce((sum, k) => sum + Math.abs(k), 0);
    if (Math.abs(value) <= tolerance * length) found.push({ factors: [...factors], value });
  };
  visit(0);
  return found;
}

/** Euclid's algorithm, 0 being a multiple of everything. */
const commonDivisor = (a: number, b: number): number =>
  b === 0 ? Math.abs(a) : commonDivisor(b, a % b);

/** How many relations are independent: the rank of their factors, by elimination of small numbers. */
export function relationRank(relations: readonly Relation[]): number {
  const rows = relations.map(({ factors }) => [...factors]);
  const width = rows[0]?.length ?? 0;
  let rank = 0;
  for (let column = 0; column < width && rank < rows.length; column++) {
    const at = rows.findIndex((row, i) => i >= rank && Math.abs(row[column]) > 1e-9);
    if (at < 0) continue;
    [rows[rank], rows[at]] = [rows[at], rows[rank]];
    for (let i = rank + 1; i < rows.length; i++) {
      const factor = rows[i][column] / rows[rank][column];
      for (let j = column; j < width; j++) rows[i][j] -= factor * rows[rank][j];
    }
    rank++;
  }
  return rank;
}
