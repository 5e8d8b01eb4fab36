import { randomStream } from "../data/random.ts";
import { constantOf, tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import { embed } from "../linalg/complex.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { svd } from "../linalg/svd.ts";
import { frequencyResponse } from "../lti/response.ts";
import { ren } from "../models/ren/ren.ts";
import { compile } from "../runtime/program.ts";
import { gainOfSequences } from "../verification/ren-observed.ts";
import type { Rest } from "./step-constants.ts";
import { type StepModel, stepPredictor } from "./step-model.ts";
import { standardised } from "./step-rest.ts";

/** How gains are searched for. */
export interface GainSearch {
  /** Of each input sequence; by how slow the network is when left out, 100 to 300. */
  readonly samples?: number;
  readonly seed?: number;
  readonly pairs?: number; // random ones
  readonly steps?: number; // of the ascent
}

/** Deviations of the sinusoids from rest: in the linear range, and beyond. */
const amplitudes = [0.01, 0.1, 1];

/**
 * The largest gain found between standardised signals by gradient ascent from pairs of input sequences:
 * random ones from the state 0, half of which differ by a constant; and from each rest the constant inputs
 * there and those with sinusoids of the frequency given. The ascent is in float32, the gains of what it
 * found are in float64.
 */
export async function searchedGain(
  model: StepModel,
  rests: readonly Rest[],
  options: GainSearch,
): Promise<number> {
  const { inputs, outputs, activation, tensors, feedback = "acyclic" } = model;
  const { samples = samplesFor(model, rests), seed = 0, pairs = 8, steps = 60 } = options;
  const [n, q, m] = [tensors.b_x.shape[0], tensors.b_v.shape[0], inputs.length];
  const sizes = { inputs: m, outputs: outputs.length, states: n, neurons: q };
  const network = ren({ ...sizes, activation, feedback, solve: { rtol: 1e-5, testEvery: 6 } });
  const explicit = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor)]),
  );
  const waves = rests.flatMap((rest) => sinusoids(rest, samples).map((wave) => ({ rest, wave })));
  const count = pairs + waves.length;
  const width = samples * m;
  const [u, v] = [new Float32Array(count * width), new Float32Array(count * width)];
  const x0 = new Float32Array(count * n);
  const random = randomStream(seed, "observed gain");
  for (let k = 0; k < pairs; k++) {
    const direction = Array.from({ length: m }, () => random.normal());
    for (let t = 0; t < width; t++) {
      const at = k * width + t;
      u[at] = random.normal();
      v[at] = u[at] + (k % 2 === 0 ? direction[t % m] : random.normal());
    }
  }
  waves.forEach(({ rest, wave }, k) => {
    const held = wave.map((_, t) => rest.u[t % m]);
    u.set(held, (pairs + k) * width);
    v.set(
      wave.map((value, t) => value + held[t]),
      (pairs + k) * width,
    );
    x0.set(rest.x, (pairs + k) * n);
  });
  const given = {
    u: input("u", "float32", [count, width]),
    v: input("v", "float32", [count, width]),
    x0: input("x0", "float32", [count, n]),
  };
  const { x, y } = gainOfSequences(network, explicit, given.x0, given.u, given.v, { steps });
  const program = await compile(given, { x, y }, { threads: 1 });
  try {
    const found = await program.run({
      u: tensorOf(u, [count, width]),
      v: tensorOf(v, [count, width]),
      x0: tensorOf(x0, [count, n]),
    });
    const rows = (data: ArrayLike<number | bigint>, size: number) =>
      Array.from({ length: count }, (_, k) =>
        Float64Array.from({ length: size }, (_, i) => Number(data[k * size + i])),
      );
    const [from, to, starts] = [rows(found.x.data, width), rows(found.y.data, width), rows(x0, n)];
    const { simulate } = stepPredictor(standardised(model));
    const gains = starts.map(
      (start, k) =>
        distance(simulate(from[k], start).y, simulate(to[k], start).y) / distance(from[k], to[k]),
    );
    return Math.max(0, ...gains.filter(Number.isFinite));
  } finally {
    await program.release();
  }
}

/** Four time constants of the slowest linearisation; with a full D11 each sample takes many steps. */
function samplesFor({ feedback }: StepModel, rests: readonly Rest[]): number {
  if (rests.length === 0 || feedback === "full") return 100;
  const slowest = Math.max(...rests.map(({ system }) => spectralRadius(system.A)));
  return Math.min(300, Math.max(100, Math.ceil(4 / (1 - slowest))));
}

/** Sinusoids [samples × m] of the frequency θ in the direction of the largest gain, one an amplitude. */
function sinusoids({ system, theta }: Rest, samples: number): Float32Array[] {
  const m = system.B.cols;
  // The first column of V of [Re −Im; Im Re]: real parts of the direction, then imaginary ones.
  const { V } = svd(embed(frequencyResponse(system, theta)));
  const direction = Array.from({ length: m }, (_, j) => {
    const [re, im] = [V.data[j * V.cols], V.data[(m + j) * V.cols]];
    return { size: Math.hypot(re, im), phase: Math.atan2(im, re) };
  });
  // It is free up to a common phase, which must not be that of sin 0 t.
  const { phase } = direction.reduce((a, b) => (b.size > a.size ? b : a));
  return amplitudes.map((amplitude) =>
    Float32Array.from({ length: samples * m }, (_, k) => {
      const own = direction[k % m];
      return amplitude * own.size * Math.cos(theta * Math.floor(k / m) + own.phase - phase);
    }),
  );
}

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]));
