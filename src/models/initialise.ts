import { randomStream } from "../data/random.ts";
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

function draw(shape: readonly number[], next: () => number): Tensor {
  const data = new Float32Array(shape.reduce((n, size) => n * size, 1));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return { dtype: "float32", shape, data };
}
