import { vjp } from "../../autodiff/gradient.ts";
import type { Value } from "../../graph/node.ts";
import { scanRows } from "../../graph/ops/control.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { gemm, matmul } from "../../graph/ops/linear.ts";
import { transpose, zerosLike } from "../../graph/ops/movement.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { customVjp } from "../../graph/value.ts";
import type { Cell } from "./cells.ts";
import { sumOfProducts } from "./project.ts";

/** W_hh [gates·H, H] and b_hh [gates·H]. */
export interface Recurrence {
  readonly weight: Value;
  readonly bias: Value;
}

/** One step of a cell from the projected input x [B, gates·H]. */
export const advance = (
  cell: Cell,
  { weight, bias }: Recurrence,
  x: Value,
  state: readonly Value[],
): readonly Value[] => cell.advance(x, gemm(state[0], weight, bias, { transB: true }), state);

/**
 * A cell over the projected inputs of all times x [T, B, gates·H]: h after each step [T, B, H] and
 * the last state.
 *
 * Its derivative is written out: the scan backwards holds the one product that must be in it,
 * h̄ ← p̄ W_hh, and makes neither the products of the forward scan again, which stored them, nor sums
 * of W̄_hh step by step: that is one product over all times, Σₜ p̄ₜᵀ hₜ₋₁.
 */
export function unroll(
  cell: Cell,
  { weight, bias }: Recurrence,
  x: Value,
  start: readonly Value[],
): { readonly h: Value; readonly state: readonly Value[] } {
  const count = start.length;
  const turned = transpose(weight, [1, 0]); // once, not in each step
  const forward = scanRows(
    start,
    [x],
    (state, [row]) => {
      const p = gemm(state[0], turned, bias);
      const states = cell.advance(row, p, state);
      return { states, outputs: [states[0], p] };
    },
    false,
  );
  const made = [...forward.states, ...forward.outputs, ...forward.carries];
  const [given, W, b] = [[x, ...start], weight, bias];
  const results = customVjp(made, [...given, W, b], (inputs, _, bars) => {
    const [xs, ps] = [inputs[made.length], inputs[count + 1]];
    const carries = inputs.slice(count + 2, made.length);
    const recurrent = inputs[made.length + 1 + count];
    const lastBars = start.map((_, i) => bars[i] ?? zerosLike(inputs[i]));
    const hBars = bars[count] ?? zerosLike(inputs[count]);
    const backward = scanRows(
      lastBars,
      [hBars, xs, ps, ...carries],
      (stateBars, [hBar, row, p, ...state]) => {
        const seeds = stateBars.map((bar, i) => (i === 0 ? add(bar, hBar) : bar));
        const [xBar, pBar, ...before] = vjp(cell.advance(row, p, state), [row, p, ...state], seeds);
        const through = matmul(pBar!, recurrent);
        const states = before.map((bar, i) => {
          if (i === 0) return bar ? add(bar, through) : through;
          return bar ?? zerosLike(state[i]);
        });
        return { states, outputs: [xBar!, pBar!] };
      },
      true,
    );
    const [xBar, pBar] = backward.outputs;
    return [
      ...made.map(() => null),
      xBar,
      ...backward.states,
      sumOfProducts(pBar, carries[0]),
      reduceSum(pBar, [0, 1]),
    ];
  });
  return { h: results[count], state: results.slice(0, count) };
}
