import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { compile } from "../../src/runtime/program.ts";
import { proxKinds } from "../../src/solvers/prox.ts";
import { attainedGain } from "../../src/verification/attained.ts";
import type { Iteration } from "../../src/verification/certificate.ts";
import { certify } from "../../src/verification/certify.ts";
import { network, peacemanRachford, type Tensors } from "./networks.ts";

async function search(tensors: Tensors, iteration: Iteration): Promise<number> {
  const options = { pairs: 6, steps: 20 };
  const { inputs, outputs, feeds } = attainedGain(
    tensors,
    iteration,
    randomStream(1).normal,
    options,
  );
  const program = await compile(inputs, outputs);
  const { gain } = await program.run(feeds);
  await program.release();
  return Number(gain.data[0]);
}

test.each(proxKinds)(
  "%s: attained at most the certified bound, and not far below it",
  async (activation) => {
    for (const [seed, standardised] of [
      [1, false],
      [2, true],
    ] as const) {
      const tensors = network({ m: 3, seed, standardised });
      const iteration = { ...peacemanRachford, activation };
      const { claims } = certify(tensors, { ...iteration, m: 3 });
      const bound = claims.find(({ kind }) => kind === "lipschitz")!.bound;
      const gain = await search(tensors, iteration);
      expect(gain).toBeLessThan(bound);
      // The bound allows for slopes of 1, which a sigmoid has nowhere and softplus far away only.
      expect(gain).toBeGreaterThan(bound * (/sigmoid|softplus/.test(activation) ? 0.15 : 0.4));
    }
  },
);

test("of a layer with W = 0 the gain is attained: ‖W_o U‖", async () => {
  const float32 = (numbers: number[], shape: number[]) =>
    tensorOf(Float32Array.from(numbers), shape);
  const tensors = {
    W: float32([0, 0, 0, 0], [2, 2]),
    U: float32([3, 0, 0, 2], [2, 2]),
    b: float32([50, 50], [2]), // all units on, wherever the search goes
    W_o: float32([1, 0, 0, 1], [2, 2]),
    "input.scale": float32([0.5, 1], [2]),
  };
  const iteration = { ...peacemanRachford, splitting: "forward-backward" as const };
  expect(await search(tensors, iteration)).toBeCloseTo(6, 6);
});

test("misuse", () => {
  expect(() => attainedGain(network(), peacemanRachford, Math.random, { pairs: 0 })).toThrow(
    "0 pairs of inputs",
  );
});
