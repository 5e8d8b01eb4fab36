import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { beside, columns, scaleColumns } from "../../linalg/blocks.ts";
import { gram, type Matrix, symmetricPart, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { symmetricEigen } from "../../linalg/symmetric.ts";
import type { PairSpectrum } from "../dmd/dmd.ts";
import { ritzOf } from "../dmd/ritz.ts";
import { numericalRank, type Truncation } from "../dmd/truncation.ts";

/** What pairs (x, y) seen so far leave behind, whatever their number: O(n r) numbers. */
export interface StreamingDmd {
  readonly maxRank: number; // r
  readonly seen: number;
  readonly own: Side; // of the x
  readonly mapped: Side; // of the y
  readonly cross: Matrix; // Σ ỹ x̃ᵀ in the two bases
  readonly total: number; // Σ ‖x‖² + ‖y‖²
  readonly lost: number; // what of that compression threw away
}

interface Side {
  readonly Q: Matrix; // orthonormal [n × q]
  readonly G: Matrix; // Σ x̃ x̃ᵀ [q × q]
}

/**
 * DMD of a stream of pairs, none of them kept: bases of at most r directions for x and for y grow with
 * what is new and are cut to the leading ones; the sums of products stand in those coordinates. While no
 * more than r directions are seen this is DMD of all pairs; see `streamingSpectrum`.
 *
 * Hemati, Williams & Rowley (2014), "Dynamic mode decomposition for large and streaming datasets", Phys.
 * Fluids 26, 111701.
 *
 * @param n  numbers in a state
 * @param maxRank  r
 * @throws UsageError  for sizes that are not whole and positive
 */
export function startStreaming(n: number, maxRank: number): StreamingDmd {
  for (const [name, size] of Object.entries({ states: n, rank: maxRank })) {
    if (!(Number.isInteger(size) && size > 0))
      throw new UsageError(`startStreaming: ${name} ${size}`, "whole and positive");
  }
  const nothing = (rows: number): Matrix => ({ rows, cols: 0, data: new Float64Array(0) });
  const side = { Q: nothing(n), G: nothing(0) };
  return { maxRank, seen: 0, own: side, mapped: side, cross: nothing(0), total: 0, lost: 0 };
}

/**
 * With one more pair.
 *
 * @throws ShapeError  for states of another length
 * @throws DataError  for a number that is not finite
 */
export function streamPair(
  stream: StreamingDmd,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): StreamingDmd {
  const n = stream.own.Q.rows;
  const column = (state: ArrayLike<number>): Matrix => {
    if (state.length !== n) throw new ShapeError(`a state of ${state.length} numbers, not of ${n}`);
    const data = Float64Array.from(state);
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new DataError(`state ${bad} of pair ${stream.seen} is ${data[bad]}`);
    return { rows: n, cols: 1, data };
  };
  const own = extended(stream.own, column(x));
  const mapped = extended(stream.mapped, column(y));
  const cross = padded(stream.cross, mapped.part.rows, own.part.rows);
  const { data: u } = own.part;
  const sum = {
    ...cross,
    data: cross.data.map(
      (c, k) => c + mapped.part.data[Math.floor(k / u.length)] * u[k % u.length],
    ),
  };
  const [left, right] = [cut(mapped.side, stream.maxRank), cut(own.side, stream.maxRank)];
  return {
    maxRank: stream.maxRank,
    seen: stream.seen + 1,
    own: right.side,
    mapped: left.side,
    cross: product(product(transpose(left.turn), sum), right.turn),
    total: stream.total + squares(x) + squares(y),
    lost: stream.lost + left.lost + right.lost,
  };
}

/**
 * Eigenvalues, vectors and residuals of the pairs seen: modes are `basis` times the vectors. Amplitudes
 * would need the snapshots, which are gone.
 *
 * @param truncation  of the singular values of all x, whose squares are kept: below 1e-7 they are rounding
 * @throws DataError  before the first pair that is not zero
 */
export function streamingSpectrum(
  { own, mapped, cross, total, lost, seen }: StreamingDmd,
  truncation: Truncation = numericalRank(1e-7),
): PairSpectrum {
  if (own.Q.cols === 0) throw new DataError("nothing but zeros has been seen yet");
  const q = own.Q.cols;
  const { values, vectors } = symmetricEigen(symmetricPart(own.G));
  const s = values.toReversed().map((value) => Math.sqrt(Math.max(0, value)));
  const k = Math.max(1, truncation(s, own.Q.rows, seen));
  const turn = reversed(vectors, k);
  const basis = product(own.Q, turn);
  // A U = Q_y (Σ ỹx̃ᵀ) V Σ⁻²
  const image = scaleColumns(
    product(mapped.Q, product(cross, turn)),
    s.slice(0, k).map((value) => value ** -2),
  );
  const { image: _, ...pairs } = ritzOf(basis, image, s);
  const warnings = [
    ...(k === own.Q.rows
      ? ["the rank kept is the dimension of the state: residuals vanish for whatever data"]
      : []),
    ...(lost > 1e-6 * total
      ? [
          `compression to ${q} directions threw away ${(lost / total).toPrecision(2)} of the squares`,
        ]
      : []),
  ];
  return { ...pairs, warnings };
}

/** The basis with what is new of x, x in that basis, and G with x̃x̃ᵀ. */
function extended({ Q, G }: Side, x: Matrix): { side: Side; part: Matrix } {
  let rest = x.data;
  let inside = new Float64Array(Q.cols);
  // Twice: once leaves rounding of the size of x in what is left.
  for (let pass = 0; pass < 2 && Q.cols > 0; pass++) {
    const coefficients = product(transpose(Q), { ...x, data: rest });
    const taken = product(Q, coefficients).data;
    rest = rest.map((value, i) => value - taken[i]);
    inside = inside.map((value, i) => value + coefficients.data[i]);
  }
  const [size, left] = [Math.hypot(...x.data), Math.hypot(...rest)];
  const grows = left > 1e-10 * size && Q.cols < Q.rows;
  const basis = grows ? beside([Q, { ...x, data: rest.map((value) => value / left) }]) : Q;
  const part = Float64Array.from({ length: basis.cols }, (_, i) => inside[i] ?? left);
  const column = { rows: part.length, cols: 1, data: part };
  const wide = padded(G, part.length, part.length);
  const square = part.length > 0 ? gram(column).data : new Float64Array(0);
  return {
    side: { Q: basis, G: { ...wide, data: wide.data.map((g, k) => g + square[k]) } },
    part: column,
  };
}

/** At most r directions, the leading ones of G. */
function cut({ Q, G }: Side, r: number): { side: Side; turn: Matrix; lost: number } {
  const q = Q.cols;
  if (q <= r) {
    const turn = { rows: q, cols: q, data: new Float64Array(q * q) };
    for (let i = 0; i < q; i++) turn.data[i * (q + 1)] = 1;
    return { side: { Q, G }, turn, lost: 0 };
  }
  const { values, vectors } = symmetricEigen(symmetricPart(G));
  const turn = reversed(vectors, r);
  const kept = values.toReversed().slice(0, r);
  const diagonal = new Float64Array(r * r);
  kept.forEach((value, i) => {
    diagonal[i * (r + 1)] = Math.max(0, value);
  });
  return {
    side: { Q: product(Q, turn), G: { rows: r, cols: r, data: diagonal } },
    turn,
    lost: Math.max(0, trace(G) - kept.reduce((sum, value) => sum + value, 0)),
  };
}

/** The last k columns, the last first. */
function reversed(A: Matrix, k: number): Matrix {
  const last = columns(A, A.cols - k, A.cols);
  return { ...last, data: last.data.map((_, at) => last.data[at - (at % k) + k - 1 - (at % k)]) };
}

function padded(A: Matrix, rows: number, cols: number): Matrix {
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < A.rows; i++)
    data.set(A.data.subarray(i * A.cols, (i + 1) * A.cols), i * cols);
  return { rows, cols, data };
}

const trace = ({ cols, data }: Matrix) =>
  data.reduce((sum, x, k) => (k % (cols + 1) === 0 ? sum + x : sum), 0);

const squares = (x: ArrayLike<number>) =>
  Array.from(x).reduce((sum: number, value) => sum + value ** 2, 0);
