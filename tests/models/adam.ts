import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import type { Parameters } from "../../src/models/model.ts";

/** Adam, step length 0.02, from the gradients that a program gives beside its loss. */
export async function adam(
  run: (feeds: Parameters) => Promise<Readonly<Record<string, Tensor>>>,
  start: Parameters,
  steps: number,
): Promise<{ parameters: Parameters; loss: number; first: number }> {
  let parameters = start;
  const zeros = () =>
    Object.fromEntries(Object.entries(start).map(([k, v]) => [k, new Float64Array(v.data.length)]));
  const [mean, spread] = [zeros(), zeros()];
  let [first, loss] = [NaN, NaN];
  for (let step = 1; step <= steps; step++) {
    const found = await run(parameters);
    loss = Number(found.loss.data[0]);
    if (step === 1) first = loss;
    parameters = Object.fromEntries(
      Object.entries(parameters).map(([name, before]) => {
        const bar = Array.from(found[`bar.${name}`].data, Number);
        const next = Float32Array.from(Array.from(before.data, Number), (x, i) => {
          mean[name][i] = 0.9 * mean[name][i] + 0.1 * bar[i];
          spread[name][i] = 0.999 * spread[name][i] + 0.001 * bar[i] ** 2;
          const [m, v] = [mean[name][i] / (1 - 0.9 ** step), spread[name][i] / (1 - 0.999 ** step)];
          return x - (0.02 * m) / (Math.sqrt(v) + 1e-8);
        });
        return [name, tensorOf(next, before.shape)];
      }),
    );
  }
  return { parameters, loss, first };
}
