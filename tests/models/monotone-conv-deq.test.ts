import { beforeAll, describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import {
  add,
  identity,
  type Matrix,
  matrix,
  matrixOf,
  multiply,
  scale,
  subtract,
  symmetricPart,
  transpose,
} from "../../src/linalg/matrix.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import {
  type MonotoneConvDeqOptions,
  monotoneConvDeq,
} from "../../src/models/monotone-conv-deq.ts";
import { compile, type Program } from "../../src/runtime/program.ts";
import { applyBlocks } from "../../src/solvers/block-splitting.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { inverse } from "../verification/networks.ts";
import {
  type DenseTier,
  denseConvolution,
  denseEquilibrium,
  denseReflection,
  denseWeight,
  place,
  tierPlaces,
} from "./dense-torus.ts";

const exact = { rtol: 1e-14, atol: 1e-15, maxIterations: 5000 };
const common = { outputs: 3, kernel: 3, forward: exact, backward: exact, pooling: "mean" } as const;

/** sigma and its slope, at the argument of sigma and its value. */
const functions = {
  relu: [(v: number) => Math.max(0, v), (z: number) => +(z > 0)],
  tanh: [Math.tanh, (z: number) => 1 - z * z],
} as const;

type Case = readonly [
  string,
  Omit<MonotoneConvDeqOptions, "outputs"> & { activation: "relu" | "tanh" },
];
const cases: Case[] = [
  [
    "one tier, even side",
    { image: [2, 7, 7], channels: [2], injection: { kernel: 3, stride: 2 }, activation: "relu" },
  ],
  [
    "one tier, odd side, tanh, α = 0.4, m = 0.3",
    {
      image: [1, 5, 5],
      channels: [3],
      injection: { kernel: 5, stride: 2 },
      activation: "tanh",
      alpha: 0.4,
      m: 0.3,
    },
  ],
  [
    "one tier, normalised, α = 2",
    {
      image: [1, 4, 4],
      channels: [2],
      injection: { kernel: 3, stride: 1 },
      activation: "relu",
      alpha: 2,
      parametrisation: "normalised",
    },
  ],
  [
    "one tier with a border, pooled",
    {
      image: [1, 4, 4],
      channels: [2],
      injection: { kernel: 3, stride: 1 },
      activation: "relu",
      border: 1,
      pool: 2,
      alpha: 0.5,
    },
  ],
  [
    "one tier in squares of 2 × 2",
    {
      image: [1, 8, 8],
      channels: [1],
      injection: { kernel: 3, stride: 1 },
      activation: "relu",
      pool: 2,
    },
  ],
  [
    "one tier in squares of 2 × 2, pooled over 4 × 4, with a border",
    {
      image: [1, 8, 8],
      channels: [1],
      injection: { kernel: 3, stride: 1 },
      activation: "tanh",
      pool: 4,
      border: 1,
    },
  ],
  [
    "two tiers",
    {
      image: [1, 8, 8],
      channels: [2, 3],
      injection: { kernel: 3, stride: 2 },
      activation: "relu",
      m: 0.5,
    },
  ],
  [
    "three tiers, tanh, normalised, with a border",
    {
      image: [1, 4, 4],
      channels: [1, 2, 2],
      injection: { kernel: 3, stride: 1 },
      activation: "tanh",
      border: 1,
      alpha: 0.7,
      parametrisation: "normalised",
    },
  ],
];

describe.each(cases)("%s", (_, options) => {
  const model = monotoneConvDeq({ ...common, ...options });
  const { image, channels, m = 1, alpha = 1, border = 0, pool = 1, injection } = options;
  const side = Math.ceil(image[1] / injection!.stride);
  const cells = side / 2 ** (channels.length - 1);
  const tiers = channels.map(
    (count, i): DenseTier => ({ channels: count, fine: 2 ** (channels.length - 1 - i) }),
  );
  const grid = { cells, split: cells % 2 === 0 && cells >= 8 ? 2 : 1 };
  const places = tiers.map((_, i) => tierPlaces(tiers, cells, i));
  const size = places.flat().length;
  const samples = 3;

  const parameters: Record<string, Tensor> = Object.fromEntries(
    Object.entries(model.initialise(3)).map(([name, tensor], i): [string, Tensor] => {
      const { shape, data } = castTensor(tensor, "float64");
      // Away from the start: sizes are not 1, biases not small.
      const moved = mulberryMatrix(i, data.length).map((u, k) => Number(data[k]) * 1.5 + 0.3 * u);
      return [name, tensorOf(moved, shape)];
    }),
  );
  const x = tensorOf(mulberryMatrix(77, samples, model.inputs), [samples, model.inputs]);
  const target = mulberryMatrix(78, samples, 3);

  /** The kernels as W is made of them. */
  const sized = (name: string): Tensor => {
    const { data, shape } = parameters[name];
    const numbers = Float64Array.from(data, Number);
    const norm = Math.hypot(...numbers);
    const logSize = parameters[`${name}.logSize`];
    const factor = parameters[`${name}.size`];
    const by = logSize
      ? Math.exp(Number(logSize.data[0]) / 2) / norm
      : factor
        ? Number(factor.data[0]) / norm
        : 1;
    return tensorOf(
      numbers.map((a) => a * by),
      shape,
    );
  };
  const kernels = Object.fromEntries(
    Object.keys(parameters)
      .filter((name) => /^[ABC]\d$/.test(name))
      .map((name) => [name, sized(name) as never]),
  );
  const W = denseWeight(kernels, tiers, grid, m);

  /** U as a matrix from the image to the first tier, zeros outside. */
  const U = (() => {
    const { kernel, stride } = injection!;
    const [planes, height, width] = image;
    const reach = (kernel - 1) / 2;
    const out = matrix(size, model.inputs, () => 0);
    const [first] = tiers;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        for (let n = 0; n < channels[0]; n++)
          for (let plane = 0; plane < planes; plane++)
            for (let tap = 0; tap < kernel * kernel; tap++) {
              const [row, column] = [
                stride * y + Math.floor(tap / kernel) - reach,
                stride * x + (tap % kernel) - reach,
              ];
              if (row < 0 || row >= height || column < 0 || column >= width) continue;
              const at = places[0][place(first, grid, y, x, n)];
              const pixel = (plane * height + row) * width + column;
              out.data[at * model.inputs + pixel] += Number(
                parameters.U.data[(n * planes + plane) * kernel * kernel + tap],
              );
            }
    return out;
  })();
  const mask = new Float64Array(size);
  const bias = new Float64Array(size);
  /** Mean pooling to [cells/pool]² by Σ channels. */
  const total = channels.reduce((sum, n) => sum + n, 0);
  const short = cells / pool;
  const pooled = matrix(short * short * total, size, () => 0);
  tiers.forEach(({ channels: count, fine }, tier) => {
    const before = channels.slice(0, tier).reduce((sum, n) => sum + n, 0);
    const own = cells * fine;
    for (let k = 0; k < own * own * count; k++) {
      const [y, x, channel] = [
        Math.floor(k / (own * count)),
        Math.floor(k / count) % own,
        k % count,
      ];
      const at = places[tier][place({ channels: count, fine }, grid, y, x, channel)];
      const inside = (a: number) => a >= border && a < cells * fine - border;
      mask[at] = +(inside(y) && inside(x));
      bias[at] = Number(parameters[`b${tier}`].data[channel]);
      const window = Math.floor(y / fine / pool) * short + Math.floor(x / fine / pool);
      pooled.data[(window * total + before + channel) * size + at] = 1 / (fine * pool) ** 2;
    }
  });
  const W_o = matrixOf(3, pooled.rows, Float64Array.from(parameters.W_o.data, Number));

  const inputs = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, input(name, "float64", shape)]),
  );
  const columns = input("columns", "float64", [size, "K"]);
  const images = input("x", "float64", ["N", model.inputs]);
  let program: Program<Record<string, typeof images>, Record<string, typeof images>>;
  let found: Record<string, Tensor>;
  const unit = identity(size);
  beforeAll(async () => {
    const explicit = model.explicit(inputs);
    const { W: blocks, R, Q, T = null } = explicit;
    const basis = { Q, T, width: size / (cells * cells) };
    const health = solverHealth();
    const logits = model.apply(explicit, images, health);
    const goal = input("target", "float64", ["N", 3]);
    const loss = reduceSum(mul(logits, goal));
    const bars = gradient(loss, inputs);
    program = await compile({ ...inputs, x: images, columns, target: goal }, {
      W: applyBlocks(basis, blocks, columns),
      R: applyBlocks(basis, R, columns),
      logits,
      loss,
      equation: health.equation[0],
      forward: health.forward[0].status,
      backward: health.backward[0].status,
      ...Object.fromEntries(Object.entries(bars).map(([name, bar]) => [`bar.${name}`, bar])),
    } as never);
    found = await program.run(feeds());
    return () => program.release();
  });
  const feeds = (changed: Record<string, Tensor> = {}) => ({
    ...parameters,
    x,
    columns: tensorOf(unit.data, [size, size]),
    target: tensorOf(target, [samples, 3]),
    ...changed,
  });

  const c = (() => {
    const rows = multiply(U, transpose(matrixOf(samples, model.inputs, x.data as Float64Array)));
    return matrix(size, samples, (i, j) => rows.data[i * samples + j] + bias[i]);
  })();
  const [sigma, slope] = functions[options.activation];
  const z = denseEquilibrium(W, c, sigma, mask);

  test("W and its resolvent are the dense ones", () => {
    expect(found.W.data).toBeAllClose(W.data, { rtol: 0, atol: 1e-13 });
    expect(found.R.data).toBeAllClose(denseReflection(W, alpha).data, { rtol: 0, atol: 1e-12 });
  });

  test("I − W is strongly monotone with m", () => {
    const symmetric = subtract(unit, symmetricPart(W));
    expect(symmetricEigenvalues(symmetric)[0]).toBeGreaterThanOrEqual(m - 1e-12);
  });

  test("z* solves the dense equation, and the logits are those of z*", () => {
    const image = add(multiply(W, z), c);
    const again = matrix(size, samples, (i, j) => mask[i] * sigma(image.data[i * samples + j]));
    expect(again.data).toBeAllClose(z.data, { rtol: 0, atol: 1e-12 });
    const logits = multiply(W_o, multiply(pooled, z));
    const wanted = matrix(
      samples,
      3,
      (i, j) => logits.data[j * samples + i] + Number(parameters.b_o.data[j]),
    );
    expect(found.logits.data).toBeAllClose(wanted.data, { rtol: 0, atol: 1e-11 });
    expect(new Set([...found.forward.data, ...found.backward.data])).toEqual(new Set([1n]));
    expect(Math.max(...[...found.equation.data].map(Number))).toBeLessThan(1e-12);
  });

  test("the gradient is that of the dense linear system", () => {
    // a = ∂ℓ/∂z; ∂ℓ/∂c = J(I − JW)⁻ᵀ a for each sample, ∂ℓ/∂W = ∂ℓ/∂c z*ᵀ
    const a = multiply(
      transpose(multiply(W_o, pooled)),
      matrix(3, samples, (k, j) => target[j * 3 + k]),
    );
    const barC = matrix(size, samples, () => 0);
    for (let j = 0; j < samples; j++) {
      const J = matrix(size, size, (i, k) =>
        i === k ? mask[i] * slope(z.data[i * samples + j]) : 0,
      );
      const solved = multiply(
        transpose(multiply(inverse(subtract(unit, multiply(J, W))), J)),
        matrix(size, 1, (i) => a.data[i * samples + j]),
      );
      solved.data.forEach((value, i) => {
        barC.data[i * samples + j] = value;
      });
    }
    const G = multiply(barC, transpose(z));
    const wanted: Record<string, Float64Array> = {};
    const chained = (name: string, from: number, to: number, bar: Matrix) => {
      const out = new Float64Array(parameters[name].data.length);
      denseConvolution(kernels[name], grid, tiers[from], tiers[to], (row, col, entry) => {
        out[entry] += bar.data[row * bar.cols + col];
      });
      wanted[name] = out;
    };
    const part = (row: number, col: number) =>
      matrix(
        places[row].length,
        places[col].length,
        (i, j) => G.data[places[row][i] * size + places[col][j]],
      );
    const conv = (name: string, from: number, to: number) =>
      denseConvolution(kernels[name], grid, tiers[from], tiers[to]);
    tiers.forEach((_, i) => {
      const own = part(i, i);
      const twice = add(own, transpose(own));
      chained(`B${i}`, i, i, subtract(own, transpose(own)));
      let barA = scale(multiply(conv(`A${i}`, i, i), twice), -1);
      if (i > 0) {
        // W = −2AᵀC ⇒ Ā = −2C Ḡᵀ, C̄ = −2A Ḡ
        const below = part(i, i - 1);
        const C = conv(`C${i}`, i - 1, i);
        barA = add(barA, scale(multiply(C, transpose(below)), -2));
        const before = part(i - 1, i - 1);
        const barC = add(
          scale(multiply(conv(`A${i}`, i, i), below), -2),
          scale(multiply(C, add(before, transpose(before))), -1),
        );
        chained(`C${i}`, i - 1, i, barC);
      }
      chained(`A${i}`, i, i, barA);
    });
    for (const [name, bar] of Object.entries(wanted)) {
      // Through A ← s·A/‖A‖: what stands along A drops out, the rest is scaled.
      const raw = Float64Array.from(parameters[name].data, Number);
      const norm = Math.hypot(...raw);
      const factor =
        Math.hypot(...Float64Array.from((kernels[name] as Tensor).data, Number)) / norm;
      const sign = parameters[`${name}.size`]
        ? Math.sign(Number(parameters[`${name}.size`].data[0]))
        : 1;
      const along = raw.reduce((sum, value, k) => sum + value * bar[k], 0) / norm ** 2;
      const normalised = `${name}.size` in parameters || `${name}.logSize` in parameters;
      const expected = normalised ? bar.map((b, k) => sign * factor * (b - along * raw[k])) : bar;
      expect(found[`bar.${name}`].data, name).toBeAllClose(expected, { rtol: 1e-9, atol: 1e-10 });
    }
  });

  test("the gradient is that of central differences", async () => {
    for (const name of Object.keys(parameters)) {
      const bar = found[`bar.${name}`].data;
      for (const k of new Set([0, Math.floor(bar.length / 2), bar.length - 1])) {
        const at = async (step: number) => {
          const data = Float64Array.from(parameters[name].data, Number);
          data[k] += step;
          const { loss } = await program.run(feeds({ [name]: { ...parameters[name], data } }));
          return Number(loss.data[0]);
        };
        const difference = ((await at(1e-5)) - (await at(-1e-5))) / 2e-5;
        expect([Number(bar[k])], `${name}[${k}]`).toBeAllClose([difference], {
          rtol: 1e-5,
          atol: 1e-7,
        });
      }
    }
  });
});

test("an answer does not depend on the rest of the batch, bit for bit", async () => {
  const model = monotoneConvDeq({
    image: [1, 8, 8],
    channels: [3],
    outputs: 2,
    injection: { kernel: 3, stride: 1 },
    pool: 2,
    forward: { rtol: 1e-6 },
  });
  const x = input("x", "float64", ["N", 64]);
  const constants = Object.fromEntries(
    Object.entries(model.initialise(1)).map(([name, tensor]) => [
      name,
      constantOf(castTensor(tensor, "float64")),
    ]),
  );
  const program = await compile(
    { x },
    { y: model.apply(model.explicit(constants), x, solverHealth()) },
  );
  const rows = Array.from({ length: 7 }, (_, i) => mulberryMatrix(i, 64).map((u) => u * (i + 1)));
  const logits = async (order: readonly number[]) => {
    const data = Float64Array.from(order.flatMap((i) => [...rows[i]]));
    const { y } = await program.run({ x: tensorOf(data, [order.length, 64]) });
    return order.map((_, at) => [...(y.data as Float64Array).subarray(2 * at, 2 * at + 2)]);
  };
  const together = await logits([0, 1, 2, 3, 4, 5, 6]);
  const shuffled = [3, 6, 0, 5, 1, 4, 2];
  expect(await logits(shuffled)).toEqual(shuffled.map((i) => together[i]));
  expect([...(await logits([0, 1, 2])), ...(await logits([3, 4, 5, 6]))]).toEqual(together);
  await program.release();
});

describe("monotoneConvDeq refuses", () => {
  const good = { image: [1, 8, 8] as const, channels: [2], outputs: 2 };
  test.each<[string, Partial<MonotoneConvDeqOptions>, string]>([
    ["m = 0", { m: 0 }, "m = 0"],
    ["images that are not square", { image: [1, 8, 6] }, "8 × 6"],
    ["an even kernel", { kernel: 4 }, "odd"],
    ["a side that cannot be halved", { channels: [2, 2, 2, 2] }, "cannot be halved"],
    ["no tier", { channels: [] }, "without a tier"],
    ["another solver than picard", { forward: { method: "broyden" } }, 'solver "broyden"'],
    ["an unknown option of the solver", { backward: { window: 3 } as never }, "window"],
    ["windows that do not divide", { pool: 3 }, "windows of 3"],
    ["an unknown parametrisation", { parametrisation: "weight" as never }, "weight"],
  ])("%s", (_, options, message) => {
    const make = () => monotoneConvDeq({ ...good, ...options }).explicit;
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });
});
