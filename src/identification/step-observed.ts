import { randomStream } from "../data/random.ts";
import { constantOf, tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import { ren } from "../models/ren/ren.ts";
import { compile } from "../runtime/program.ts";
import { gainOfSequences } from "../verification/ren-observed.ts";
import type { StepModel } from "./step-model.ts";

/**
 * The largest gain found between standardised signals, (Σ‖Δy‖²/Σ‖Δu‖²)^½ from equal states, by gradient
 * ascent from pairs of random inputs, half of which differ by a constant: one that is attained, beside γ.
 *
 * @param samples  of each input sequence
 */
export async function observedGain(
  { inputs, outputs, activation, tensors, feedback = "acyclic" }: StepModel,
  { samples = 100, seed = 0, pairs = 8, steps = 60 } = {},
): Promise<number> {
  const [n, q, m] = [tensors.b_x.shape[0], tensors.b_v.shape[0], inputs.length];
  const sizes = { inputs: m, outputs: outputs.length, states: n, neurons: q };
  const solve = { rtol: 1e-5, testEvery: 6 };
  const network = ren({ ...sizes, activation, feedback, solve });
  const explicit = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor)]),
  );
  const random = randomStream(seed, "observed gain");
  const width = samples * m;
  const [u, v] = [new Float32Array(pairs * width), new Float32Array(pairs * width)];
  for (let k = 0; k < pairs; k++) {
    const direction = Array.from({ length: m }, () => random.normal());
    for (let t = 0; t < width; t++) {
      const at = k * width + t;
      u[at] = random.normal();
      v[at] = u[at] + (k % 2 === 0 ? direction[t % m] : random.normal());
    }
  }
  const given = {
    u: input("u", "float32", [pairs, width]),
    v: input("v", "float32", [pairs, width]),
    x0: input("x0", "float32", [pairs, n]),
  };
  const { gain } = gainOfSequences(network, explicit, given.x0, given.u, given.v, { steps });
  const program = await compile(given, { gain }, { threads: 1 });
  try {
    const found = await program.run({
      u: tensorOf(u, [pairs, width]),
      v: tensorOf(v, [pairs, width]),
      x0: tensorOf(new Float32Array(pairs * n), [pairs, n]),
    });
    return Math.max(...Array.from(found.gain.data, Number));
  } finally {
    await program.release();
  }
}
