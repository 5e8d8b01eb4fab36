import { describe, expect, test } from "vitest";
import { coordinateOf } from "../../src/eigenfunctions/coordinate.ts";
import { rungeKutta, simulate, stability } from "../../src/eigenfunctions/dynamics.ts";
import { eigenfunctionsOf, phiOf } from "../../src/eigenfunctions/eigenfunctions.ts";
import { familyOf, familyRate, familyValue } from "../../src/eigenfunctions/families.ts";
import { fixedPoints } from "../../src/eigenfunctions/fixed-points.ts";
import { recurrentNetwork } from "../../src/eigenfunctions/network.ts";
import { reduce } from "../../src/eigenfunctions/reduction.ts";
import { fromRows } from "../../src/linalg/matrix.ts";
import { onProviders } from "../linalg/on-providers.ts";

// The example of Claveau et al., with numbers computed independently of this code.
const W = fromRows([
  [-1, 0, -2],
  [3, 1, 2],
  [0, -1, 4],
]);
const start = Float64Array.of(1, -0.5, 2);
const network = recurrentNetwork(W);

onProviders(() => {
  test("the example has one eigenfunction, (3, 1, 1)/√11, of eigenvalue −1", () => {
    const { list, rank, singularValues, nearest } = eigenfunctionsOf(network);
    expect([list.length, rank, nearest]).toEqual([1, 2, null]);
    expect(list[0].u).toBeAllClose([3, 1, 1].map((x) => x / Math.sqrt(11)));
    expect(list[0]).toMatchObject({ eigenvalue: -1, exact: true, autonomous: true, offset: 0 });
    expect(singularValues).toBeAllClose([5.257722963507, 2.890735068976, 0], { rtol: 1e-12 });
  });

  test("its fixed points and their stability, from two equations", () => {
    const { points, unique } = fixedPoints(reduce(network)!);
    expect(unique).toBe(false);
    const found = [...points].sort((a, b) => a.x[0] - b.x[0]);
    expect(found.map(({ stability }) => stability)).toEqual(["stable", "unstable", "stable"]);
    expect(found[2].x).toBeAllClose([1.17416389, 1.3514318, -4.87392348], { rtol: 1e-8 });
    expect([...found[2].eigenvalues.re].sort()).toBeAllClose([-0.7642203, -1.31778499], {
      rtol: 1e-7,
    });
    expect([...found[1].eigenvalues.re].sort()).toBeAllClose([1 - Math.sqrt(3), 1 + Math.sqrt(3)]);
  });
});

describe("the flow", () => {
  const [phi] = eigenfunctionsOf(network).list;

  test("φ follows e^{−t}, and the stability function of the integrator to rounding", () => {
    const states = simulate(network, start, { dt: 0.1, steps: 50 });
    expect(phiOf(phi, states[50])).toBeCloseTo(stability(-0.1) ** 50 * phiOf(phi, start), 14);
    // In the units of the poster: φ = 3x₁ + x₂ + x₃ = √11 uᵀx.
    expect(Math.sqrt(11) * phiOf(phi, states[50])).toBeCloseTo(0.030320898825397, 13);
    const fine = simulate(network, start, { dt: 1e-3, steps: 5000 }).at(-1)!;
    expect(fine).toBeAllClose([-1.1709788154, -0.6980318893, 4.241289097], { rtol: 1e-9 });
  });

  test("in steps the multiplier is 1 − a, and after one step of leak 1 φ is 0", () => {
    for (const leak of [0.3, 1]) {
      const stepped = recurrentNetwork(W, { leak, theta: [0.1, -0.2, 0.3] });
      const [one] = eigenfunctionsOf(stepped).list;
      expect(one.eigenvalue).toBe(1 - leak);
      const states = simulate(stepped, start, { dt: 1, steps: 3 });
      expect(phiOf(one, states[3])).toBeCloseTo((1 - leak) ** 3 * phiOf(one, start), 14);
    }
  });
});

describe("near the null space", () => {
  test.each([
    [1e-3, 9.33e-4, 1.53e-3],
    [1e-2, 9.37e-3, 1.53e-2],
    [1e-1, 9.76e-2, 1.53e-1],
  ])("σ₃ = %d: off the law by %d at most, of the %d that is proven", (sigma, measured, bound) => {
    // W + σ u vᵀ with the null vectors u = (3, 1, 1)/√11, v = (−2, 4, 1)/√21.
    const [u, v] = [
      [3, 1, 1],
      [-2, 4, 1],
    ].map((x) => x.map((a) => a / Math.hypot(...x)));
    const near = fromRows(
      [0, 1, 2].map((i) => v.map((b, j) => W.data[3 * i + j] + sigma * u[i] * b)),
    );
    const moved = recurrentNetwork(near);
    expect(eigenfunctionsOf(moved).list).toEqual([]);
    expect(eigenfunctionsOf(moved).nearest?.singularValue).toBeCloseTo(sigma, 12);
    const [one] = eigenfunctionsOf(moved, { tolerance: 0.05 }).list;
    expect(one.exact).toBe(false);
    expect(one.bound! / bound).toBeCloseTo(1, 2);
    const off = simulate(moved, start, { dt: 0.02, steps: 1000 }).map((x, k) =>
      Math.abs(phiOf(one, x) - Math.exp(-0.02 * k) * phiOf(one, start)),
    );
    expect(Math.max(...off) / measured).toBeCloseTo(1, 2);
  });
});

describe("both families", () => {
  const h = (x: Float64Array) =>
    Float64Array.of(Math.sin(x[1] * x[2]), x[0] ** 2, Math.cos(x[0])).map(Math.tanh);
  const all = [-Infinity, Infinity] as const;
  const flowed = (system: Parameters<typeof familyRate>[0], x0: Float64Array, time: number) => {
    let x = x0;
    for (let k = 0; k < 1000; k++)
      x = rungeKutta((_, y) => familyRate(system, y), 0, x, time / 1000);
    return x;
  };

  test("first: ζ = x + x³/3 and any h", () => {
    const cubic = coordinateOf("cubic");
    const system = { W, zeta: [cubic, cubic, cubic], h, domain: [all, all, all] };
    const { functions, kind, hypotheses } = familyOf(system);
    expect([kind, functions.length, hypotheses[0].holds]).toEqual([1, 1, "proven"]);
    const [{ u }] = functions;
    const value = (x: Float64Array) => familyValue(system, u, x) / u[1];
    expect(value(start)).toBeCloseTo(8.125, 12);
    expect(value(flowed(system, start, 3))).toBeCloseTo(0.404519930489, 9);
  });

  test("second: ζ = log, and what does not change", () => {
    const log = coordinateOf("log");
    const half = [0, Infinity] as const;
    const x0 = Float64Array.of(1, 0.5, 2);
    const c = Float64Array.of(0.5, -0.3, 0.2);
    const system = { W, zeta: [log, log, log], h, c, domain: [half, half, half] };
    const { functions, constants } = familyOf(system);
    expect(constants).toEqual([]);
    const [{ u, eigenvalue }] = functions;
    expect(eigenvalue / u[1]).toBeCloseTo(-1.4, 12);
    const ratio = familyValue(system, u, flowed(system, x0, 0.5)) / familyValue(system, u, x0);
    expect(ratio).toBeCloseTo(Math.exp(0.5 * eigenvalue), 9);
    // Orthogonal to (3, 1, 1): now the only function is a constant of motion.
    const balanced = { ...system, c: Float64Array.of(1, -1, -2) };
    const kept = familyOf(balanced);
    expect(kept.constants).toHaveLength(1);
    const x1 = flowed(balanced, x0, 0.5);
    expect(familyValue(balanced, kept.constants[0], x1)).toBeCloseTo(
      familyValue(balanced, kept.constants[0], x0),
      9,
    );
  });

  test.each([
    ["cube", "ζ′ is 0 at 0", all],
    ["log", "is defined on (0, Infinity)", all],
    ["cubic", "is no interval", [1, 1] as const],
  ])("refuses ζ = %s: %s", (name, message, domain) => {
    const zeta = coordinateOf(name);
    const system = { W, zeta: [zeta, zeta, zeta], h, domain: [domain, domain, domain] };
    expect(() => familyOf(system)).toThrow(message);
  });

  test("a coordinate of one's own is looked at, and not called proven", () => {
    const own = {
      name: "own",
      value: Math.atan,
      slope: (x: number) => 1 / (1 + x * x),
      domain: all,
    };
    const wave = { name: "wave", value: Math.sin, slope: Math.cos, domain: all };
    const box = [-2, 2] as const;
    const system = (zeta: typeof own) => ({
      W,
      zeta: [zeta, zeta, zeta],
      h,
      domain: [box, box, box],
    });
    expect(familyOf(system(own)).hypotheses[0]).toMatchObject({
      holds: "not refuted",
      least: expect.closeTo(0.2, 2),
    });
    expect(() => familyOf(system(wave))).toThrow("changes its sign");
  });
});
