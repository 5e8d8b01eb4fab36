import { UsageError } from "../errors.ts";

/**
 * Circular convolutions on a grid of s × s cells, in a real orthonormal Fourier basis Q: every one of
 * them is block diagonal there, with a real block for each pair of basis vectors.
 *
 * Frequencies k and −k have the same cosine, so half of them are kept: a pair is √(2/s²) cos(2πk·p/s)
 * and √(2/s²) sin(2πk·p/s) over the cells p. Where k = −k there is no sine; such frequencies stand two
 * by two, and zeros where one is left over.
 *
 * The change of basis is made in one product, or for `split` 2 in two, as a fast Fourier transform
 * makes it: Q = T (Q₁ ⊗ I), first over the squares of 2 × 2 cells, then within each frequency of
 * those. That takes less than a third of the arithmetic.
 */
export interface Torus {
  readonly side: number; // s
  readonly cells: number; // P = s²
  readonly split: 1 | 2;
  /** The cells in the order of the state: square by square, and row by row in each. */
  readonly places: readonly Place[];
  readonly pairs: number; // F, with those that are all zeros
  /** Q₁ [2F₁, P₁], row-major, of a torus of side s/split. */
  readonly basis: RowMajor;
  /** T [F₁, 2·split², 2·split²], from (row of the pair, cell of the square) to pairs of Q. */
  readonly twiddle: Float64Array | null;
  /**
   * The shift (S x)[p] = x[p + d] in this basis, Q S Qᵀ, is made of F blocks [2, 2]: entry (i, j) of
   * block f at 4f + 2i + j.
   */
  readonly shift: (dy: number, dx: number) => Float64Array;
}
type Place = readonly [number, number]; // row, column
interface RowMajor {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** A frequency [ky, kx], and another whose only vector is a cosine too, or its own sine; null for zeros. */
interface Pair {
  readonly first: Place | null;
  readonly second: "sine" | Place | null;
}

/** @throws UsageError  for a side that is no positive whole number, or that `split` does not divide */
export function torus(side: number, split: 1 | 2 = 1): Torus {
  if (!(Number.isInteger(side) && side > 0 && side % split === 0)) {
    throw new UsageError(`torus: a side of ${side} cells, in squares of ${split}`);
  }
  const squares = pairsOf(gridOf(side / split), side / split);
  const basis = basisOf(squares, gridOf(side / split), side / split);
  const inSquare = gridOf(split);
  const places = gridOf(side / split).flatMap(([y, x]) =>
    inSquare.map(([dy, dx]): Place => [split * y + dy, split * x + dx]),
  );
  const pairs = split === 1 ? squares : squares.flatMap((pair) => finerPairs(pair, side));
  return {
    side,
    cells: side * side,
    split,
    places,
    pairs: pairs.length,
    basis,
    twiddle: split === 1 ? null : twiddles(basis, basisOf(pairs, places, side), split * split),
    shift: (dy, dx) => shiftBlocks(pairs, side, dy, dx),
  };
}

const gridOf = (side: number): Place[] =>
  Array.from({ length: side * side }, (_, p): Place => [Math.floor(p / side), p % side]);

const angle = ([ky, kx]: Place, [y, x]: Place, side: number) =>
  (2 * Math.PI * modulo(ky * y + kx * x, side)) / side;

/** Pairs of a set of frequencies that has −k with every k. */
function pairsOf(frequencies: readonly Place[], side: number): Pair[] {
  const index = ([ky, kx]: Place) => modulo(ky, side) * side + modulo(kx, side);
  const opposite = ([ky, kx]: Place) => index([-ky, -kx]);
  const own = frequencies.filter((k) => opposite(k) === index(k));
  const halves = frequencies.filter((k) => index(k) < opposite(k));
  const alone: Pair[] = [];
  for (let i = 0; i < own.length; i += 2) alone.push({ first: own[i], second: own[i + 1] ?? null });
  return [...alone, ...halves.map((first): Pair => ({ first, second: "sine" }))];
}

/** The four pairs of the finer grid of this side that alias to a pair of the grid of half the side. */
function finerPairs({ first, second }: Pair, side: number): Pair[] {
  const half = side / 2;
  const alias = ([ky, kx]: Place): Place[] =>
    gridOf(2).map(([a, b]): Place => [modulo(ky, half) + half * a, modulo(kx, half) + half * b]);
  const other: Place | null = second === "sine" ? [-first![0], -first![1]] : second;
  const pairs = pairsOf([...alias(first!), ...(other ? alias(other) : [])], side);
  const zeros: Pair = { first: null, second: null };
  return Array.from({ length: 4 }, (_, i) => pairs[i] ?? zeros);
}

/** The vectors of pairs as rows over places. */
function basisOf(pairs: readonly Pair[], places: readonly Place[], side: number): RowMajor {
  const cosine = (k: Place | null, p: Place) =>
    k === null ? 0 : Math.cos(angle(k, p, side)) / side;
  const rows = pairs.flatMap(({ first, second }) =>
    second === "sine"
      ? [
          places.map((p) => Math.SQRT2 * cosine(first, p)),
          places.map((p) => (Math.SQRT2 * Math.sin(angle(first!, p, side))) / side),
        ]
      : [places.map((p) => cosine(first, p)), places.map((p) => cosine(second, p))],
  );
  return { rows: rows.length, cols: places.length, data: Float64Array.from(rows.flat()) };
}

/** T with Q = T (Q₁ ⊗ I): inner products of the rows of Q with those of Q₁ ⊗ I, frequency by frequency. */
function twiddles(squares: RowMajor, whole: RowMajor, phases: number): Float64Array {
  const count = squares.rows / 2;
  const size = 2 * phases;
  const out = new Float64Array(count * size * size);
  for (let f = 0; f < count; f++) {
    for (let row = 0; row < size; row++) {
      for (let col = 0; col < size; col++) {
        const from = (2 * f + Math.floor(col / phases)) * squares.cols;
        const to = (f * size + row) * whole.cols + (col % phases);
        let sum = 0;
        for (let p = 0; p < squares.cols; p++)
          sum += squares.data[from + p] * whole.data[to + p * phases];
        out[(f * size + row) * size + col] = sum;
      }
    }
  }
  return out;
}

function shiftBlocks(pairs: readonly Pair[], side: number, dy: number, dx: number): Float64Array {
  const turn = (k: Place) => angle(k, [dy, dx], side);
  const blocks = new Float64Array(pairs.length * 4);
  pairs.forEach(({ first, second }, f) => {
    if (first === null) return;
    const [cos, sin] = [Math.cos(turn(first)), Math.sin(turn(first))];
    if (second === "sine") blocks.set([cos, sin, -sin, cos], 4 * f);
    else blocks.set([cos, 0, 0, second === null ? 0 : Math.cos(turn(second))], 4 * f);
  });
  return blocks;
}

/** The remainder in 0 … n − 1. */
export const modulo = (a: number, n: number): number => ((a % n) + n) % n;

/** A grid finer than the torus: each cell holds phases × phases pixels, in the order of their rows. */
export interface Fineness {
  readonly from: number; // pixels of the input along a cell
  readonly to: number; // pixels of the output along a cell; the stride is from/to
}

/**
 * How the blocks of a circular convolution, y[p] = Σ_τ A_τ x[stride·p + τ] with kernels of k × k taps
 * around 0, depend on the taps: [F · 2 · to² · 2 · from², k²], the coefficient of A_τ in the entries
 * of block f between (j, input phase) and (i, output phase).
 */
export function tapTable(
  { side, pairs, shift }: Torus,
  { from, to }: Fineness,
  kernel: number,
): Float64Array {
  if (kernel % 2 !== 1) throw new UsageError(`a kernel of ${kernel} taps: an odd number is wanted`);
  const reach = (kernel - 1) / 2;
  const stride = from / to;
  const [phasesIn, phasesOut, taps] = [from * from, to * to, kernel * kernel];
  const table = new Float64Array(pairs * 4 * phasesIn * phasesOut * taps);
  for (let out = 0; out < phasesOut; out++) {
    for (let tap = 0; tap < taps; tap++) {
      // The pixel that this tap reads, from the first pixel of the output's cell.
      const y = stride * Math.floor(out / to) + Math.floor(tap / kernel) - reach;
      const x = stride * (out % to) + (tap % kernel) - reach;
      const phase = modulo(y, from) * from + modulo(x, from);
      const blocks = shift(modulo(Math.floor(y / from), side), modulo(Math.floor(x / from), side));
      for (let entry = 0; entry < blocks.length; entry++) {
        const [f, i, j] = [entry >> 2, (entry >> 1) & 1, entry & 1];
        const row = ((f * 2 + i) * phasesOut + out) * 2 + j;
        table[(row * phasesIn + phase) * taps + tap] += blocks[entry];
      }
    }
  }
  return table;
}
