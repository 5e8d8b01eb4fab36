import { describe, expect, test } from "vitest";
import { CertificateError, DataError, EigenflowError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { matrixOf } from "../../src/linalg/matrix.ts";
import type { Guarantee } from "../../src/models/ren/guarantee.ts";
import { parameterShapes } from "../../src/models/ren/parameters.ts";
import { type Ren, ren } from "../../src/models/ren/ren.ts";
import { compile } from "../../src/runtime/program.ts";
import { formatSafetensors, parseSafetensors } from "../../src/training/safetensors.ts";
import {
  certifyRen,
  parseRenCertificate,
  type RenCertificate,
  recheckRen,
} from "../../src/verification/ren-certificate.ts";
import { contractionOfStep, gainOfSequences } from "../../src/verification/ren-observed.ts";
import { evaluate, noise } from "../autodiff/differences.ts";
import { inverse, make, type Rows, reference, rowsOf } from "../models/ren/dense.ts";

const guarantees: readonly (readonly [Guarantee, number, number])[] = [
  [{ kind: "contracting" }, 2, 2],
  [{ kind: "lipschitz", gamma: 0.5 }, 2, 2],
  [{ kind: "lipschitz", gamma: 5 }, 1, 3],
  [{ kind: "lipschitz", gamma: 100 }, 3, 1],
  [{ kind: "input-passive", nu: 0.2 }, 2, 2],
  [{ kind: "output-passive", rho: 0.7 }, 2, 2],
  [{ kind: "passive", nu: 0.3, rho: 0.5 }, 1, 1],
  [
    {
      kind: "dissipative",
      Q: [[-2]],
      S: [[0.4], [-1]],
      R: [
        [3, 0.5],
        [0.5, 4],
      ],
    },
    2,
    1,
  ],
];
const sizes = [
  [1, 1, 1],
  [3, 4, 0.95],
  [6, 5, 0.8],
  [4, 9, 0.5],
] as const;

/** Parameters of many sizes: entries uniform in ±scale. */
function draws(model: Ren, seed: number, scale: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(parameterShapes(model.form)).map(([name, shape], i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from(noise(count, 31 * seed + i), (x) => x * scale);
      return [name, tensorOf(data, shape)];
    }),
  );
}

/** The stored matrices of a network and its metric. */
async function builder(model: Ren) {
  const inputs = Object.fromEntries(
    Object.entries(parameterShapes(model.form)).map(([name, shape]) => [
      name,
      input(name, "float32", shape),
    ]),
  );
  const { P, Lambda } = model.metric(inputs);
  const named = Object.entries(model.explicit(inputs)).map(([k, v]) => [`stored.${k}`, v]);
  const program = await compile(
    inputs,
    { ...Object.fromEntries(named), P, Lambda } as typeof inputs,
    { threads: 1 },
  );
  return {
    build: async (parameters: Record<string, Tensor>) => {
      const { P, Lambda, ...rest } = await program.run(parameters);
      const stored = Object.entries(rest).map(([k, v]) => [k.slice("stored.".length), v]);
      return {
        stored: Object.fromEntries(stored) as Record<string, Tensor>,
        metric: { P, Lambda },
      };
    },
    release: () => program.release(),
  };
}

const dot = (a: readonly number[], b: ArrayLike<number>) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

/** w = tanh(c + D w) by Newton's method, with halved steps where the residual would grow. */
function neurons(D: Rows, c: number[]): number[] {
  const q = c.length;
  let w = c.map(Math.tanh);
  const residual = (at: number[]) => at.map((x, i) => x - Math.tanh(c[i] + dot(D[i], at)));
  const size = (r: number[]) => Math.hypot(...r);
  for (let k = 0; k < 100; k++) {
    const r = residual(w);
    if (size(r) < 1e-14) return w;
    const slope = w.map((_, i) => 1 - Math.tanh(c[i] + dot(D[i], w)) ** 2);
    const step = inverse(make(q, q, (i, j) => +(i === j) - slope[i] * D[i][j])).map((row) =>
      dot(row, r),
    );
    let t = 1;
    let next = w.map((x, i) => x - step[i]);
    while (t > 1e-6 && size(residual(next)) > size(r) * (1 - t / 4)) {
      t /= 2;
      next = w.map((x, i) => x - t * step[i]);
    }
    w = next;
  }
  if (size(residual(w)) > 1e-11) throw new Error(`unsolved: ${size(residual(w))}`);
  return w;
}

function advance(e: Record<string, Rows>, x: number[], u: number[]) {
  const w = neurons(
    e.D11,
    e.C1.map((row, i) => dot(row, x) + dot(e.D12[i], u) + e.b_v[0][i]),
  );
  return {
    y: e.C2.map((row, i) => dot(row, x) + dot(e.D21[i], w) + dot(e.D22[i], u)),
    x: e.A.map((row, i) => dot(row, x) + dot(e.B1[i], w) + dot(e.B2[i], u)),
  };
}

/** The largest V(Δx⁺) − ᾱ²V(Δx) − s over two random trajectories, relative to the largest V. */
function violation(model: Ren, e: Record<string, Rows>, P: Rows, seed: number): number {
  const { states, inputs, rate, supply } = model.form;
  const at = (k: number, count: number) => noise(count, seed + 100 * k).map((x) => 2 * x);
  const V = (d: number[]) =>
    dot(
      d,
      P.map((row) => dot(row, d)),
    );
  let [a, b] = [at(1, states), at(2, states)];
  let [worst, largest] = [Number.NEGATIVE_INFINITY, V(a.map((x, i) => x - b[i]))];
  for (let t = 0; t < 6; t++) {
    const u = at(3 + 2 * t, inputs);
    const v = supply === null ? u : at(4 + 2 * t, inputs);
    const [f, g] = [advance(e, a, u), advance(e, b, v)];
    const [du, dy] = [u.map((x, i) => x - v[i]), f.y.map((x, i) => x - g.y[i])];
    const form = (M: { data: Float64Array; cols: number }, left: number[], right: number[]) =>
      dot(
        left,
        left.map((_, i) => dot(right, M.data.subarray(i * M.cols, (i + 1) * M.cols))),
      );
    const s = supply
      ? form(supply.Q, dy, dy) + 2 * form(supply.S, du, dy) + form(supply.R, du, du)
      : 0;
    const [before, after] = [a, f.x].map((x, i) => V(x.map((z, k) => z - [b, g.x][i][k])));
    worst = Math.max(worst, after - rate ** 2 * before - s);
    largest = Math.max(largest, before, Math.abs(s));
    [a, b] = [f.x, g.x];
  }
  return worst / largest;
}

describe.each(["acyclic", "full"] as const)("%s: random networks", (feedback) => {
  // 2 × 8 guarantees × 4 sizes and rates × 16 draws: 1,024.
  test.each(guarantees)("%o: proven, and never violated", async (guarantee, inputs, outputs) => {
    for (const [states, count, rate] of sizes) {
      const parametrisation = states % 2 ? "plain" : "polar";
      const model = ren({
        inputs,
        outputs,
        states,
        neurons: count,
        rate,
        guarantee,
        feedback,
        parametrisation,
      });
      const { build, release } = await builder(model);
      for (let seed = 1; seed <= 16; seed++) {
        const { stored, metric } = await build(draws(model, seed, [0.3, 1, 2][seed % 3]));
        const claim = { activation: "tanh" as const, feedback, rate, guarantee };
        const certificate = certifyRen(stored, metric, claim);
        expect(certificate.measured).toBeGreaterThan(certificate.roundingMargin);
        const read = parseRenCertificate(JSON.parse(JSON.stringify(certificate)));
        expect(recheckRen(read, stored).holds).toBe(true);
        const e = Object.fromEntries(Object.entries(stored).map(([k, v]) => [k, rowsOf(v)]));
        expect(violation(model, e, rowsOf(metric.P), seed)).toBeLessThan(1e-9);
      }
      await release();
    }
  });
});

const model = ren({
  inputs: 2,
  outputs: 2,
  states: 4,
  neurons: 5,
  rate: 0.6,
  guarantee: { kind: "lipschitz", gamma: 2 },
});
const claim = {
  activation: "tanh",
  feedback: "acyclic",
  rate: 0.6,
  guarantee: model.guarantee,
} as const;
async function example() {
  const { build, release } = await builder(model);
  const made = await build(draws(model, 3, 1));
  await release();
  return { ...made, certificate: certifyRen(made.stored, made.metric, claim) };
}
const float32 = (rows: Rows): Tensor =>
  tensorOf(Float32Array.from(rows.flat()), [rows.length, rows[0].length]);

describe("what is not so is not proven", () => {
  test("a factor ᾱ where 1/ᾱ² belongs", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const given = draws(model, seed, 1);
      const { explicit, metric, Lambda } = reference(given, model.form, true);
      const stored = Object.fromEntries(
        Object.entries(explicit).map(([name, rows]) => [name, float32(rows)]),
      );
      const P = tensorOf(Float64Array.from(metric.flat()), [4, 4]);
      const witness = { P, Lambda: tensorOf(Float64Array.from(Lambda), [5]) };
      expect(() => certifyRen(stored, witness, claim)).toThrow(CertificateError);
    }
  });

  test.each(["A", "B1", "B2", "C1", "D11", "D12", "C2", "D21", "D22"])(
    "a weight of %s changed by much",
    async (name) => {
      const { stored, certificate } = await example();
      const data = Float32Array.from(stored[name].data, Number);
      data[data.length - 1] += 100;
      const changed = { ...stored, [name]: tensorOf(data, stored[name].shape) };
      const kept = recheckRen(certificate, stored);
      expect(kept.holds).toBe(true);
      // Rounded to the safe side, with s in words.
      const { 1: margin, 2: s } = kept.sentence.match(/ \+ s holds, λmin at least (\S+); (s .*)$/)!;
      expect(Number(margin)).toBeLessThanOrEqual(kept.margin);
      expect(Number(margin)).toBeGreaterThan(0.9999 * kept.margin);
      expect(margin.replace(/e.*|^0\.0*|\./g, "").length).toBeLessThanOrEqual(7);
      const { kind } = certificate.guarantee;
      const defined = { contracting: "s = 0 for equal inputs", lipschitz: "s = γ‖Δu‖² − ‖Δy‖²/γ" };
      if (kind === "contracting" || kind === "lipschitz") expect(s).toBe(defined[kind]);
      const check = recheckRen(certificate, changed);
      expect(check.holds).toBe(false);
      expect(check.sentence).toContain("does not hold");
    },
  );

  test("biases that are no numbers", async () => {
    const { stored, certificate } = await example();
    const size = stored.A.shape[0];
    const bias = (x: number) => ({
      ...stored,
      b_x: tensorOf(Float32Array.of(...Array(size - 1).fill(0), x), [size]),
    });
    expect(recheckRen(certificate, bias(1e6)).holds).toBe(true);
    for (const x of [NaN, Infinity])
      expect(() => recheckRen(certificate, bias(x))).toThrow(
        `tensor "b_x": entry ${size - 1} is ${x}`,
      );
  });

  test("a D11 that is not strictly lower triangular, which substitution would not solve", async () => {
    const { stored, certificate } = await example();
    const data = Float32Array.from(stored.D11.data, Number);
    data[1] = 1e-6; // (0, 1)
    const changed = { ...stored, D11: tensorOf(data, [5, 5]) };
    expect(recheckRen(certificate, changed).holds).toBe(false);
    expect(recheckRen({ ...certificate, feedback: "full" }, changed).holds).toBe(true);
  });

  test("another rate, a smaller γ, a metric that is not positive, a smaller overshoot", async () => {
    const { stored, metric, certificate } = await example();
    const wrong: Partial<RenCertificate>[] = [
      { rate: 0.05 },
      { guarantee: { kind: "lipschitz", gamma: 0.01 } },
      { P: certificate.P.map((row) => row.map((x) => -x)) },
      { overshoot: 1 },
    ];
    for (const change of wrong)
      expect(recheckRen({ ...certificate, ...change }, stored).holds).toBe(false);
    expect(() => certifyRen(stored, metric, { ...claim, rate: 0.05 })).toThrow("not proven");
  });

  test.each<[string, (certificate: RenCertificate) => unknown, string]>([
    ["an unknown key", (c) => ({ ...c, seen: 1 }), "certificate"],
    ["a rate above 1", (c) => ({ ...c, rate: 1.1 }), "certificate.rate"],
    ["a Λ of 0", (c) => ({ ...c, Lambda: [0] }), "certificate.Lambda[0]"],
  ])("%s is refused", async (_, change, message) => {
    const { certificate } = await example();
    expect(() => parseRenCertificate(change(certificate))).toThrow(DataError);
    expect(() => parseRenCertificate(change(certificate))).toThrow(message);
  });

  test("tensors and a witness that do not fit", async () => {
    const { stored, certificate } = await example();
    const { A: _, ...rest } = stored;
    expect(() => recheckRen(certificate, rest)).toThrow('tensor "A" is missing');
    const cut = { ...certificate, Lambda: certificate.Lambda.slice(1) };
    expect(() => recheckRen(cut, stored)).toThrow("4 neurons beside");
    expect(() => recheckRen({ ...certificate, P: [[1, 2]] }, stored)).toThrow(EigenflowError);
  });
});

test("a file alone is enough: tensors and the certificate in its metadata", async () => {
  const { stored, certificate } = await example();
  const metadata = { certificate: JSON.stringify(certificate) };
  const read = parseSafetensors(formatSafetensors({ tensors: stored, metadata }), "file");
  const again = parseRenCertificate(JSON.parse(read.metadata.certificate));
  expect(recheckRen(again, read.tensors).holds).toBe(true);
});

test("what is observed stays below what is proven, and ascent comes nearer to it", async () => {
  const { stored, metric } = await example();
  const explicit = Object.fromEntries(
    Object.entries(stored).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
  );
  const [N, steps] = [8, 12];
  const shapes = { u: [N, 2 * steps], v: [N, 2 * steps], x: [N, 4], y: [N, 4], at: [N, 2] };
  const points = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, input(name, "float32", shape)]),
  );
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], i) => [
      name,
      tensorOf(Float32Array.from(noise(shape[0] * shape[1], 40 + i)), shape),
    ]),
  );
  const P = matrixOf(4, 4, metric.P.data as Float64Array);
  const { u, v, x, y, at } = points;
  const gains = [1, 80].map((n) => gainOfSequences(model, explicit, x, u, v, { steps: n }).gain);
  const rates = [1, 80].map(
    (n) => contractionOfStep(model, explicit, P, at, [x, y], { steps: n }).gain,
  );
  const outputs = { g0: gains[0], g1: gains[1], r0: rates[0], r1: rates[1] };
  const found = await evaluate({ ...explicit, ...points }, outputs, { ...stored, ...feeds });
  const most = (name: string) => Math.max(...Array.from(found[name].data, Number));
  expect(most("g1")).toBeLessThanOrEqual(2);
  expect(most("r1")).toBeLessThanOrEqual(0.6);
  expect(most("g1")).toBeGreaterThan(1.05 * most("g0"));
  expect(most("r1")).toBeGreaterThan(most("r0"));
});
