import { describe, expect, test } from "vitest";
import { gradient } from "../../../src/autodiff/gradient.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { randomStream } from "../../../src/data/random.ts";
import type { Value } from "../../../src/graph/node.ts";
import { cast } from "../../../src/graph/ops/elementwise.ts";
import { gather } from "../../../src/graph/ops/indexing.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { constant, input } from "../../../src/graph/value.ts";
import { compile } from "../../../src/runtime/program.ts";
import { ball, multiplicity, shell, sobolevWeight } from "../../../src/signal/shells.ts";
import { onTorus, periodOf } from "../../../src/signal/torus.ts";
import { fourierTransform } from "../../../src/signal/transform.ts";
import type { Loss } from "../../../src/training/losses.ts";
import { type SobolevOptions, sobolevLoss } from "../../../src/training/sobolev/loss.ts";

const random = randomStream(1, "sobolev");
const draw = (count: number) => Float32Array.from({ length: count }, () => random.normal());

/** Irregular samples of `outputs` values on `width` inputs. */
function samples(count: number, width = 1, outputs = 1): Dataset {
  const features = Float32Array.from({ length: count * width }, () => random.uniform());
  const targets = { kind: "values", values: draw(count * outputs), width: outputs } as const;
  return { name: "samples", features, count, width, targets };
}

/** The loss in float64 on some rows, and its gradients. */
async function evaluated(
  loss: Loss,
  data: Dataset,
  {
    prediction,
    heads = [],
    rows,
  }: {
    prediction: Float64Array;
    heads?: readonly Float64Array[];
    rows?: readonly number[];
  },
) {
  const width = data.targets.kind === "values" ? data.targets.width : 0;
  const values = Float64Array.from((data.targets as { values: Float32Array }).values);
  const inputs = Object.fromEntries(
    [prediction, ...heads].map((_, i) => [`y${i}`, input(`y${i}`, "float64", [data.count, width])]),
  );
  const pick = (x: Value) => (rows ? gather(x, constant([...rows], "int64")) : x);
  const table = (name: string) => constantOf(castTensor(loss.rows[name], "float64"), name);
  const value = loss.of(pick(inputs.y0), pick(constantOf(tensorOf(values, [data.count, width]))), {
    rows: Object.fromEntries(Object.keys(loss.rows).map((name) => [name, pick(table(name))])),
    size: cast(constant((rows ?? { length: data.count }).length, "float32"), "float64"),
    whole: rows === undefined,
    auxiliary: heads.map((_, i) => pick(inputs[`y${i + 1}`])),
  });
  const bars = Object.entries(gradient(value, inputs)).map(([name, bar]) => [`${name}.bar`, bar]);
  const program = await compile(inputs, { value, ...Object.fromEntries(bars) });
  const feeds = Object.fromEntries(
    [prediction, ...heads].map((y, i) => [`y${i}`, tensorOf(y, [data.count, width])]),
  );
  const found: Record<string, Tensor> = await program.run(feeds);
  await program.release();
  return {
    value: Number(found.value.data[0]),
    gradients: [prediction, ...heads].map((_, i) => found[`y${i}.bar`].data as Float64Array),
  };
}

/** Σ mω|E e|² and −2 Re(E* diag(mω) E e), written out. */
function closedForm(
  data: Dataset,
  prediction: Float64Array,
  { radii, exponent = -0.5 }: { radii: readonly number[]; exponent?: number },
) {
  const { width: M, values } = data.targets as { width: number; values: Float32Array };
  const frequencies = radii.flatMap((radius) => shell(radius, data.width));
  const points = onTorus(data.features, periodOf(data.features, data.width));
  const { re, im } = fourierTransform(points, frequencies);
  const slope = new Float64Array(prediction.length);
  let value = 0;
  for (let m = 0; m < M; m++) {
    frequencies.forEach((k, f) => {
      const weight = multiplicity(k) * sobolevWeight(k, exponent);
      const parts = [re, im].map(({ data: E }) => {
        let sum = 0;
        for (let i = 0; i < data.count; i++)
          sum += E[f * data.count + i] * (values[i * M + m] - prediction[i * M + m]);
        return sum;
      });
      value += weight * (parts[0] ** 2 + parts[1] ** 2);
      for (let i = 0; i < data.count; i++) {
        const j = f * data.count + i;
        slope[i * M + m] -= 2 * weight * (re.data[j] * parts[0] + im.data[j] * parts[1]);
      }
    });
  }
  return { value, slope };
}

const close = { rtol: 1e-5, atol: 1e-7 }; // the transform is stored in float32
const list = (radius: number) => Array.from({ length: radius + 1 }, (_, r) => r);

describe("sobolev-2", () => {
  test.each([
    [1, 1, { outputShells: 5 }, list(5)],
    [1, 2, { outputShells: 3, exponent: -1.5 }, list(3)],
    [1, 1, { outputShells: 3, shells: "exponential" }, [1, 2, 4, 8]],
    [1, 1, { outputShells: 2, shells: [0, 3, 5] }, [0, 3, 5]],
    [2, 1, { outputShells: 2 }, list(2)],
    [3, 2, { outputShells: 1 }, list(1)],
  ] as const)(
    "of %d inputs, %d outputs, %j is the closed form, and so is its gradient",
    async (width, outputs, options, radii) => {
      const data = samples(80, width, outputs);
      const prediction = Float64Array.from(draw(80 * outputs));
      const loss = sobolevLoss(data, { kind: "sobolev-2", ...options });
      const { value, gradients } = await evaluated(loss, data, { prediction });
      const wanted = closedForm(data, prediction, { radii, exponent: -0.5, ...options });
      expect([value]).toBeAllClose([wanted.value], close);
      expect(gradients[0]).toBeAllClose(wanted.slope, close);
    },
  );

  test("its gradient is that of finite differences", async () => {
    const data = samples(20);
    const loss = sobolevLoss(data, { kind: "sobolev-2", outputShells: 4 });
    const prediction = Float64Array.from(draw(20));
    const { gradients } = await evaluated(loss, data, { prediction });
    const h = 1e-4;
    for (const i of [0, 7, 19]) {
      const [up, down] = await Promise.all(
        [h, -h].map(async (step) => {
          const moved = prediction.with(i, prediction[i] + step);
          return (await evaluated(loss, data, { prediction: moved })).value;
        }),
      );
      expect([(up - down) / (2 * h)]).toBeAllClose([gradients[0][i]], { rtol: 1e-6, atol: 1e-10 });
    }
  });

  test("sees nothing of an error at other frequencies", async () => {
    const features = Float32Array.from({ length: 64 }, (_, i) => i / 64);
    const values = features.map((t) => Math.cos(2 * Math.PI * 9 * t));
    const targets = { kind: "values", values, width: 1 } as const;
    const data: Dataset = { name: "grid", features, count: 64, width: 1, targets };
    const loss = (outputShells: number) => sobolevLoss(data, { kind: "sobolev-2", outputShells });
    const prediction = new Float64Array(64);
    expect((await evaluated(loss(8), data, { prediction })).value).toBeLessThan(1e-12);
    const seen = (await evaluated(loss(9), data, { prediction })).value;
    expect([seen]).toBeAllClose([0.5 / Math.hypot(1, 18 * Math.PI)], { rtol: 1e-6 });
  });
});

describe("sobolev-1 and sobolev-1+2", () => {
  const data = samples(40);
  const prediction = Float64Array.from(draw(40));
  const heads = [1, 2, 3].map(() => Float64Array.from(draw(40)));
  const head = (i: number, radii: readonly number[]) => closedForm(data, heads[i], { radii });
  const loss = (options: Omit<SobolevOptions, "layers">) =>
    sobolevLoss(data, { layers: 3, ...options });

  test("each head has its shell; the output the mean squared error", async () => {
    const found = await evaluated(loss({ kind: "sobolev-1" }), data, { prediction, heads });
    const { values } = data.targets as { values: Float32Array };
    const mean = prediction.reduce((sum, y, i) => sum + (y - values[i]) ** 2, 0) / 40;
    const parts = [head(0, [1]), head(1, [2]), head(2, [3])];
    expect([found.value]).toBeAllClose([parts.reduce((sum, p) => sum + p.value, mean)], close);
    parts.forEach(({ slope }, i) => {
      expect(found.gradients[i + 1]).toBeAllClose(slope, close);
    });
    expect(found.gradients[0]).toBeAllClose(prediction.map((y, i) => (2 * (y - values[i])) / 40));
  });

  test("with both, the output has its shells and no mean squared error", async () => {
    const found = await evaluated(loss({ kind: "sobolev-1+2" }), data, { prediction, heads });
    const output = closedForm(data, prediction, { radii: list(3) });
    expect(found.gradients[0]).toBeAllClose(output.slope, close);
    const parts = [head(0, [1]), head(1, [2]), head(2, [3])];
    expect([found.value]).toBeAllClose([parts.reduce((s, p) => s + p.value, output.value)], close);
  });

  test("cumulative heads have all shells up to their own", async () => {
    const given = loss({ kind: "sobolev-1", cumulative: true });
    const found = await evaluated(given, data, { prediction, heads });
    [list(1), list(2), list(3)].forEach((radii, i) => {
      expect(found.gradients[i + 1]).toBeAllClose(head(i, radii).slope, close);
    });
  });
});

describe("batches", () => {
  /** All ways to take `size` of `count` rows. */
  const choices = (count: number, size: number, from = 0): number[][] =>
    size === 0
      ? [[]]
      : list(count - 1)
          .slice(from)
          .flatMap((i) => choices(count, size - 1, i + 1).map((rest) => [i, ...rest]));

  test("over all batches of a set, loss and gradient are those of the whole set", async () => {
    const data = samples(7);
    const prediction = Float64Array.from(draw(7));
    const loss = sobolevLoss(data, { kind: "sobolev-2", outputShells: 3 });
    const whole = await evaluated(loss, data, { prediction });
    const all = choices(7, 3);
    const mean = { value: 0, slope: new Float64Array(7) };
    for (const rows of all) {
      const { value, gradients } = await evaluated(loss, data, { prediction, rows });
      mean.value += value / all.length;
      gradients[0].forEach((g, i) => {
        mean.slope[i] += g / all.length;
      });
    }
    expect([mean.value]).toBeAllClose([whole.value], { rtol: 1e-9 });
    expect(mean.slope).toBeAllClose(whole.gradients[0], { rtol: 1e-8, atol: 1e-12 });
  });

  test("a batch of all rows tells the whole", async () => {
    const data = samples(9);
    const prediction = Float64Array.from(draw(9));
    const loss = sobolevLoss(data, { kind: "sobolev-2", outputShells: 2 });
    const whole = await evaluated(loss, data, { prediction });
    const batch = await evaluated(loss, data, { prediction, rows: [3, 1, 2, 0, 8, 7, 6, 5, 4] });
    expect([batch.value]).toBeAllClose([whole.value]);
  });
});

test.each([
  [samples(10, 4), { kind: "sobolev-2", outputShells: 1 }, "takes up to 3"],
  [samples(10), { kind: "sobolev-1" }, "layers, of hidden layers with heads, is not given"],
  [samples(10), { kind: "sobolev-1", layers: 2, outputShells: 2 }, "outputShells is for"],
  [samples(10), { kind: "sobolev-3" }, 'did you mean "sobolev-'],
  [samples(10), { kind: "sobolev-2", outputShell: 2 }, "outputShells"],
  [samples(10), { kind: "sobolev-2", transform: "fft" }, 'unknown transform "fft"'],
  [samples(10), { kind: "sobolev-2", shells: [0], outputShells: 1 }, "s(1) is undefined"],
  [
    samples(10),
    {
      kind: "sobolev-2",
      domain: [
        [0, 1],
        [0, 1],
      ],
    },
    "a domain of 2 inputs",
  ],
  [
    { ...samples(2), targets: { kind: "classes", labels: new BigInt64Array(2), classes: 2 } },
    { kind: "sobolev-2" },
    "has classes",
  ],
] as const)("case %# is refused", (data, options, message) => {
  expect(() => sobolevLoss(data as Dataset, options as unknown as SobolevOptions)).toThrow(message);
});

test("a ball has its shells in order", () => {
  expect(ball(2, 1)).toEqual([[0], [1], [2]]);
});
