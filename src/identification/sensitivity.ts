import type { Experiment } from "../data/experiment/experiment.ts";
import { type Matrix, matrix, multiply, subtract } from "../linalg/matrix.ts";
import { accumulate } from "../lti/state-space.ts";

/** A model on its way, with an initial state for every experiment. */
export interface Candidate {
  readonly A: Matrix;
  readonly B: Matrix;
  readonly C: Matrix;
  readonly D: Matrix;
  readonly K: Matrix;
  readonly starts: readonly Float64Array[];
}

/** A matrix whose entries are free. */
export interface Block {
  readonly name: "A" | "B" | "C" | "D" | "K";
  readonly size: number;
}

export const blocksOf = (
  n: number,
  m: number,
  l: number,
  focus: "prediction" | "simulation",
  direct: boolean,
): Block[] => [
  { name: "A", size: n * n },
  { name: "B", size: n * m },
  { name: "C", size: l * n },
  ...(direct ? [{ name: "D" as const, size: l * m }] : []),
  ...(focus === "prediction" ? [{ name: "K" as const, size: n * l }] : []),
];

/** The candidate a step further: the free entries block by block, then the initial states. */
export function moved(
  at: Candidate,
  blocks: readonly Block[],
  step: Float64Array,
  free: readonly Block[] = blocks,
): Candidate {
  let from = 0;
  const changed = free.map(({ name, size }) => {
    const data = at[name].data.map((v, k) => v + step[from + k]);
    from += size;
    return [name, { ...at[name], data }] as const;
  });
  const n = at.A.rows;
  const starts = at.starts.map((x, which) => x.map((v, i) => v + step[from + which * n + i]));
  return { ...at, ...Object.fromEntries(changed), starts };
}

/** e_t = y_t − C x_t − D u_t [count × l] of the predictor x_{t+1} = A x + B u + K e. */
export function residualsOf(
  { A, B, C, D, K }: Omit<Candidate, "starts">,
  { u, y, count }: Experiment,
  start: Float64Array,
): Float64Array {
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const e = new Float64Array(count * l);
  let x = start;
  for (let t = 0; t < count; t++) {
    const held = u.subarray(t * m, (t + 1) * m);
    const seen = new Float64Array(l);
    accumulate(C, x, seen);
    accumulate(D, held, seen);
    const now = e.subarray(t * l, (t + 1) * l);
    for (let j = 0; j < l; j++) now[j] = y[t * l + j] - seen[j];
    const next = new Float64Array(n);
    accumulate(A, x, next);
    accumulate(B, held, next);
    accumulate(K, now, next);
    x = next;
  }
  return e;
}

/**
 * JᵀJ and Jᵀe of one experiment, J = ∂ŷ/∂θ, by the sensitivities S = ∂x/∂θ of the predictor
 *
 *     S_{t+1} = (A − KC) S + dA x + dB u + dK e − K (dC x + dD u),   ∂ŷ/∂θ = C S + dC x + dD u.
 */
export function linearise(
  { A, B, C, D, K, starts }: Candidate,
  blocks: readonly Block[],
  { u, y, count }: Experiment,
  which: number,
  experiments: number,
  weights: Float64Array,
): { normal: Matrix; right: Matrix } {
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const F = subtract(A, multiply(K, C));
  const inner = blocks.reduce((sum, { size }) => sum + size, 0);
  const width = inner + n; // parameters that this experiment knows of
  let S = matrix(n, width, (i, k) => +(k === inner + i));
  const normal = new Float64Array(width * width);
  const right = new Float64Array(width);
  let x: Float64Array = starts[which];
  for (let t = 0; t < count; t++) {
    const held = u.subarray(t * m, (t + 1) * m);
    const seen = new Float64Array(l);
    accumulate(C, x, seen);
    accumulate(D, held, seen);
    const e = seen.map((value, j) => y[t * l + j] - value);
    const [J, next] = [multiply(C, S), multiply(F, S)];
    let from = 0;
    for (const { name, size } of blocks) {
      const toState = name === "A" ? x : name === "B" ? held : name === "K" ? e : null;
      const toOutput = name === "C" ? x : name === "D" ? held : null;
      const cols = size / (toState === null ? l : n);
      for (let k = 0; k < size; k++) {
        const [row, col] = [Math.floor(k / cols), k % cols];
        if (toState !== null) next.data[row * width + from + k] += toState[col];
        if (toOutput === null) continue;
        J.data[row * width + from + k] += toOutput[col];
        for (let i = 0; i < n; i++)
          next.data[i * width + from + k] -= K.data[i * l + row] * toOutput[col];
      }
      from += size;
    }
    for (let j = 0; j < l; j++) {
      const row = J.data.subarray(j * width, (j + 1) * width);
      const square = weights[j] ** 2;
      for (let a = 0; a < width; a++) {
        const factor = square * row[a];
        if (factor === 0) continue;
        right[a] += factor * e[j];
        for (let b = 0; b <= a; b++) normal[a * width + b] += factor * row[b];
      }
    }
    S = next;
    const later = new Float64Array(n);
    accumulate(A, x, later);
    accumulate(B, held, later);
    accumulate(K, e, later);
    x = later;
  }
  // The initial state of this experiment among those of all.
  const size = inner + n * experiments;
  const place = (a: number) => (a < inner ? a : a + which * n);
  const out = matrix(size, size, () => 0);
  const vector = matrix(size, 1, () => 0);
  for (let a = 0; a < width; a++) {
    vector.data[place(a)] = right[a];
    for (let b = 0; b <= a; b++) {
      out.data[place(a) * size + place(b)] = normal[a * width + b];
      out.data[place(b) * size + place(a)] = normal[a * width + b];
    }
  }
  return { normal: out, right: vector };
}
