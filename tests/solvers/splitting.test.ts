import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul, sub } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { monotoneWeight } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { fixedPoint, solverHealth } from "../../src/solvers/fixed-point.ts";
import { picard } from "../../src/solvers/picard.ts";
import { proxKinds, proxOf } from "../../src/solvers/prox.ts";
import {
  forwardBackward,
  peacemanRachford,
  reflectedResolvent,
} from "../../src/solvers/splitting.ts";

const matrix = (seed: number, rows: number, columns: number, scale: number) =>
  tensorOf(
    mulberryMatrix(seed, rows, columns).map((x) => x * scale),
    [rows, columns],
  );

describe("prox", () => {
  const points = Array.from({ length: 81 }, (_, i) => (i - 40) * 1.25);
  const alphas = [0.01, 0.1, 0.25, 0.5, 1, 2, 4, 10];

  // z = prox_g^α(v) is characterised by v = z + α(σ⁻¹(z) − z), that is (1 − α)σ(t) + αt = v.
  const sigma: Record<(typeof proxKinds)[number], (t: number) => number> = {
    relu: (t) => Math.max(0, t),
    "leaky-relu": (t) => (t > 0 ? t : 0.01 * t),
    tanh: Math.tanh,
    sigmoid: (t) => 1 / (1 + Math.exp(-t)),
    softplus: (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t))),
  };
  /** The root of the increasing left side by bisection: another way to the same number. */
  const reference = (kind: (typeof proxKinds)[number], v: number, alpha: number) => {
    let [low, high] = [-1e5, 1e5];
    for (let k = 0; k < 200; k++) {
      const t = (low + high) / 2;
      if ((1 - alpha) * sigma[kind](t) + alpha * t < v) low = t;
      else high = t;
    }
    return sigma[kind]((low + high) / 2);
  };

  test.each(proxKinds)(
    "%s is exact for every α, and the activation itself at α = 1",
    async (kind) => {
      const v = input("v", "float64", ["N"]);
      const outputs = Object.fromEntries(
        alphas.map((alpha) => [`z${alpha}`, proxOf(kind)(v, alpha)]),
      );
      const program = await compile({ v }, outputs);
      const found = await program.run({ v: tensorOf(Float64Array.from(points), [points.length]) });
      await program.release();
      for (const alpha of alphas) {
        const wanted = points.map((p) => reference(kind, p, alpha));
        expect(found[`z${alpha}`].data).toBeAllClose(wanted, { rtol: 1e-9, atol: 1e-10 });
      }
      expect(found.z1.data).toBeAllClose(points.map(sigma[kind]), { rtol: 1e-12, atol: 1e-14 });
    },
  );

  test.each(proxKinds)("the derivative of %s agrees with central differences", async (kind) => {
    const v = input("v", "float64", ["N"]);
    const smooth = points.filter((p) => p !== 0 && Math.abs(p) < 20);
    const at = async (shift: number, outputs: (x: Value) => Value) => {
      const program = await compile({ v }, { y: outputs(v) });
      const x = tensorOf(
        Float64Array.from(smooth, (p) => p + shift),
        [smooth.length],
      );
      const { y } = await program.run({ v: x });
      await program.release();
      return y.data as Float64Array;
    };
    for (const alpha of [0.25, 1, 4]) {
      const f = (x: Value) => proxOf(kind)(x, alpha);
      const slopes = await at(0, (x) => gradient(reduceSum(f(x)), { x }).x);
      const [up, down] = [await at(1e-5, f), await at(-1e-5, f)];
      const wanted = up.map((y, i) => (y - down[i]) / 2e-5);
      expect(slopes).toBeAllClose(wanted, { rtol: 1e-6, atol: 1e-7 });
    }
  });
});

describe.each(["peaceman-rachford", "forward-backward"] as const)("%s", (kind) => {
  const n = 7;
  const tensors = {
    A: matrix(1, n, n, 0.6),
    B: matrix(2, n, n, 0.8),
    c: matrix(3, 5, n, 1),
    target: matrix(4, 5, n, 1),
  };
  const inputs = {
    A: input("A", "float64", [n, n]),
    B: input("B", "float64", [n, n]),
    c: input("c", "float64", ["N", n]),
    target: input("target", "float64", ["N", n]),
  };
  const options = { rtol: 1e-13, atol: 1e-14, maxIterations: 20_000 };

  /** z* of the model, with a loss on it. */
  function build(activation: (typeof proxKinds)[number], alpha: number, m = 0.5) {
    const prox = proxOf(activation);
    const W = monotoneWeight(inputs.A, inputs.B, m);
    const splitting =
      kind === "peaceman-rachford"
        ? peacemanRachford(reflectedResolvent(W, alpha), alpha, prox)
        : forwardBackward(W, alpha, prox);
    const health = solverHealth();
    const [state] = fixedPoint(
      splitting.map(inputs.c),
      [filled(0, inputs.c)],
      { forward: { method: picard(), options }, backward: { method: picard(), options } },
      health,
    );
    const z = splitting.read(state);
    const image = prox(add(affine(z, W), inputs.c), 1);
    const error = sub(z, inputs.target);
    return { z, image, health, loss: mul(reduceSum(mul(error, error)), 0.5) };
  }

  const cases = proxKinds.flatMap((activation) =>
    (kind === "peaceman-rachford" ? [0.25, 1, 3] : [0.05, 0.1]).map(
      (alpha) => [activation, alpha] as const,
    ),
  );

  test.each(cases)(
    "%s, α = %d: z = σ(Wz + c), and the gradient is that of differences",
    async (activation, alpha) => {
      const { z, image, loss, health } = build(activation, alpha);
      const bars = gradient(loss, { A: inputs.A, B: inputs.B, c: inputs.c });
      const program = await compile(inputs, {
        z,
        image,
        loss,
        forward: health.forward[0].status,
        backward: health.backward[0].status,
        barA: bars.A,
        barB: bars.B,
        barC: bars.c,
      });
      const found = await program.run(tensors);
      expect(new Set([...found.forward.data, ...found.backward.data])).toEqual(new Set([1n]));
      expect(found.image.data).toBeAllClose(found.z.data as Float64Array, {
        rtol: 1e-9,
        atol: 1e-9,
      });
      for (const [name, bar] of [
        ["A", found.barA],
        ["B", found.barB],
        ["c", found.barC],
      ] as const) {
        for (const i of [0, 8, 23]) {
          const moved = async (step: number) => {
            const data = Float64Array.from(tensors[name].data as Float64Array);
            data[i] += step;
            const { loss: value } = await program.run({
              ...tensors,
              [name]: { ...tensors[name], data },
            });
            return Number(value.data[0]);
          };
          const slope = ((await moved(1e-5)) - (await moved(-1e-5))) / 2e-5;
          expect([bar.data[i]], `${name}[${i}]`).toBeAllClose([slope], { rtol: 2e-5, atol: 1e-7 });
        }
      }
      await program.release();
    },
  );
});
