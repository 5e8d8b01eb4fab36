import type { Value } from "../../graph/node.ts";
import { add, mul, relu, sigmoid, sub, tanh } from "../../graph/ops/elementwise.ts";
import { split } from "../../graph/ops/movement.ts";

/**
 * One recurrent layer of H units: from the projected input x = W_ih u + b_ih, the projected state
 * p = W_hh h + b_hh, both [B, gates·H], and the state [B, H] …, of which h is first, the next state.
 */
export interface Cell {
  readonly gates: number;
  readonly state: readonly string[];
  readonly advance: (x: Value, p: Value, state: readonly Value[]) => readonly Value[];
}

const parts = (x: Value, count: number) =>
  split(x, 1, Array<number>(count).fill(Number(x.shape[1]) / count));

/** h′ = σ(x + p). Elman (1990), "Finding structure in time", Cognitive Science 14, 179–211. */
const plain = (sigma: (x: Value) => Value): Cell => ({
  gates: 1,
  state: ["h"],
  advance: (x, p) => [sigma(add(x, p))],
});

/**
 * [i f g o] = x + p, c′ = σ(f) c + σ(i) tanh(g), h′ = σ(o) tanh(c′). Hochreiter & Schmidhuber
 * (1997), "Long short-term memory"; forget gate of Gers, Schmidhuber & Cummins (2000).
 */
const longShortTerm: Cell = {
  gates: 4,
  state: ["h", "c"],
  advance: (x, p, [, c]) => {
    const [i, f, g, o] = parts(add(x, p), 4);
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(next)), next];
  },
};

/**
 * r = σ(x_r + p_r), z = σ(x_z + p_z), n = tanh(x_n + r p_n), h′ = n + z (h − n). Cho et al. (2014),
 * arXiv:1406.1078, with the reset after the product, as cuDNN and PyTorch have it.
 */
const gated: Cell = {
  gates: 3,
  state: ["h"],
  advance: (x, p, [h]) => {
    const [xr, xz, xn] = parts(x, 3);
    const [pr, pz, pn] = parts(p, 3);
    const n = tanh(add(xn, mul(sigmoid(add(xr, pr)), pn)));
    return [add(n, mul(sigmoid(add(xz, pz)), sub(h, n)))];
  },
};

export const cells = {
  "rnn-tanh": plain(tanh),
  "rnn-relu": plain(relu),
  lstm: longShortTerm,
  gru: gated,
} as const satisfies Record<string, Cell>;
export type CellKind = keyof typeof cells;
