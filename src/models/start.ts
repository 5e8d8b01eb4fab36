import { randomStream } from "../data/random.ts";
import { UsageError } from "../errors.ts";
import type { Model, Parameters } from "./model.ts";

/** Deviation of the weights of a layer that sums `fanIn` inputs for each of its outputs. */
export type DeviationRule = (fanIn: number, fanOut: number) => number;

/** He et al. (2015), arXiv:1502.01852: 2/fanIn keeps the variance through ReLU. */
export const heRule: DeviationRule = (fanIn) => Math.sqrt(2 / fanIn);
/** Glorot & Bengio (2010), AISTATS 9: 2/(fanIn + fanOut), between what the two passes want. */
export const xavierRule: DeviationRule = (fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut));
/** The same deviation in every layer. */
export const constantRule =
  (deviation: number): DeviationRule =>
  () =>
    deviation;

/**
 * A model that starts with weights [out, in, …] drawn from N(0, rule²) and biases of 0, whatever it
 * started with. Only for layers whose weights stand with their outputs first, as those of `mlp` and
 * `cnn` do.
 *
 * @throws UsageError  for a deviation that is not positive
 */
export function startedBy(model: Model, rule: DeviationRule): Model {
  return {
    ...model,
    initialise: (seed) => {
      const drawn = Object.entries(model.initialise(seed)).map(([name, { dtype, shape, data }]) => {
        const numbers = new Float32Array(data.length);
        if (shape.length >= 2) {
          const patch = shape.slice(2).reduce((n, size) => n * size, 1);
          const deviation = rule(shape[1] * patch, shape[0] * patch);
          if (!(deviation > 0 && Number.isFinite(deviation)))
            throw new UsageError(`startedBy: deviation ${deviation} of ${name} is not positive`);
          const random = randomStream(seed, "start", name);
          for (let i = 0; i < numbers.length; i++) numbers[i] = deviation * random.normal();
        }
        return [name, { dtype, shape, data: numbers }] as const;
      });
      return Object.fromEntries(drawn) as Parameters;
    },
  };
}
