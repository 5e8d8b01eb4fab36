import { refuseUnknown } from "../../errors/suggest.ts";
import { positive } from "./parameters.ts";
import type { PhysicalSystem } from "./system.ts";

export interface PendulumParameters {
  readonly mass?: number; // kg
  readonly length?: number; // m
  readonly friction?: number; // N m s, the torque per angular speed
  readonly gravity?: number; // m/s²
}

/** The numbers of the lecture of D. Frank (2023), University of Stuttgart. */
export const pendulumDefaults: Required<PendulumParameters> = {
  mass: 1,
  length: 1,
  friction: 0.9,
  gravity: 9.81,
};

/**
 * A pendulum driven by a torque u, of which the angle φ is measured:
 *
 *     φ̈ = ∓ (g/l) sin φ − μ/(m l²) φ̇ + u/(m l²)
 *
 * − for "hanging", φ = 0 downwards, and + for "inverted", φ = 0 upright. Unforced it has at least two
 * equilibria, so no contracting model represents it globally.
 *
 * @throws UsageError  for a parameter that is not positive (friction: negative), or not known
 */
export function pendulum(
  kind: "hanging" | "inverted" = "hanging",
  parameters: PendulumParameters = {},
): PhysicalSystem {
  refuseUnknown("pendulum", parameters, Object.keys(pendulumDefaults));
  const { mass, length, friction, gravity } = { ...pendulumDefaults, ...parameters };
  positive("pendulum", { mass, length, gravity }, { friction });
  const inertia = mass * length ** 2;
  const pull = (kind === "hanging" ? -gravity : gravity) / length;
  return {
    name: `${kind} pendulum`,
    inputs: ["torque"],
    outputs: ["angle"],
    states: ["angle", "speed"],
    rate: ([angle, speed], [torque]) =>
      Float64Array.of(
        speed,
        pull * Math.sin(angle) - (friction / inertia) * speed + torque / inertia,
      ),
    output: ([angle]) => Float64Array.of(angle),
    rest: new Float64Array(2),
    step: 0.02 * Math.sqrt(length / gravity),
  };
}
