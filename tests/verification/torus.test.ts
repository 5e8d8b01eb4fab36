import { beforeAll, describe, expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { CertificateError, DataError, ShapeError } from "../../src/errors.ts";
import { constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import {
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  symmetricPart,
  transpose,
} from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import {
  type MonotoneConvDeqOptions,
  monotoneConvDeq,
} from "../../src/models/monotone-conv-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { explicitTensors } from "../../src/training/deploy.ts";
import type { Certificate, ClaimKind, Convolution } from "../../src/verification/certificate.ts";
import { parseCertificate } from "../../src/verification/certificate.ts";
import { certify } from "../../src/verification/certify.ts";
import { recheck } from "../../src/verification/recheck.ts";
import { convolutionNorm } from "../../src/verification/torus-findings.ts";
import { changed, inverse } from "./networks.ts";

type Tensors = Record<string, Tensor>;

const wide = ({ data }: Tensor) => Float64Array.from(data, Number);

/** Qᵀ D Q by definition, of the numbers as they are stored. */
function operator(tensors: Tensors, name: "W" | "R"): Matrix {
  const [pairs, width] = tensors[name].shape;
  const blocks = wide(tensors[name]);
  const Q1 = tensors.Q;
  const [q1, T] = [wide(Q1), tensors.T && wide(tensors.T)];
  const size = tensors.T ? tensors.T.shape[1] : 2;
  const phases = size / 2;
  const cells = Q1.shape[1] * phases;
  const m = width / 2;
  const Q = matrix(2 * pairs * m, cells * m, (row, col) => {
    if (row % m !== col % m) return 0;
    const [r, place] = [Math.floor(row / m), Math.floor(col / m)];
    const [f, square, phase] = [Math.floor(r / size), Math.floor(place / phases), place % phases];
    if (!T) return q1[r * cells + place];
    return [0, 1].reduce(
      (sum, j) => sum + T[r * size + j * phases + phase] * q1[(2 * f + j) * Q1.shape[1] + square],
      0,
    );
  });
  const D = matrix(2 * pairs * m, 2 * pairs * m, (row, col) =>
    Math.floor(row / width) === Math.floor(col / width) ? blocks[row * width + (col % width)] : 0,
  );
  return multiply(multiply(transpose(Q), D), Q);
}

type Options = MonotoneConvDeqOptions & { readonly m: number; readonly alpha: number };
const cases: [string, Options, Convolution][] = [
  [
    "an odd side",
    {
      image: [1, 5, 5],
      channels: [2],
      outputs: 3,
      injection: { kernel: 3, stride: 2 },
      m: 0.5,
      alpha: 0.6,
    },
    { planes: 1, side: 5, kernel: 3, stride: 2, pool: 1, pooling: "max" },
  ],
  [
    "squares of cells",
    {
      image: [2, 8, 8],
      channels: [1],
      outputs: 3,
      injection: { kernel: 3, stride: 1 },
      pool: 2,
      pooling: "mean",
      m: 1,
      alpha: 1,
    },
    { planes: 2, side: 8, kernel: 3, stride: 1, pool: 2, pooling: "mean" },
  ],
  [
    "two tiers",
    {
      image: [1, 8, 8],
      channels: [2, 2],
      outputs: 3,
      injection: { kernel: 5, stride: 2 },
      m: 2,
      alpha: 0.5,
      border: 1,
    },
    { planes: 1, side: 8, kernel: 5, stride: 2, pool: 1, pooling: "max" },
  ],
];

describe.each(cases)("a certificate of %s", (_, options, convolution) => {
  const tight = { rtol: 1e-7, maxIterations: 500 };
  const model = monotoneConvDeq({ ...options, forward: tight });
  const { m, alpha } = options;
  let tensors: Tensors;
  let certificate: Certificate;
  const bound = (kind: ClaimKind) => certificate.claims.find((claim) => claim.kind === kind)!.bound;
  const failing = (now: Tensors) =>
    recheck(certificate, now).flatMap(({ kind, holds }) => (holds ? [] : [kind]));

  beforeAll(async () => {
    const parameters = Object.fromEntries(
      Object.entries(model.initialise(5)).map(([name, { shape, data }], i) => {
        const more = mulberryMatrix(i + 9, data.length);
        return [
          name,
          tensorOf(
            Float32Array.from(more, (u, k) => Number(data[k]) + 0.2 * u),
            shape,
          ),
        ];
      }),
    );
    const standardisation = {
      mean: Float32Array.from({ length: model.inputs }, () => 0.1),
      scale: Float32Array.from({ length: model.inputs }, (_, i) => 0.5 + (i % 2)),
    };
    tensors = { ...(await explicitTensors(model, parameters, standardisation)) };
    certificate = certify(tensors, {
      m,
      alpha,
      activation: "relu",
      splitting: "peaceman-rachford",
      convolution,
    });
  });

  test("bounds m, δ and the rate of the dense operators, and not by far", () => {
    const [W, R] = [operator(tensors, "W"), operator(tensors, "R")];
    const unit = identity(W.rows);
    const dense = symmetricEigenvalues(subtract(unit, symmetricPart(W)))[0];
    expect(bound("unique-equilibrium")).toBeLessThanOrEqual(dense);
    expect(bound("unique-equilibrium")).toBeGreaterThan(dense - 2e-5 * Math.max(1, dense));
    expect(bound("unique-equilibrium")).toBeGreaterThan(m - 2e-5 * Math.max(1, m));

    const rate = spectralNorm(R);
    expect(bound("convergence")).toBeGreaterThanOrEqual(rate);
    expect(bound("convergence")).toBeLessThan(rate + 2e-5);

    // R = 2(I + α(I − W_R))⁻¹ − I
    const step = Math.fround(alpha);
    const running = scale(shift(scale(inverse(shift(R, 1)), -2), 1 + step), 1 / step);
    const distance = spectralNorm(subtract(running, W));
    expect(bound("resolvent")).toBeGreaterThanOrEqual(distance);
    expect(bound("resolvent")).toBeLessThan(1e-3);
  });

  test("bounds the norm of the strided convolution with zeros around it", () => {
    const { planes, side, kernel, stride } = convolution;
    const out = Math.ceil(side / stride);
    const reach = (kernel - 1) / 2;
    const weights = tensors.U;
    const [n] = weights.shape;
    const dense = matrix(out * out * n, planes * side * side, (row, col) => {
      const [o, p] = [row % n, Math.floor(row / n)];
      const [c, pixel] = [Math.floor(col / side ** 2), col % side ** 2];
      const dy = Math.floor(pixel / side) - stride * Math.floor(p / out) + reach;
      const dx = (pixel % side) - stride * (p % out) + reach;
      const inside = dy >= 0 && dy < kernel && dx >= 0 && dx < kernel;
      return inside ? Number(weights.data[(o * planes + c) * kernel ** 2 + dy * kernel + dx]) : 0;
    });
    const U = { rows: n, cols: weights.shape[1], data: wide(weights) };
    const { value, margin } = convolutionNorm(U, convolution);
    const norm = spectralNorm(dense);
    expect(value + margin).toBeGreaterThanOrEqual(norm);
    expect(value).toBeLessThan(1.6 * norm);
    expect(margin).toBeLessThan(1e-9 * value);
  });

  test("no two inputs part their logits by more than it says", async () => {
    const x = input("x", "float32", ["N", model.inputs]);
    const constants = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor)]),
    );
    const health = solverHealth();
    const y = model.apply(constants, x, health);
    const program = await compile({ x }, { y, equation: health.equation[0] });
    const count = 64;
    const start = mulberryMatrix(3, count, model.inputs);
    const moves = mulberryMatrix(4, count, model.inputs).map((u) => 0.3 * u);
    const run = (features: Float64Array) => {
      // The file takes raw features; the model those standardised.
      const standardised = Float32Array.from(features, (value, k) => {
        const at = k % model.inputs;
        const { "input.mean": mean, "input.scale": deviation } = tensors;
        return (value - Number(mean.data[at])) / Number(deviation.data[at]);
      });
      return program.run({ x: tensorOf(standardised, [count, model.inputs]) });
    };
    const [before, after] = [await run(start), await run(start.map((u, k) => u + moves[k]))];
    await program.release();
    expect(Math.max(...[...before.equation.data].map(Number))).toBeLessThan(1e-4);
    const part = (a: ArrayLike<number | bigint>, i: number, size: number) =>
      Array.from({ length: size }, (_, k) => Number(a[i * size + k]));
    const secants = Array.from({ length: count }, (_, i) => {
      const [p, q] = [part(before.y.data, i, 3), part(after.y.data, i, 3)];
      const moved = Math.hypot(...part(moves as never, i, model.inputs));
      return Math.hypot(...p.map((v, k) => v - q[k])) / moved;
    });
    expect(Math.max(...secants)).toBeLessThan(bound("lipschitz"));
    expect(Math.max(...secants)).toBeGreaterThan(bound("lipschitz") / 200);
  });

  test("holds of its own weights, read back from JSON", () => {
    const read = parseCertificate(JSON.parse(JSON.stringify(certificate)));
    expect(recheck(read, tensors).every(({ holds }) => holds)).toBe(true);
  });

  test("fails of others", () => {
    const grown = (name: string, factor: number): Tensors => ({
      ...tensors,
      [name]: tensorOf(
        Float32Array.from(wide(tensors[name]), (x) => x * factor),
        tensors[name].shape,
      ),
    });
    expect(failing(grown("R", 1.2))).toContain("resolvent");
    expect(failing(grown("U", 1.001))).toEqual(["lipschitz"]);
    expect(failing(grown("W_o", 1.001))).toEqual(["lipschitz"]);
    expect(failing(grown("input.scale", 0.999))).toEqual(["lipschitz"]);
    expect(failing(grown("Q", 1.01)).length).toBeGreaterThan(0);
    expect(failing(changed(tensors, "W", 0, (w) => w + 0.5))).toContain("resolvent");
  });

  test("refuses what is no such network", () => {
    const act = (now: Tensors) => () =>
      certify(now, { m, alpha, activation: "relu", splitting: "peaceman-rachford", convolution });
    const { Q, ...rest } = tensors;
    expect(act(rest)).toThrow(DataError);
    expect(act({ ...tensors, R: tensors.U })).toThrow(ShapeError);
    expect(act(changed(tensors, "R", 1, () => 4))).toThrow(CertificateError);
    expect(act(changed(tensors, "R", 1, () => NaN))).toThrow(DataError);
    const flat = tensorOf(new Float32Array(Q.data.length), Q.shape);
    expect(act({ ...tensors, Q: flat })).toThrow("is no basis");
    const { convolution: dropped, ...without } = certificate;
    expect(dropped).toEqual(convolution);
    expect(() => parseCertificate(without)).toThrow("certificate.convolution");
    expect(() => parseCertificate({ ...certificate, model: "monotone-deq" })).toThrow(DataError);
  });
});
