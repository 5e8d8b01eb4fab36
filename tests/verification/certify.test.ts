import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CertificateError, DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import {
  fromRows,
  identity,
  largestEntry,
  matrix,
  scale,
  shift,
  subtract,
  symmetricPart,
} from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import type { Certificate, Claim, ClaimKind } from "../../src/verification/certificate.ts";
import { certify } from "../../src/verification/certify.ts";
import {
  changed,
  inverse,
  logits,
  network,
  peacemanRachford,
  stored,
  type Tensors,
  weights,
  widened,
} from "./networks.ts";

const claim = ({ claims }: Certificate, kind: ClaimKind): Claim => {
  const found = claims.find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`no claim "${kind}"`);
  return found;
};
const boundOf = (certificate: Certificate, kind: ClaimKind) => claim(certificate, kind).bound;

const smallestOf = ({ W }: Tensors) =>
  symmetricEigenvalues(subtract(identity(W.shape[0]), symmetricPart(widened(W))))[0];

const forwardOf = ({ R: _, ...rest }: Tensors): Tensors => rest;

describe("certify", () => {
  test.each([0.01, 0.1, 1, 20])("claims the nominal m = %d, up to the cast", (m) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.nat(1e6), (n, seed) => {
        const tensors = network({ n, m, seed });
        const certificate = certify(tensors, { ...peacemanRachford, m });
        const { bound, measured, roundingMargin } = claim(certificate, "unique-equilibrium");
        // The cast moves each entry by half a step; the claim leaves one step and six digits.
        const largest = Math.max(largestEntry(widened(tensors.W)), 1);
        expect(bound).toBeGreaterThanOrEqual((m - (n / 2 + 1) * largest * 2 ** -23) * (1 - 1e-5));
        expect(bound).toBeLessThan(measured - roundingMargin);
        expect(measured).toBeCloseTo(smallestOf(tensors), 12);
        expect(roundingMargin).toBeLessThan(1e-10 * largest);
      }),
      { seed: 8, numRuns: 40 },
    );
  });

  test("the certified m is above the nominal one wherever A has full rank", () => {
    const W = shift(scale(identity(3), -0.25), 0.5); // m = 0.5, A = I/2
    const tensors = { ...network({ n: 3 }), ...weights(W, 1) };
    expect(boundOf(certify(tensors, { ...peacemanRachford, m: 0.5 }), "unique-equilibrium")).toBe(
      0.749999,
    );
  });

  test("refuses W = [[0, 6], [0, 0]], whose I − W has only the eigenvalue 1 (erratum E5)", () => {
    const W = fromRows([
      [0, 6],
      [0, 0],
    ]);
    const tensors = { ...network({ n: 2 }), ...weights(W, 1) };
    const act = () => certify(tensors, { ...peacemanRachford, m: 1 });
    expect(act).toThrow(CertificateError);
    expect(act).toThrow(/unique-equilibrium: λmin\(I − \(W \+ Wᵀ\)\/2\) ≥ m > 0 .* measured -2/);
  });

  test("by hand: W = −I, α = ½, so that R = 0; U = 3, W_o = 2, scale = ½", () => {
    const tensors: Tensors = {
      W: stored(fromRows([[-1]])),
      R: stored(fromRows([[0]])),
      U: stored(fromRows([[3]])),
      W_o: stored(fromRows([[2]])),
      "input.scale": tensorOf(Float32Array.of(0.5), [1]),
    };
    const certificate = certify(tensors, { ...peacemanRachford, alpha: 0.5, m: 2 });
    expect(certificate.claims.map(({ measured }) => measured)).toEqual([2, 0, 0, 6]);
    expect(boundOf(certificate, "unique-equilibrium")).toBe(1.99999);
    expect(boundOf(certificate, "resolvent")).toBeLessThan(2e-6);
    expect(boundOf(certificate, "convergence")).toBeLessThanOrEqual(1e-5);
    expect(boundOf(certificate, "lipschitz")).toBeGreaterThan(6);
    expect(boundOf(certificate, "lipschitz")).toBeLessThan(6.0001);
  });

  test.each([0.01, 1, 20])("rate and distance are those of dense algebra, m = %d", (m) => {
    const tensors = network({ n: 20, m, alpha: 0.5, seed: 3 });
    const certificate = certify(tensors, { ...peacemanRachford, alpha: 0.5, m });
    const [R, W] = [widened(tensors.R), widened(tensors.W)];
    const rate = spectralNorm(R);
    expect(boundOf(certificate, "convergence")).toBeGreaterThan(rate);
    expect(boundOf(certificate, "convergence")).toBeLessThan(rate + 3e-7 + 1e-5 * (1 - rate));

    // W_R = I − (V⁻¹ − I)/α with V = (R + I)/2
    const inner = inverse(scale(shift(R, 1), 0.5));
    const running = shift(scale(shift(inner, -1), -1 / 0.5), 1);
    const distance = spectralNorm(subtract(running, W));
    expect(claim(certificate, "resolvent").measured).toBeCloseTo(distance, 9);
    expect(boundOf(certificate, "resolvent")).toBeGreaterThan(distance);
    expect(boundOf(certificate, "resolvent")).toBeLessThan(1e-4);
  });

  test("the Lipschitz bound is above every secant of the equilibrium that runs", () => {
    const sigmas = { relu: (v: number) => Math.max(0, v), tanh: Math.tanh };
    fc.assert(
      fc.property(
        fc.constantFrom("relu" as const, "tanh" as const),
        fc.constantFrom(0.05, 1, 5),
        fc.boolean(),
        fc.nat(1e6),
        (activation, m, standardised, seed) => {
          const tensors = network({ n: 8, d: 2, m, standardised, seed });
          const certificate = certify(tensors, { ...peacemanRachford, activation, m });
          const L = boundOf(certificate, "lipschitz");
          for (let i = 0; i < 8; i++) {
            const x = [Math.cos(i + seed), Math.sin(2 * i)];
            const step = [0.1 * Math.cos(i), 0.1 * Math.sin(i)];
            const near = logits(tensors, x, sigmas[activation]).y;
            const far = logits(
              tensors,
              x.map((xi, j) => xi + step[j]),
              sigmas[activation],
            ).y;
            expect(Math.hypot(...near.map((y, j) => y - far[j])) / 0.1).toBeLessThanOrEqual(L);
          }
        },
      ),
      { seed: 9, numRuns: 40 },
    );
  });

  test("a linear network attains its Lipschitz bound but for the rounding of the claim", () => {
    // Positive biases keep ReLU on its linear side, and W = 0 makes z = Ux + b.
    const n = 3;
    const zero = matrix(n, n, () => 0);
    const tensors: Tensors = {
      ...network({ n, d: n, k: n }),
      ...weights(zero, 1),
      U: stored(scale(identity(n), 4)),
      W_o: stored(scale(identity(n), 0.5)),
      b: tensorOf(Float32Array.of(9, 9, 9), [n]),
    };
    const L = boundOf(certify(tensors, { ...peacemanRachford, m: 1 }), "lipschitz");
    const relu = (v: number) => Math.max(0, v);
    const [y0, y1] = [
      [0, 0, 0],
      [1, 0, 0],
    ].map((x) => logits(tensors, x, relu).y);
    expect(y1[0] - y0[0]).toBe(2);
    expect(L / 2).toBeGreaterThan(1);
    expect(L / 2).toBeLessThan(1 + 2e-5);
  });

  test("the iteration contracts at least as fast as claimed", () => {
    const tensors = network({ n: 10, m: 0.1, seed: 5 });
    const rate = boundOf(certify(tensors, { ...peacemanRachford, m: 0.1 }), "convergence");
    const { steps } = logits(tensors, [1, -1, 0.5, 2, 0], (v) => Math.max(0, v));
    expect(steps).toBeLessThan(Math.log(1e-17) / Math.log(rate));
  });

  test("forward–backward has its rate where it contracts, and no such claim where not", () => {
    const tensors = forwardOf(network({ n: 10, seed: 6 }));
    const of = (alpha: number) =>
      certify(tensors, { activation: "relu", splitting: "forward-backward", alpha, m: 1 });
    const step = shift(scale(widened(tensors.W), 0.1), 0.9);
    expect(boundOf(of(0.1), "convergence")).toBeCloseTo(spectralNorm(step), 5);
    expect(boundOf(of(0.1), "convergence")).toBeGreaterThan(spectralNorm(step));
    expect(of(4).claims.map(({ kind }) => kind)).toEqual(["unique-equilibrium", "lipschitz"]);
  });

  test("an R of another W, or another α, is refused", () => {
    const tensors = network({ seed: 1 });
    const { R } = network({ seed: 2 });
    const claimOf = (tensors: Tensors, alpha: number) => () =>
      certify(tensors, { ...peacemanRachford, alpha, m: 1 });
    expect(claimOf({ ...tensors, R }, 1)).toThrow(CertificateError);
    expect(claimOf(tensors, 0.5)).toThrow("resolvent: R is not 2(I + α(I − W))⁻¹ − I at α = 0.5");
  });

  test("a monotonicity that is lost in the rounding of float32 is refused", () => {
    const W = scale(identity(4), 1 - 2 ** -24);
    const tensors = { ...network({ n: 4 }), ...weights(W, 1) };
    expect(() => certify(tensors, { ...peacemanRachford, m: 1e-7 })).toThrow(CertificateError);
  });

  const good = network({ standardised: true });
  const { W, U } = good;
  test.each<[string, Tensors, new (message: string) => Error, string]>([
    ["no W", { U }, DataError, 'tensor "W" is missing'],
    ["no R", { W, U, W_o: good.W_o }, DataError, 'tensor "R" is missing'],
    ["a W of no square", { ...good, W: U }, ShapeError, 'tensor "W" is [12, 5], not [n, n]'],
    ["a U of another width", { ...good, U: good.W_o }, ShapeError, "not [n = 12, d]"],
    ["a scale of another width", { ...good, "input.scale": good.b }, ShapeError, "not [d = 5]"],
    [
      "a scale of 0",
      { ...good, "input.scale": tensorOf(new Float32Array(5), [5]) },
      DataError,
      '"input.scale": entry 0 is 0',
    ],
    [
      "float64",
      { ...good, W: tensorOf(Float64Array.from(W.data, Number), [12, 12]) },
      DataError,
      "float32",
    ],
    [
      "a NaN",
      {
        ...good,
        R: changed(good, "R", 13, () => NaN).R,
      },
      DataError,
      'tensor "R": entry (1, 1) is NaN',
    ],
  ])("refuses %s", (_, tensors, error, message) => {
    const act = () => certify(tensors, { ...peacemanRachford, m: 1 });
    expect(act).toThrow(error);
    expect(act).toThrow(message);
  });

  test("refuses R under forward–backward, and an α or m that is not positive", () => {
    expect(() =>
      certify(good, { activation: "relu", splitting: "forward-backward", alpha: 0.1, m: 1 }),
    ).toThrow(DataError);
    expect(() => certify(good, { ...peacemanRachford, m: 0 })).toThrow(UsageError);
    expect(() => certify(good, { ...peacemanRachford, alpha: NaN, m: 1 })).toThrow("alpha = NaN");
  });
});
