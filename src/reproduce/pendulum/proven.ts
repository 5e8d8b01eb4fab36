import { randomStream } from "../../data/random.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import { storedProgram } from "../../identification/ren-stored.ts";
import type { Parameters } from "../../models/model.ts";
import type { ContinuousRen } from "../../models/ren/flow.ts";
import type { Ren } from "../../models/ren/ren.ts";
import { compile } from "../../runtime/program.ts";
import { certifyRen } from "../../verification/ren-certificate.ts";
import { certifyFlow } from "../../verification/ren-flow.ts";
import { isRen } from "./plan.ts";

/** What is proven of the stored float32 weights, and the worst that was seen of it. */
export interface Proven {
  /** ᾱ of a step, or α per second of V. */
  readonly kind: "rate" | "decay";
  readonly claimed: number;
  /** λmin of the inequality's matrix is at least this. */
  readonly margin: number;
  readonly overshoot: number;
  /** max (V(Δx⁺)/V(Δx))^½ of a step, or max V̇/V: to be at most ᾱ, or −α. */
  readonly observed: number;
  readonly pairs: number;
  /** Numbers of the stored matrices: what acts of the parameters. */
  readonly acting: number;
}

const pairs = 2000;

/** Proves the contraction of a trained network, and looks for pairs of states that break it. */
export async function proven(
  model: Ren | ContinuousRen,
  parameters: Parameters,
  seed: number,
): Promise<Proven> {
  const program = await storedProgram(model, seed);
  const stored = await program.run(parameters);
  await program.release();
  const { tensors, metric } = stored;
  const certificate = isRen(model)
    ? certifyRen(tensors, metric, {
        activation: model.activation,
        feedback: "acyclic",
        rate: model.form.rate,
        guarantee: model.guarantee,
      })
    : certifyFlow(tensors, metric, model.form.decay);

  const { states: n } = model;
  const explicit = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const [x, u] = [input("x", "float32", [2 * pairs, n]), input("u", "float32", [2 * pairs, 1])];
  const after = isRen(model) ? model.step(explicit, u, x).x : model.rate(explicit, x, u);
  const step = await compile({ ...explicit, x, u }, { after }, { threads: 1 });
  const random = randomStream(seed, "pendulum", "pairs");
  const start = Float32Array.from({ length: 2 * pairs * n }, () => 3 * random.normal());
  const found = await step.run({
    ...tensors,
    x: tensorOf(start, [2 * pairs, n]),
    u: tensorOf(new Float32Array(2 * pairs), [2 * pairs, 1]),
  });
  await step.release();

  const P = Array.from(metric.P.data, Number);
  const difference = (of: ArrayLike<number>, k: number) =>
    Array.from({ length: n }, (_, i) => of[2 * k * n + i] - of[(2 * k + 1) * n + i]);
  const form = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, ai, i) => sum + b.reduce((row, bj, j) => row + ai * P[i * n + j] * bj, 0), 0);
  let observed = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < pairs; k++) {
    const [d, e] = [difference(start, k), difference(found.after.data as Float32Array, k)];
    const one = isRen(model) ? Math.sqrt(form(e, e) / form(d, d)) : (2 * form(d, e)) / form(d, d);
    observed = Math.max(observed, one);
  }
  return {
    kind: isRen(model) ? "rate" : "decay",
    claimed: isRen(model) ? model.form.rate : model.form.decay,
    margin: certificate.measured - certificate.roundingMargin,
    overshoot: certificate.overshoot,
    observed,
    pairs,
    acting: Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0),
  };
}
