import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import { positive } from "./parameters.ts";
import type { PhysicalSystem } from "./system.ts";

export interface DuffingParameters {
  readonly mass?: number;
  readonly damping?: number;
  readonly stiffness?: number; // of either sign: below 0 there are two wells
  readonly cubic?: number;
}

/** m ẍ + c ẋ + k x + κ x³ = u, the position measured. Energy: m ẋ²/2 + k x²/2 + κ x⁴/4. */
export function duffing(parameters: DuffingParameters = {}): PhysicalSystem {
  refuseUnknown("duffing", parameters, ["mass", "damping", "stiffness", "cubic"]);
  const { mass = 1, damping = 0.2, stiffness = 1, cubic = 0.5 } = parameters;
  positive("duffing", { mass }, { damping, cubic });
  if (!Number.isFinite(stiffness)) throw new UsageError(`duffing: stiffness is ${stiffness}`);
  return {
    name: "Duffing oscillator",
    inputs: ["force"],
    outputs: ["position"],
    states: ["position", "speed"],
    rate: ([x, v], [force]) =>
      Float64Array.of(v, (force - damping * v - stiffness * x - cubic * x ** 3) / mass),
    output: ([x]) => Float64Array.of(x),
    rest: new Float64Array(2),
    step: 0.05 * Math.sqrt(mass / (Math.abs(stiffness) + 3 * cubic)),
  };
}

export interface ChainParameters {
  readonly masses?: number; // how many
  readonly mass?: number;
  readonly stiffness?: number;
  readonly damping?: number;
  readonly cubic?: number; // κ of a hardening spring k d + κ d³; 0: linear
}

/**
 * Equal masses in a row, each coupled to the next by a spring and a damper and the first to a wall:
 *
 *     m ẍᵢ = F(xᵢ₊₁ − xᵢ, ẋᵢ₊₁ − ẋᵢ) − F(xᵢ − xᵢ₋₁, ẋᵢ − ẋᵢ₋₁),   F(d, ḋ) = k d + κ d³ + c ḋ
 *
 * with x₀ = 0. A force drives the last mass, whose position is measured. Linear with κ = 0:
 * undamped frequencies 2 √(k/m) sin((2j − 1) π/(4 n + 2)), j = 1 … n.
 */
export function springChain(parameters: ChainParameters = {}): PhysicalSystem {
  refuseUnknown("springChain", parameters, ["masses", "mass", "stiffness", "damping", "cubic"]);
  const { masses: n = 3, mass = 1, stiffness = 10, damping = 0.3, cubic = 0 } = parameters;
  positive("springChain", { mass, stiffness }, { damping, cubic });
  if (!(Number.isInteger(n) && n > 0))
    throw new UsageError(`springChain: ${n} masses, wanted a whole number from 1`);
  const numbered = (what: string) => Array.from({ length: n }, (_, i) => `${what} ${i + 1}`);
  return {
    name: `chain of ${n} masses`,
    inputs: ["force"],
    outputs: [`position ${n}`],
    states: [...numbered("position"), ...numbered("speed")],
    rate(state, [force]) {
      const out = new Float64Array(2 * n);
      out.set(state.subarray(n));
      let pull = force; // on mass i from the right
      for (let i = n - 1; i >= 0; i--) {
        const d = state[i] - (i > 0 ? state[i - 1] : 0);
        const speed = state[n + i] - (i > 0 ? state[n + i - 1] : 0);
        const back = stiffness * d + cubic * d ** 3 + damping * speed;
        out[n + i] = (pull - back) / mass;
        pull = back;
      }
      return out;
    },
    output: (state) => Float64Array.of(state[n - 1]),
    rest: new Float64Array(2 * n),
    step: 0.05 * Math.sqrt(mass / (stiffness + cubic)),
  };
}
