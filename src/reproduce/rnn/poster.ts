import { coordinateOf } from "../../eigenfunctions/coordinate.ts";
import { rungeKutta, simulate } from "../../eigenfunctions/dynamics.ts";
import { eigenfunctionsOf } from "../../eigenfunctions/eigenfunctions.ts";
import {
  type FamilySystem,
  familyOf,
  familyRate,
  familyValue,
} from "../../eigenfunctions/families.ts";
import { type FixedPoint, fixedPoints } from "../../eigenfunctions/fixed-points.ts";
import { fullJacobian } from "../../eigenfunctions/jacobian.ts";
import { recurrentNetwork } from "../../eigenfunctions/network.ts";
import { type Reduction, reduce } from "../../eigenfunctions/reduction.ts";
import { dot, times, transposedTimes } from "../../eigenfunctions/vectors.ts";
import { eigenvalues } from "../../linalg/eigenvalues.ts";
import { fromRows } from "../../linalg/matrix.ts";
import { svd } from "../../linalg/svd.ts";
import type { Line } from "../reproduction.ts";

/** The example of the poster. */
export const posterW = fromRows([
  [-1, 0, -2],
  [3, 1, 2],
  [0, -1, 4],
]);
export const posterStart = Float64Array.of(1, -0.5, 2);
const u = Float64Array.of(3, 1, 1);
const step = 1e-3;

/** The example computed again: a line for each number, and what the figures need. */
export function posterExample(): {
  lines: Line[];
  reduction: Reduction;
  points: readonly FixedPoint[];
} {
  const network = recurrentNetwork(posterW, { activation: "tanh" });
  const reduction = reduce(network)!;
  const { points } = fixedPoints(reduction, { starts: 100, seed: 1 });
  return {
    lines: [...linearLines(), ...flowLines(), ...restLines(points), ...familyLines()],
    reduction,
    points,
  };
}

/** A line with a value known in closed form, reached to a relative tolerance. */
export function against(
  what: string,
  published: string,
  wanted: readonly number[],
  ours: readonly number[],
  tolerance: number,
  note?: string,
): Line {
  const scale = Math.max(...wanted.map(Math.abs), Number.MIN_VALUE);
  const off = Math.max(...wanted.map((value, i) => Math.abs(value - ours[i]))) / scale;
  const shown = ours.map((value) => tidy(value, scale)).join(", ");
  return {
    what,
    published,
    ours: `${shown} (off by ${off.toExponential(1)})`,
    standing: off <= tolerance ? "reached" : "not reached",
    ...(note !== undefined && { note }),
  };
}

/** 13 digits; what is rounding beside the largest is 0. */
const tidy = (value: number, scale: number) =>
  Math.abs(value) < 1e-14 * scale ? "0" : String(Number(value.toPrecision(13)));

function linearLines(): Line[] {
  const { U, s, V } = svd(posterW);
  const [found] = eigenfunctionsOf(recurrentNetwork(posterW)).list;
  const right = Array.from({ length: 3 }, (_, i) => V.data[i * 3 + 2]);
  const sign = right[1] < 0 ? -1 : 1;
  // W⁺u = V Σ⁺ Uᵀu over the two singular values that are not 0.
  const along = transposedTimes(U, u);
  const pseudo = times(V, Float64Array.of(along[0] / s[0], along[1] / s[1], 0));
  const { re } = eigenvalues(posterW);
  const root = Math.sqrt(93);
  return [
    {
      what: "Wᵀu, u = (3, 1, 1)",
      published: "0",
      ours: transposedTimes(posterW, u).join(", "),
      standing: transposedTimes(posterW, u).every((x) => x === 0) ? "reached" : "not reached",
      note: "exactly, in whole numbers",
    },
    against(
      "unit vector u₃ of the null space",
      "(3, 1, 1)",
      [3, 1, 1].map((x) => x / Math.sqrt(11)),
      [...found.u],
      1e-14,
      "(3, 1, 1)/√11",
    ),
    {
      what: "last coordinate y₃ = u₃ᵀx",
      published: "y₃ = φ",
      ours: `y₃ = ±φ/√11: φ/y₃ = ${(dot(u, posterStart) / dot(found.u, posterStart)).toFixed(12)}`,
      standing: "corrected",
      note: "the poster's φ is not of unit length; the sign is the decomposition's",
    },
    {
      what: "condition on u₃",
      published: "W⁺u₃ = 0",
      ours: `Wᵀu₃ = 0; ‖W⁺u₃‖ = ${Math.sqrt(dot(pseudo, pseudo)).toExponential(1)} as well`,
      standing: "corrected",
      note: "the transpose is what the proof needs; the pseudo-inverse has the same null space",
    },
    {
      what: "law of the Koopman operator",
      published: "K_t[φ](x(t)) = e^(λt) φ(x(0))",
      ours: "K_t[φ](x(0)) = φ(x(t)) = e^(λt) φ(x(0))",
      standing: "corrected",
      note: "the operator acts on the start",
    },
    against(
      "singular values",
      "√(18 ± √93), 0",
      [Math.sqrt(18 + root), Math.sqrt(18 - root), 0],
      [...s],
      1e-15,
      "5.257722963507, 2.890735068976",
    ),
    against(
      "right null vector",
      "(−2, 4, 1)/√21",
      [-2, 4, 1].map((x) => x / Math.sqrt(21)),
      right.map((x) => sign * x),
      1e-14,
    ),
    against(
      "eigenvalues of W",
      "2 ± √3, 0",
      [2 + Math.sqrt(3), 2 - Math.sqrt(3), 0],
      [...re],
      1e-14,
    ),
  ];
}

function flowLines(): Line[] {
  const network = recurrentNetwork(posterW);
  const at5 = simulate(network, posterStart, { dt: step, steps: 5 / step }).at(-1)!;
  const limit = simulate(network, at5, { dt: 1e-2, steps: 6000 }).at(-1)!;
  return [
    against(
      "φ(x(5)) = 3x₁ + x₂ + x₃ from x(0) = (1, −0.5, 2), tanh",
      "λ = −1: 4.5 e^(−5)",
      [4.5 * Math.exp(-5)],
      [dot(u, at5)],
      1e-10,
      "0.030320761496",
    ),
    against(
      "x(5)",
      "",
      [-1.1709788154, -0.6980318893, 4.241289097],
      [...at5],
      1e-10,
      "reference computed with another integrator",
    ),
    against("limit of x(t)", "", [-1.17416389, -1.3514318, 4.87392348], [...limit], 3e-9),
  ];
}

function restLines(points: readonly FixedPoint[]): Line[] {
  const byFirst = [...points].sort((a, b) => a.x[0] - b.x[0]);
  const [low, middle, high] = byFirst;
  const network = recurrentNetwork(posterW);
  const whole = (point: FixedPoint) => sorted(eigenvalues(fullJacobian(network, point.x)).re);
  return [
    {
      what: "fixed points, tanh, θ = 0 (100 starts)",
      published: "",
      ours: byFirst.map(({ stability }) => stability).join(", "),
      standing:
        byFirst.map(({ stability }) => stability).join() === "stable,unstable,stable"
          ? "reached"
          : "not reached",
      note: "0 is a saddle between a pair ±x*",
    },
    against("x*", "", [1.17416389, 1.3514318, -4.87392348], [...high.x], 3e-9),
    against("−x*", "", [-1.17416389, -1.3514318, 4.87392348], [...low.x], 3e-9),
    against(
      "Jacobian at 0",
      "−1, −1 + 2 ± √3",
      [1 + Math.sqrt(3), 1 - Math.sqrt(3), -1],
      whole(middle),
      1e-13,
      "2.7320508, −0.7320508",
    ),
    against("Jacobian at x*", "", [-0.7642203, -1, -1.31778499], whole(high), 3e-8),
    against(
      "reduced 2 × 2 Jacobian at 0",
      "the same without −1",
      [1 + Math.sqrt(3), 1 - Math.sqrt(3)],
      sorted(middle.eigenvalues.re),
      1e-13,
    ),
    against(
      "reduced 2 × 2 Jacobian at x*",
      "",
      [-0.7642203, -1.31778499],
      sorted(high.eigenvalues.re),
      3e-8,
    ),
  ];
}

const sorted = (values: Float64Array) => [...values].sort((a, b) => b - a);

/** Any functions of the whole state do. */
const h = (x: Float64Array) =>
  Float64Array.of(Math.sin(x[1] * x[2]), Math.cos(x[0]), Math.tanh(x[0] + x[1]));

function familyLines(): Line[] {
  const [cubic, log] = [coordinateOf("cubic"), coordinateOf("log")];
  const everywhere = [-Infinity, Infinity] as const;
  const positive = [0, Infinity] as const;
  const first: FamilySystem = {
    W: posterW,
    zeta: [cubic, cubic, cubic],
    h,
    domain: [everywhere, everywhere, everywhere],
  };
  const second: FamilySystem = {
    W: posterW,
    zeta: [log, log, log],
    // Bounded, so that no population runs away in a unit of time.
    h: (x) => h(x).map((value) => value / 2),
    c: Float64Array.of(0.5, -0.3, 0.2),
    domain: [positive, positive, positive],
  };
  const at = (system: FamilySystem, start: Float64Array, time: number) => {
    familyOf(system); // refuses what the theorem does not cover
    let x = start;
    for (let k = 0; k < time / step; k++)
      x = rungeKutta((_, y) => familyRate(system, y), 0, x, step);
    return familyValue(system, u, x);
  };
  const start2 = Float64Array.of(1, 0.5, 2);
  return [
    against(
      "family 1, ζ = x + x³/3, h any: φ(x(3))",
      "e^(−3) φ(x(0))",
      [Math.exp(-3) * familyValue(first, u, posterStart)],
      [at(first, posterStart, 3)],
      1e-9,
      "0.404519930489",
    ),
    against(
      "family 2, ζ = log, c = (0.5, −0.3, 0.2), λ = −uᵀc = −1.4: φ(x(1))",
      "e^λ φ(x(0))",
      [Math.exp(-1.4) * familyValue(second, u, start2)],
      [at(second, start2, 1)],
      1e-9,
    ),
  ];
}
