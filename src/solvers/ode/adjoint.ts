import { vjp } from "../../autodiff/gradient.ts";
import type { Body, Value } from "../../graph/node.ts";
import { scanRows } from "../../graph/ops/control.ts";
import { abs, add, div, maximum, mul, neg } from "../../graph/ops/elementwise.ts";
import { concat, reshape, slice, zerosLike } from "../../graph/ops/movement.ts";
import { reduceMax } from "../../graph/ops/reduction.ts";
import { isFloat } from "../../graph/shape.ts";
import { captured, constant, customVjp } from "../../graph/value.ts";
import { adaptiveSteps } from "./adaptive.ts";
import { atTimes, fieldOf } from "./landings.ts";
import { inAll, type OdeInfo, type StepControl } from "./options.ts";
import { dormandPrince, stages, type VectorField } from "./runge-kutta.ts";

/**
 * y [T, N, n] with the derivative of the exact flow, by the adjoint a(t) = ∂L/∂y(t):
 *
 *   ȧ = −(∂f/∂y)ᵀ a, jumping by the cotangent of y at each asked time;  θ̄ = ∫ aᵀ ∂f/∂θ dt
 *
 * integrated back from time to time with y beside it, which starts anew at each from the y that is
 * stored. Steps are controlled by the errors of y and of a, which is measured in units of its largest
 * entry at the time, so that the scale of a loss does not matter; θ̄ is a quadrature over the same steps, of
 * no say in them: Kidger, Chen & Lyons (2021), "Hey, that's not an ODE", arXiv:2009.09457.
 *
 * Chen, Rubanova, Bettencourt & Duvenaud (2018), arXiv:1806.07366, appendix B.
 */
export function adjointOf(
  body: Body,
  y: Value,
  y0: Value,
  times: readonly number[],
  control: StepControl,
  log: OdeInfo[],
): Value {
  const captures = captured([body]);
  return customVjp([y], [y0, ...captures], ([path, initial, ...now], _, [given]) => {
    const bar = given!;
    const field = fieldOf(body, new Map(captures.map((old, i) => [old, now[i]])));
    const theta = now.filter(({ dtype }) => isFloat(dtype));
    const from = (x: Value) => slice(x, 0, { start: 1 });
    const at = (list: readonly number[]) => constant(list, y0.dtype);
    const back = scanRows(
      [zerosLike(initial), ...theta.map(zerosLike)],
      [from(path), from(bar), at(times.slice(1)), at(times.slice(0, -1))],
      ([a, ...sums], [yEnd, jump, tEnd, tStart]) => {
        const now = add(a, jump);
        const size = maximum(reduceMax(abs(now), [1], { keepdims: true }), 1e-30);
        const start = concat([yEnd, div(now, size)], 1);
        const ends = concat([reshape(tEnd, [1]), reshape(tStart, [1])], 0);
        const steps = adaptiveSteps(augmented(field), start, ends, control);
        const all = atTimes(steps.after, steps.landing, start);
        const last = reshape(slice(all, 0, { start: 1 }), start.shape);
        const shares = quadrature(field, theta, start, steps, size);
        const { status, evaluations, accepted, rejected } = steps.info;
        return {
          states: [mul(half(last)[1], size), ...sums.map((sum, i) => add(sum, shares[i]))],
          outputs: [status, evaluations, accepted, rejected],
        };
      },
      true,
    );
    const [status, evaluations, accepted, rejected] = back.outputs;
    log.push(inAll({ status, evaluations, accepted, rejected }));
    const [a, ...sums] = back.states;
    const first = reshape(slice(bar, 0, { end: 1 }), y0.shape);
    const barOf = (value: Value) => (isFloat(value.dtype) ? sums[theta.indexOf(value)] : null);
    return [null, add(a, first), ...now.map(barOf)];
  })[0];
}

/** y and a of z = [y a] [N, 2n]. */
const half = (z: Value): readonly [Value, Value] => {
  const n = Number(z.shape[1]) / 2;
  return [slice(z, 1, { end: n }), slice(z, 1, { start: n })];
};

const augmented =
  (field: VectorField): VectorField =>
  (t, z) => {
    const [y, a] = half(z);
    const rate = field(t, y);
    const [product] = vjp([rate], [y], [a]);
    return concat([rate, product ? neg(product) : zerosLike(a)], 1);
  };

/** −Σ h bᵢ aᵢᵀ ∂f/∂θ over the stages of all steps, h being signed and a in units of `size` [N, 1]. */
function quadrature(
  field: VectorField,
  theta: readonly Value[],
  start: Value,
  { t, h }: { readonly t: Value; readonly h: Value },
  size: Value,
): readonly Value[] {
  const { b, c } = dormandPrince;
  const { states } = scanRows(
    [start, ...theta.map(zerosLike)],
    [t, h],
    ([z, ...sums], [now, length]) => {
      const { at } = stages(dormandPrince, augmented(field), now, z, length);
      const products = b.flatMap(([p, q], i) => {
        if (p === 0) return [];
        const [y, a] = half(at[i]);
        const place = add(now, mul(length, c[i][0] / c[i][1]));
        // y depends on θ too, by the stages before: as one of `wrt` it is held.
        const bars = vjp(
          [field(place, y)],
          [y, ...theta],
          [mul(a, mul(mul(length, size), -p / q))],
        );
        return [bars.slice(1)];
      });
      const total = sums.map((sum, i) =>
        products.reduce((so, bars) => (bars[i] ? add(so, bars[i]) : so), sum),
      );
      return { states: [at[6], ...total], outputs: [] };
    },
    false,
  );
  return states.slice(1);
}
