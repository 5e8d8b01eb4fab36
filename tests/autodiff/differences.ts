import { expect } from "vitest";
import { vjp } from "../../src/autodiff/gradient.ts";
import type { Value } from "../../src/graph/node.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { isFloat } from "../../src/graph/shape.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { input, typedArray } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";

/** A function from inputs to float outputs, and the point at which it is differentiated. */
export interface Problem {
  readonly inputs: Values;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Value[];
}

/** Step of the difference and what it is allowed to be wrong by, relative to the largest entry. */
interface Precision {
  readonly step: number;
  readonly tolerance: number;
}
const double: Precision = { step: 1e-5, tolerance: 2e-7 };
const single: Precision = { step: 1 / 64, tolerance: 3e-3 };
const precisionOf = ({ inputs }: Problem) =>
  Object.values(inputs).some(({ dtype }) => dtype === "float32") ? single : double;

const asObject = (prefix: string, values: readonly Value[]) =>
  Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));

/** Numbers in (−1, 1) that look random. */
export const noise = (count: number, seed = 1): number[] =>
  Array.from({ length: count }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return 2 * (x - Math.floor(x)) - 1;
  });

/** Runs a program once and closes it. */
export async function evaluate(
  inputs: Values,
  outputs: Values,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const program = await compile(inputs, outputs, { threads: 1 });
  const results = await program.run(feeds);
  await program.release();
  return results;
}

/**
 * Compares the vector–Jacobian product, for an arbitrary cotangent, with central differences in
 * every entry of every float input. Returns the product as a problem of its own: its derivative is
 * the second.
 */
export async function checkDerivative(problem: Problem): Promise<Problem> {
  const { inputs, feeds, outputs } = problem;
  const { step, tolerance } = precisionOf(problem);
  const forward = await compile(inputs, asObject("y", outputs), { threads: 1 });
  const values = await forward.run(feeds);
  const seed = `seed${Object.keys(inputs).length}_`;
  const seeds = outputs.map((y, i) => input(`${seed}${i}`, y.dtype, y.shape));
  const given = outputs.map((y, i): Tensor => {
    const { shape, data } = values[`y${i}`];
    return { dtype: y.dtype, shape, data: typedArray(y.dtype, noise(data.length, i)) };
  });
  const loss = async (at: Readonly<Record<string, Tensor>>) => {
    const results = await forward.run(at);
    const terms = given.map(({ data: weights }, i) =>
      Array.from(results[`y${i}`].data, Number).reduce(
        (sum, y, k) => sum + y * Number(weights[k]),
        0,
      ),
    );
    return terms.reduce((sum, term) => sum + term, 0);
  };

  const names = Object.keys(inputs).filter((name) => isFloat(inputs[name].dtype));
  const wrt = names.map((name) => inputs[name]);
  const bars = vjp(outputs, wrt, seeds);
  const all = { ...inputs, ...asObject(seed, seeds) };
  const allFeeds = { ...feeds, ...Object.fromEntries(given.map((t, i) => [`${seed}${i}`, t])) };
  const found = bars.filter((bar) => bar !== null);
  const results = found.length > 0 ? await evaluate(all, asObject("bar", found), allFeeds) : {};

  for (const [i, name] of names.entries()) {
    const bar = bars[i];
    const { dtype, shape, data } = feeds[name];
    const differences = [];
    for (let k = 0; k < data.length; k++) {
      const at = (h: number) =>
        typedArray(dtype, Array.from(data, Number).with(k, Number(data[k]) + h));
      const [up, down] = [at(step), at(-step)];
      const rise =
        (await loss({ ...feeds, [name]: { dtype, shape, data: up } })) -
        (await loss({ ...feeds, [name]: { dtype, shape, data: down } }));
      differences.push(rise / (Number(up[k]) - Number(down[k])));
    }
    const product = bar && results[`bar${found.indexOf(bar)}`];
    if (product) {
      expect(bar.shape, `shape of the cotangent of ${name}`).toEqual(inputs[name].shape);
      expect(product.shape, `size of the cotangent of ${name}`).toEqual(shape);
    }
    const scale = Math.max(1, ...differences.map(Math.abs));
    expect(Array.from(product?.data ?? differences.map(() => 0), Number)).toBeAllClose(
      differences,
      {
        rtol: 0,
        atol: tolerance * scale,
      },
    );
  }
  await forward.release();
  return { inputs: all, feeds: allFeeds, outputs: found };
}
