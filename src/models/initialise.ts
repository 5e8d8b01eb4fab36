import { randomStream } from "../data/random.ts";
import { UsageError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";

/** Entries drawn uniformly from ±1/√fanIn, as torch.nn.Linear does. float32. */
export function uniformFanIn(
  shape: readonly number[],
  fanIn: number,
  seed: number,
  name: string,
): Tensor {
  const bound = 1 / Math.sqrt(fanIn);
  const random = randomStream(seed, "initialise", name);
  return draw(shape, () => (2 * random.uniform() - 1) * bound);
}

/** Entries drawn from N(0, 2/fanIn), for ReLU (He et al. 2015, arXiv:1502.01852). float32. */
export function heNormal(
  shape: readonly number[],
  fanIn: number,
  seed: number,
  name: string,
): Tensor {
  const deviation = Math.sqrt(2 / fanIn);
  const random = randomStream(seed, "initialise", name);
  return draw(shape, () => random.normal() * deviation);
}

/**
 * Weight [out, …] and bias [out] of the layer `name`, as torch.nn.Linear and Conv2d draw them; the
 * weight by another rule where one is given.
 */
export function layerStart(
  name: string,
  shape: readonly number[],
  seed: number,
  draw = uniformFanIn,
): Record<string, Tensor> {
  const fanIn = shape.slice(1).reduce((n, size) => n * size, 1);
  return {
    [`${name}.weight`]: draw(shape, fanIn, seed, `${name}.weight`),
    [`${name}.bias`]: uniformFanIn([shape[0]], fanIn, seed, `${name}.bias`),
  };
}

/** How the weights that act on a state start: ±1/√fanIn uniform, or N(0, deviation²). */
export type Initial =
  | { readonly kind: "uniform-fan-in" }
  | { readonly kind: "normal"; readonly deviation: number };

/** The drawing function of a choice. @throws UsageError for a deviation that is not positive */
export function initialOf(initial: Initial): typeof uniformFanIn {
  if (initial.kind === "uniform-fan-in") return uniformFanIn;
  const { deviation } = initial;
  if (!(deviation > 0 && Number.isFinite(deviation)))
    throw new UsageError(`initial: deviation ${deviation} is not positive`);
  return (shape, _, seed, name) => {
    const random = randomStream(seed, "initialise", name);
    return draw(shape, () => random.normal() * deviation);
  };
}

/** One number everywhere. float32. */
export const constantStart = (shape: readonly number[], value: number): Tensor =>
  draw(shape, () => value);

function draw(shape: readonly number[], next: () => number): Tensor {
  const data = new Float32Array(shape.reduce((n, size) => n * size, 1));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return { dtype: "float32", shape, data };
}
