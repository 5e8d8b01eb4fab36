import { type RandomStream, randomStream } from "../../data/random.ts";
import { compile } from "../../runtime/program.ts";
import { iterate } from "../../solvers/iterate.ts";
import { newton } from "../../solvers/newton.ts";
import { solveOptions } from "../../solvers/options.ts";
import { type Layers, layerFeeds, layerInputs, layerMap, rowOf } from "./layers.ts";

/** An equilibrium of every layer, where one was found. */
export interface Equilibria {
  readonly z: Float64Array; // [count, width]; NaN where none was found
  /** At which attempt: 0 is Newton's method from z = 0. Negative where none was found. */
  readonly attempt: Int32Array; // [count]
}

export const attempts = 12;
/** A residual ‖f(z) − z‖₂ that counts as found: far above rounding, far below any other residual. */
const foundBelow = 1e-12;

/**
 * A step may not let the residual grow: from z = 0 the method then stays with the equilibrium that
 * belongs to z = 0, as Powell's hybrid method of the lecture does. With room to jump it finds more at
 * the first attempt, and others.
 */
const cautious = { growth: 1 };

/**
 * Roots of f(z) − z by Newton's method from z = 0, which is where the lecture starts, and where that
 * fails from tanh(c) and from random points: a root finder that does not depend on whether the
 * layer iteration is attracted. Which of several roots is found depends on the start; the first one
 * found counts.
 */
export async function findEquilibria(layers: Layers, seed: number): Promise<Equilibria> {
  const { count, width } = layers;
  const inputs = layerInputs(layers);
  // Tighter than rounding allows: the solve goes on to the floor, and hands back its best.
  const options = solveOptions({ rtol: 1e-17, atol: 0, maxIterations: 40 });
  const { z, info } = iterate(newton(cautious), layerMap(inputs), [inputs.start], options);
  const program = await compile(inputs, { z: z[0], residual: info.residual });
  const found = new Float64Array(count * width).fill(Number.NaN);
  const attempt = new Int32Array(count).fill(-1);
  try {
    const random = randomStream(seed, "reproduce", "starts");
    for (let k = 0; k < attempts && attempt.includes(-1); k++) {
      // Those that are solved run along: their answers are dropped.
      const result = await program.run(layerFeeds(layers, startOf(k, layers, random)));
      const [zs, residuals] = [result.z.data, result.residual.data] as Float64Array[];
      for (let i = 0; i < count; i++) {
        if (attempt[i] >= 0 || !(residuals[i] < foundBelow)) continue;
        attempt[i] = k;
        found.set(rowOf(zs, width, i), i * width);
      }
    }
  } finally {
    await program.release();
  }
  return { z: found, attempt };
}

function startOf(k: number, { c, count, width }: Layers, { normal }: RandomStream): Float64Array {
  if (k === 0) return new Float64Array(count * width);
  if (k === 1) return c.map(Math.tanh);
  return Float64Array.from(c, () => Math.tanh(normal()));
}
