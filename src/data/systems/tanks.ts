import { refuseUnknown } from "../../errors/suggest.ts";
import { positive } from "./parameters.ts";
import type { PhysicalSystem } from "./system.ts";

export interface CascadeParameters {
  readonly upper?: number; // k1, √cm/s
  readonly lower?: number; // k2
  readonly pump?: number; // k3, cm/s per volt
  readonly height?: number; // cm, at which the upper tank overflows
  readonly spill?: number; // the share of the overflow that falls into the lower tank
}

/**
 * Two tanks, the upper emptying into the lower, a pump filling the upper; the level of the lower is
 * measured. With levels x ≥ 0:
 *
 *     ẋ₁ = −k₁ √x₁ + k₃ u,   ẋ₂ = k₁ √x₁ − k₂ √x₂
 *
 * in which u counts as 0 below 0. At the rim the surplus leaves the upper tank, a share of it into the
 * lower. In the manner of the benchmark of Schoukens & Noël (2017), "Three benchmarks addressing open
 * challenges in nonlinear system identification", IFAC-PapersOnLine 50(1); not its data. Equilibrium
 * below the rim: x₁ = (k₃ u/k₁)², x₂ = (k₃ u/k₂)².
 */
export function cascadedTanks(parameters: CascadeParameters = {}): PhysicalSystem {
  refuseUnknown("cascadedTanks", parameters, ["upper", "lower", "pump", "height", "spill"]);
  const { upper = 0.5, lower = 0.4, pump = 0.3, height = 10, spill = 0.5 } = parameters;
  positive("cascadedTanks", { upper, lower, pump, height }, { spill });
  return {
    name: "cascaded tanks",
    inputs: ["voltage"],
    outputs: ["lower level"],
    states: ["upper level", "lower level"],
    rate([x1, x2], [u]) {
      const [out1, out2] = [upper * root(x1), lower * root(x2)];
      const fill = pump * Math.max(0, u) - out1;
      // A rim that leaks the surplus within 0.5 s: a hard stop would not be a differential equation.
      const surplus = 2 * Math.max(0, x1 - height);
      return Float64Array.of(fill - surplus, out1 + spill * surplus - out2);
    },
    output: ([, x2]) => Float64Array.of(x2),
    rest: Float64Array.of((pump / upper) ** 2, (pump / lower) ** 2), // of u = 1
    step: 0.02,
  };
}

export interface TwoTankParameters {
  readonly area?: number; // cm² of each tank
  readonly between?: number; // flow between the tanks per √cm
  readonly outlet?: number; // flow out of the second per √cm
}

/**
 * Two tanks side by side, joined by a pipe; the first is filled at the rate u ≥ 0 and both levels are
 * measured:
 *
 *     a ẋ₁ = u − q₁₂,   a ẋ₂ = q₁₂ − c₂ √x₂,   q₁₂ = c₁ sign(x₁ − x₂) √|x₁ − x₂|
 *
 * Equilibrium: x₂ = (u/c₂)², x₁ = x₂ + (u/c₁)².
 */
export function twoTanks(parameters: TwoTankParameters = {}): PhysicalSystem {
  refuseUnknown("twoTanks", parameters, ["area", "between", "outlet"]);
  const { area = 15, between = 4, outlet = 3 } = parameters;
  positive("twoTanks", { area, between, outlet });
  return {
    name: "two tanks",
    inputs: ["inflow"],
    outputs: ["level 1", "level 2"],
    states: ["level 1", "level 2"],
    rate([x1, x2], [u]) {
      const across = between * root(x1 - x2);
      return Float64Array.of((Math.max(0, u) - across) / area, (across - outlet * root(x2)) / area);
    },
    output: (x) => x.slice(),
    rest: Float64Array.of((5 / outlet) ** 2 + (5 / between) ** 2, (5 / outlet) ** 2), // of u = 5
    step: 0.02,
  };
}

/** sign(x) √|x|, whose infinite slope at 0 is cut off within 10⁻⁴ of it. */
const root = (x: number) => (Math.abs(x) < 1e-4 ? x / 1e-2 : Math.sign(x) * Math.sqrt(Math.abs(x)));
