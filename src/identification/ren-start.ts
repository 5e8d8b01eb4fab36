import { randomStream } from "../data/random.ts";
import { UsageError } from "../errors.ts";
import { tensorOf } from "../graph/tensor.ts";
import type { StateSpace } from "../lti/state-space.ts";
import { linearStart, type Start } from "../models/ren/initialise.ts";
import type { RenForm } from "../models/ren/parametrisation.ts";

/**
 * A linear system of fewer states, or as many, as the start of a network: the states left over decay by
 * half the rate, are driven a little and not read yet.
 *
 * @param offset  of the outputs [l]: what they are for inputs of 0
 */
export const paddedStart =
  ({ A, B, C, D }: StateSpace, offset: Float64Array): Start =>
  (form, seed) => {
    const { states, inputs, outputs, rate } = form;
    const n = A.rows;
    if (n > states)
      throw new UsageError(`a linear model of ${n} states as the start of a network of ${states}`);
    const random = randomStream(seed, "identify", "states");
    const rows = (count: number, cols: number, of: (i: number, j: number) => number) =>
      Array.from({ length: count }, (_, i) => Array.from({ length: cols }, (_, j) => of(i, j)));
    const system = {
      A: rows(states, states, (i, j) =>
        i < n && j < n ? A.data[i * n + j] : i === j ? rate / 2 : 0,
      ),
      B: rows(states, inputs, (i, j) => (i < n ? B.data[i * inputs + j] : 0.1 * random.normal())),
      C: rows(outputs, states, (i, j) => (j < n ? C.data[i * n + j] : 0)),
      D: rows(outputs, inputs, (i, j) => D.data[i * inputs + j]),
    };
    return {
      ...linearStart(system)(form, seed),
      b_y: tensorOf(Float32Array.from(offset), [outputs]),
    };
  };

/** Whether a network of this form can be started so: epsilon leaves room, and there is no supply rate. */
export function canStart(start: Start, form: RenForm): boolean {
  try {
    start(form, 0);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}
